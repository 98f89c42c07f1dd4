//! Accepts a response or refuses it: shape, signatures, and then every rule for its content, read from verified bytes.

use time::OffsetDateTime;

use super::assertion::{Assertion, Attribute};
use super::encrypted;
use super::expect::{AcceptOptions, Expect};
use super::message::{self, Message};
use super::reason::{Reject, RejectReason, SignedPart};
use super::rules;
use super::trace::{Recorder, Trace};
use crate::dsig::{Trust, VerifiedElement, verify_enveloped};
use crate::xml::{Document, Element};

/// What a response proved. Two things are left to the caller: the assertion ID must be new (replay memory), and the
/// NameID must belong to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The ID of the assertion. It must be remembered until [`Accepted::remember_until`] and be refused when it comes
    /// again.
    pub assertion_id: String,
    /// The person.
    pub name_id: String,
    /// The format of the NameID.
    pub name_id_format: String,
    /// The identity provider.
    pub issuer: String,
    /// The request that it answers, from signed bytes.
    pub in_response_to: Option<String>,
    /// The identity provider's name for the session.
    pub session_index: Option<String>,
    /// When the identity provider wants our session to end; ours ends then at the latest.
    pub session_not_on_or_after: Option<OffsetDateTime>,
    /// When the assertion ends: the earlier of the limits of conditions and confirmation.
    pub not_on_or_after: OffsetDateTime,
    /// Until when it could be accepted again: `not_on_or_after` and the clock skew.
    pub remember_until: OffsetDateTime,
    /// When the person signed in there.
    pub authn_instant: OffsetDateTime,
    /// How the person signed in there.
    pub authn_context: Option<String>,
    /// The claims.
    pub attributes: Vec<Attribute>,
    /// SHA-1 thumbprint of the certificate that verified the assertion.
    pub certificate_thumbprint: String,
}

/// Accepts a response (the decoded XML) or says why not.
///
/// # Errors
/// One [`RejectReason`] per way to be wrong; the first check that fails decides.
pub fn accept_response(xml: &[u8], expect: &Expect<'_>) -> Result<Accepted, Reject> {
    accept_response_with(xml, expect, &AcceptOptions::default())
}

/// As [`accept_response`], for a connection with decryption keys or other algorithms.
///
/// # Errors
/// As [`accept_response`].
pub fn accept_response_with(
    xml: &[u8],
    expect: &Expect<'_>,
    options: &AcceptOptions<'_>,
) -> Result<Accepted, Reject> {
    check(xml, expect, options, &mut Recorder::off())
}

/// As [`accept_response`], with the list of what was checked.
pub fn trace_response(xml: &[u8], expect: &Expect<'_>) -> (Result<Accepted, Reject>, Trace) {
    trace_response_with(xml, expect, &AcceptOptions::default())
}

/// As [`accept_response_with`], with the list of what was checked.
pub fn trace_response_with(
    xml: &[u8],
    expect: &Expect<'_>,
    options: &AcceptOptions<'_>,
) -> (Result<Accepted, Reject>, Trace) {
    let mut recorder = Recorder::on();
    let outcome = check(xml, expect, options, &mut recorder);
    (outcome, recorder.trace())
}

fn check(
    xml: &[u8],
    expect: &Expect<'_>,
    options: &AcceptOptions<'_>,
    trace: &mut Recorder,
) -> Result<Accepted, Reject> {
    let found = |_: &_| format!("{} bytes", xml.len());
    let document = trace.step("XML", "well-formed within the limits", message::parse(xml), found)?;
    let yes = |_: &()| "as expected".to_owned();
    trace.step("Response", "samlp:Response, Version 2.0", message::check_root(&document), yes)?;
    trace.step("IDs", "each ID once", message::check_ids(&document), yes)?;
    trace.step("Status", "Success", message::check_status(&document), |()| "Success".to_owned())?;
    let trust = Trust { certificates: expect.certificates, algorithms: options.algorithms };
    let proof = if !options.decryption_keys.is_empty() && encrypted::is_encrypted(&document) {
        encrypted::prove(&document, trust, options.decryption_keys, trace)?
    } else {
        prove(&document, trust, trace)?
    };
    let read = Assertion::read(&proof.assertion);
    let assertion = trace.step("Assertion content", "complete", read, |a| a.id.clone())?;
    rules::check(&assertion, proof.response_root(&document), proof.response.is_some(), expect, trace)?;
    Ok(accepted(assertion, &proof, expect))
}

