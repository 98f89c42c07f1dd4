//! Reads a request by the rules of Entra's "Single Sign-On SAML protocol" page. What the page calls ignored is not
//! looked at here: Consent, Destination, ProviderName, Conditions, AllowCreate.

use time::OffsetDateTime;

use super::reason::{AuthnRequestReason, AuthnRequestRefusal, RequestReason as Reason};
use crate::certificate::Certificate;
use crate::dsig::{MessageSignature, Trust, message_signature, verify_enveloped};
use crate::instant;
use crate::names::{
    ASSERTION, FORMAT_EMAIL, FORMAT_ENTITY, FORMAT_PERSISTENT, FORMAT_TRANSIENT, FORMAT_UNSPECIFIED,
    HTTP_POST, PROTOCOL, other_issuer_format,
};
use crate::response::duplicate_id;
use crate::xml::{Document, Element, Limits};

/// What to do about a signature inside the request (HTTP-POST). Requests by HTTP-Redirect are signed in the query, see
/// [`crate::bindings::RedirectMessage::verify`].
#[derive(Debug, Clone, Copy)]
pub enum RequestSignature<'a> {
    /// Entra's default: a signature that is there is ignored, not verified.
    Ignored,
    /// The request must be signed by one of these.
    Required(&'a [Certificate]),
}

/// A request that keeps the rules. Who sent it and where the answer may go is decided by the caller, from
/// [`AuthnRequest::issuer`] and [`AuthnRequest::reply_url`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    /// Echoed as InResponseTo.
    pub id: String,
    /// When it was made, by the sender's clock. Entra does not evaluate it.
    pub issue_instant: OffsetDateTime,
    /// The sender's identifier.
    pub issuer: String,
    /// Where the sender wants the answer. It proves nothing: see [`AuthnRequest::reply_url`].
    pub assertion_consumer_service_url: Option<String>,
    /// The URL that the sender believes to have sent it to.
    pub destination: Option<String>,
    /// The NameID format that is asked for; it beats the configured one.
    pub name_id_format: Option<String>,
    /// NameIDPolicy's SPNameQualifier; it is echoed in the NameID.
    pub sp_name_qualifier: Option<String>,
    /// Ask for credentials even when there is a session.
    pub force_authn: bool,
    /// Show no page; without a session the answer is an error.
    pub is_passive: bool,
    /// The authentication context classes, one of which the session must have; empty for any.
    pub authn_contexts: Vec<String>,
}

/// The classes that may be asked for. Entra's list has no PasswordProtectedTransport; it is the most frequent request of
/// all and Entra answers it, so it is here.
const CONTEXTS: &[&str] = &[
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PGP",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SecureRemotePassword",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:XMLDSig",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SPKI",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:TLSClient",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:X509",
    "urn:federation:authentication:windows",
];

pub(super) type Outcome<T> = Result<T, AuthnRequestRefusal>;

/// Reads a request from its XML.
///
/// # Errors
/// One reason per rule, each with its AADSTS number ([`AuthnRequestReason::aadsts`]).
pub fn read(xml: &[u8], signature: RequestSignature<'_>) -> Outcome<AuthnRequest> {
    let document = document(xml)?;
    match signature {
        RequestSignature::Ignored => request(document.root()),
        RequestSignature::Required(trusted) => signed_request(&document, trusted),
    }
}

pub(super) fn document(xml: &[u8]) -> Outcome<Document> {
    let document = Document::parse(xml, &Limits::MESSAGE).map_err(|e| e.under(AuthnRequestReason::Xml))?;
    let root = document.root();
    if root.is(PROTOCOL, "AuthnRequest") {
        return Ok(document);
    }
    Err(refuse(Reason::NotAnAuthnRequest, "samlp:AuthnRequest", root.local_name()))
}

impl AuthnRequest {
    /// Where the answer goes: the requested URL when it is registered, else the default (first) registered one.
    ///
    /// # Errors
    /// `ReplyUrlNotRegistered` (AADSTS50011) when another URL is asked for, `NoReplyUrl` when none is registered.
    pub fn reply_url<'r>(&self, registered: &'r [String]) -> Outcome<&'r str> {
        let found = match &self.assertion_consumer_service_url {
            None => {
                registered.first().ok_or_else(|| refuse(Reason::NoReplyUrl, "a registered reply URL", "none"))
            }
            // Exact equality: a prefix or host comparison would send assertions to strangers.
            Some(wanted) => registered.iter().find(|url| *url == wanted).ok_or_else(|| {
                let expected =
                    if registered.is_empty() { "none registered" } else { &registered.join(" or ") };
                refuse(Reason::ReplyUrlNotRegistered, expected, wanted)
            }),
        };
        found.map(String::as_str)
    }
}

/// A message that is signed as a whole may not use an ID twice, wherever its signature is.
pub(super) fn checked(document: &Document) -> Outcome<()> {
    match duplicate_id(document) {
        None => Ok(()),
        Some(id) => Err(refuse(Reason::DuplicateId, "each ID once", id)),
    }
}

/// Reads from the verified bytes, not from those that came.
fn signed_request(document: &Document, trusted: &[Certificate]) -> Outcome<AuthnRequest> {
    match message_signature(document) {
        MessageSignature::There(signature) => {
            let verified = verify_enveloped(document.root(), signature, Trust::usual(trusted));
            request(verified.map_err(|e| e.under(AuthnRequestReason::Signature))?.root())
        }
        MessageSignature::Missing => {
            Err(refuse(Reason::SignatureMissing, "a signed request", "no signature"))
        }
        MessageSignature::Misplaced(count) => {
            Err(refuse(Reason::SignatureMisplaced, "one signature", &format!("{count} signatures")))
        }
        MessageSignature::DuplicateId(id) => Err(refuse(Reason::DuplicateId, "each ID once", id)),
    }
}

