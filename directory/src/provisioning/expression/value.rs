//! What attributes and expressions hold.

use std::borrow::Cow;

use serde_json::Value as Json;

/// The longest text that an expression may give, in bytes. Far above what any target takes (AWS: 1,024
/// characters), far below what nested calls could blow up.
pub const MAX_TEXT: usize = 64 * 1024;
/// The most values that an expression may give.
pub const MAX_VALUES: usize = 10_000;

/// A value. Dates are text, `M/d/yyyy h:mm:ss tt` in UTC, as in Entra.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// None. It is not sent.
    #[default]
    Null,
    /// Text.
    Text(String),
    /// A truth, `True` or `False` as text.
    Bool(bool),
    /// A number.
    Integer(i64),
    /// Several values.
    Multi(Vec<String>),
}

impl Value {
    /// Whether there is none.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether there is none, or an empty text, or an empty list.
    pub fn is_null_or_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Multi(all) => all.is_empty(),
            Self::Bool(_) | Self::Integer(_) => false,
        }
    }

    /// As one text; `None` where there is none, and where there are several.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Bool(truth) => Some(Cow::Borrowed(truth_text(*truth))),
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            Self::Multi(all) => match all.as_slice() {
                [one] => Some(Cow::Borrowed(one)),
                _ => None,
            },
        }
    }

    /// All values as texts, in order.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Multi(all) => all.clone(),
            other => other.as_text().map(Cow::into_owned).into_iter().collect(),
        }
    }

    /// As a number: an integer, or a text that is one (`12`, `-3`, `&HF7`).
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Bool(_) => None,
            other => integer(other.as_text()?.trim()),
        }
    }

    /// As a truth: one, or the text `True` or `False` in any case.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            Self::Integer(_) => None,
            other => match other.as_text()?.trim() {
                text if text.eq_ignore_ascii_case("true") => Some(true),
                text if text.eq_ignore_ascii_case("false") => Some(false),
                _ => None,
            },
        }
    }

    /// As JSON, for a target.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) => Json::from(text.as_str()),
            Self::Bool(truth) => Json::from(*truth),
            Self::Integer(number) => Json::from(*number),
            Self::Multi(all) => Json::from(all.clone()),
        }
    }

    /// From the JSON of a property. An element that is an object becomes its JSON text.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => {
                number.as_i64().map_or_else(|| Self::Text(number.to_string()), Self::Integer)
            }
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(all) => Self::Multi(all.iter().filter_map(element).collect()),
            Json::Object(_) => Self::Text(json.to_string()),
        }
    }
}

fn element(json: &Json) -> Option<String> {
    match json {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The text of a truth, as .NET writes it.
pub(super) fn truth_text(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}

/// Reads a decimal number or one with `&H`, as Visual Basic writes it.
pub(super) fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("&H").or_else(|| text.strip_prefix("&h")) {
        // `from_str_radix` takes a sign, which has no place here.
        Some(digits) if digits.starts_with(['+', '-']) => None,
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Vec<String>> for Value {
    fn from(all: Vec<String>) -> Self {
        Self::Multi(all)
    }
}
