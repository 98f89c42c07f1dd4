//! Functions that choose and test.

use std::cmp::Ordering;

use super::evaluate::{Call, EvaluationError, Outcome, Problem};
use super::{Expression, Operator, Value, date};

/// `IIF(condition, valueIfTrue, valueIfFalse)`. A condition that is null gives null: the attribute is not
/// sent. Entra also fails for `IIF(IsNullOrEmpty([a]), …)` and advises `Switch`; here such tests work,
/// because nothing in them is unknown.
pub(super) fn iif(call: &Call<'_>) -> Outcome {
    match truth(call, 0)? {
        None => Ok(Value::Null),
        Some(true) => call.value(1),
        Some(false) => call.value(2),
    }
}

/// `CBool(expression)`: whether a number is not zero, a comparison holds, or a text says True. Null stays
/// null: a comparison with an unknown value is neither (UNCONFIRMED, the general rule for null).
pub(super) fn c_bool(call: &Call<'_>) -> Outcome {
    Ok(truth(call, 0)?.map_or(Value::Null, Value::Bool))
}

fn truth(call: &Call<'_>, index: usize) -> Result<Option<bool>, EvaluationError> {
    let value = call.value(index)?;
    if value.is_null_or_empty() {
        return Ok(None);
    }
    let known = value.as_bool().or_else(|| value.as_integer().map(|n| n != 0));
    known.map(Some).ok_or_else(|| call.error(index, &value, Problem::NotABoolean))
}

/// A comparison. Null where an operand that is not written out is null or empty ("the condition check
/// fails"). Numbers compare as numbers, dates as dates, a truth with its text in any case, everything else
/// as text by code points; letter case counts, as in `Switch` (UNCONFIRMED for `IIF`).
pub(super) fn compare(
    (left, a): (&Expression, &Value),
    operator: Operator,
    (right, b): (&Expression, &Value),
) -> Value {
    let unknown = |e: &Expression, v: &Value| v.is_null_or_empty() && !matches!(e, Expression::Constant(_));
    if unknown(left, a) || unknown(right, b) {
        return Value::Null;
    }
    let order = order(a, b);
    Value::Bool(match operator {
        Operator::Equal => order == Ordering::Equal,
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterOrEqual => order != Ordering::Less,
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
    })
}

fn order(a: &Value, b: &Value) -> Ordering {
    if let (Some(a), Some(b)) = (a.as_integer(), b.as_integer()) {
        return a.cmp(&b);
    }
    if (matches!(a, Value::Bool(_)) || matches!(b, Value::Bool(_)))
        && let (Some(a), Some(b)) = (a.as_bool(), b.as_bool())
    {
        return a.cmp(&b);
    }
    let (a, b) = (a.texts(), b.texts());
    if let ([x], [y]) = (a.as_slice(), b.as_slice())
        && let (Some(x), Some(y)) = (date::read_canonical(x), date::read_canonical(y))
    {
        return x.cmp(&y);
    }
    a.cmp(&b)
}

/// `Switch(source, default?, key1, value1, …)`: the value of the first key that equals the source; else the
/// default; null without one. Letter case counts, except that a truth equals its name in any case. The key
/// "" matches null. Entra's known fault, null in cycles in which the source did not change, is not repeated.
pub(super) fn switch(call: &Call<'_>) -> Outcome {
    let truth = matches!(call.value(0)?, Value::Bool(_));
    let source = call.text(0)?.unwrap_or_default();
    for pair in (2..call.count()).step_by(2) {
        let key = call.text(pair)?.unwrap_or_default();
        if key == source || (truth && key.eq_ignore_ascii_case(&source)) {
            return call.value(pair + 1);
        }
    }
    call.value(1)
}

/// `Coalesce(source, …, default?)`: the first that is not null. An empty text is a value.
pub(super) fn coalesce(call: &Call<'_>) -> Outcome {
    for index in 0..call.count() {
        let value = call.value(index)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(Value::Null)
}

/// `IsNull(expression)`: whether there is no value. `IsNothing`, which Graph lists without an explanation,
/// is the same (UNCONFIRMED).
pub(super) fn is_null(call: &Call<'_>) -> Outcome {
    Ok(call.value(0)?.is_null().into())
}

/// `IsNullOrEmpty(expression)`: whether there is no value or an empty one.
pub(super) fn is_null_or_empty(call: &Call<'_>) -> Outcome {
    Ok(call.value(0)?.is_null_or_empty().into())
}

/// `IsPresent(expression)`: the opposite of `IsNullOrEmpty`.
pub(super) fn is_present(call: &Call<'_>) -> Outcome {
    Ok((!call.value(0)?.is_null_or_empty()).into())
}

/// `IsString(expression)`: whether the value is text; not so for null, numbers, truths and lists.
pub(super) fn is_string(call: &Call<'_>) -> Outcome {
    Ok(matches!(call.value(0)?, Value::Text(_)).into())
}

/// `Not(source)`: False for True in any case, True for everything else. Null stays null by the general rule;
/// "everything else" of Microsoft's page would make an unknown value a certain one.
pub(super) fn not(call: &Call<'_>) -> Outcome {
    let value = call.value(0)?;
    Ok(if value.is_null() { value } else { (value.as_bool() != Some(true)).into() })
}

/// `BitAnd(value1, value2)`: the bits that both numbers have. Null where either is null.
pub(super) fn bit_and(call: &Call<'_>) -> Outcome {
    Ok(match (call.integer(0)?, call.integer(1)?) {
        (Some(a), Some(b)) => (a & b).into(),
        _ => Value::Null,
    })
}

/// `IgnoreFlowIfNullOrEmpty(expression)`: null for an empty value, so that it is not sent.
pub(super) fn ignore_flow_if_null_or_empty(call: &Call<'_>) -> Outcome {
    let value = call.value(0)?;
    Ok(if value.is_null_or_empty() { Value::Null } else { value })
}

/// `SelectUniqueValue(rule, …)`: the value of the first rule that has one. Which one is free only the target
/// knows: ask it for each of `evaluate_candidates`. Entra offers this for on-premises directories alone.
pub(super) fn select_unique_value(call: &Call<'_>) -> Outcome {
    for index in 0..call.count() {
        let value = call.value(index)?;
        if !value.is_null_or_empty() {
            return Ok(value);
        }
    }
    Ok(Value::Null)
}