/// An assertion in clear: its place, its length, and every signature.
fn prove(document: &Document, trust: Trust<'_>, trace: &mut Recorder) -> Result<Proof, Reject> {
    let one = message::check_assertion(document);
    let assertion = trace.step("Assertion", "exactly one, not encrypted", one, |_| "one".to_owned())?;
    let length = message::check_length(assertion);
    trace.step("Assertion length", "at most 50,000 characters", length, |n| format!("{n} characters"))?;
    let placed = message::check_signatures(document, assertion);
    let message = trace.step("Signature place", "in response or assertion", placed, Message::signed_parts)?;
    trace.step("Signature", "by a trusted certificate", verify(&message, trust), Proof::signer)
}

/// What the signatures proved. At least one of both is there.
pub(super) struct Proof {
    pub(super) response: Option<VerifiedElement>,
    /// The assertion when it was signed itself, else the response that holds it, else what the response held encrypted.
    pub(super) assertion: VerifiedElement,
}

impl Proof {
    /// The response from verified bytes when it was signed; else as it came, good for refusing only.
    fn response_root<'a>(&'a self, received: &'a Document) -> Element<'a> {
        self.response.as_ref().map_or_else(|| received.root(), VerifiedElement::root)
    }

    pub(super) fn signer(&self) -> String {
        format!("certificate {}", self.assertion.thumbprint())
    }
}

/// Every signature that is there must verify; one of them must be there.
fn verify(message: &Message<'_>, trust: Trust<'_>) -> Result<Proof, Reject> {
    let response = verify_part(SignedPart::Response, message.response, message.response_signature, trust)?;
    let assertion =
        verify_part(SignedPart::Assertion, message.assertion, message.assertion_signature, trust)?;
    match assertion.or_else(|| response.clone()) {
        Some(assertion) => Ok(Proof { response, assertion }),
        None => Err(message::unsigned()),
    }
}

pub(super) fn verify_part(
    part: SignedPart,
    element: Element<'_>,
    signature: Option<Element<'_>>,
    trust: Trust<'_>,
) -> Result<Option<VerifiedElement>, Reject> {
    let proof = signature.map(|signature| verify_enveloped(element, signature, trust));
    proof.transpose().map_err(|e| e.under(|reason| RejectReason::Signature(part, reason)))
}

fn accepted(assertion: Assertion, proof: &Proof, expect: &Expect<'_>) -> Accepted {
    let limits = [assertion.conditions.not_on_or_after, assertion.confirmation.not_on_or_after];
    // Both limits are there, or the rules would have refused; `now` would make the assertion expire at once.
    let not_on_or_after = limits.into_iter().flatten().min().unwrap_or(expect.now);
    Accepted {
        assertion_id: assertion.id,
        name_id: assertion.name_id,
        name_id_format: assertion.name_id_format,
        issuer: assertion.issuer,
        in_response_to: assertion.confirmation.in_response_to,
        session_index: assertion.authn.session_index,
        session_not_on_or_after: assertion.authn.session_not_on_or_after,
        not_on_or_after,
        remember_until: not_on_or_after.saturating_add(expect.clock_skew),
        authn_instant: assertion.authn.instant,
        authn_context: assertion.authn.context,
        attributes: assertion.attributes,
        certificate_thumbprint: proof.assertion.thumbprint().to_owned(),
    }
}
