//! `cargo xtask`: what the project needs to be worked on.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people")]

mod bench;
mod bench_scim;
mod needs;
mod postgres;
mod saml_checks;
mod test;

use std::process::{Command, ExitCode, Stdio};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need, start a PostgreSQL of their own, and run them all.
    Test {
        /// Passed on to `cargo test`, for example `-p saml` or the name of a test.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measure, and print each figure beside its target.
    Bench {
        /// What to measure.
        #[arg(value_enum)]
        what: bench::What,
        /// How many users there are at the most, for a quick look at SCIM; the targets are about a million.
        #[arg(long)]
        users: Option<u32>,
    },
    /// Delete each check of the SAML accept path in turn, in a copy, and list the tests that notice.
    SamlChecks {
        /// Only the checks whose name contains this.
        #[arg(default_value = "")]
        filter: String,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test { arguments } => test::run(&arguments),
        Task::Bench { what, users } => bench::run(what, users),
        Task::SamlChecks { filter } => saml_checks::run(&filter),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command and waits; its output goes where ours goes.
fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("{command:?}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

/// Runs a command that is only of interest when it fails.
fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} ended with {}: {said}", output.status))
}

/// The folder of the workspace.
fn root() -> &'static std::path::Path {
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
