//! A PostgreSQL server for one test run: fresh, on a free port of loopback, gone afterwards.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::quietly;

/// A running server; stopped and removed when dropped.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As people run it.
    Full,
    /// Durability is PostgreSQL's own to test; in tests it would only cost time.
    None,
}

impl Server {
    /// Makes a cluster and starts it.
    pub fn start(programs: &Path, durability: Durability) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("entente-postgres-{}", std::process::id()));
        let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        if is_root() {
            quietly(Command::new("chown").arg("postgres").arg(&folder))?;
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(failed)?.port();
        let server = Self { programs: programs.to_owned(), folder, port };
        let data = server.data();
        let make = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"];
        quietly(server.program("initdb").arg("-D").arg(&data).args(make))?;
        let fsync = if durability == Durability::Full { "on" } else { "off" };
        let options = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c max_connections=600 -c fsync={fsync} \
             -c max_locks_per_transaction=512",
            server.folder.display()
        );
        let log = server.folder.join("log");
        quietly(
            server
                .program("pg_ctl")
                .arg("-D")
                .arg(&data)
                .arg("-l")
                .arg(log)
                .args(["-w", "-o", &options, "start"]),
        )?;
        Ok(server)
    }

    /// How to connect.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of the server's programs, as the user that it insists on.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        if !is_root() {
            return Command::new(path);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = quietly(self.program("pg_ctl").arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
