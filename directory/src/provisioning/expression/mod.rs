//! Expressions of attribute mappings: `Join(" ", [givenName], [surname])`.
//!
//! The language is that of Microsoft's page *Reference for writing expressions for attribute mappings*
//! (entra-id.md 3.7); each function's documentation says what that page leaves open and which reading
//! was taken. All of it is pure: the time, the default domain and randomness come in a [`Context`].
//!
//! `parse` reads text, `print` writes it back, `functions` lists what there is, `evaluate` computes, and
//! `tester` answers as Graph's `parseExpression` does.

use std::collections::BTreeSet;

mod attributes;
mod case;
mod date;
mod date_format;
mod dates;
mod diacritics;
mod evaluate;
mod functions;
mod lists;
mod logic;
mod nearest;
mod parse;
mod pattern;
mod print;
mod random_string;
mod replace;
mod roles;
mod tester;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use attributes::Attributes;
pub use evaluate::{Context, EvaluationError, Problem, evaluate, evaluate_candidates};
pub use functions::{Function, Kind, Parameter, functions};
pub use parse::{MAX_DEPTH, MAX_LENGTH, ParseError, Unreadable};
pub use pattern::{Pattern, PatternError};
pub use tester::{TestRequest, test};
pub use value::{MAX_TEXT, MAX_VALUES, Value};

/// An expression, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `[displayName]`: an attribute of the object.
    Attribute(String),
    /// `"text"`.
    Constant(String),
    /// `12`, `-3`, `&HF7`. `hexadecimal` is how it was written.
    Number {
        /// Its value.
        value: i64,
        /// Whether it was written with `&H`.
        hexadecimal: bool,
    },
    /// `vbTextCompare` or `vbBinaryCompare`, the only bare words of the language.
    Compare(CompareType),
    /// `Name(argument, …)`. An empty position is `None`.
    Call {
        /// What is called.
        function: &'static Function,
        /// Its arguments, as many as were written.
        arguments: Vec<Option<Expression>>,
    },
    /// `left = right`; only in the condition of `IIF` and in `CBool`.
    Comparison {
        /// The left side.
        left: Box<Expression>,
        /// What is compared.
        operator: Operator,
        /// The right side.
        right: Box<Expression>,
    },
}

/// How `InStr` compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareType {
    /// Letter case does not count.
    Text,
    /// Letter case counts.
    Binary,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

/// What a value does to the values that the target has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// It takes their place.
    Replace,
    /// It is added to them (`AppRoleAssignmentsComplex`, entra-id.md 3.6).
    AddOnly,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where and why it cannot be read.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::parse(text)
    }

    /// The attributes that it reads, as they were written.
    pub fn attributes(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.visit(&mut |e| {
            if let Self::Attribute(name) = e {
                names.insert(name.as_str());
            }
        });
        names
    }

    /// Whether it reads an attribute nowhere but as an argument of these functions.
    pub fn reads_only_in(&self, attribute: &str, functions: &[&str]) -> bool {
        let is_it = |e: &Self| matches!(e, Self::Attribute(name) if name == attribute);
        let (mut all, mut inside) = (0, 0);
        self.visit(&mut |e| {
            all += usize::from(is_it(e));
            if let Self::Call { function, arguments, .. } = e
                && functions.contains(&function.name)
            {
                inside += arguments.iter().flatten().filter(|a| is_it(a)).count();
            }
        });
        all == inside
    }

    /// Whether the function of that name is called anywhere in it.
    pub fn calls(&self, name: &str) -> bool {
        let mut found = false;
        self.visit(&mut |e| found |= matches!(e, Self::Call { function, .. } if function.name == name));
        found
    }

    /// Whether its value must not be seen in logs: `Redact` is in it.
    pub fn redacted(&self) -> bool {
        self.calls("Redact")
    }

    /// Whether it gives another value each time although the object stays the same. Such a mapping makes
    /// sense on creation alone: in every cycle it would be a change.
    pub fn changes_by_itself(&self) -> bool {
        ["Now", "Guid", "RandomString"].into_iter().any(|name| self.calls(name))
    }

    /// What its value does to those that the target has already.
    pub fn merge(&self) -> Merge {
        match self {
            Self::Call { function, .. } if function.name == "AppRoleAssignmentsComplex" => Merge::AddOnly,
            _ => Merge::Replace,
        }
    }

    /// Whether the target has to be asked which of several values is free (`SelectUniqueValue`).
    pub fn selects_unique_value(&self) -> bool {
        matches!(self, Self::Call { function, .. } if function.name == "SelectUniqueValue")
    }

    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Call { arguments, .. } => arguments.iter().flatten().for_each(|a| a.visit(see)),
            Self::Comparison { left, right, .. } => {
                left.visit(see);
                right.visit(see);
            }
            Self::Attribute(_) | Self::Constant(_) | Self::Number { .. } | Self::Compare(_) => {}
        }
    }
}
