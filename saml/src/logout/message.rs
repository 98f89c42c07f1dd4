//! What requests and responses have in common: signature, version, ID, time, Issuer and Destination.

use time::{Duration, OffsetDateTime};

use super::reason::{LogoutReason, LogoutRefusal, LogoutRule as Rule};
use crate::bindings::{Received, RedirectMessage};
use crate::certificate::Certificate;
use crate::dsig::{
    AcceptedAlgorithms, MessageSignature, Trust, VerifiedElement, message_signature, verify_enveloped,
};
use crate::instant;
use crate::names::{ASSERTION, FORMAT_ENTITY, PROTOCOL, other_issuer_format};
use crate::xml::{Document, Element, Limits};

/// A message older than this is refused: it would sign people out whenever somebody sends it again.
const LONGEST_AGE: Duration = Duration::hours(1);

/// What a logout message is compared with. All come from configuration and the clock, none from the message.
#[derive(Debug, Clone, Copy)]
pub struct LogoutExpect<'a> {
    /// The address at which the message arrived.
    pub destination: &'a str,
    /// The other side's entity ID.
    pub issuer: &'a str,
    /// What its messages must be signed with.
    pub signature: LogoutSignature<'a>,
    /// The current time.
    pub now: OffsetDateTime,
    /// How far the clocks may differ.
    pub clock_skew: Duration,
}

/// What to do about signatures.
#[derive(Debug, Clone, Copy)]
pub enum LogoutSignature<'a> {
    /// Entra's behaviour towards applications: none is demanded and one that is there is ignored. Whoever knows a NameID
    /// can then end a session, and no more than that.
    Ignored,
    /// The message must be signed (SAML Profiles 4.4.4.1 and 4.4.4.2).
    Required {
        /// By one of these.
        certificates: &'a [Certificate],
        /// With one of these.
        algorithms: AcceptedAlgorithms,
    },
}

pub(super) type Outcome<T> = Result<T, LogoutRefusal>;

/// The Issuer of any logout message, to find out whose configuration counts. It proves nothing.
pub fn unverified_issuer(xml: &[u8]) -> Option<String> {
    let document = Document::parse(xml, &Limits::MESSAGE).ok()?;
    issuer(document.root()).ok()
}

/// Whether this is a LogoutRequest, where one address takes LogoutRequests and AuthnRequests. A message without the word
/// is not parsed for this.
pub fn is_request(xml: &[u8]) -> bool {
    let word = b"LogoutRequest";
    xml.windows(word.len()).any(|window| window == word)
        && Document::parse(xml, &Limits::MESSAGE)
            .is_ok_and(|document| document.root().is(PROTOCOL, "LogoutRequest"))
}

/// A message whose common rules hold.
pub(super) struct Message {
    source: Source,
    pub(super) id: String,
    pub(super) issue_instant: OffsetDateTime,
    pub(super) issuer: String,
}

/// Where the message is read from: from verified bytes when a signature inside it was required.
enum Source {
    Received(Document),
    Verified(VerifiedElement),
}

impl Message {
    /// Reads a message whose root is `local`, or refuses it for `other`.
    pub(super) fn read(
        message: Received<'_>,
        local: &str,
        other: Rule,
        expect: &LogoutExpect<'_>,
    ) -> Outcome<Message> {
        let document =
            Document::parse(message.xml(), &Limits::MESSAGE).map_err(|e| e.under(LogoutReason::Xml))?;
        if !document.root().is(PROTOCOL, local) {
            return Err(refuse(other, &format!("samlp:{local}"), document.root().local_name()));
        }
        let signed = matches!(expect.signature, LogoutSignature::Required { .. });
        let source = match expect.signature {
            LogoutSignature::Ignored => Source::Received(document),
            LogoutSignature::Required { certificates, algorithms } => {
                verified(message, document, Trust { certificates, algorithms })?
            }
        };
        let root = source.root();
        check_version(root)?;
        let message = Message {
            id: id(root)?,
            issue_instant: issue_instant(root, expect)?,
            issuer: expected_issuer(root, expect)?,
            source,
        };
        check_destination(message.root(), signed, expect)?;
        Ok(message)
    }

    pub(super) fn root(&self) -> Element<'_> {
        self.source.root()
    }
}

impl Source {
    fn root(&self) -> Element<'_> {
        match self {
            Source::Received(document) => document.root(),
            Source::Verified(verified) => verified.root(),
        }
    }
}

