//! Single sign-on through the router, with the service provider's half of the work done by `saml`.
#![expect(clippy::unwrap_used, reason = "tests: a panic is the failure")]

#[path = "saml_idp/aadsts.rs"]
mod aadsts;
#[path = "saml_idp/bench.rs"]
mod bench;
#[path = "saml_idp/instance.rs"]
mod instance;
#[path = "saml_idp/issued.rs"]
mod issued;
#[path = "saml_idp/lookup.rs"]
mod lookup;
#[path = "saml_idp/metadata.rs"]
mod metadata;
#[path = "saml_idp/refused.rs"]
mod refused;
#[path = "saml_idp/road.rs"]
mod road;
#[path = "saml_idp/sign_out.rs"]
mod sign_out;
#[path = "saml_idp/signed_requests.rs"]
mod signed_requests;
#[path = "saml_idp/waiting.rs"]
mod waiting;
