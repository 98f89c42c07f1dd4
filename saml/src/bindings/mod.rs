//! How messages travel through a browser: HTTP-Redirect and HTTP-POST (SAML Bindings 3.4 and 3.5).

mod post;
mod reason;
mod redirect;

pub use post::{Posted, decode_post, encode_post, form_field, read_form};
pub use reason::{BindingReason, BindingRefusal};
pub use redirect::{
    QuerySignature, RedirectMessage, decode_redirect, encode_redirect, encode_signed_redirect,
};

use crate::xml::Limits;

/// The longest RelayState in bytes. SAML Bindings 3.4.3 says 80; service providers put whole URLs there.
pub const LONGEST_RELAY_STATE: usize = 2048;

/// The longest message after decoding.
const LONGEST_MESSAGE: usize = Limits::MESSAGE.bytes;

/// Which of the two messages a field carries; it is the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// A request.
    SamlRequest,
    /// A response.
    SamlResponse,
}

impl Parameter {
    /// The name of the query parameter or form field.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::SamlRequest => "SAMLRequest",
            Parameter::SamlResponse => "SAMLResponse",
        }
    }

    fn other(self) -> Parameter {
        match self {
            Parameter::SamlRequest => Parameter::SamlResponse,
            Parameter::SamlResponse => Parameter::SamlRequest,
        }
    }

    fn both(self) -> BindingRefusal {
        let expected = format!("{} alone", self.name());
        BindingRefusal::new(BindingReason::BothMessages, expected, "SAMLRequest and SAMLResponse")
    }
}

/// A message as it came. Where its signature is depends on the binding: in the query, or in the message.
#[derive(Debug, Clone, Copy)]
pub enum Received<'a> {
    /// By HTTP-Redirect.
    Redirect(&'a RedirectMessage),
    /// By HTTP-POST: the decoded field.
    Post(&'a [u8]),
}

impl<'a> Received<'a> {
    /// The message.
    pub fn xml(&self) -> &'a [u8] {
        match self {
            Received::Redirect(message) => &message.xml,
            Received::Post(xml) => xml,
        }
    }
}

/// Checks the length of a RelayState. Its content belongs to whoever made it and is given back as it came.
///
/// # Errors
/// `RelayStateTooLong`, `RelayStateNotText`.
pub fn check_relay_state(relay_state: &str) -> Result<(), BindingRefusal> {
    if relay_state.contains('\0') {
        return Err(BindingRefusal::new(BindingReason::RelayStateNotText, "text", relay_state));
    }
    if relay_state.len() <= LONGEST_RELAY_STATE {
        return Ok(());
    }
    let found = format!("{} bytes", relay_state.len());
    let expected = format!("at most {LONGEST_RELAY_STATE} bytes");
    Err(BindingRefusal::new(BindingReason::RelayStateTooLong, expected, found))
}
