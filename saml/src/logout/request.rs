//! Reads a LogoutRequest (SAML Core 3.7.1).

use time::OffsetDateTime;

use super::message::{LogoutExpect, Message, Outcome, refuse};
use super::reason::LogoutRule as Rule;
use crate::bindings::Received;
use crate::instant;
use crate::names::{ASSERTION, PROTOCOL};
use crate::xml::Element;

/// Most sessions that a request may name.
const MOST_SESSIONS: usize = 100;

/// A request to end the sessions of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Echoed as InResponseTo.
    pub id: String,
    /// When it was made.
    pub issue_instant: OffsetDateTime,
    /// Who asks.
    pub issuer: String,
    /// Whose sessions are to end.
    pub name_id: LogoutName,
    /// Which sessions; empty for all (SAML Core 3.7.3.1).
    pub session_indexes: Vec<String>,
    /// Why, as a URI.
    pub reason: Option<String>,
}

/// A NameID as it was in the assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutName {
    /// The name.
    pub value: String,
    /// Its format.
    pub format: Option<String>,
    /// NameQualifier.
    pub name_qualifier: Option<String>,
    /// SPNameQualifier.
    pub sp_name_qualifier: Option<String>,
}

/// Reads a request.
///
/// # Errors
/// One [`super::LogoutReason`] per way to be wrong; the first check that fails decides.
pub fn read_request(message: Received<'_>, expect: &LogoutExpect<'_>) -> Outcome<LogoutRequest> {
    let message = Message::read(message, "LogoutRequest", Rule::NotALogoutRequest, expect)?;
    let root = message.root();
    check_not_expired(root, expect)?;
    let name_id = name_id(root)?;
    let session_indexes = session_indexes(root)?;
    let reason = root.attribute("Reason").map(str::to_owned);
    let Message { id, issue_instant, issuer, .. } = message;
    Ok(LogoutRequest { id, issue_instant, issuer, name_id, session_indexes, reason })
}

fn check_not_expired(root: Element<'_>, expect: &LogoutExpect<'_>) -> Outcome<()> {
    let Some(found) = root.attribute("NotOnOrAfter") else {
        return Ok(());
    };
    let end =
        instant::read(found).ok_or_else(|| refuse(Rule::TimeMalformed, "NotOnOrAfter in UTC", found))?;
    if end.saturating_add(expect.clock_skew) > expect.now {
        return Ok(());
    }
    Err(refuse(Rule::Expired, &format!("after {}", instant::write(expect.now)), found))
}

fn name_id(root: Element<'_>) -> Outcome<LogoutName> {
    if root.children_named(ASSERTION, "EncryptedID").next().is_some() {
        return Err(refuse(Rule::NameIdEncrypted, "NameID in clear", "EncryptedID"));
    }
    let names: Vec<_> = root.children_named(ASSERTION, "NameID").collect();
    let missing = |found: &str| refuse(Rule::NameIdMissing, "exactly one NameID with text", found);
    let [name] = names[..] else {
        return Err(missing(&format!("{} NameID elements", names.len())));
    };
    let value = name.text().map_err(|e| missing(e.found()))?;
    if value.trim().is_empty() {
        return Err(missing("an empty one"));
    }
    let attribute = |local: &str| name.attribute(local).map(str::to_owned);
    Ok(LogoutName {
        value: value.to_owned(),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
    })
}

/// An index that holds elements is no text that was ever in an assertion of ours: it names no session, so it is left out,
/// but then it must not turn the request into one for all sessions; hence the empty text, which matches none.
fn session_indexes(root: Element<'_>) -> Outcome<Vec<String>> {
    let indexes: Vec<String> = root
        .children_named(PROTOCOL, "SessionIndex")
        .take(MOST_SESSIONS + 1)
        .map(|index| index.text().unwrap_or_default().trim().to_owned())
        .collect();
    if indexes.len() <= MOST_SESSIONS {
        return Ok(indexes);
    }
    Err(refuse(Rule::TooManySessions, &format!("at most {MOST_SESSIONS} SessionIndex elements"), "more"))
}
