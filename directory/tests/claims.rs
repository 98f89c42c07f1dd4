//! The claims of an application: functions by file, evaluation against a model, pages, APIs, sign-ons.
#![expect(clippy::unwrap_used, reason = "tests: a panic is the failure")]

#[path = "claims/api.rs"]
mod api;
#[path = "saml_idp/bench.rs"]
#[expect(dead_code, reason = "shared with the tests of sign-ons")]
mod bench;
#[path = "claims/console.rs"]
mod console;
#[path = "claims/model.rs"]
mod model;
#[path = "claims/sign_on.rs"]
mod sign_on;
