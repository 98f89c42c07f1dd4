//! Reads expressions (entra-id.md 3.7): `Function(argument, …)`, `[attribute]`, `"text"`, numbers.

use std::fmt::{self, Display, Formatter};

use thiserror::Error;

use super::functions::Function;
use super::nearest::nearest;
use super::value::integer;
use super::{CompareType, Expression, Operator, Pattern, PatternError};

/// The longest expression, in characters (entra-id.md 3.6).
pub const MAX_LENGTH: usize = 10_000;
/// How deep calls may be nested. Ours: reading recurses, and a stranger could exhaust the stack.
pub const MAX_DEPTH: usize = 64;

/// Why a text is no expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The character at which it was noticed, from 1.
    pub position: usize,
    /// What is wrong there.
    pub why: Unreadable,
}

impl std::error::Error for ParseError {}

impl Display for ParseError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.position, self.why)
    }
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// There is nothing.
    #[error("the expression is empty")]
    Empty,
    /// Too many characters.
    #[error("the expression has {0} characters; at most {MAX_LENGTH} are allowed")]
    TooLong(usize),
    /// Too many calls within calls.
    #[error("calls are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// Something else had to stand here.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What may stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A `"` without its partner.
    #[error("this text has no closing quotation mark; a quotation mark within it is written \\\"")]
    UnclosedText,
    /// A `[` without its partner.
    #[error("this attribute has no closing bracket ]")]
    UnclosedAttribute,
    /// `[]`
    #[error("the attribute has no name")]
    UnnamedAttribute,
    /// A backslash before anything but a backslash or a quotation mark.
    #[error("a backslash is written \\\\ within text: write \\\\{0} instead of \\{0}")]
    Escape(char),
    /// A number that is none or too large.
    #[error("{0} is no whole number of at most 64 bits")]
    Number(String),
    /// A word without parentheses and quotation marks.
    #[error(
        "{0} is neither a function call nor an attribute; write \"{0}\" for the text and [{0}] for the attribute"
    )]
    BareWord(String),
    /// No function has that name.
    #[error("there is no function {name}{}", suggestion(.nearest))]
    UnknownFunction {
        /// The name.
        name: String,
        /// Names that may have been meant.
        nearest: Vec<&'static str>,
    },
    /// Too few or too many arguments.
    #[error("{function} takes {expected}, found {found}")]
    ArgumentCount {
        /// The function.
        function: &'static str,
        /// How many it takes.
        expected: String,
        /// How many stand here.
        found: usize,
    },
    /// An empty position where a value is needed.
    #[error("{function} needs a value for {parameter}, argument {number}")]
    ArgumentMissing {
        /// The function.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// Its place, from 1.
        number: usize,
    },
    /// Arguments that do not go together.
    #[error("{function}: {why}")]
    Combination {
        /// The function.
        function: &'static str,
        /// What is needed.
        why: &'static str,
    },
    /// A comparison elsewhere than in a condition.
    #[error("a comparison may only stand in the condition of IIF and in CBool")]
    ComparisonNotHere,
    /// A function that must be the outermost one.
    #[error("{0} must be the outermost function")]
    NotNested(&'static str),
    /// A regular expression that cannot be used.
    #[error("the regular expression cannot be used: {0}")]
    Pattern(PatternError),
}

fn suggestion(nearest: &[&str]) -> String {
    match nearest {
        [] => String::new(),
        names => format!("; did you mean {}? Letter case counts", names.join(" or ")),
    }
}

type Parsed<T> = Result<T, ParseError>;

