//! Expressions as canonical text: what is printed reads back as the same expression.

use std::fmt::{self, Display, Formatter};

use super::{CompareType, Expression, Operator};

impl Display for Expression {
    /// One space behind each comma and around comparisons, nothing else, as Graph prints it.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) => write!(f, "[{name}]"),
            Self::Constant(text) => quoted(text, f),
            Self::Number { value, hexadecimal: true } => write!(f, "&H{value:X}"),
            Self::Number { value, hexadecimal: false } => write!(f, "{value}"),
            Self::Compare(how) => f.write_str(how.word()),
            Self::Call { function, arguments } => {
                write!(f, "{}(", function.name)?;
                list(arguments, f)?;
                f.write_str(")")
            }
            Self::Comparison { left, operator, right } => write!(f, "{left} {} {right}", operator.sign()),
        }
    }
}

fn quoted(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn list(arguments: &[Option<Expression>], f: &mut Formatter<'_>) -> fmt::Result {
    for (i, argument) in arguments.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        if let Some(argument) = argument {
            argument.fmt(f)?;
        }
    }
    Ok(())
}

impl CompareType {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "vbTextCompare",
            Self::Binary => "vbBinaryCompare",
        }
    }
}

impl Operator {
    /// Its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}
