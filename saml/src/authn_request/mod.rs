//! AuthnRequest: how a service provider asks for a sign-in (SAML Core 3.4.1).

mod policy;
mod read;
mod reason;
#[cfg(test)]
mod tests;
mod write;

pub use policy::RequestPolicy;
pub use read::{AuthnRequest, RequestSignature, read};
pub use reason::{AuthnRequestReason, AuthnRequestRefusal, RequestReason};
pub use write::{WriteAuthnRequest, WriteError, WriteSignedError, write, write_signed};
