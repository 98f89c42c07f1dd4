//! `cargo xtask test`

use std::process::Command;

use crate::needs::{self, Needs};
use crate::postgres::{Durability, Server};
use crate::root;

/// `cargo xtask test`
pub fn run(arguments: &[String]) -> Result<(), String> {
    let needs = needs::find()?;
    let server = Server::start(&needs.postgres, Durability::None)?;
    run_tests(&needs, &server, arguments)
}

/// Runs the tests with everything they need around them.
fn run_tests(needs: &Needs, server: &Server, arguments: &[String]) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).arg("test");
    if arguments.is_empty() {
        command.arg("--workspace");
    }
    command
        .args(arguments)
        .env("ENTENTE_TEST_POSTGRES", server.url())
        .env("ENTENTE_TEST_PYTHON", &needs.python)
        .env("ENTENTE_TEST_CHROMIUM", &needs.chromium)
        .env("ENTENTE_TEST_CHROMEDRIVER", &needs.chromedriver)
        .env("ENTENTE_TEST_NODE", &needs.node)
        .env("ENTENTE_TEST_NODE_MODULES", &needs.node_modules);
    crate::run(&mut command)
}
