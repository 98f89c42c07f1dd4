//! Computes an expression for one object.

use std::fmt::{self, Debug, Display, Formatter};

use thiserror::Error;
use web::Timestamp;

use super::{Attributes, Expression, Function, MAX_TEXT, MAX_VALUES, PatternError, Value, logic};

/// What an expression may ask for besides the object.
pub struct Context<'a> {
    /// The time, for `Now`, and for the parts of a date that a format lacks.
    pub now: Timestamp,
    /// The tenant's default domain, for `DefaultDomain`.
    pub default_domain: Option<&'a str>,
    /// Gives random bytes, fresh ones in each call, for `Guid` and `RandomString`.
    pub random: &'a dyn Fn() -> [u8; 32],
}

impl Debug for Context<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (now, domain) = (&self.now, &self.default_domain);
        f.debug_struct("Context").field("now", now).field("default_domain", domain).finish_non_exhaustive()
    }
}

pub(super) type Outcome = Result<Value, EvaluationError>;

/// Why an expression has no value for an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationError {
    /// The function that failed.
    pub function: &'static str,
    /// The parameter whose argument it could not use; empty where the result is the trouble.
    pub argument: &'static str,
    /// That argument's value, shortened; `[Redact]` where `Redact` hides it.
    pub value: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl std::error::Error for EvaluationError {}

impl Display for EvaluationError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { function, argument, value, problem } = self;
        match *argument {
            "" => write!(f, "{function}: {problem}"),
            argument => write!(f, "{function}: {argument} is {value:?}: {problem}"),
        }
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// Several values where one is needed.
    #[error("it has {0} values where one is needed; take one with Item or make them one with Join")]
    SeveralValues(usize),
    /// No number.
    #[error("a whole number is needed")]
    NotAnInteger,
    /// No truth.
    #[error("True, False or a number is needed")]
    NotABoolean,
    /// No date.
    #[error("it is no date of the form 2026-03-16, 2026-03-16T07:00:00Z or 3/16/2026 7:00:00 AM")]
    NotADate,
    /// A date that does not have the given format.
    #[error("it does not have the format {0:?}")]
    NotInFormat(String),
    /// A format that is none.
    #[error("it is no date format: {0}")]
    NotAFormat(&'static str),
    /// A date before year 1 or after year 9999.
    #[error("the date lies outside of the years 1 to 9999")]
    DateOutOfRange,
    /// No interval.
    #[error("it must be one of yyyy, m, d, ww, h, n, s")]
    NotAnInterval,
    /// A value that is not one of a few.
    #[error("it must be one of {0}")]
    NotOneOf(&'static str),
    /// A number that is too small or too large.
    #[error("it must be between {0} and {1}")]
    OutOfRange(i64, i64),
    /// An empty text where one is needed.
    #[error("it must not be empty")]
    EmptyText,
    /// A regular expression that cannot be used.
    #[error("the regular expression cannot be used: {0}")]
    Pattern(Box<PatternError>),
    /// A group that the regular expression lacks.
    #[error("the regular expression has no group of that name")]
    NoSuchGroup,
    /// No culture.
    #[error("it is no culture name such as en-US")]
    NotACulture,
    /// All characters of a class that is needed are to be avoided.
    #[error("no character is left of those that are required")]
    NothingToChooseFrom,
    /// Minimum counts that together exceed the length.
    #[error("the minimum counts add up to {0}, which is more than the length")]
    MinimumsExceedLength(i64),
    /// The result is too long.
    #[error("the result is longer than {MAX_TEXT} bytes or has more than {MAX_VALUES} values")]
    TooLong,
}

/// The value of `expression` for an object. Null means that nothing is sent (entra-id.md 3.6).
///
/// # Errors
/// Which function could not use which value.
pub fn evaluate(expression: &Expression, attributes: &Attributes, context: &Context<'_>) -> Outcome {
    Scope { attributes, context }.evaluate(expression)
}

/// The values among which the first that is free in the target is to be used: those of the rules of
/// `SelectUniqueValue` that have one; the value itself for any other expression.
///
/// # Errors
/// Which function could not use which value.
pub fn evaluate_candidates(
    expression: &Expression,
    attributes: &Attributes,
    context: &Context<'_>,
) -> Result<Vec<Value>, EvaluationError> {
    let scope = Scope { attributes, context };
    let rules = match expression {
        Expression::Call { function, arguments } if expression.selects_unique_value() => {
            Call { function, arguments, scope: &scope }.values()?
        }
        other => vec![scope.evaluate(other)?],
    };
    Ok(rules.into_iter().filter(|v| !v.is_null_or_empty()).collect())
}

pub(super) struct Scope<'a> {
    attributes: &'a Attributes,
    pub(super) context: &'a Context<'a>,
}

