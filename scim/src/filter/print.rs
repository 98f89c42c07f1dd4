//! A filter as text. What is printed parses to the same tree.

use std::fmt;

use super::{Filter, Operand};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(list) => joined(f, list, " and "),
            Self::Or(list) => joined(f, list, " or "),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare(path, operator, operand) => write!(f, "{path} {} {operand}", operator.word()),
            Self::Values(path, inner) => write!(f, "{path}[{inner}]"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A JSON string, with the escapes of RFC 8259 §7.
            Self::String(text) => write!(f, "{}", serde_json::Value::String(text.clone())),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Null => f.write_str("null"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, list: &[Filter], word: &str) -> fmt::Result {
    for (i, filter) in list.iter().enumerate() {
        if i > 0 {
            f.write_str(word)?;
        }
        // `and` binds more tightly than `or`: an `or` within an `and` needs its parentheses.
        match filter {
            Filter::Or(_) => write!(f, "({filter})")?,
            _ => write!(f, "{filter}")?,
        }
    }
    Ok(())
}
