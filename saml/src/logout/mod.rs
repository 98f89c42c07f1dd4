//! Single Logout, front channel: LogoutRequest and LogoutResponse in both roles (SAML Core 3.7, SAML Profiles 4.4).
//!
//! By HTTP-Redirect a message is signed in its query ([`crate::bindings::encode_signed_redirect`]), by HTTP-POST inside
//! (`write_signed_…`). Reading takes the message as it came and verifies the signature that belongs to its binding.

mod message;
mod reason;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod write;

pub use message::{LogoutExpect, LogoutSignature, is_request, unverified_issuer};
pub use reason::{LogoutReason, LogoutRefusal, LogoutRule};
pub use request::{LogoutName, LogoutRequest, read_request};
pub use response::{LogoutOutcome, LogoutResponse, read_response};
pub use write::{
    WriteLogoutRequest, WriteLogoutResponse, write_request, write_response, write_signed_request,
    write_signed_response,
};
