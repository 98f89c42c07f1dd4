//! The way of an encrypted assertion: the signature of the response over the encrypted form, decryption, and then the same
//! checks as for an assertion in clear.

use super::accept::{Proof, verify_part};
use super::message;
use super::reason::{Reject, RejectReason, ResponseReason as Reason, SignedPart, refuse};
use super::trace::Recorder;
use crate::dsig::{Trust, VerifiedElement};
use crate::encryption::{DecryptionKey, Encrypted, decrypt, failed};
use crate::names::{ASSERTION, DSIG};
use crate::xml::{Document, Element};

pub(super) fn is_encrypted(document: &Document) -> bool {
    document.elements().any(|e| e.is(ASSERTION, "EncryptedAssertion"))
}

/// Decrypts and proves.
///
/// AES-CBC does not notice changes. Unless the response's signature covers the ciphertext, a stranger can change it and
/// look at what happens; so up to the proof that the content is the identity provider's, all refusals are one.
pub(super) fn prove(
    document: &Document,
    trust: Trust<'_>,
    keys: &[DecryptionKey],
    trace: &mut Recorder,
) -> Result<Proof, Reject> {
    let one = check_place(document);
    let assertion = trace.step("Assertion", "exactly one, encrypted", one, |_| "one".to_owned())?;
    let placed = check_outer_signatures(document);
    let signature = trace.step("Signature place", "in the response", placed, signed)?;
    let verified = verify_part(SignedPart::Response, document.root(), signature, trust);
    let by =
        |v: &Option<VerifiedElement>| v.as_ref().map_or("none".to_owned(), |v| v.thumbprint().to_owned());
    let response = trace.step("Response signature", "by a trusted certificate, if any", verified, by)?;
    let encrypted = match &response {
        None => read(assertion),
        Some(verified) => direct(verified.root()).and_then(read),
    };
    let uri = |e: &Encrypted| e.content_algorithm.uri().to_owned();
    let encrypted = trace.step("Encryption", "AES under RSA-OAEP", encrypted, uri)?;
    let open_to_change = response.is_none() && !encrypted.content_algorithm.is_authenticated();
    let proved = decrypt(&encrypted, keys)
        .map_err(|e| e.under(RejectReason::Encryption))
        .and_then(|decrypted| proof_of(document, decrypted, response, trust))
        .map_err(|reject| if open_to_change { failed().under(RejectReason::Encryption) } else { reject });
    trace.step("Decryption and signature", "by a trusted certificate", proved, Proof::signer)
}

fn read(assertion: Element<'_>) -> Result<Encrypted, Reject> {
    Encrypted::read(assertion).map_err(|e| e.under(RejectReason::Encryption))
}

/// As for assertions in clear, counted over the whole document: one, and no other beside it.
fn check_place(document: &Document) -> Result<Element<'_>, Reject> {
    let named = |local| document.elements().filter(|e| e.is(ASSERTION, local)).count();
    let (encrypted, clear) = (named("EncryptedAssertion"), named("Assertion"));
    if encrypted != 1 || clear != 0 {
        let found = format!("{encrypted} encrypted assertions and {clear} in clear");
        return Err(refuse(Reason::AssertionCountNotOne, "exactly one assertion", found));
    }
    direct(document.root())
}

fn direct(response: Element<'_>) -> Result<Element<'_>, Reject> {
    response
        .children_named(ASSERTION, "EncryptedAssertion")
        .next()
        .ok_or_else(|| refuse(Reason::AssertionMisplaced, "an assertion directly in the response", "deeper"))
}

fn check_outer_signatures(document: &Document) -> Result<Option<Element<'_>>, Reject> {
    one_signature(document, "the response")
}

fn one_signature<'a>(document: &'a Document, whose: &str) -> Result<Option<Element<'a>>, Reject> {
    let here: Vec<_> = document.root().children_named(DSIG, "Signature").collect();
    let everywhere = document.elements().filter(|e| e.is(DSIG, "Signature")).count();
    if here.len() > 1 || here.len() != everywhere {
        let found = format!("{} in {whose}, {} elsewhere", here.len(), everywhere - here.len());
        return Err(refuse(Reason::SignatureMisplaced, format!("at most one signature, in {whose}"), found));
    }
    Ok(here.first().copied())
}

fn signed(signature: &Option<Element<'_>>) -> String {
    if signature.is_some() { "the response is signed" } else { "the response is not signed" }.to_owned()
}

/// The decrypted assertion passes what one in clear passes: IDs, count, length, signature.
fn proof_of(
    received: &Document,
    decrypted: Document,
    response: Option<VerifiedElement>,
    trust: Trust<'_>,
) -> Result<Proof, Reject> {
    if let Some(id) = message::shared_id(received, &decrypted) {
        return Err(refuse(Reason::DuplicateId, "each ID once", id));
    }
    let is_assertion =
        |e: &Element<'_>| e.is(ASSERTION, "Assertion") || e.is(ASSERTION, "EncryptedAssertion");
    let count = decrypted.elements().filter(is_assertion).count();
    if count != 1 {
        let found = format!("{count} assertions");
        return Err(refuse(Reason::AssertionCountNotOne, "exactly one assertion", found));
    }
    message::check_length(decrypted.root())?;
    let signature = one_signature(&decrypted, "the assertion")?;
    let own = verify_part(SignedPart::Assertion, decrypted.root(), signature, trust)?;
    match (own, response) {
        (Some(assertion), response) => Ok(Proof { response, assertion }),
        (None, Some(verified)) => {
            Ok(Proof { assertion: verified.decrypted(decrypted), response: Some(verified) })
        }
        (None, None) => Err(message::unsigned()),
    }
}
