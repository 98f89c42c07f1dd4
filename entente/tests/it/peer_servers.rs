//! Starts other people's SAML software, each as a process that ends with its handle.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{Process, free_port};

/// A peer that answers.
pub struct Peer {
    /// Its origin.
    pub url: String,
    /// The path of its metadata.
    pub metadata: String,
    /// The path that starts a sign-on.
    pub start: String,
    _process: Process,
}

impl Peer {
    /// A script that chooses its port and prints its origin.
    fn script(mut command: Command, other_side: &Path) -> Self {
        command.arg(other_side).arg(key("evil.key.pem")).arg(key("evil.cert.pem"));
        let mut process = Process::start(&mut command);
        let url = process.json()["url"].as_str().unwrap().to_owned();
        Self { url, metadata: "/metadata".to_owned(), start: "/login".to_owned(), _process: process }
    }
}

/// A script run by the Python with other people's packages.
pub fn python(script: &str, other_side: &Path) -> Peer {
    let mut command = Command::new(named("ENTENTE_TEST_PYTHON"));
    command.args(["-W", "ignore"]).arg(peers().join(script));
    Peer::script(command, other_side)
}

/// A script run by Node.js, which finds other people's packages in a folder of their own.
pub fn node(script: &str, other_side: &Path) -> Peer {
    let mut command = Command::new(named("ENTENTE_TEST_NODE"));
    command.arg(peers().join("node").join(script)).env("NODE_PATH", named("ENTENTE_TEST_NODE_MODULES"));
    Peer::script(command, other_side)
}

/// Apache with mod_auth_mellon before one page, which says who came.
pub fn mellon(folder: &Path, idp_metadata: &Path) -> Peer {
    let port = free_port();
    let template = std::fs::read_to_string(peers().join("mellon.conf")).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    // The user that Apache becomes reads these.
    open_folder(folder.parent().unwrap());
    open_folder(folder);
    let (own_key, own_certificate, idp) =
        (folder.join("key.pem"), folder.join("cert.pem"), folder.join("idp.xml"));
    std::fs::copy(key("evil.key.pem"), &own_key).unwrap();
    std::fs::copy(key("evil.cert.pem"), &own_certificate).unwrap();
    std::fs::copy(idp_metadata, &idp).unwrap();
    std::fs::set_permissions(&own_key, PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::copy(peers().join("who.shtml"), folder.join("who.shtml")).unwrap();
    let configuration = template.replace("@FOLDER@", &text(folder)).replace("@PORT@", &port.to_string());
    let file = folder.join("apache.conf");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new("/usr/sbin/apache2");
    // -X: one process in the foreground, so that ending it leaves nothing behind.
    command.args(["-X", "-f"]).arg(file);
    let peer = Peer {
        url: format!("http://127.0.0.1:{port}"),
        metadata: "/mellon/metadata".to_owned(),
        start: "/who.shtml".to_owned(),
        _process: Process::start(&mut command),
    };
    wait_for(port, &folder.join("error.log"));
    peer
}

/// SimpleSAMLphp on PHP's own server, with these users.
pub fn simplesamlphp(folder: &Path, sp_metadata: &Path, users: &[&str], password: &str) -> Peer {
    let port = free_port();
    for name in ["cert", "log", "data", "tmp", "sessions", "metadata"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    for name in ["config.php", "authsources.php", "metadata/saml20-idp-hosted.php"] {
        std::fs::copy(peers().join("simplesamlphp").join(name), folder.join(name)).unwrap();
    }
    std::fs::copy(key("evil.key.pem"), folder.join("cert/peer.key")).unwrap();
    std::fs::copy(key("evil.cert.pem"), folder.join("cert/peer.crt")).unwrap();
    let log = std::fs::File::create(folder.join("php.log")).unwrap();
    let mut command = Command::new("php");
    command
        .args(["-S", &format!("127.0.0.1:{port}"), "-t", "/usr/share/simplesamlphp/www"])
        .env("SIMPLESAMLPHP_CONFIG_DIR", folder)
        .env("PEER_URL", format!("http://127.0.0.1:{port}/"))
        .env("PEER_SP_METADATA", sp_metadata)
        .env("PEER_USERS", users.join(" "))
        .env("PEER_PASSWORD", password)
        .stderr(log);
    let peer = Peer {
        url: format!("http://127.0.0.1:{port}"),
        metadata: "/saml2/idp/metadata.php".to_owned(),
        start: String::new(),
        _process: Process::start(&mut command),
    };
    wait_for(port, &folder.join("php.log"));
    peer
}

pub fn named(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run the tests with `cargo xtask test`"))
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

/// A key that is public anyway.
fn key(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../saml/testdata/keys").join(name)
}

fn open_folder(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Until somebody listens on the port.
pub fn wait_for(port: u16, log: &Path) {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let said = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(Instant::now() < until, "nobody listens on port {port}: {}", said());
        std::thread::sleep(Duration::from_millis(20));
    }
}
