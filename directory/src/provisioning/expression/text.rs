//! Functions of texts. Characters are counted as Unicode has them; .NET counts UTF-16 units, which differs
//! for characters beyond the basic plane alone and could cut one in half.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::diacritics;
use super::evaluate::{Call, EvaluationError, Outcome, Problem};
use super::{CompareType, Value};

/// `Append(source, suffix)`: the source with the suffix behind it. Null without a source; a null suffix adds
/// nothing (UNCONFIRMED: Microsoft names the rule for null sources alone).
pub(super) fn append(call: &Call<'_>) -> Outcome {
    let Some(mut text) = call.text(0)? else { return Ok(Value::Null) };
    call.push(&mut text, &call.text(1)?.unwrap_or_default())?;
    Ok(text.into())
}

/// `Prepend(prefix, source)`: the mirror of `Append`, listed by Graph alone.
pub(super) fn prepend(call: &Call<'_>) -> Outcome {
    let Some(source) = call.text(1)? else { return Ok(Value::Null) };
    let mut text = call.text(0)?.unwrap_or_default();
    call.push(&mut text, &source)?;
    Ok(text.into())
}

/// `CStr(value)`: the value as text; null stays null.
pub(super) fn c_str(call: &Call<'_>) -> Outcome {
    map(call, |text| text.to_owned())
}

/// `ConvertToBase64(source)`: base64 of the UTF-16LE bytes, .NET's "Unicode".
pub(super) fn convert_to_base64(call: &Call<'_>) -> Outcome {
    map(call, |text| STANDARD.encode(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()))
}

/// `ConvertToUTF8Hex(source)`: the UTF-8 bytes as upper-case hexadecimal digits.
pub(super) fn convert_to_utf8_hex(call: &Call<'_>) -> Outcome {
    map(call, |text| hex::encode_upper(text))
}

/// `DefaultDomain()`: the tenant's default domain (added in April 2026). UNCONFIRMED beyond its name; null
/// where the tenant has none.
pub(super) fn default_domain(call: &Call<'_>) -> Outcome {
    Ok(call.context().default_domain.map_or(Value::Null, Value::from))
}

/// `InStr(value1, value2, start?, compareType?)`: where value2 first stands in value1 at or behind `start`,
/// from 1; 0 if it does not. Null where either is null. An empty value2 is found at `start`, as in Visual
/// Basic.
pub(super) fn in_str(call: &Call<'_>) -> Outcome {
    let (Some(text), Some(wanted)) = (call.text(0)?, call.text(1)?) else { return Ok(Value::Null) };
    let start = at_least_one(call, 2, call.integer(2)?.unwrap_or(1))?;
    let insensitive = match call.text(3)?.as_deref() {
        None => false,
        Some(word) if word == CompareType::Binary.word() => false,
        Some(word) if word == CompareType::Text.word() => true,
        Some(other) => {
            return Err(call.error(3, &other.into(), Problem::NotOneOf("vbTextCompare, vbBinaryCompare")));
        }
    };
    let fold = |c: char| if insensitive { super::case::lower(c) } else { c };
    let text: Vec<char> = text.chars().map(fold).collect();
    let wanted: Vec<char> = wanted.chars().map(fold).collect();
    let found = find(text.get(start - 1..).unwrap_or_default(), &wanted);
    Ok(found.map_or(0, |at| whole(at + start)).into())
}

fn find(text: &[char], wanted: &[char]) -> Option<usize> {
    match (text, wanted) {
        ([], _) => None,
        (_, []) => Some(0),
        _ => text.windows(wanted.len()).position(|window| window == wanted),
    }
}

/// `Left(String, NumChars)`: the first characters; "" for null or 0, the whole text for a negative count.
pub(super) fn left(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?.unwrap_or_default();
    Ok(match call.integer(1)? {
        None => Value::Null,
        Some(count) => match usize::try_from(count) {
            Ok(count) => Value::Text(text.chars().take(count).collect()),
            Err(_) => Value::Text(text),
        },
    })
}

/// `Len(str)`: how many characters. UNCONFIRMED; null has none, as for `Left`, so that a comparison with the
/// result works for objects without the attribute.
pub(super) fn len(call: &Call<'_>) -> Outcome {
    Ok(whole(call.text(0)?.unwrap_or_default().chars().count()).into())
}

/// `Mid(source, start, length)`: a part, from 1; clipped where the text ends, "" behind it.
pub(super) fn mid(call: &Call<'_>) -> Outcome {
    let (Some(text), Some(start), Some(length)) = (call.text(0)?, call.integer(1)?, call.integer(2)?) else {
        return Ok(Value::Null);
    };
    let start = at_least_one(call, 1, start)?;
    let Ok(length) = usize::try_from(length) else {
        return Err(call.error(2, &length.into(), Problem::OutOfRange(0, i64::MAX)));
    };
    Ok(Value::Text(text.chars().skip(start - 1).take(length).collect()))
}

/// `NormalizeDiacritics(source)`: letters with marks become plain ones by Microsoft's table. A combining
/// mark behind a Latin letter goes too (the table has `ā́`, which is two characters); behind any other letter
/// it stays, because there it makes another letter and no accent.
pub(super) fn normalize_diacritics(call: &Call<'_>) -> Outcome {
    map(call, |text| {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            let after_letter = out.ends_with(|p: char| p.is_ascii_alphabetic());
            match diacritics::plain(c) {
                Some(plain) => out.push_str(&plain),
                None if after_letter && ('\u{300}'..='\u{36F}').contains(&c) => {}
                None => out.push(c),
            }
        }
        out
    })
}

/// `Redact(value)`: the value as it is. Logs show `[Redact]` for it: see `Expression::redacted`.
pub(super) fn redact(call: &Call<'_>) -> Outcome {
    call.value(0)
}

/// `StripSpaces(source)`: without spaces (U+0020), and no other blanks.
pub(super) fn strip_spaces(call: &Call<'_>) -> Outcome {
    map(call, |text| text.replace(' ', ""))
}

/// `Word(String, WordNumber, Delimiters)`: the n-th word, from 1; "" if there is none, or for null. Each
/// character of `Delimiters` separates; several in a row separate once, as no word lies between them.
pub(super) fn word(call: &Call<'_>) -> Outcome {
    let (text, delimiters) = (call.text(0)?.unwrap_or_default(), call.text(2)?.unwrap_or_default());
    let number = usize::try_from(call.integer(1)?.unwrap_or(0)).unwrap_or(0);
    let mut words = text.split(|c| delimiters.contains(c)).filter(|w| !w.is_empty());
    let found = number.checked_sub(1).and_then(|n| words.nth(n));
    Ok(found.unwrap_or_default().into())
}

/// Applies `change` to the first argument; null stays null.
pub(super) fn map(call: &Call<'_>, change: impl Fn(&str) -> String) -> Outcome {
    Ok(call.text(0)?.map_or(Value::Null, |text| Value::Text(change(&text))))
}

pub(super) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A position; positions count from 1.
fn at_least_one(call: &Call<'_>, index: usize, position: i64) -> Result<usize, EvaluationError> {
    let usable = usize::try_from(position).ok().filter(|p| *p >= 1);
    usable.ok_or_else(|| call.error(index, &position.into(), Problem::OutOfRange(1, i64::MAX)))
}
