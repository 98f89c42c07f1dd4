//! The command as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use entente::client;
use entente::credentials::Credentials;
use secrecy::SecretString;
use serde_json::Value;

pub fn entente() -> Command {
    Command::new(env!("CARGO_BIN_EXE_entente"))
}

/// A free port of loopback. Another process could take it in between; that would be seen at once.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A process that ends with its handle.
pub struct Process {
    pub child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// The next JSON object that it prints.
    pub fn json(&mut self) -> Value {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).unwrap();
            assert!(read > 0, "the process ended; it said: {text}");
            text.push_str(&line);
            if line.trim_end() == "}" {
                return serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
            }
        }
    }

    /// `kill -9`
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One half as a process, that can be killed and started again at the same place.
pub struct Half {
    kind: &'static str,
    port: u16,
    data: PathBuf,
    store: Option<String>,
    pub process: Option<Process>,
    pub origin: String,
    pub secret: Option<String>,
}

impl Half {
    pub fn start(kind: &'static str, data: &Path, store: Option<String>) -> Self {
        let port = free_port();
        let origin = format!("http://127.0.0.1:{port}");
        let mut half = Self { kind, port, data: data.to_owned(), store, process: None, origin, secret: None };
        half.again();
        half
    }

    pub fn again(&mut self) {
        let mut command = entente();
        command.args([
            "--json",
            "serve",
            self.kind,
            "--listen",
            &format!("127.0.0.1:{}", self.port),
            "--data",
        ]);
        command.arg(&self.data);
        if let Some(store) = &self.store {
            command.args(["--store", store]);
        }
        let mut process = Process::start(&mut command);
        let said = process.json();
        self.secret = said[self.kind]["setupSecret"].as_str().map(ToOwned::to_owned);
        self.process = Some(process);
    }

    pub fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }
}

/// Both halves, set up.
pub struct Both {
    pub directory: Half,
    pub center: Half,
    pub credentials: Credentials,
    pub folder: tempfile::TempDir,
}

impl Both {
    pub async fn start(stores: [Option<String>; 2]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [for_directory, for_center] = stores;
        let directory = Half::start("directory", folder.path(), for_directory);
        let center = Half::start("center", folder.path(), for_center);
        let password = SecretString::from("a password for tests");
        let secret = |half: &Half| SecretString::from(half.secret.clone().unwrap());
        let d =
            client::Directory::setup(&directory.origin, &secret(&directory), "admin@example.com", &password)
                .await;
        let c = client::Center::setup(&center.origin, &secret(&center), "admin", &password).await;
        let credentials = Credentials { directory: Some(d.unwrap()), center: Some(c.unwrap()) };
        Self { directory, center, credentials, folder }
    }

    /// Runs the command: whether it succeeded, what it printed, and its standard error.
    pub fn attempt(&self, arguments: &[&str]) -> (bool, Value, String) {
        let file = self.folder.path().join("credentials.json");
        self.credentials.save(Some(&file)).unwrap();
        let mut command = entente();
        command.arg("--json").arg("--credentials").arg(&file).args(arguments);
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), error)
    }

    /// What a command that succeeds prints.
    pub fn run(&self, arguments: &[&str]) -> Value {
        let (done, said, error) = self.attempt(arguments);
        assert!(done, "{arguments:?}: {error}");
        said
    }

    pub async fn clients(&self) -> (client::Directory, client::Center) {
        let directory =
            client::Directory::connect(self.credentials.directory.as_ref().unwrap()).await.unwrap();
        let center = client::Center::connect(self.credentials.center.as_ref().unwrap()).unwrap();
        (directory, center)
    }
}
