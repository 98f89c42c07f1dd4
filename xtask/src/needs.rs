//! What the tests use besides Rust: a PostgreSQL server, a browser and its driver, `xmlsec1`, `xmllint`, and other
//! people's SAML and SCIM software for Python, Node.js, PHP and Apache. Installed where it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{quietly, root};

/// Where things are.
pub struct Needs {
    /// The folder with `initdb` and `pg_ctl`.
    pub postgres: PathBuf,
    /// The Python of the tests' own virtual environment.
    pub python: PathBuf,
    /// The browser.
    pub chromium: PathBuf,
    /// Its driver.
    pub chromedriver: PathBuf,
    /// Node.js.
    pub node: PathBuf,
    /// The folder with the tests' own packages for it.
    pub node_modules: PathBuf,
}

/// Finds or installs everything.
pub fn find() -> Result<Needs, String> {
    let missing: Vec<&str> = [
        ("postgresql", postgres_folder().is_some()),
        ("chromium", on_path("chromium").is_some()),
        ("chromium-driver", on_path("chromedriver").is_some()),
        ("xmlsec1", on_path("xmlsec1").is_some()),
        ("openssl", on_path("openssl").is_some()),
        ("libxml2-utils", on_path("xmllint").is_some()),
        ("python3-venv", on_path("python3").is_some()),
        ("nodejs", on_path("node").is_some()),
        ("npm", on_path("npm").is_some()),
        ("php-cli", on_path("php").is_some()),
        ("simplesamlphp", Path::new("/usr/share/simplesamlphp/www").is_dir()),
        ("apache2", Path::new("/usr/sbin/apache2").is_file()),
        ("libapache2-mod-auth-mellon", Path::new("/usr/lib/apache2/modules/mod_auth_mellon.so").is_file()),
    ]
    .iter()
    .filter(|(_, there)| !there)
    .map(|(package, _)| *package)
    .collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    let found = |name: &str| on_path(name).ok_or(format!("{name} is not to be found after its installation"));
    Ok(Needs {
        postgres: postgres()?,
        python: python()?,
        chromium: found("chromium")?,
        chromedriver: found("chromedriver")?,
        node: found("node")?,
        node_modules: node_modules()?,
    })
}

/// Finds or installs PostgreSQL alone; the folder with its programs.
pub fn postgres() -> Result<PathBuf, String> {
    if postgres_folder().is_none() {
        install(&["postgresql"])?;
    }
    postgres_folder().ok_or("initdb is not to be found after the installation of postgresql".to_owned())
}

fn install(packages: &[&str]) -> Result<(), String> {
    println!("Installing what the tests need: {}", packages.join(", "));
    let hint = |e: String| {
        format!("{e}\nInstall these packages yourself and run the command again: {}", packages.join(" "))
    };
    quietly(Command::new("apt-get").arg("update")).map_err(hint)?;
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-y", "--no-install-recommends"])
        .args(packages);
    let installed = without_services(|| quietly(&mut command));
    installed.map_err(hint)
}

/// Debian starts what it installs, Apache on port 80 for example, unless this file says no: the tests run servers
/// of their own.
fn without_services(install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let policy = Path::new("/usr/sbin/policy-rc.d");
    if policy.exists() {
        return install();
    }
    let failed = |e: std::io::Error| format!("{}: {e}", policy.display());
    std::fs::write(policy, "#!/bin/sh\nexit 101\n").map_err(failed)?;
    let outcome = quietly(Command::new("chmod").arg("755").arg(policy)).and_then(|()| install());
    std::fs::remove_file(policy).map_err(failed)?;
    outcome
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Debian keeps the server's programs out of PATH, in a folder for each version.
fn postgres_folder() -> Option<PathBuf> {
    if let Some(initdb) = on_path("initdb") {
        return initdb.parent().map(Path::to_owned);
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.flatten().map(|v| v.path().join("bin")).collect();
    folders.retain(|folder| folder.join("initdb").is_file());
    folders.sort();
    folders.pop()
}

/// A virtual environment with the pinned packages, made anew when the list changes.
fn python() -> Result<PathBuf, String> {
    let list = root().join("entente/tests/peers/requirements.txt");
    let wanted = std::fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let folder = root().join("target/test-python");
    let (python, done) = (folder.join("bin/python"), folder.join("requirements.txt"));
    if std::fs::read_to_string(&done).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    println!("Installing other people's SAML and SCIM software into {}", folder.display());
    let _ = std::fs::remove_dir_all(&folder);
    quietly(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&list))?;
    std::fs::write(&done, wanted).map_err(|e| format!("{}: {e}", done.display()))?;
    Ok(python)
}

/// A folder with the packages of the lock file, made anew when it changes.
fn node_modules() -> Result<PathBuf, String> {
    let list = root().join("entente/tests/peers/node");
    let folder = root().join("target/test-node");
    let (modules, done) = (folder.join("node_modules"), folder.join("installed.json"));
    let read = |file: &Path| std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()));
    let wanted = read(&list.join("package-lock.json"))?;
    if read(&done).is_ok_and(|have| have == wanted) {
        return Ok(modules);
    }
    println!("Installing other people's SAML software into {}", folder.display());
    let _ = std::fs::remove_dir_all(&folder);
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    std::fs::create_dir_all(&folder).map_err(failed)?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(list.join(name), folder.join(name)).map_err(failed)?;
    }
    quietly(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]))?;
    std::fs::write(&done, wanted).map_err(failed)?;
    Ok(modules)
}