/// Reads `text`.
pub(super) fn parse(text: &str) -> Parsed<Expression> {
    let length = text.chars().count();
    if length > MAX_LENGTH {
        return Err(ParseError { position: MAX_LENGTH + 1, why: Unreadable::TooLong(length) });
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.skip_blanks();
    if reader.peek().is_none() {
        return Err(reader.error(Unreadable::Empty));
    }
    let expression = reader.operand()?;
    reader.skip_blanks();
    match reader.peek() {
        None => Ok(expression),
        Some('=' | '<' | '>') => Err(reader.error(Unreadable::ComparisonNotHere)),
        Some(_) => Err(reader.expected("the end of the expression")),
    }
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn error(&self, why: Unreadable) -> ParseError {
        self.error_at(self.at, why)
    }

    fn error_at(&self, byte: usize, why: Unreadable) -> ParseError {
        ParseError { position: self.text[..byte].chars().count() + 1, why }
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
        self.error(Unreadable::Expected { expected, found })
    }

    /// A value: text, attribute, number, word or call.
    fn operand(&mut self) -> Parsed<Expression> {
        match self.peek() {
            Some('"') => self.constant(),
            Some('[') => self.attribute(),
            Some('0'..='9' | '-' | '&') => self.number(),
            Some(c) if c.is_alphabetic() => self.word(),
            _ => Err(self.expected("a function, an [attribute], a \"text\" or a number")),
        }
    }

    fn constant(&mut self) -> Parsed<Expression> {
        let start = self.at;
        self.next();
        let mut text = String::new();
        loop {
            let before = self.at;
            match self.next() {
                None => return Err(self.error_at(start, Unreadable::UnclosedText)),
                Some('"') => return Ok(Expression::Constant(text)),
                Some('\\') => match self.next() {
                    Some(c @ ('"' | '\\')) => text.push(c),
                    Some(c) => return Err(self.error_at(before, Unreadable::Escape(c))),
                    None => return Err(self.error_at(start, Unreadable::UnclosedText)),
                },
                Some(c) => text.push(c),
            }
        }
    }

    fn attribute(&mut self) -> Parsed<Expression> {
        let start = self.at;
        self.next();
        let name = self.take_while(|c| !matches!(c, ']' | '[' | '"'));
        if self.next() != Some(']') {
            return Err(self.error_at(start, Unreadable::UnclosedAttribute));
        }
        match name.trim() {
            "" => Err(self.error_at(start, Unreadable::UnnamedAttribute)),
            name => Ok(Expression::Attribute(name.to_owned())),
        }
    }

    fn number(&mut self) -> Parsed<Expression> {
        let start = self.at;
        self.next();
        self.take_while(|c| c.is_alphanumeric() || c == '.');
        let written = &self.text[start..self.at];
        let hexadecimal = written.starts_with('&');
        match integer(written) {
            Some(value) => Ok(Expression::Number { value, hexadecimal }),
            None => Err(self.error_at(start, Unreadable::Number(written.to_owned()))),
        }
    }

    fn word(&mut self) -> Parsed<Expression> {
        let start = self.at;
        let word = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let end = self.at;
        self.skip_blanks();
        if self.peek() == Some('(') {
            return self.call(word, start);
        }
        self.at = end;
        match [CompareType::Text, CompareType::Binary].into_iter().find(|c| c.word() == word) {
            Some(how) => Ok(Expression::Compare(how)),
            None => Err(self.error_at(start, Unreadable::BareWord(word.to_owned()))),
        }
    }

    fn call(&mut self, name: &str, start: usize) -> Parsed<Expression> {
        let Some(function) = Function::named(name) else {
            let nearest = nearest(name, super::functions::names());
            return Err(self.error_at(start, Unreadable::UnknownFunction { name: name.to_owned(), nearest }));
        };
        if function.outermost && self.depth > 0 {
            return Err(self.error_at(start, Unreadable::NotNested(function.name)));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error_at(start, Unreadable::TooDeep));
        }
        self.next();
        let arguments = self.arguments(function)?;
        self.depth -= 1;
        check(function, &arguments).map_err(|why| self.error_at(start, why))?;
        Ok(Expression::Call { function, arguments })
    }

    fn arguments(&mut self, function: &Function) -> Parsed<Vec<Option<Expression>>> {
        let mut arguments = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(')') {
            self.next();
            return Ok(arguments);
        }
        loop {
            self.skip_blanks();
            let empty = matches!(self.peek(), Some(',' | ')'));
            let compares = function.condition && arguments.is_empty();
            arguments.push(if empty { None } else { Some(self.argument(compares)?) });
            self.skip_blanks();
            match self.peek() {
                Some(',') => self.next(),
                Some(')') => {
                    self.next();
                    return Ok(arguments);
                }
                _ => return Err(self.expected("a comma or a closing parenthesis")),
            };
        }
    }

    fn argument(&mut self, compares: bool) -> Parsed<Expression> {
        let left = self.operand()?;
        self.skip_blanks();
        let Some((sign, operator)) = SIGNS.iter().find(|(sign, _)| self.rest().starts_with(sign)) else {
            return Ok(left);
        };
        if !compares {
            return Err(self.error(Unreadable::ComparisonNotHere));
        }
        self.at += sign.len();
        self.skip_blanks();
        let right = Box::new(self.operand()?);
        Ok(Expression::Comparison { left: Box::new(left), operator: *operator, right })
    }
}

/// Longer signs first, so that `>=` is not read as `>`.
const SIGNS: &[(&str, Operator)] = &[
    ("<>", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

fn check(function: &'static Function, arguments: &[Option<Expression>]) -> Result<(), Unreadable> {
    if !function.takes(arguments.len()) {
        let (expected, found) = (function.expects(), arguments.len());
        return Err(Unreadable::ArgumentCount { function: function.name, expected, found });
    }
    for (i, argument) in arguments.iter().enumerate() {
        let parameter = function.parameter(i, arguments.len());
        if argument.is_none() && parameter.required {
            let (function, parameter) = (function.name, parameter.name);
            return Err(Unreadable::ArgumentMissing { function, parameter, number: i + 1 });
        }
    }
    if function.name != "Replace" {
        return Ok(());
    }
    super::replace::Mode::of(arguments)
        .map_err(|why| Unreadable::Combination { function: function.name, why })?;
    match arguments.get(super::replace::PATTERN) {
        Some(Some(Expression::Constant(pattern))) => {
            Pattern::new(pattern).map(drop).map_err(Unreadable::Pattern)
        }
        _ => Ok(()),
    }
}
