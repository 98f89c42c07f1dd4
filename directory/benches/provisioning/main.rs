//! Provisioning: how fast a company comes into a target, what a change costs in a small and in a large company, and
//! how long a change takes until the target has it.
//!
//! `cargo xtask bench provisioning` runs it. Directory (SQLite) and target are one process, so they share the machine.
//! It prints each figure beside its target and ends with an error when one is missed. `ENTENTE_BENCH_LARGE` is the
//! number of people in the large company.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

mod company;
mod effect;
mod incremental;
mod initial;
mod target;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    // cargo passes what follows `--`; a word picks the figures that have it in their names.
    let filter = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let mut met = Vec::new();
    if "initial".contains(&filter) {
        met.push(initial::measure().await);
    }
    if "incremental".contains(&filter) {
        met.push(incremental::measure().await);
    }
    if "effect".contains(&filter) {
        met.push(effect::measure().await);
    }
    if met.iter().all(|met| *met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}
