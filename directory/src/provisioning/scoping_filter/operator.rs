//! The operators of clauses.

use serde_json::{Value as Json, json};

use crate::provisioning::expression::{Pattern, Value};

/// What a clause asks about an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterOperator {
    /// Equal as text; letter case counts.
    Equals,
    /// Not equal as text; letter case counts.
    NotEquals,
    /// The truth True.
    IsTrue,
    /// The truth False.
    IsFalse,
    /// No value, or an empty one.
    IsNull,
    /// A value.
    IsNotNull,
    /// A regular expression matches somewhere in it.
    RegexMatch,
    /// A regular expression matches nowhere in it.
    NotRegexMatch,
    /// A larger number.
    GreaterThan,
    /// A larger number or the same.
    GreaterThanOrEquals,
    /// The text contains it; letter case counts.
    Includes,
    /// The text ends with it; letter case counts.
    EndsWith,
    /// All bits of the mask are set.
    BitsSet,
    /// Not all bits of the mask are set.
    BitsNotSet,
}

/// How many operands an operator has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// The attribute alone.
    Unary,
    /// The attribute and a value.
    Binary,
}

/// Whether an operator holds for a value, and the reason if that is not plain from the value.
pub(super) type Held = (bool, Option<&'static str>);

impl FilterOperator {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 14] = [
        Self::Equals,
        Self::NotEquals,
        Self::RegexMatch,
        Self::NotRegexMatch,
        Self::IsNull,
        Self::IsNotNull,
        Self::IsTrue,
        Self::IsFalse,
        Self::GreaterThan,
        Self::GreaterThanOrEquals,
        Self::Includes,
        Self::EndsWith,
        Self::BitsSet,
        Self::BitsNotSet,
    ];

    /// Its name in the portal and in Graph.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equals => "EQUALS",
            Self::NotEquals => "NOT EQUALS",
            Self::IsTrue => "IS TRUE",
            Self::IsFalse => "IS FALSE",
            Self::IsNull => "IS NULL",
            Self::IsNotNull => "IS NOT NULL",
            Self::RegexMatch => "REGEX MATCH",
            Self::NotRegexMatch => "NOT REGEX MATCH",
            Self::GreaterThan => "Greater_Than",
            Self::GreaterThanOrEquals => "Greater_Than_OR_EQUALS",
            Self::Includes => "Includes",
            Self::EndsWith => "ENDS_WITH",
            Self::BitsSet => "&",
            Self::BitsNotSet => "!&",
        }
    }

    /// The operator of that name, in any case, and with spaces for underscores or the reverse.
    pub fn named(name: &str) -> Option<Self> {
        let plain = |text: &str| text.trim().replace('_', " ").to_ascii_lowercase();
        Self::ALL.into_iter().find(|o| plain(o.name()) == plain(name))
    }

    /// How many operands it has.
    pub fn arity(self) -> Arity {
        match self {
            Self::IsTrue | Self::IsFalse | Self::IsNull | Self::IsNotNull => Arity::Unary,
            _ => Arity::Binary,
        }
    }

    pub(super) fn is_regex(self) -> bool {
        matches!(self, Self::RegexMatch | Self::NotRegexMatch)
    }

    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Self::GreaterThan | Self::GreaterThanOrEquals | Self::BitsSet | Self::BitsNotSet)
    }

    /// The types of attributes that Graph lists for it; for those that Graph's sample of 2021 lacks, by
    /// their meaning (entra-id.md 3.5).
    fn types(self) -> &'static [&'static str] {
        match self {
            Self::IsNull | Self::IsNotNull => &["Integer", "String", "Binary", "Boolean"],
            Self::IsTrue | Self::IsFalse => &["Boolean"],
            Self::Includes | Self::EndsWith => &["String"],
            operator if operator.is_numeric() => &["Integer"],
            _ => &["Integer", "String"],
        }
    }

    /// Whether it holds for an attribute's value.
    pub(super) fn holds(self, value: &Value, operand: &str) -> Held {
        if value.is_null_or_empty() {
            let why = "the attribute has no value";
            return (self == Self::IsNull, Some(why));
        }
        let Some(text) = value.as_text() else { return (false, Some("the attribute has several values")) };
        match self {
            Self::IsNull => (false, None),
            Self::IsNotNull => (true, None),
            Self::Equals => (equal(value, &text, operand), None),
            Self::NotEquals => (!equal(value, &text, operand), None),
            Self::Includes => (text.contains(operand), None),
            Self::EndsWith => (text.ends_with(operand), None),
            Self::IsTrue | Self::IsFalse => match value.as_bool() {
                Some(truth) => (truth == (self == Self::IsTrue), None),
                None => (false, Some("the value is neither True nor False")),
            },
            Self::RegexMatch | Self::NotRegexMatch => match Pattern::new(operand) {
                Ok(pattern) => (pattern.is_match(&text) == (self == Self::RegexMatch), None),
                Err(_) => (false, Some("the regular expression cannot be used")),
            },
            _ => self.compares(value, operand),
        }
    }

    /// `&` holds where all bits of the mask are set, as Active Directory's bitwise rule
    /// 1.2.840.113556.1.4.803 does. UNCONFIRMED: Microsoft's page only says that the attribute "exists in"
    /// the value; for masks of one bit all readings agree.
    fn compares(self, value: &Value, operand: &str) -> Held {
        let (Some(number), Some(operand)) = (value.as_integer(), number(operand)) else {
            return (false, Some("the value is no whole number"));
        };
        let holds = match self {
            Self::GreaterThan => number > operand,
            Self::GreaterThanOrEquals => number >= operand,
            Self::BitsSet => number & operand == operand,
            Self::BitsNotSet => number & operand != operand,
            _ => false,
        };
        (holds, None)
    }
}

/// As text; a truth equals its name in any case, since it has no letter case of its own.
fn equal(value: &Value, text: &str, operand: &str) -> bool {
    match value {
        Value::Bool(_) => text.eq_ignore_ascii_case(operand),
        _ => text == operand,
    }
}

/// The number that an operand stands for.
pub(super) fn number(operand: &str) -> Option<i64> {
    Value::from(operand).as_integer()
}

/// Graph's answer to `GET …/schema/filterOperators`: its `value` (entra-id.md 5.4).
pub fn filter_operators() -> Vec<Json> {
    let one = |operator: FilterOperator| {
        let arity = match operator.arity() {
            Arity::Unary => "Unary",
            Arity::Binary => "Binary",
        };
        json!({
            "id": operator.name(), "name": operator.name(), "arity": arity,
            "multivaluedComparisonType": "All", "supportedAttributeTypes": operator.types(),
        })
    };
    FilterOperator::ALL.into_iter().map(one).collect()
}
