//! `cargo xtask saml-checks`: deletes each check of the SAML accept path in turn, in a copy, and counts the tests that
//! notice.
//!
//! The checks are listed in `saml/checks.txt`: a line with the name, one with the file under `saml/src`, lines that begin
//! with `-` for the code as it is, and lines that begin with `+` for the code without the check.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::root;

/// The tests that have to notice. Those that need other programs, and the long ones, are left out.
const TESTS: &[&str] = &[
    "--lib",
    "--test",
    "attacks",
    "--test",
    "message_attacks",
    "--test",
    "round_trip",
    "--test",
    "encryption",
];

struct Check {
    name: String,
    file: String,
    from: String,
    to: String,
}

/// Runs all checks whose name contains `filter`, and prints the list.
pub fn run(filter: &str) -> Result<(), String> {
    let list = root().join("saml/checks.txt");
    let text = std::fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let copy = Copy::make()?;
    match copy.failing()? {
        Some(failing) if failing.is_empty() => {}
        failing => return Err(format!("the tests must pass before anything is deleted: {failing:?}")),
    }
    let (mut count, mut unnoticed) = (0, Vec::new());
    for check in read(&text)?.iter().filter(|check| check.name.contains(filter)) {
        let noticed = match copy.without(check)? {
            Some(failing) if !failing.is_empty() => {
                format!("{:>3} tests fail  {}", failing.len(), failing[0])
            }
            Some(_) => "NOT NOTICED".to_owned(),
            None => "DOES NOT COMPILE".to_owned(),
        };
        println!("{:<60} {noticed}", check.name);
        count += 1;
        if noticed.starts_with(char::is_uppercase) {
            unnoticed.push(check.name.clone());
        }
    }
    println!("{count} checks, {} of them not noticed", unnoticed.len());
    if unnoticed.is_empty() { Ok(()) } else { Err(format!("no test notices: {}", unnoticed.join("; "))) }
}

fn read(text: &str) -> Result<Vec<Check>, String> {
    text.split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty() && !block.starts_with('#'))
        .map(check)
        .collect()
}

fn check(block: &str) -> Result<Check, String> {
    let mut lines = block.lines();
    let mut next =
        || lines.next().map(str::to_owned).ok_or(format!("checks.txt: an incomplete entry:\n{block}"));
    let (name, file) = (next()?, next()?);
    let marked = |mark: char| {
        let lines: Vec<&str> = block.lines().skip(2).filter_map(|line| line.strip_prefix(mark)).collect();
        lines.join("\n")
    };
    Ok(Check { name, file, from: marked('-'), to: marked('+') })
}

/// A copy of the crate as a workspace of its own.
struct Copy(PathBuf);

impl Copy {
    fn make() -> Result<Copy, String> {
        let folder = std::env::temp_dir().join(format!("entente-saml-checks-{}", std::process::id()));
        let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
        copy(&root().join("saml"), &folder.join("saml")).map_err(failed)?;
        std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
        let workspace = std::fs::read_to_string(root().join("Cargo.toml")).map_err(failed)?;
        let alone: Vec<&str> = workspace
            .lines()
            .map(|line| match line.split_once(" = ") {
                Some(("members", _)) => "members = [\"saml\"]",
                Some(("default-members", _)) => "",
                _ => line,
            })
            .collect();
        std::fs::write(folder.join("Cargo.toml"), alone.join("\n")).map_err(failed)?;
        Ok(Copy(folder))
    }

    /// The tests that fail without the check, as [`Copy::failing`].
    fn without(&self, check: &Check) -> Result<Option<Vec<String>>, String> {
        let path = self.0.join("saml/src").join(&check.file);
        let before = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        if before.matches(&check.from).count() != 1 {
            return Err(format!("{}: {} has not exactly one\n{}", check.name, check.file, check.from));
        }
        let write = |text: &str| std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()));
        write(&before.replacen(&check.from, &check.to, 1))?;
        let failing = self.failing();
        write(&before)?;
        failing
    }

    /// The tests that fail; none when it does not compile.
    fn failing(&self) -> Result<Option<Vec<String>>, String> {
        // cargo says in CARGO which cargo runs us.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.0).args(["test", "--offline", "-p", "saml", "--no-fail-fast"]).args(TESTS);
        command.env("RUST_BACKTRACE", "0");
        // Of its own: cargo would take what was built of the copy for what is built of the crate itself.
        command.env("CARGO_TARGET_DIR", target());
        let output = command.output().map_err(|e| format!("cargo: {e}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let failing: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
            .map(str::to_owned)
            .collect();
        Ok((output.status.success() || !failing.is_empty()).then_some(failing))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn target() -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    folder.join("saml-checks")
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
