//! Regular expressions as .NET writes them, run by an engine whose time is linear in the text. What such an
//! engine cannot do (look-around, back-references) is refused by name: a pattern that an administrator
//! mistypes must not stall a cycle for everyone.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::{Captures, Regex, RegexBuilder};
use thiserror::Error;

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 4_096;
/// The most memory a compiled pattern may take.
const MAX_COMPILED: usize = 1 << 20;
/// How many compiled patterns a thread keeps: a cycle uses the same few for each object.
const KEPT: usize = 64;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// Something that .NET has and a linear-time engine has not.
    #[error(
        "{what} at character {position} is .NET syntax that is not supported, because it cannot run in linear time; \
         use a capturing group for the wanted part instead"
    )]
    NotLinear {
        /// The construct.
        what: &'static str,
        /// Where, from 1.
        position: usize,
    },
    /// It is too long.
    #[error("it is longer than {MAX_PATTERN} bytes")]
    TooLong,
    /// It would need too much memory, mostly by repetition of repetitions.
    #[error("it would take too much memory; use smaller repetition counts")]
    TooLarge,
    /// It is not well-formed.
    #[error("{0}")]
    Syntax(String),
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        thread_local! {
            static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
        }
        if let Some(known) = COMPILED.with_borrow(|all| all.get(pattern).cloned()) {
            return Ok(Self(known));
        }
        let compiled = compile(pattern)?;
        COMPILED.with_borrow_mut(|all| {
            if all.len() >= KEPT {
                all.clear();
            }
            all.insert(pattern.to_owned(), compiled.clone());
        });
        Ok(Self(compiled))
    }

    /// Whether it matches anywhere in the text, as .NET's `Regex.IsMatch`.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// All matches, from left to right.
    pub(crate) fn matches<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        self.0.captures_iter(text)
    }

    /// The group of that name or number.
    pub(crate) fn group(&self, name: &str) -> Option<usize> {
        let named = self.0.capture_names().position(|n| n == Some(name));
        named.or_else(|| self.numbered(name.parse().ok()?))
    }

    /// .NET numbers the groups without names first, then those with names.
    fn numbered(&self, number: usize) -> Option<usize> {
        if number == 0 {
            return Some(0);
        }
        let names: Vec<_> = self.0.capture_names().enumerate().skip(1).collect();
        let unnamed = names.iter().filter(|(_, name)| name.is_none());
        let named = names.iter().filter(|(_, name)| name.is_some());
        unnamed.chain(named).nth(number - 1).map(|(i, _)| *i)
    }

    /// A replacement with .NET's substitutions: `$1`, `${1}`, `${name}`, `$&`, `$0`, `$$`. A `$` before
    /// anything else, and a group that is not there, are plain text.
    /// It goes out in pieces, so that whoever takes them can stop a result that grows too long.
    pub(super) fn expand<E>(
        &self,
        template: &str,
        found: &Captures<'_>,
        mut put: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = template;
        while let Some(dollar) = rest.find('$') {
            put(&rest[..dollar])?;
            rest = &rest[dollar..];
            let (text, length) = self.substitution(rest, found);
            put(text)?;
            rest = &rest[length..];
        }
        put(rest)
    }

    /// What the substitution at the start of `rest` stands for, and how long it is.
    fn substitution<'a>(&self, rest: &'a str, found: &'a Captures<'_>) -> (&'a str, usize) {
        let group = |name: &str| self.group(name).map(|i| found.get(i).map_or("", |m| m.as_str()));
        let after = &rest[1..];
        if after.starts_with('$') {
            return ("$", 2);
        }
        if after.starts_with('&') {
            return (group("0").unwrap_or_default(), 2);
        }
        if let Some((name, _)) = after.strip_prefix('{').and_then(|a| a.split_once('}')) {
            return group(name).map_or(("$", 1), |text| (text, name.len() + 3));
        }
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match group(&after[..digits]) {
            Some(text) if digits > 0 => (text, digits + 1),
            _ => ("$", 1),
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, PatternError> {
    if pattern.len() > MAX_PATTERN {
        return Err(PatternError::TooLong);
    }
    let translated =
        Translator { chars: pattern.chars().collect(), at: 0, out: String::new() }.translate()?;
    RegexBuilder::new(&translated).size_limit(MAX_COMPILED).nest_limit(50).build().map_err(|e| match e {
        regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
        // The engine's message draws the pattern over several lines; the last says what is wrong.
        other => PatternError::Syntax(other.to_string().lines().last().unwrap_or_default().trim().to_owned()),
    })
}

/// From .NET's syntax to the engine's where they differ.
struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
}

impl Translator {
    fn translate(mut self) -> Result<String, PatternError> {
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => self.escape()?,
                '[' => self.class(),
                '(' if self.peek(1) == Some('?') => self.special_group()?,
                c => self.keep(c),
            }
        }
        Ok(self.out)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn keep(&mut self, c: char) {
        self.out.push(c);
        self.at += 1;
    }

    fn refuse(&self, what: &'static str) -> PatternError {
        PatternError::NotLinear { what, position: self.at + 1 }
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        match self.peek(1) {
            Some('1'..='9' | 'k') => return Err(self.refuse("a back-reference")),
            Some('G') => return Err(self.refuse("\\G")),
            // .NET's \Z also matches before a last line feed; attribute values have none.
            Some('Z') => self.out.push_str("\\z"),
            // The engine reads \< and \> as edges of words.
            Some(c @ ('<' | '>')) => self.out.push(c),
            Some(c) => self.out.extend(['\\', c]),
            None => self.out.push('\\'),
        }
        self.at += 2;
        Ok(())
    }

    fn special_group(&mut self) -> Result<(), PatternError> {
        match (self.peek(2), self.peek(3)) {
            (Some('=' | '!'), _) => return Err(self.refuse("look-ahead (?= or (?!")),
            (Some('<'), Some('=' | '!')) => return Err(self.refuse("look-behind (?<= or (?<!")),
            (Some('>'), _) => return Err(self.refuse("an atomic group (?>")),
            (Some('('), _) => return Err(self.refuse("a conditional group (?(")),
            (Some('#'), _) => {
                let end = self.chars[self.at..].iter().position(|c| *c == ')');
                self.at = end.map_or(self.chars.len(), |length| self.at + length + 1);
                return Ok(());
            }
            (Some('\''), _) => return self.named('\''),
            (Some('<'), _) => return self.named('>'),
            _ => {}
        }
        self.keep('(');
        self.keep('?');
        Ok(())
    }

    /// `(?<name>` and `(?'name'`, but not the balancing `(?<name-other>`.
    fn named(&mut self, end: char) -> Result<(), PatternError> {
        let name: String = self.chars[self.at + 3..].iter().take_while(|c| **c != end).collect();
        if name.contains('-') {
            return Err(self.refuse("a balancing group (?<a-b>"));
        }
        self.out.push_str(&format!("(?<{name}>"));
        self.at += 4 + name.chars().count();
        Ok(())
    }

    /// `[…]`: within it the engine gives `[`, `&&` and `~~` a meaning that .NET does not, and writes
    /// subtraction, .NET's `[a-z-[aeiou]]`, with `--`.
    fn class(&mut self) {
        self.keep('[');
        if self.peek(0) == Some('^') {
            self.keep('^');
        }
        if self.peek(0) == Some(']') {
            self.out.push_str("\\]");
            self.at += 1;
        }
        while let Some(c) = self.peek(0) {
            match c {
                ']' => return self.keep(']'),
                '\\' => {
                    self.keep('\\');
                    if let Some(escaped) = self.peek(0) {
                        self.class_escape(escaped);
                    }
                }
                '-' if self.peek(1) == Some('[') => {
                    self.out.push_str("--");
                    self.at += 1;
                    self.class();
                }
                '[' | '&' | '~' => {
                    self.out.push('\\');
                    self.keep(c);
                }
                '-' if self.peek(1) == Some('-') => {
                    self.out.push('\\');
                    self.keep('-');
                }
                c => self.keep(c),
            }
        }
    }

    fn class_escape(&mut self, escaped: char) {
        match escaped {
            '<' | '>' => {
                self.out.pop();
                self.keep(escaped);
            }
            // Within a class \b is a backspace.
            'b' => {
                self.out.push_str("x08");
                self.at += 1;
            }
            other => self.keep(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotnet_syntax_is_read_as_dotnet_reads_it() {
        for (pattern, text, matches) in [
            (r".*\@domain.com", "a@domain.com", true),
            (r"^[a-z-[aeiou]]+$", "xyz", true),
            (r"^[a-z-[aeiou]]+$", "xaz", false),
            (r"^[[&&]+$", "[&[", true),
            (r"^[()\s-]+$", "( -)", true),
            (r"^\<a\>$", "<a>", true),
            (r"^[\<\>]$", ">", true),
            (r"a(?#comment)b\Z", "ab", true),
            (r"(?i)ÄB", "äb", true),
            (r"^[]a]+$", "]a", true),
            (r"^(?'x'a)$", "a", true),
            (r"^[!--]+$", "-", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().is_match(text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn what_cannot_be_linear_is_named() {
        for (pattern, what, at) in [
            ("(?=a)b", "look-ahead (?= or (?!", 1),
            ("x(?!a)", "look-ahead (?= or (?!", 2),
            ("(?<=a)b", "look-behind (?<= or (?<!", 1),
            ("(?<!a)b", "look-behind (?<= or (?<!", 1),
            ("(?>a)", "an atomic group (?>", 1),
            ("(?(a)b|c)", "a conditional group (?(", 1),
            (r"(a)\1", "a back-reference", 4),
            (r"\Ga", "\\G", 1),
            (r"(?<a-b>x)", "a balancing group (?<a-b>", 1),
        ] {
            let wanted = PatternError::NotLinear { what, position: at };
            assert_eq!(Pattern::new(pattern).unwrap_err(), wanted, "{pattern}");
        }
        assert!(
            matches!(Pattern::new("(a"), Err(PatternError::Syntax(why)) if why.contains("unclosed group"))
        );
        assert!(matches!(Pattern::new("(a{999}){999}"), Err(PatternError::TooLarge)));
        assert_eq!(Pattern::new(&"a".repeat(5_000)).unwrap_err(), PatternError::TooLong);
    }

    #[test]
    fn substitutions_and_group_numbers_are_dotnets() {
        let pattern = Pattern::new(r"(?<x>a)(b)(?<y>c)").unwrap();
        let found = pattern.matches("abc").next().unwrap();
        for (template, wanted) in [
            ("$1", "b"),
            ("$2$3", "ac"),
            ("${x}-${1}", "a-b"),
            ("$1x", "bx"),
            ("$$1 $& $0", "$1 abc abc"),
            ("$9 ${no} $ ${", "$9 ${no} $ ${"),
        ] {
            let mut out = String::new();
            let put = |text: &str| {
                out.push_str(text);
                Ok::<(), ()>(())
            };
            pattern.expand(template, &found, put).unwrap();
            assert_eq!(out, wanted, "{template}");
        }
    }
}