impl Scope<'_> {
    fn evaluate(&self, expression: &Expression) -> Outcome {
        match expression {
            Expression::Attribute(name) => Ok(self.attributes.get(name)),
            Expression::Constant(text) => Ok(Value::Text(text.clone())),
            Expression::Number { value, .. } => Ok(Value::Integer(*value)),
            Expression::Compare(how) => Ok(Value::from(how.word())),
            Expression::Call { function, arguments } => {
                limited(function, (function.run)(&Call { function, arguments, scope: self })?)
            }
            Expression::Comparison { left, operator, right } => {
                let (a, b) = (self.evaluate(left)?, self.evaluate(right)?);
                Ok(logic::compare((left, &a), *operator, (right, &b)))
            }
        }
    }
}

fn limited(function: &Function, value: Value) -> Outcome {
    let fits = match &value {
        Value::Text(text) => text.len() <= MAX_TEXT,
        Value::Multi(all) => {
            all.len() <= MAX_VALUES && all.iter().map(String::len).sum::<usize>() <= MAX_TEXT
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) => true,
    };
    if fits { Ok(value) } else { Err(too_long(function.name)) }
}

fn too_long(function: &'static str) -> EvaluationError {
    EvaluationError { function, argument: "", value: String::new(), problem: Problem::TooLong }
}

/// A function and its arguments, which are evaluated when they are asked for.
pub(super) struct Call<'a> {
    function: &'static Function,
    arguments: &'a [Option<Expression>],
    scope: &'a Scope<'a>,
}

impl<'a> Call<'a> {
    pub(super) fn context(&self) -> &'a Context<'a> {
        self.scope.context
    }

    pub(super) fn arguments(&self) -> &'a [Option<Expression>] {
        self.arguments
    }

    /// How many arguments there are, empty ones included.
    pub(super) fn count(&self) -> usize {
        self.arguments.len()
    }

    /// An argument's value; null for an empty or missing one.
    pub(super) fn value(&self, index: usize) -> Outcome {
        match self.arguments.get(index) {
            Some(Some(expression)) => self.scope.evaluate(expression),
            _ => Ok(Value::Null),
        }
    }

    /// The values of all arguments.
    pub(super) fn values(&self) -> Result<Vec<Value>, EvaluationError> {
        (0..self.count()).map(|i| self.value(i)).collect()
    }

    /// An argument as one text; `None` for null. Several values are an error rather than the first of
    /// them: which one comes first is chance, and the target would take it for the truth.
    pub(super) fn text(&self, index: usize) -> Result<Option<String>, EvaluationError> {
        let value = self.value(index)?;
        match &value {
            Value::Multi(all) if all.len() > 1 => {
                Err(self.error(index, &value, Problem::SeveralValues(all.len())))
            }
            other => Ok(other.as_text().map(|t| t.into_owned())),
        }
    }

    /// An argument as a number; `None` for null and for an empty text.
    pub(super) fn integer(&self, index: usize) -> Result<Option<i64>, EvaluationError> {
        let value = self.value(index)?;
        if value.is_null_or_empty() {
            return Ok(None);
        }
        let number = value.as_integer();
        number.map(Some).ok_or_else(|| self.error(index, &value, Problem::NotAnInteger))
    }

    /// An argument as a list; a single value is a list of one.
    pub(super) fn list(&self, index: usize) -> Result<Option<Vec<String>>, EvaluationError> {
        let value = self.value(index)?;
        Ok(if value.is_null() { None } else { Some(value.texts()) })
    }

    /// The error for an argument.
    pub(super) fn error(&self, index: usize, value: &Value, problem: Problem) -> EvaluationError {
        let hidden = matches!(self.arguments.get(index), Some(Some(e)) if e.redacted());
        let shown = if hidden { "[Redact]".to_owned() } else { shorten(&value.texts().join(", ")) };
        let argument = self.function.parameter(index, self.count()).name;
        EvaluationError { function: self.function.name, argument, value: shown, problem }
    }

    /// The error for a result that grew too long.
    pub(super) fn too_long(&self) -> EvaluationError {
        too_long(self.function.name)
    }

    /// Appends to a result that must not grow without limit while it is made.
    pub(super) fn push(&self, onto: &mut String, more: &str) -> Result<(), EvaluationError> {
        if onto.len() + more.len() > MAX_TEXT {
            return Err(self.too_long());
        }
        onto.push_str(more);
        Ok(())
    }
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