pub(super) fn request(root: Element<'_>) -> Outcome<AuthnRequest> {
    let text = |name: &str| root.attribute(name).map(str::to_owned);
    let id = id(root)?;
    if root.attribute("Version") != Some("2.0") {
        return Err(refuse(
            Reason::VersionNot20,
            "Version=\"2.0\"",
            root.attribute("Version").unwrap_or("none"),
        ));
    }
    let issue_instant = issue_instant(root)?;
    let issuer = issuer(root)?;
    check_unsupported(root)?;
    let (name_id_format, sp_name_qualifier) = name_id_policy(root)?;
    Ok(AuthnRequest {
        id,
        issue_instant,
        issuer,
        assertion_consumer_service_url: text("AssertionConsumerServiceURL"),
        destination: text("Destination"),
        name_id_format,
        sp_name_qualifier,
        force_authn: boolean(root, "ForceAuthn")?,
        is_passive: boolean(root, "IsPassive")?,
        authn_contexts: authn_contexts(root)?,
    })
}

/// An xs:ID. Entra refuses a leading digit, which XML forbids too; 256 characters are more than anybody sends.
fn id(root: Element<'_>) -> Outcome<String> {
    let id = root.attribute("ID").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| refuse(Reason::IdMissing, "an ID attribute", "none"))?;
    let first_fits = id.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let rest_fits = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if first_fits && rest_fits && id.len() <= 256 {
        return Ok(id.to_owned());
    }
    Err(refuse(Reason::IdMalformed, "a name that begins with a letter or underscore", id))
}

fn issue_instant(root: Element<'_>) -> Outcome<OffsetDateTime> {
    let found = root.attribute("IssueInstant").unwrap_or("none");
    instant::read(found).ok_or_else(|| refuse(Reason::IssueInstantMalformed, "a time in UTC", found))
}

fn issuer(root: Element<'_>) -> Outcome<String> {
    let issuers: Vec<_> = root.children_named(ASSERTION, "Issuer").collect();
    let refuse = |found: &str| refuse(Reason::IssuerMissing, "exactly one Issuer with text", found);
    let [issuer] = issuers[..] else {
        return Err(refuse(&format!("{} Issuer elements", issuers.len())));
    };
    if let Some(found) = other_issuer_format(issuer) {
        return Err(self::refuse(Reason::IssuerFormatNotEntity, FORMAT_ENTITY, found));
    }
    let text = issuer.text().map_err(|e| refuse(e.found()))?.trim();
    if text.is_empty() { Err(refuse("an empty one")) } else { Ok(text.to_owned()) }
}

fn check_unsupported(root: Element<'_>) -> Outcome<()> {
    if let Some(other) = root.attribute("ProtocolBinding").filter(|binding| *binding != HTTP_POST) {
        return Err(refuse(Reason::BindingNotSupported, HTTP_POST, other));
    }
    if let Some(index) = root.attribute("AssertionConsumerServiceIndex") {
        return Err(refuse(Reason::IndexNotSupported, "AssertionConsumerServiceURL", index));
    }
    if root.children_named(ASSERTION, "Subject").next().is_some() {
        return Err(refuse(Reason::SubjectNotSupported, "no Subject", "a Subject"));
    }
    for scoping in root.children_named(PROTOCOL, "Scoping") {
        let restricted = scoping.attribute("ProxyCount").is_some() || scoping.children().next().is_some();
        if restricted {
            return Err(refuse(Reason::ScopingNotSupported, "an empty Scoping", "one with restrictions"));
        }
    }
    Ok(())
}

fn name_id_policy(root: Element<'_>) -> Outcome<(Option<String>, Option<String>)> {
    let Some(policy) = root.children_named(PROTOCOL, "NameIDPolicy").next() else {
        return Ok((None, None));
    };
    let format = policy.attribute("Format");
    let known = [FORMAT_EMAIL, FORMAT_PERSISTENT, FORMAT_TRANSIENT, FORMAT_UNSPECIFIED];
    if let Some(other) = format.filter(|format| !known.contains(format)) {
        return Err(refuse(Reason::NameIdFormatNotSupported, &known.join(" or "), other));
    }
    Ok((format.map(str::to_owned), policy.attribute("SPNameQualifier").map(str::to_owned)))
}

fn authn_contexts(root: Element<'_>) -> Outcome<Vec<String>> {
    let Some(requested) = root.children_named(PROTOCOL, "RequestedAuthnContext").next() else {
        return Ok(Vec::new());
    };
    let comparison = requested.attribute("Comparison").unwrap_or("exact");
    if comparison != "exact" {
        return Err(refuse(Reason::ComparisonNotSupported, "exact", comparison));
    }
    let unsupported = |found: &str| refuse(Reason::AuthnContextNotSupported, &CONTEXTS.join(" or "), found);
    let mut contexts = Vec::new();
    for child in requested.children() {
        let class = if child.is(ASSERTION, "AuthnContextClassRef") { child.text().ok() } else { None };
        let class = class.map(str::trim).filter(|class| CONTEXTS.contains(class));
        contexts
            .push(class.ok_or_else(|| unsupported(child.text().unwrap_or(child.local_name())))?.to_owned());
    }
    if contexts.is_empty() { Err(unsupported("none")) } else { Ok(contexts) }
}

/// xs:boolean.
fn boolean(root: Element<'_>, name: &str) -> Outcome<bool> {
    match root.attribute(name) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(refuse(Reason::BooleanMalformed, &format!("{name} true or false"), other)),
    }
}

pub(super) fn refuse(reason: Reason, expected: &str, found: &str) -> AuthnRequestRefusal {
    AuthnRequestRefusal::new(reason.into(), expected, found)
}
