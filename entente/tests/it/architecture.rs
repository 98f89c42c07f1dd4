//! What ARCHITECTURE.md says about who may use what.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Which of our crates each of them may use.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("saml", &[]),
    ("scim", &[]),
    ("store", &[]),
    ("web", &["store"]),
    ("directory", &["saml", "scim", "store", "web"]),
    ("center", &["saml", "scim", "store", "web"]),
    ("entente", &["center", "directory", "saml", "scim", "store", "web"]),
    ("xtask", &[]),
];

/// What must not be in the tree that is shipped, and why.
const BANNED: [(&str, &str); 6] = [
    ("openssl-sys", "one crypto provider: aws-lc-rs"),
    ("native-tls", "one crypto provider: aws-lc-rs"),
    ("ring", "one crypto provider: aws-lc-rs"),
    ("rsa", "private-key operations in constant time: aws-lc-rs"),
    ("sqlx-sqlite", "one libsqlite3-sys in a binary: rusqlite's"),
    ("libxml", "only saml::xml parses untrusted XML"),
];

/// What the crates that read hostile input must not even be able to reach.
const NOT_IN_PURE: [(&str, &str); 7] = [
    ("tokio", "verification must be replayable without a runtime"),
    ("axum", "a protocol's core knows no server"),
    ("reqwest", "no sockets"),
    ("rusqlite", "no SQL"),
    ("postgres", "no SQL"),
    ("uuid", "ids are arguments"),
    ("getrandom", "randomness is an argument"),
];

#[test]
fn crates_use_only_what_the_table_allows() {
    let metadata = metadata();
    for (name, allowed) in MAY_USE {
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        let used: BTreeSet<String> = direct(&metadata, name).into_iter().filter(|d| is_ours(d)).collect();
        let extra: Vec<&String> = used.iter().filter(|d| !allowed.contains(d.as_str())).collect();
        assert!(extra.is_empty(), "{name} may not use {extra:?}");
    }
    let ours: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    let members = metadata["workspace_members"].as_array().unwrap().len();
    assert_eq!(members, ours.len(), "every crate of the workspace has a row in the table");
}

#[test]
fn banned_crates_are_not_in_the_tree() {
    let shipped = reachable("entente");
    assert!(shipped.contains("aws-lc-rs"), "the walk over the tree works");
    for (name, reason) in BANNED {
        assert!(!shipped.contains(name), "{name} is in the tree: {reason}");
    }
}

#[test]
fn pure_crates_reach_no_clock_socket_or_database() {
    let metadata = metadata();
    for pure in ["saml", "scim"] {
        let direct = direct(&metadata, pure);
        for (name, reason) in NOT_IN_PURE {
            assert!(!direct.contains(name), "{pure} uses {name}: {reason}");
        }
    }
    let reached = reachable("scim");
    for name in ["tokio", "axum", "rusqlite", "postgres", "reqwest"] {
        assert!(!reached.contains(name), "scim reaches {name}");
    }
}

fn is_ours(name: &str) -> bool {
    MAY_USE.iter().any(|(ours, _)| *ours == name)
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Names of what a crate of ours uses outside its tests.
fn direct(metadata: &Value, name: &str) -> BTreeSet<String> {
    let package =
        metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == name && p["source"].is_null());
    let dependencies = package.unwrap()["dependencies"].as_array().unwrap();
    let shipped = dependencies.iter().filter(|d| d["kind"] != "dev");
    shipped.map(|d| d["name"].as_str().unwrap().to_owned()).collect()
}

/// Names of everything that a crate of ours brings into a build for this machine, its tests apart.
fn reachable(name: &str) -> BTreeSet<String> {
    let tree = ["tree", "-p", name, "-e", "normal,build", "--prefix", "none", "--format", "{p}", "--locked"];
    let output = Command::new(env!("CARGO")).args(tree).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(ToOwned::to_owned).collect()
}
