//! What was checked during a sign-on, in order.

use saml::redact::redacted;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

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

/// The checks in order. The first that fails is the last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trace {
    /// The checks.
    pub checks: Vec<Check>,
}

/// Longest text of a check; parts of it come from strangers.
const LONGEST: usize = 600;

impl Trace {
    /// Records a check and hands its outcome on. `expected` describes the rule; a refusal brings its own
    /// words.
    ///
    /// # Errors
    /// The outcome's.
    pub fn step<T>(
        &mut self,
        name: &str,
        expected: &str,
        outcome: Result<T, Refusal>,
        found: impl FnOnce(&T) -> String,
    ) -> Result<T, Refusal> {
        let (expected, found, passed) = match &outcome {
            Ok(value) => (expected.to_owned(), found(value), true),
            Err(refusal) => (refusal.expected(), refusal.found(), false),
        };
        let (expected, found) = (cut(expected), cut(found));
        self.checks.push(Check { name: name.to_owned(), expected, found, passed });
        outcome
    }
}

/// Longest message that is kept with the record of a sign-on. Strangers send requests, and each that is
/// refused is recorded.
const LONGEST_MESSAGE: usize = 16 * 1024;

/// A message as it is kept.
pub fn kept(xml: &[u8]) -> String {
    redacted(xml, LONGEST_MESSAGE)
}

/// A text of a check in the length that is recorded.
pub fn cut(mut text: String) -> String {
    // Not fewer bytes than characters: most texts are told apart by their length alone.
    if text.len() > LONGEST
        && let Some((end, _)) = text.char_indices().nth(LONGEST)
    {
        text.truncate(end);
        text.push('…');
    }
    text
}
