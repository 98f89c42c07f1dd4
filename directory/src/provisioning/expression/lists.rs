//! Functions of several values.

use std::collections::HashSet;

use super::Value;
use super::evaluate::{Call, Outcome, Problem};
use super::text::whole;

/// `Count(attribute)`: how many values; 0 for null, 1 for a single value.
pub(super) fn count(call: &Call<'_>) -> Outcome {
    Ok(whole(call.list(0)?.unwrap_or_default().len()).into())
}

/// `Item(attribute, index)`: the value at `index`, from 1; null behind the last. Microsoft says that 0 should
/// not be used; it is an error here, because it is a mistake that a null would hide.
pub(super) fn item(call: &Call<'_>) -> Outcome {
    let (all, Some(index)) = (call.list(0)?.unwrap_or_default(), call.integer(1)?) else {
        return Ok(Value::Null);
    };
    if index < 1 {
        return Err(call.error(1, &index.into(), Problem::OutOfRange(1, i64::MAX)));
    }
    let found = usize::try_from(index - 1).ok().and_then(|i| all.get(i));
    Ok(found.cloned().map_or(Value::Null, Value::Text))
}

/// `Join(separator, source, …)`: all values of all sources with the separator between them. Null and empty
/// values are left out: Microsoft's example `Join(", ", "", [surname], [givenName])` gives `Doe, John`. Null
/// if nothing is left (UNCONFIRMED; an empty text would be sent, and targets refuse empty names).
pub(super) fn join(call: &Call<'_>) -> Outcome {
    let separator = call.text(0)?.unwrap_or_default();
    let mut joined = String::new();
    for index in 1..call.count() {
        for part in call.value(index)?.texts().iter().filter(|p| !p.is_empty()) {
            if !joined.is_empty() {
                call.push(&mut joined, &separator)?;
            }
            call.push(&mut joined, part)?;
        }
    }
    Ok(if joined.is_empty() { Value::Null } else { joined.into() })
}

/// `RemoveDuplicates(attribute)`: each value once, in the order of first sight. Letter case counts.
pub(super) fn remove_duplicates(call: &Call<'_>) -> Outcome {
    let Some(all) = call.list(0)? else { return Ok(Value::Null) };
    let mut seen = HashSet::new();
    Ok(all.into_iter().filter(|v| seen.insert(v.clone())).collect::<Vec<_>>().into())
}

/// `Split(source, delimiter)`: the parts as several values. Blanks around them go (Microsoft's example
/// splits `PermissionSetOne, PermissionSetTwo` at `,` into two clean names); empty parts are left out
/// (UNCONFIRMED; no target takes an empty value in a list). A delimiter of several characters counts as a
/// whole.
pub(super) fn split(call: &Call<'_>) -> Outcome {
    let Some(text) = call.text(0)? else { return Ok(Value::Null) };
    let delimiter = call.text(1)?.unwrap_or_default();
    if delimiter.is_empty() {
        return Err(call.error(1, &"".into(), Problem::EmptyText));
    }
    let parts = text.split(delimiter.as_str()).map(str::trim).filter(|p| !p.is_empty());
    Ok(parts.map(str::to_owned).collect::<Vec<_>>().into())
}
