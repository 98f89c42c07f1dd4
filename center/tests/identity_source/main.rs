//! Changing the identity source: what it does to whom, what is refused, the API and the wizard.
#![expect(clippy::unwrap_used, reason = "tests")]

mod calls;
mod change;
mod external;
mod given;
mod impact;
#[path = "../test_idp/mod.rs"]
mod test_idp;
mod wizard;
