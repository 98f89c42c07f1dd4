//! The shape of a response before anything in it is believed: one assertion, signatures where they belong, IDs once.

use std::collections::HashSet;

use super::LONGEST_ASSERTION;
use super::reason::{Reject, RejectReason, ResponseReason as Reason, refuse};
use crate::names::{ASSERTION, DSIG, PROTOCOL, STATUS_SUCCESS};
use crate::xml::{Document, Element, Limits, canonical_length};

const FEW_IDS: usize = 16;

/// The parts of a response whose signatures are to be verified. Nothing of it is proven.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) response: Element<'a>,
    pub(super) response_signature: Option<Element<'a>>,
    pub(super) assertion: Element<'a>,
    pub(super) assertion_signature: Option<Element<'a>>,
}

pub(super) fn parse(xml: &[u8]) -> Result<Document, Reject> {
    Document::parse(xml, &Limits::MESSAGE).map_err(|e| e.under(RejectReason::Xml))
}

pub(super) fn check_root(document: &Document) -> Result<(), Reject> {
    let root = document.root();
    if !root.is(PROTOCOL, "Response") {
        return Err(refuse(Reason::NotAResponse, "samlp:Response", root.local_name()));
    }
    let version = root.attribute("Version").unwrap_or("none");
    if version == "2.0" { Ok(()) } else { Err(refuse(Reason::VersionNot20, "Version 2.0", version)) }
}

pub(super) fn check_ids(document: &Document) -> Result<(), Reject> {
    match duplicate_id(document) {
        None => Ok(()),
        Some(id) => Err(refuse(Reason::DuplicateId, "each ID once", id)),
    }
}

/// The first ID that occurs in both documents, or twice in the second.
pub(super) fn shared_id<'a>(received: &'a Document, decrypted: &'a Document) -> Option<&'a str> {
    duplicate(ids(received).chain(ids(decrypted)))
}

/// The first value that two ID attributes share. Every attribute that some reader might take for an ID counts, whatever
/// its case and namespace.
pub(crate) fn duplicate_id(document: &Document) -> Option<&str> {
    duplicate(ids(document))
}

fn ids(document: &Document) -> impl Iterator<Item = &str> {
    document
        .elements()
        .flat_map(|element| element.attributes())
        .filter(|(_, local, _)| local.eq_ignore_ascii_case("id") || *local == "AssertionID")
        .map(|(_, _, value)| value)
}

fn duplicate<'a>(mut ids: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A message has a handful of IDs; only one that is full of them is worth a table.
    let mut few: Vec<&str> = Vec::with_capacity(FEW_IDS);
    for id in ids.by_ref() {
        if few.contains(&id) {
            return Some(id);
        }
        few.push(id);
        if few.len() == FEW_IDS {
            break;
        }
    }
    let mut seen: HashSet<&str> = few.into_iter().collect();
    ids.find(|value| !seen.insert(*value))
}

/// A failed sign-in carries no assertion and usually no signature, so the status comes before both. Who changes an unsigned
/// status can only make us refuse.
pub(super) fn check_status(document: &Document) -> Result<(), Reject> {
    let statuses: Vec<_> = document.root().children_named(PROTOCOL, "Status").collect();
    let [status] = statuses[..] else {
        return Err(refuse(
            Reason::StatusMissing,
            "one Status",
            format!("{} Status elements", statuses.len()),
        ));
    };
    let code = status_code(status);
    let Some(value) = code.and_then(|code| code.attribute("Value")) else {
        return Err(refuse(Reason::StatusMissing, "a StatusCode with Value", "none"));
    };
    if value == STATUS_SUCCESS {
        return Ok(());
    }
    let nested = code.and_then(status_code).and_then(|code| code.attribute("Value"));
    let text =
        status.children_named(PROTOCOL, "StatusMessage").next().and_then(|m| m.text().ok()).unwrap_or("");
    let found = [value, nested.unwrap_or(""), text].join(" ");
    Err(refuse(Reason::StatusNotSuccess, STATUS_SUCCESS, found.trim()))
}

fn status_code(parent: Element<'_>) -> Option<Element<'_>> {
    parent.children_named(PROTOCOL, "StatusCode").next()
}

/// Counts over the whole document: an assertion hidden anywhere (Extensions, Advice, Object) is one too many. This alone
/// stops signature wrapping, whatever the signature refers to.
pub(super) fn check_assertion(document: &Document) -> Result<Element<'_>, Reject> {
    if document.elements().any(|e| e.is(ASSERTION, "EncryptedAssertion")) {
        return Err(refuse(Reason::AssertionEncrypted, "an assertion in clear", "EncryptedAssertion"));
    }
    let count = document.elements().filter(|e| e.is(ASSERTION, "Assertion")).count();
    if count != 1 {
        let found = format!("{count} assertions");
        return Err(refuse(Reason::AssertionCountNotOne, "exactly one assertion", found));
    }
    let direct = document.root().children_named(ASSERTION, "Assertion").next();
    direct
        .ok_or_else(|| refuse(Reason::AssertionMisplaced, "an assertion directly in the response", "deeper"))
}

pub(super) fn check_length(assertion: Element<'_>) -> Result<usize, Reject> {
    canonical_length(assertion, LONGEST_ASSERTION).ok_or_else(|| {
        refuse(Reason::AssertionTooLong, format!("at most {LONGEST_ASSERTION} characters"), "more")
    })
}

/// A signature must be a child of the response or of its assertion. Whether it stands directly after Issuer, where the
/// schema puts it, is not checked: it makes no difference to what is signed.
pub(super) fn check_signatures<'a>(
    document: &'a Document,
    assertion: Element<'a>,
) -> Result<Message<'a>, Reject> {
    let response = document.root();
    let of = |parent: Element<'a>| parent.children_named(DSIG, "Signature").collect::<Vec<_>>();
    let (of_response, of_assertion) = (of(response), of(assertion));
    let everywhere = document.elements().filter(|e| e.is(DSIG, "Signature")).count();
    if everywhere == 0 {
        return Err(unsigned());
    }
    let in_place = of_response.len() + of_assertion.len();
    if of_response.len() > 1 || of_assertion.len() > 1 || in_place != everywhere {
        let found = format!(
            "{} in the response, {} in the assertion, {} elsewhere",
            of_response.len(),
            of_assertion.len(),
            everywhere - in_place
        );
        return Err(refuse(Reason::SignatureMisplaced, "at most one signature in each", found));
    }
    Ok(Message {
        response,
        response_signature: of_response.first().copied(),
        assertion,
        assertion_signature: of_assertion.first().copied(),
    })
}

impl Message<'_> {
    /// For the trace.
    pub(super) fn signed_parts(&self) -> String {
        match (self.response_signature.is_some(), self.assertion_signature.is_some()) {
            (true, true) => "both signed",
            (true, false) => "the response is signed",
            (false, true) => "the assertion is signed",
            (false, false) => "nothing is signed",
        }
        .to_owned()
    }
}

pub(super) fn unsigned() -> Reject {
    refuse(Reason::Unsigned, "a signed assertion or response", "no signature")
}
