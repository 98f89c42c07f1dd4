//! Letter case, with .NET's rules: one character becomes one character, so `ß` stays in upper case.

use std::sync::LazyLock;

use regex::Regex;

use super::evaluate::{Call, EvaluationError, Outcome, Problem};
use super::text;

/// `ToLower(source, culture?)`: lower case by the culture's rules, the invariant ones without a culture.
pub(super) fn to_lower(call: &Call<'_>) -> Outcome {
    let turkic = turkic(call)?;
    text::map(call, |text| {
        let change = |c| match c {
            'I' if turkic => 'ı',
            'İ' if turkic => 'i',
            c => lower(c),
        };
        text.chars().map(change).collect()
    })
}

/// `ToUpper(source, culture?)`: upper case by the culture's rules, the invariant ones without a culture.
pub(super) fn to_upper(call: &Call<'_>) -> Outcome {
    let turkic = turkic(call)?;
    text::map(call, |text| {
        let change = |c| match c {
            'i' if turkic => 'İ',
            c => upper(c),
        };
        text.chars().map(change).collect()
    })
}

/// Whether the culture tells dotted from dotless i. No other culture changes how single letters turn.
fn turkic(call: &Call<'_>) -> Result<bool, EvaluationError> {
    let culture = call.text(1)?.unwrap_or_default();
    let mut parts = culture.split('-');
    let language = parts.next().unwrap_or_default();
    let well_formed = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    let is_culture = (2..=3).contains(&language.len()) && culture.split('-').all(well_formed);
    if !culture.is_empty() && !is_culture {
        return Err(call.error(1, &culture.into(), Problem::NotACulture));
    }
    Ok(language.eq_ignore_ascii_case("tr") || language.eq_ignore_ascii_case("az"))
}

pub(super) fn lower(c: char) -> char {
    single(c, c.to_lowercase())
}

fn upper(c: char) -> char {
    match c {
        // .NET's invariant culture leaves it alone; Unicode makes it I.
        'ı' => c,
        c => single(c, c.to_uppercase()),
    }
}

fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// `PCase(source, wordSeparators?)`: each word's first letter in upper case, the rest in lower case.
///
/// .NET's `ToTitleCase`, on which Entra builds, leaves words of capitals alone; Microsoft's examples turn
/// `PABLO GONSALVES (SECOND)` into `Pablo Gonsalves (Second)`, so the text is lowered before. Without
/// separators .NET's are used: everything but letters, marks, digits and the apostrophe within a word, so
/// `DE'SILVA` becomes `De'silva` unless `'` is given as a separator.
pub(super) fn p_case(call: &Call<'_>) -> Outcome {
    let separators = call.text(1)?.filter(|s| !s.is_empty());
    text::map(call, |text| match &separators {
        None => proper(text, separates, char::is_alphabetic),
        Some(given) => proper(text, |c| given.contains(c), |c| !given.contains(c)),
    })
}

/// `begins` says which character starts a word: in .NET a letter, so `1st` becomes `1St`.
fn proper(text: &str, separates: impl Fn(char) -> bool, begins: impl Fn(char) -> bool) -> String {
    let mut within = false;
    let change = |c: char| {
        let first = !within && begins(c);
        within = if within { !separates(c) } else { first };
        if first { upper(c) } else { lower(c) }
    };
    text.chars().map(change).collect()
}

/// .NET's word separators, by Unicode category: all but letters, marks and numbers.
fn separates(c: char) -> bool {
    c != '\'' && !c.is_alphanumeric() && (c.is_ascii() || !is_mark(c))
}

fn is_mark(c: char) -> bool {
    static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{M}$").ok());
    MARK.as_ref().is_some_and(|m| m.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_have_no_single_counterpart_stay() {
        assert_eq!((upper('ß'), upper('ı'), lower('İ'), upper('é')), ('ß', 'ı', 'İ', 'É'));
    }

    #[test]
    fn marks_do_not_separate_words() {
        assert!(is_mark('\u{301}') && !separates('\u{301}') && separates('—') && separates('_'));
    }
}
