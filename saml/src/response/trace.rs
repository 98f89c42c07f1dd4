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

/// Writes the trace, or nothing where nobody asked for one: its texts would cost more than the checks.
#[derive(Debug)]
pub(super) struct Recorder(Option<Trace>);

impl Recorder {
    pub(super) fn on() -> Recorder {
        Recorder(Some(Trace::default()))
    }

    pub(super) fn off() -> Recorder {
        Recorder(None)
    }

    /// Is anybody going to read it?
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn trace(self) -> Trace {
        self.0.unwrap_or_default()
    }

    /// Records a check and hands its outcome on. `expected` describes the rule; a failure brings its own words.
    pub(super) fn step<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        outcome: Result<T, Reject>,
        found: impl FnOnce(&T) -> String,
    ) -> Result<T, Reject> {
        let Some(trace) = &mut self.0 else {
            return outcome;
        };
        let (expected, found, passed) = match &outcome {
            Ok(value) => (expected, found(value), true),
            Err(reject) => (reject.expected(), reject.found().to_owned(), false),
        };
        trace.checks.push(Check { name, expected: expected.to_owned(), found, passed });
        outcome
    }
}