fn verified(message: Received<'_>, document: Document, trust: Trust<'_>) -> Outcome<Source> {
    let found = message_signature(&document);
    if let MessageSignature::DuplicateId(id) = found {
        return Err(refuse(Rule::DuplicateId, "each ID once", id));
    }
    let signature = match (message, found) {
        // The query's signature covers the message byte by byte, so the document that came may be read.
        (Received::Redirect(message), _) => {
            verify_query(message, trust)?;
            return Ok(Source::Received(document));
        }
        (Received::Post(_), MessageSignature::There(signature)) => signature,
        (Received::Post(_), MessageSignature::Misplaced(count)) => {
            return Err(refuse(Rule::SignatureMisplaced, "one signature", &format!("{count} signatures")));
        }
        (Received::Post(_), _) => {
            return Err(refuse(Rule::SignatureMissing, "a signed message", "no signature"));
        }
    };
    let verified = verify_enveloped(document.root(), signature, trust);
    Ok(Source::Verified(verified.map_err(|e| e.under(LogoutReason::Signature))?))
}

fn verify_query(message: &RedirectMessage, trust: Trust<'_>) -> Outcome<()> {
    if message.signature.is_none() {
        return Err(refuse(Rule::SignatureMissing, "SigAlg and Signature in the query", "neither"));
    }
    let outcome = message.verify_with(trust.certificates, trust.algorithms);
    outcome.map_err(|e| e.under(LogoutReason::Binding))
}

fn check_version(root: Element<'_>) -> Outcome<()> {
    let version = root.attribute("Version").unwrap_or("none");
    if version == "2.0" { Ok(()) } else { Err(refuse(Rule::VersionNot20, "Version 2.0", version)) }
}

fn id(root: Element<'_>) -> Outcome<String> {
    let id = root.attribute("ID").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| refuse(Rule::IdMissing, "an ID attribute", "none"))?;
    let first_fits = id.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let rest_fits = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if first_fits && rest_fits && id.len() <= 256 {
        return Ok(id.to_owned());
    }
    Err(refuse(Rule::IdMalformed, "a name that begins with a letter or underscore", id))
}

fn issue_instant(root: Element<'_>, expect: &LogoutExpect<'_>) -> Outcome<OffsetDateTime> {
    let found = root.attribute("IssueInstant").unwrap_or("none");
    let instant =
        instant::read(found).ok_or_else(|| refuse(Rule::TimeMalformed, "IssueInstant in UTC", found))?;
    if instant > expect.now.saturating_add(expect.clock_skew) {
        return Err(refuse(Rule::NotYetValid, &format!("at most {}", instant::write(expect.now)), found));
    }
    let oldest = expect.now.saturating_sub(LONGEST_AGE).saturating_sub(expect.clock_skew);
    if instant < oldest {
        return Err(refuse(Rule::Expired, &format!("after {}", instant::write(oldest)), found));
    }
    Ok(instant)
}

fn expected_issuer(root: Element<'_>, expect: &LogoutExpect<'_>) -> Outcome<String> {
    let found = issuer(root)?;
    if found == expect.issuer {
        return Ok(found);
    }
    Err(refuse(Rule::IssuerMismatch, expect.issuer, &found))
}

fn issuer(root: Element<'_>) -> Outcome<String> {
    let issuers: Vec<_> = root.children_named(ASSERTION, "Issuer").collect();
    let refuse = |found: &str| refuse(Rule::IssuerMissing, "exactly one Issuer with text", found);
    let [issuer] = issuers[..] else {
        return Err(refuse(&format!("{} Issuer elements", issuers.len())));
    };
    if let Some(found) = other_issuer_format(issuer) {
        return Err(self::refuse(Rule::IssuerFormatNotEntity, FORMAT_ENTITY, found));
    }
    let text = issuer.text().map_err(|e| refuse(e.found()))?.trim();
    if text.is_empty() { Err(refuse("an empty one")) } else { Ok(text.to_owned()) }
}

fn check_destination(root: Element<'_>, signed: bool, expect: &LogoutExpect<'_>) -> Outcome<()> {
    match root.attribute("Destination") {
        Some(found) if found == expect.destination => Ok(()),
        Some(found) => Err(refuse(Rule::DestinationMismatch, expect.destination, found)),
        None if signed => Err(refuse(Rule::DestinationMissing, expect.destination, "none")),
        None => Ok(()),
    }
}

pub(super) fn refuse(rule: Rule, expected: &str, found: &str) -> LogoutRefusal {
    LogoutRefusal::new(LogoutReason::Logout(rule), expected, found)
}
