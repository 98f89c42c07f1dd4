//! Filters, RFC 7644 §3.4.2.2: the tree, its parser, its printer, its meaning for a resource type.

mod bind;
mod date_time;
mod evaluate;
mod parse;
mod print;

use crate::path::AttrPath;

pub use bind::BoundFilter;
pub use date_time::{Instant, date_time};

/// A filter as the client wrote it. `and` and `or` hold at least two filters.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them hold.
    And(Vec<Filter>),
    /// One of them holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The attribute has a value: `title pr`.
    Present(AttrPath),
    /// `userName eq "x"`.
    Compare(AttrPath, Operator, Operand),
    /// `emails[type eq "work" and value co "x"]`: one value holds all of it.
    Values(AttrPath, Box<Filter>),
}

/// How values are compared, RFC 7644 table 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less or equal.
    Le,
}

impl Operator {
    /// The word of the grammar.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// The operator of this word. Operators have no case, RFC 7644 §3.4.2.2.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le]
            .into_iter()
            .find(|o| o.word().eq_ignore_ascii_case(word))
    }
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A JSON string.
    String(String),
    /// A JSON number.
    Number(serde_json::Number),
    /// A JSON boolean.
    Boolean(bool),
    /// `null`.
    Null,
}

impl Filter {
    /// Both hold. Chains of `and` become one list.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut list = match self {
            Self::And(list) => list,
            single => vec![single],
        };
        match other {
            Self::And(more) => list.extend(more),
            single => list.push(single),
        }
        Self::And(list)
    }

    /// One of both holds. Chains of `or` become one list.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut list = match self {
            Self::Or(list) => list,
            single => vec![single],
        };
        match other {
            Self::Or(more) => list.extend(more),
            single => list.push(single),
        }
        Self::Or(list)
    }
}
