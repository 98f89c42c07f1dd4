//! A message as a browser brought it, by either binding, and what an application's requests must be signed
//! with.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use saml::authn_request::{
    self, AuthnRequest, AuthnRequestReason, AuthnRequestRefusal, RequestPolicy, RequestReason,
    RequestSignature,
};
use saml::bindings::{
    BindingReason, BindingRefusal, Parameter, Posted, Received, RedirectMessage, decode_redirect, form_field,
    read_form,
};
use saml::certificate::Certificate;
use time::Duration;
use web::Timestamp;

use super::refusal::Refusal;
use crate::applications::{Application, KeyCredential, Usage};

/// How far from now a signed request may have been issued: one that was caught is not good for ever. The
/// clocks of applications are not all right, so it is generous.
const LONGEST_AGE: Duration = Duration::hours(1);
/// Longest `login_hint`.
const LONGEST_HINT: usize = 256;

/// A message that arrived.
#[derive(Debug, Clone)]
pub enum Arrived {
    /// By HTTP-Redirect (SAML Bindings 3.4).
    Redirect(RedirectMessage),
    /// By HTTP-POST (SAML Bindings 3.5).
    Post(Posted),
}

/// What a binding brought.
pub type Message = Result<Arrived, BindingRefusal>;

impl Arrived {
    /// A message in the query of a redirect.
    ///
    /// # Errors
    /// The binding's.
    pub fn redirect(query: &str, parameter: Parameter) -> Message {
        decode_redirect(query, parameter).map(Self::Redirect)
    }

    /// A message in a posted form, read without the token of our own forms: it comes from elsewhere.
    ///
    /// # Errors
    /// The binding's.
    pub fn post(form: &Form, parameter: Parameter) -> Message {
        read_form(&form.0, parameter).map(Self::Post)
    }

    /// The message.
    pub fn xml(&self) -> &[u8] {
        self.received().xml()
    }

    /// To be sent back as it came.
    pub fn relay_state(&self) -> Option<&str> {
        match self {
            Self::Redirect(message) => message.relay_state.as_deref(),
            Self::Post(posted) => posted.relay_state.as_deref(),
        }
    }

    /// As the protocol reads it.
    pub fn received(&self) -> Received<'_> {
        match self {
            Self::Redirect(message) => Received::Redirect(message),
            Self::Post(posted) => Received::Post(&posted.xml),
        }
    }
}

/// A posted form.
#[derive(Debug)]
pub struct Form(Bytes);

impl Form {
    /// The form in a body.
    ///
    /// # Errors
    /// `TooLarge`.
    pub fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, BindingRefusal> {
        let too_large = |_| BindingRefusal::new(BindingReason::TooLarge, "a form of at most 1 MiB", "more");
        body.map(Self).map_err(too_large)
    }

    /// A field; none where the form has none of the name.
    ///
    /// # Errors
    /// `ParameterRepeated`.
    pub fn field(&self, name: &str) -> Result<Option<String>, BindingRefusal> {
        form_field(&self.0, name)
    }
}

/// The value of a parameter of a query.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

/// A hint as it may stand in the sign-in form.
pub fn login_hint(given: Option<String>) -> Option<String> {
    let usable = |hint: &String| {
        !hint.is_empty() && hint.chars().count() <= LONGEST_HINT && !hint.chars().any(char::is_control)
    };
    given.map(|hint| hint.trim().to_owned()).filter(usable)
}

/// What a request says, without proof: enough to know whose settings count, and all that counts where no
/// signature is required. Entra's default: a signature is then not looked at, because the answer goes to a
/// registered URL alone.
///
/// # Errors
/// [`Refusal::Request`].
pub fn unverified(arrived: &Arrived) -> Result<AuthnRequest, Refusal> {
    authn_request::read(arrived.xml(), RequestSignature::Ignored).map_err(Refusal::Request)
}

/// The application's certificates for one usage.
pub fn certificates_of(credentials: &[KeyCredential], usage: Usage) -> Vec<Certificate> {
    let of_usage = credentials.iter().filter(|known| known.usage == usage);
    of_usage.filter_map(|known| Certificate::from_der(&known.der).ok()).collect()
}

/// The request of an application that must sign (Entra: "Enforce signed SAML authentication requests").
/// `addresses` are those under which this endpoint is known.
///
/// # Errors
/// [`Refusal::Request`] for the signature and the age, [`Refusal::DestinationMismatch`]: what is signed
/// was made for one address (SAML Bindings 3.4.5.2 and 3.5.5.2).
pub fn verified(
    arrived: &Arrived,
    application: &Application,
    credentials: &[KeyCredential],
    addresses: &[String],
    now: Timestamp,
) -> Result<AuthnRequest, Refusal> {
    let certificates = certificates_of(credentials, Usage::Verify);
    let policy = RequestPolicy {
        required: true,
        certificates: &certificates,
        allow_rsa_sha1: application.request_signature_verification.allowed_weak_algorithms.is_some(),
    };
    let request = policy.read(arrived.received()).map_err(Refusal::Request)?;
    let age = now.to_offset() - request.issue_instant;
    if age.abs() > LONGEST_AGE {
        let reason = AuthnRequestReason::Request(RequestReason::Expired);
        let found = Timestamp::from(request.issue_instant).rfc3339();
        let expected = format!("issued within an hour of {}", now.rfc3339());
        return Err(Refusal::Request(AuthnRequestRefusal::new(reason, expected, found)));
    }
    match &request.destination {
        Some(found) if !addresses.contains(found) => {
            Err(Refusal::DestinationMismatch { expected: addresses.join(" or "), found: found.clone() })
        }
        _ => Ok(request),
    }
}
