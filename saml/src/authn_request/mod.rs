//! AuthnRequest: how a service provider asks for a sign-in (SAML Core 3.4.1).

mod read;
mod reason;
#[cfg(test)]
mod tests;
mod write;

pub use read::{AuthnRequest, RequestSignature, read};
pub use reason::{AuthnRequestReason, AuthnRequestRefusal, RequestReason};
pub use write::{WriteAuthnRequest, WriteError, write};
