//! What was checked, in order, with what was expected and found: the page that explains a sign-in shows it.

use super::reason::Reject;

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// What would have been right.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// Was it right?
    pub passed: bool,
}

/// The checks in order. The first that fails is the last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Trace {
    /// Records a check and hands its outcome on. `expected` describes the rule; a failure brings its own words.
    pub(super) fn step<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        outcome: Result<T, Reject>,
        found: impl FnOnce(&T) -> String,
    ) -> Result<T, Reject> {
        let check = match &outcome {
            Ok(value) => Check { name, expected: expected.to_owned(), found: found(value), passed: true },
            Err(reject) => Check {
                name,
                expected: reject.expected().to_owned(),
                found: reject.found().to_owned(),
                passed: false,
            },
        };
        self.checks.push(check);
        outcome
    }
}
