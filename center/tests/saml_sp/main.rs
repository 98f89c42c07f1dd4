//! Sign-ins at an external identity provider, through the router, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

mod attempts;
mod certificates;
mod journey;
mod metadata_url;
mod people;
mod refusals;
mod settings;
mod sign_in;
#[path = "../test_idp/mod.rs"]
mod test_idp;
