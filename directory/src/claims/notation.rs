//! Sources of claims as administrators write them: `user.mail`, `"a constant"`, or one or two functions,
//! the second around the first: `ToLowercase(ExtractMailPrefix(user.mail))`. A quote inside a text is
//! written twice.

use std::fmt;

use thiserror::Error;

use super::attribute::{Attribute, ids};
use super::function::{self, FUNCTIONS, FunctionName, Kind};
use crate::provisioning::expression::Pattern;

/// Longest source, in bytes.
pub const LONGEST: usize = 2048;
/// Entra: at most two functions for one claim.
pub const MOST_FUNCTIONS: usize = 2;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A property of the user.
    Attribute(Attribute),
    /// The same text for everybody.
    Constant(String),
    /// One or two functions, in the order in which they are applied.
    Transformation(Vec<Function>),
}

/// An attribute or a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A property of the user.
    Attribute(Attribute),
    /// A text or a number.
    Text(String),
}

/// What a function is applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// An attribute or a text.
    Operand(Operand),
    /// The result of the function before; for the first one of a NameID, its source.
    Before,
}

/// A function with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Which.
    pub name: FunctionName,
    /// What it is applied to.
    pub input: Input,
    /// What follows.
    pub arguments: Vec<Operand>,
    /// The output for when nothing is found.
    pub otherwise: Option<Operand>,
}

/// Why a source cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotationError {
    /// It is longer than anybody needs.
    #[error("at most {LONGEST} bytes; these are {0}")]
    TooLong(usize),
    /// Something else stands where it should not.
    #[error("{expected} expected at character {position}")]
    Expected {
        /// What should stand there.
        expected: &'static str,
        /// Where, from 1.
        position: usize,
    },
    /// No user has this attribute.
    #[error("there is no attribute {0:?}; there are user. with {ids}", ids = ids())]
    Attribute(String),
    /// There is no such function.
    #[error("there is no function {0:?}; there are {names}", names = names())]
    Function(String),
    /// The arguments are not those of the function.
    #[error("{name}: {why}; it is written like {usage}")]
    Arguments {
        /// The function.
        name: &'static str,
        /// What is wrong.
        why: String,
        /// How it is written.
        usage: &'static str,
    },
    /// Functions in functions in functions.
    #[error("at most {MOST_FUNCTIONS} functions, the second around the first as its input")]
    TooDeep,
    /// The word `source` outside a NameID's transformation.
    #[error(
        "\"source\" stands for the source of the Unique User Identifier and can be used in its transformation alone; \
         name an attribute, such as user.mail"
    )]
    NoSource,
}

fn names() -> String {
    FUNCTIONS.iter().map(|(_, s)| s.name).collect::<Vec<_>>().join(", ")
}

impl Source {
    /// Reads the source of a claim.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn read(text: &str) -> Result<Self, NotationError> {
        let source = Reader::whole(text)?;
        match &source {
            Self::Transformation(functions)
                if functions.first().is_some_and(|f| f.input == Input::Before) =>
            {
                Err(NotationError::NoSource)
            }
            _ => Ok(source),
        }
    }

    /// Reads the transformation of a NameID, in which `source` is its source.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn read_name_id(text: &str) -> Result<Vec<Function>, NotationError> {
        match Reader::whole(text)? {
            Self::Transformation(functions) => Ok(functions),
            _ => Err(NotationError::Expected { expected: "a function of source", position: 1 }),
        }
    }

    /// Whether it is evaluated in the second round, as transformations are.
    pub fn is_transformation(&self) -> bool {
        matches!(self, Self::Transformation(_))
    }
}

/// What a call or an operand was read as.
enum Read {
    Operand(Operand),
    Source,
    Functions(Vec<Function>),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn whole(text: &str) -> Result<Source, NotationError> {
        if text.len() > LONGEST {
            return Err(NotationError::TooLong(text.len()));
        }
        let mut reader = Reader { text, at: 0 };
        let read = reader.value(0)?;
        reader.blanks();
        if reader.at < text.len() {
            return Err(reader.expected("nothing more"));
        }
        match read {
            Read::Operand(Operand::Attribute(attribute)) => Ok(Source::Attribute(attribute)),
            Read::Operand(Operand::Text(text)) => Ok(Source::Constant(text)),
            Read::Functions(functions) => Ok(Source::Transformation(functions)),
            Read::Source => Err(NotationError::NoSource),
        }
    }

