//! An attempt to sign in, as the administrator finds it under its reference.

use ::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use web::{Random, Timestamp};

/// The outcome of an attempt that signed somebody in.
pub const ACCEPTED: &str = "accepted";
/// What the outcome begins with where a message of a sign-out was refused; the code follows.
pub(super) const SIGN_OUT: &str = "SignOut";
/// The longest message that is kept, in bytes. Claims of a usual sign-in take a tenth of it.
pub(super) const LONGEST_MESSAGE: usize = 32 * 1024;
/// Digits and letters that are not mistaken for each other when somebody reads them out: no 0, 1, I, O.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// The checks after which the identity provider is known to have said it: of an assertion in clear, and of an
/// encrypted one.
const PROOFS: [&str; 2] = ["Signature", "Decryption and signature"];

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// What would have been right.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// Whether it was right.
    pub passed: bool,
}

impl Check {
    /// A check that went well.
    pub fn passed(name: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), expected: expected.into(), found: found.into(), passed: true }
    }
}

impl From<&saml::response::Check> for Check {
    fn from(check: &saml::response::Check) -> Self {
        Self {
            name: check.name.to_owned(),
            expected: check.expected.clone(),
            found: check.found.clone(),
            passed: check.passed,
        }
    }
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What the person was shown.
    pub reference: String,
    /// When.
    pub at: Timestamp,
    /// `accepted`, or the code of the refusal.
    pub outcome: String,
    /// Whom the identity provider named, where its signature was right.
    pub user_name: Option<String>,
}

impl Summary {
    /// Whether somebody was signed in.
    pub fn is_accepted(&self) -> bool {
        self.outcome == ACCEPTED
    }

    /// As the API gives it.
    pub fn to_json(&self) -> Json {
        json!({
            "reference": self.reference,
            "at": self.at.rfc3339(),
            "outcome": self.outcome,
            "userName": self.user_name,
        })
    }
}

/// An attempt with everything that was checked. The messages in it are without signature and cipher values: nobody can
/// send them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What the person was shown.
    pub reference: String,
    /// When.
    pub at: Timestamp,
    /// `accepted`, or the code of the refusal.
    pub outcome: String,
    /// Whom the identity provider named, where its signature was right.
    pub user_name: Option<String>,
    /// The checks in order; the first that failed is the last.
    pub checks: Vec<Check>,
    /// Which side has to do what; empty where nothing is wrong.
    pub fix: String,
    /// SHA-1 thumbprint of the certificate that verified it.
    pub certificate: Option<String>,
    /// The request that it answers, as we sent it.
    pub request: Option<String>,
    /// The response, redacted.
    pub response: Option<String>,
}

impl Attempt {
    /// Whether the identity provider's signature was right.
    pub fn proven(&self) -> bool {
        self.checks.iter().any(|check| check.passed && PROOFS.contains(&check.name.as_str()))
    }

    /// Whether it is a message of a sign-out.
    pub fn is_sign_out(&self) -> bool {
        self.outcome.starts_with(SIGN_OUT)
    }

    /// The line of the list.
    pub fn summary(&self) -> Summary {
        Summary {
            reference: self.reference.clone(),
            at: self.at,
            outcome: self.outcome.clone(),
            user_name: self.user_name.clone(),
        }
    }

    /// The column `trace`.
    pub fn trace(&self) -> Json {
        json!({ "checks": self.checks, "fix": self.fix, "request": self.request, "response": self.response })
    }

    /// From the columns.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for a trace that is none.
    pub fn from_row(summary: Summary, trace: &Json, certificate: Option<String>) -> Result<Self, StoreError> {
        let text = |name: &str| trace[name].as_str().map(ToOwned::to_owned);
        let bad = |_| StoreError::BadRow { column: 4, why: "a trace expected" };
        Ok(Self {
            reference: summary.reference,
            at: summary.at,
            outcome: summary.outcome,
            user_name: summary.user_name,
            checks: serde_json::from_value(trace["checks"].clone()).map_err(bad)?,
            fix: trace["fix"].as_str().unwrap_or_default().to_owned(),
            certificate,
            request: text("request"),
            response: text("response"),
        })
    }

    /// As the API gives it.
    pub fn to_json(&self) -> Json {
        let mut shown = self.summary().to_json();
        shown["checks"] = json!(self.checks);
        shown["fix"] = json!(self.fix);
        shown["certificate"] = json!(self.certificate);
        shown["request"] = json!(self.request);
        shown["response"] = json!(self.response);
        shown
    }
}

/// A new reference: 8 characters, which is 40 bits.
pub fn reference(random: &Random) -> String {
    let drawn = random.bytes::<8>();
    drawn.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// A reference as people type it: blanks, dashes and the case do not matter.
pub fn typed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_can_be_read_out_and_typed() {
        let drawn = reference(&Random::seeded(7));
        assert_eq!(drawn.len(), 8);
        assert!(!drawn.contains(['0', '1', 'I', 'O']));
        let spoken = format!(" {}-{} ", &drawn[..4].to_lowercase(), &drawn[4..]);
        assert_eq!(typed(&spoken), drawn);
    }

    #[test]
    fn an_attempt_survives_its_row() {
        let attempt = Attempt {
            reference: "7KQ2M4XB".to_owned(),
            at: Timestamp(5),
            outcome: "Expired".to_owned(),
            user_name: None,
            checks: vec![Check::passed("XML", "well-formed", "12 bytes")],
            fix: "Sign in again.".to_owned(),
            certificate: Some("AB".to_owned()),
            request: None,
            response: Some("<a/>".to_owned()),
        };
        let certificate = attempt.certificate.clone();
        assert_eq!(Attempt::from_row(attempt.summary(), &attempt.trace(), certificate).unwrap(), attempt);
        assert!(Attempt::from_row(attempt.summary(), &json!({ "checks": 1 }), None).is_err());
    }
}
