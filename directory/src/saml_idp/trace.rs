//! What was checked during a sign-on, in order.

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
        let (expected, found) = (cut(&expected), cut(&found));
        self.checks.push(Check { name: name.to_owned(), expected, found, passed });
        outcome
    }
}

/// A text of a check in the length that is recorded.
pub fn cut(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
