//! What the tour prints, and the checks that it has made.

use serde_json::{Value as Json, json};

use crate::Failure;
use crate::output::Output;

/// The steps so far.
pub struct Report {
    output: Output,
    step: String,
    checks: Vec<Json>,
}

impl Report {
    /// Nothing yet.
    pub fn new(output: Output) -> Self {
        Self { output, step: String::new(), checks: Vec::new() }
    }

    /// Begins a step; `pages` say where to see it in the browser.
    pub fn step(&mut self, number: &str, title: &str, pages: &[&str]) {
        self.step = format!("{number} {title}");
        self.output.say(format!("\n{number}. {title}"));
        for page in pages {
            self.output.say(format!("   see {page}"));
        }
    }

    /// Says what was done.
    pub fn did(&self, what: &str) {
        self.output.say(format!("   · {what}"));
    }

    /// Compares, and ends the tour where the two differ.
    pub fn check(&mut self, name: &str, expected: &str, found: &str) -> Result<(), Failure> {
        let passed = expected == found;
        self.checks.push(json!({
            "step": self.step, "name": name, "expected": expected, "found": found, "passed": passed,
        }));
        if passed {
            self.output.say(format!("   ✓ {name}"));
            return Ok(());
        }
        Err(Failure {
            expected: Some(expected.to_owned()),
            found: Some(found.to_owned()),
            ..Failure::new("CheckFailed", format!("step {}: {name}", self.step))
        })
    }

    /// The checks so far.
    pub fn checks(&self) -> &[Json] {
        &self.checks
    }
}
