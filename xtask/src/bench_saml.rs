//! `cargo xtask bench saml`: the rates of the library beside those of the machine.

use std::process::Command;

use crate::root;

/// Builds the bench of the crate `saml` optimised and runs it. It prints the figures and fails when one misses its
/// target.
pub fn run() -> Result<(), String> {
    crate::run(
        Command::new(env!("CARGO"))
            .current_dir(root())
            .args(["bench", "--quiet", "-p", "saml", "--bench", "saml"]),
    )
    .map_err(|_| "a target was missed, or the bench could not be built".to_owned())
}