    fn expected(&self, expected: &'static str) -> NotationError {
        let position = self.text[..self.at].chars().count() + 1;
        NotationError::Expected { expected, position }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, sign: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Read, NotationError> {
        self.blanks();
        if self.rest().starts_with('"') {
            return self.quoted().map(|text| Read::Operand(Operand::Text(text)));
        }
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.is_empty() {
            return Err(self.expected("an attribute such as user.mail, a text in quotes, or a function"));
        }
        self.at += end;
        if self.take('(') {
            return self.call(word, depth).map(Read::Functions);
        }
        if word.chars().all(|c| c.is_ascii_digit()) {
            return Ok(Read::Operand(Operand::Text(word.to_owned())));
        }
        if word.eq_ignore_ascii_case("source") {
            return Ok(Read::Source);
        }
        let attribute = Attribute::find(word).ok_or_else(|| NotationError::Attribute(word.to_owned()))?;
        Ok(Read::Operand(Operand::Attribute(attribute)))
    }

    /// A text in quotes, from its opening one on.
    fn quoted(&mut self) -> Result<String, NotationError> {
        let mut text = String::new();
        loop {
            self.at += 1;
            let Some((before, _)) = self.rest().split_once('"') else {
                return Err(self.expected("a closing quote"));
            };
            text.push_str(before);
            self.at += before.len() + 1;
            if !self.rest().starts_with('"') {
                break;
            }
            text.push('"');
        }
        Ok(text)
    }

    fn call(&mut self, word: &str, depth: usize) -> Result<Vec<Function>, NotationError> {
        let name = FunctionName::find(word).ok_or_else(|| NotationError::Function(word.to_owned()))?;
        if depth >= MOST_FUNCTIONS {
            return Err(NotationError::TooDeep);
        }
        let (mut functions, input) = match self.value(depth + 1)? {
            Read::Operand(operand) => (Vec::new(), Input::Operand(operand)),
            Read::Source => (Vec::new(), Input::Before),
            Read::Functions(functions) => (functions, Input::Before),
        };
        let (mut arguments, mut otherwise) = (Vec::new(), None);
        while !self.take(')') {
            if !self.take(',') {
                return Err(self.expected("a comma or a closing bracket"));
            }
            self.blanks();
            let labelled = self.rest().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("else"))
                && self.rest()[4..].trim_start().starts_with(':');
            if labelled {
                self.at += 4;
                self.take(':');
            }
            let Read::Operand(operand) = self.value(depth + 1)? else {
                return Err(NotationError::TooDeep);
            };
            match (labelled, &otherwise) {
                (true, None) => otherwise = Some(operand),
                (false, None) => arguments.push(operand),
                _ => return Err(self.expected("\"else:\" last")),
            }
        }
        functions.push(checked(name, input, arguments, otherwise)?);
        Ok(functions)
    }
}

fn checked(
    name: FunctionName,
    input: Input,
    mut arguments: Vec<Operand>,
    mut otherwise: Option<Operand>,
) -> Result<Function, NotationError> {
    let signature = name.signature();
    let wrong = |why: String| NotationError::Arguments { name: signature.name, why, usage: signature.usage };
    let (least, most) = (signature.required.len(), signature.required.len() + signature.optional.len());
    // The documented order of Contains and the like has the other output last.
    if signature.otherwise
        && signature.optional.is_empty()
        && arguments.len() == least + 1
        && otherwise.is_none()
    {
        otherwise = arguments.pop();
    }
    if !(least..=most).contains(&arguments.len()) {
        return Err(wrong(format!("{} arguments after the input", arguments.len())));
    }
    if otherwise.is_some() && !signature.otherwise {
        return Err(wrong("it has no \"else:\"".to_owned()));
    }
    for (kind, argument) in signature.required.iter().chain(signature.optional).zip(&arguments) {
        fits(*kind, argument).map_err(&wrong)?;
    }
    if name == FunctionName::RegexReplace {
        placeholders(&arguments).map_err(&wrong)?;
    }
    Ok(Function { name, input, arguments, otherwise })
}

fn fits(kind: Kind, argument: &Operand) -> Result<(), String> {
    match (kind, argument) {
        (Kind::Operand, _) | (Kind::Attribute, Operand::Attribute(_)) => Ok(()),
        (Kind::Attribute, Operand::Text(_)) => Err("further inputs are attributes".to_owned()),
        (Kind::Text, Operand::Text(text)) if !text.is_empty() => Ok(()),
        (Kind::Text, Operand::Text(_)) => Err("a text is empty".to_owned()),
        (Kind::Number, Operand::Text(text)) if text.parse::<u16>().is_ok() => Ok(()),
        (Kind::Pattern, Operand::Text(text)) => {
            Pattern::new(text).map(|_| ()).map_err(|error| format!("the pattern cannot be used: {error}"))
        }
        (Kind::Number, _) => Err("a whole number from 0 to 65535 is needed".to_owned()),
        (_, Operand::Attribute(_)) => Err("a text in quotes is needed where an attribute stands".to_owned()),
    }
}

/// Every `{name}` of a replacement is a group of the pattern or a further input.
fn placeholders(arguments: &[Operand]) -> Result<(), String> {
    let [Operand::Text(pattern), Operand::Text(replacement), further @ ..] = arguments else { return Ok(()) };
    let pattern = Pattern::new(pattern).map_err(|error| error.to_string())?;
    let mut unknown = None;
    function::fill(replacement, |name| {
        let input = |o: &Operand| matches!(o, Operand::Attribute(a) if function::is_placeholder(*a, name));
        if pattern.group(name).is_none() && !further.iter().any(input) {
            unknown = Some(name.to_owned());
        }
        String::new()
    });
    match unknown {
        Some(name) => Err(format!("{{{name}}} is neither a group of the pattern nor a further input")),
        None => Ok(()),
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Text(text) => write!(f, "\"{}\"", text.replace('"', "\"\"")),
        }
    }
}

impl Function {
    /// As it is written, around `inner`, which is its input where that is the result before.
    fn around(&self, inner: &str) -> String {
        let input = match &self.input {
            Input::Operand(operand) => operand.to_string(),
            Input::Before => inner.to_owned(),
        };
        let numbers = self.name == FunctionName::Substring;
        let arguments = self.arguments.iter().map(|argument| match argument {
            Operand::Text(text) if numbers => text.clone(),
            other => other.to_string(),
        });
        let otherwise = self.otherwise.iter().map(|o| format!("else: {o}"));
        let all: Vec<String> = std::iter::once(input).chain(arguments).chain(otherwise).collect();
        format!("{}({})", self.name.signature().name, all.join(", "))
    }
}

/// Functions as they are written.
pub fn written(functions: &[Function]) -> String {
    functions.iter().fold("source".to_owned(), |inner, function| function.around(&inner))
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.around("…"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Constant(text) => Operand::Text(text.clone()).fmt(f),
            Self::Transformation(functions) => f.write_str(&written(functions)),
        }
    }
}

#[cfg(test)]
mod tests;
