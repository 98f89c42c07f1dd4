//! `cargo xtask bench scim`: SCIM requests over HTTP beside what the engines and the machine can do.

use std::process::Command;

use crate::postgres::{Durability, Server};
use crate::{needs, root};

/// Starts a PostgreSQL that waits for its disk, as people run it, builds the bench optimised and runs it. It prints
/// the figures and fails when one misses its target.
pub fn run(users: Option<u32>) -> Result<(), String> {
    let server = Server::start(&needs::postgres()?, Durability::Full)?;
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(root())
        .args(["bench", "--quiet", "-p", "entente", "--bench", "scim_http"])
        .env("ENTENTE_TEST_POSTGRES", server.url());
    if let Some(users) = users {
        command.env("ENTENTE_BENCH_USERS", users.to_string());
    }
    crate::run(&mut command)
        .map_err(|_| "a target was missed, or the bench could not be built: scim_http".to_owned())
}
