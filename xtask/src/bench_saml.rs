//! `cargo xtask bench saml`: the rates of the library, and of servers over HTTP, beside those of the machine.

use std::process::Command;

use crate::root;

/// Builds the benches optimised and runs them. They print the figures and fail when one misses its target.
pub fn run() -> Result<(), String> {
    let mut missed = Vec::new();
    for (package, bench) in [("saml", "saml"), ("entente", "saml_http")] {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(root()).args(["bench", "--quiet", "-p", package, "--bench", bench]);
        if crate::run(&mut command).is_err() {
            missed.push(bench);
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(format!("a target was missed, or the bench could not be built: {}", missed.join(", ")))
}
