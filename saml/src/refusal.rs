//! How every reader of this crate says no: which rule was broken, what was expected and found, and the fix.

use std::fmt;

/// The longest `found` text that a refusal keeps; the value comes from a stranger.
const LONGEST_VALUE: usize = 300;

/// A rule that the other side can break. One enum per kind of document implements it.
pub trait Reason: Copy + fmt::Debug {
    /// The stable code of this rule, fit for logs, tests and support.
    fn code(self) -> &'static str;
    /// Which side has to fix what.
    fn fix(self) -> &'static str;
}

/// One refusal. Strangers are shown none of it but a reference; administrators see all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal<R> {
    /// The rule that was broken.
    pub reason: R,
    expected: String,
    found: String,
}

impl<R: Reason> Refusal<R> {
    /// A refusal with both values. Control characters in `found` are shown escaped and long values are cut.
    pub fn new(reason: R, expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Refusal { reason, expected: expected.into(), found: printable(found.as_ref()) }
    }

    /// The stable code of the broken rule.
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// What would have been right.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What was there instead.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// Which side has to fix what.
    pub fn fix(&self) -> &'static str {
        self.reason.fix()
    }

    /// The same refusal under the reason of an outer document.
    pub(crate) fn under<O: Reason>(self, outer: impl FnOnce(R) -> O) -> Refusal<O> {
        Refusal { reason: outer(self.reason), expected: self.expected, found: self.found }
    }
}

impl<R: Reason> fmt::Display for Refusal<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.code(), self.expected, self.found)
    }
}

impl<R: Reason> std::error::Error for Refusal<R> {}

fn printable(value: &str) -> String {
    let mut text: String = value.chars().take(LONGEST_VALUE).flat_map(shown).collect();
    if value.chars().nth(LONGEST_VALUE).is_some() {
        text.push('…');
    }
    text
}

/// A control character is shown as `\n` or `\u{1b}`: it must not write into somebody's terminal or log file.
fn shown(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

/// Declares a field-less enum of reasons: one line of documentation, the name (which is the code), the fix.
macro_rules! reasons {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $fix:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every reason there is, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];
        }

        impl $crate::refusal::Reason for $name {
            fn code(self) -> &'static str {
                match self { $($name::$variant => stringify!($variant),)+ }
            }
            fn fix(self) -> &'static str {
                match self { $($name::$variant => $fix,)+ }
            }
        }
    };
}
pub(crate) use reasons;

#[cfg(test)]
mod tests {
    use super::*;

    reasons! {
        /// For the test.
        Sample {
            /// The only one.
            OnlyOne => "Do the other thing.",
        }
    }

    #[test]
    fn a_refusal_never_carries_control_characters_or_endless_values() {
        let refusal = Refusal::new(Sample::OnlyOne, "short", format!("a\u{1b}[31m\n{}", "x".repeat(10_000)));
        assert!(!refusal.found().contains('\u{1b}') && !refusal.found().contains('\n'));
        assert!(refusal.found().chars().count() < 320);
        assert_eq!(refusal.code(), "OnlyOne");
        assert_eq!(Sample::ALL.len(), 1);
    }
}
