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
        let (expected, found) = (cut(expected), cut(found));
        self.checks.push(Check { name: name.to_owned(), expected, found, passed });
        outcome
    }
}

/// Longest message that is kept with the record of a sign-on. Strangers send requests, and each that is
/// refused is recorded.
const LONGEST_MESSAGE: usize = 16 * 1024;
/// Elements whose text makes a message good for use again, or holds it in another form.
const LEFT_OUT: [&str; 2] = ["SignatureValue>", "CipherValue>"];

/// A message as it is kept: cut to a length, the values of signatures and what is encrypted left out, so
/// that nobody can use the kept one.
pub fn kept(xml: &[u8]) -> String {
    let text = String::from_utf8_lossy(xml).replace('\0', "");
    let without = LEFT_OUT.iter().fold(text, |text, tag| without(&text, tag));
    shortened(without, LONGEST_MESSAGE)
}

/// Replaces the text between each opening tag that ends in `tag` and what closes it.
fn without(text: &str, tag: &str) -> String {
    let (mut rest, mut result) = (text, String::with_capacity(text.len()));
    while let Some((before, after)) = rest.split_once(tag) {
        result.push_str(before);
        result.push_str(tag);
        let closes = before.rfind('<').is_some_and(|at| before[at..].starts_with("</"));
        rest = after;
        if !closes {
            result.push_str("[left out]");
            rest = after.find('<').map_or("", |end| &after[end..]);
        }
    }
    result + rest
}

/// A text of a check in the length that is recorded.
pub fn cut(text: String) -> String {
    shortened(text, LONGEST)
}

/// The first `longest` characters.
fn shortened(mut text: String, longest: usize) -> String {
    // Not fewer bytes than characters: most texts are told apart by their length alone.
    if text.len() > longest
        && let Some((end, _)) = text.char_indices().nth(longest)
    {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_messages_have_no_value_of_a_signature() {
        let xml = "<a><ds:SignatureValue>c2Vj\ncmV0</ds:SignatureValue><b>x</b><SignatureValue>more\
                   </SignatureValue><CipherValue>blob</CipherValue></a>";
        let out = kept(xml.as_bytes());
        assert_eq!(
            out,
            "<a><ds:SignatureValue>[left out]</ds:SignatureValue><b>x</b><SignatureValue>[left out]\
             </SignatureValue><CipherValue>[left out]</CipherValue></a>"
        );
        assert_eq!(kept(b"<a><SignatureValue>cut off"), "<a><SignatureValue>[left out]");
        assert!(kept("é".repeat(100_000).as_bytes()).chars().count() <= LONGEST_MESSAGE + 1);
    }
}
