//! Sign-ons over HTTP: how many a server issues and accepts in a second, beside what its machine can do in the same
//! run.
//!
//! `cargo xtask bench saml` runs it. The server is a process of its own with SQLite, as people run it; the load comes
//! from this process on the same machine, over 64 connections that stay open. It prints each figure beside its target
//! and ends with an error when one is missed.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

mod accepting;
mod issuing;
mod load;
mod machine;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/process.rs"]
mod process;

use std::process::ExitCode;

use process::Both;

/// Rounds; the machine and the server are measured in turn within each, and the best of each counts: what is done
/// when others leave the machine alone.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> ExitCode {
    let both = Both::start([None, None]).await;
    let met = [issuing::measure(&both).await, accepting::measure(&both).await];
    if met.iter().all(|met| *met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}

fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
