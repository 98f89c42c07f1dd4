//! `Replace`, which is five functions in one.

use super::evaluate::{Call, EvaluationError, Outcome, Problem};
use super::{Expression, Pattern, Value};

const SOURCE: usize = 0;
const FIND: usize = 1;
/// Where the regular expression stands.
pub(super) const PATTERN: usize = 2;
const GROUP: usize = 3;
const REPLACEMENT: usize = 4;
const ATTRIBUTE: usize = 5;
const TEMPLATE: usize = 6;

/// Which arguments are there decides what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Find in the template, put the source there.
    Template,
    /// Find in the source, put the replacement there.
    Plain,
    /// The source, or if it is empty the group's text in the other attribute.
    OtherAttribute,
    /// Replace what the group matched in the source.
    Group,
    /// Replace what the pattern matched in the source.
    Pattern,
}

impl Mode {
    /// The mode for arguments, or what is missing.
    pub(super) fn of(arguments: &[Option<Expression>]) -> Result<Self, &'static str> {
        let has = |index: usize| matches!(arguments.get(index), Some(Some(_)));
        match () {
            () if has(FIND) && has(PATTERN) => Err("give either Find or RegularExpression, not both"),
            () if has(FIND) && has(TEMPLATE) => Ok(Self::Template),
            () if has(FIND) && has(REPLACEMENT) => Ok(Self::Plain),
            () if has(FIND) => Err("Find needs a Replacement (argument 5) or a Template (argument 7)"),
            () if !has(PATTERN) => Err("give Find (argument 2) or RegularExpression (argument 3)"),
            () if has(GROUP) && has(ATTRIBUTE) => Ok(Self::OtherAttribute),
            () if has(ATTRIBUTE) => {
                Err("ReplacementPropertyName needs a RegularExpressionGroupName (argument 4)")
            }
            () if has(GROUP) && has(REPLACEMENT) => Ok(Self::Group),
            () if has(REPLACEMENT) => Ok(Self::Pattern),
            () => Err(
                "RegularExpression needs a Replacement (argument 5) or, with a RegularExpressionGroupName, \
                       a ReplacementPropertyName (argument 6)",
            ),
        }
    }
}

/// `Replace(source, Find, RegularExpression, RegularExpressionGroupName, Replacement,
/// ReplacementPropertyName, Template)`: replaces in a source, with regard to letter case. Null for a null
/// source, except where another attribute stands in for it. A null replacement removes.
pub(super) fn replace(call: &Call<'_>) -> Outcome {
    let source = call.text(SOURCE)?;
    // Checked when it was read; an expression built in another way fails here.
    let Ok(mode) = Mode::of(call.arguments()) else {
        return Err(call.error(FIND, &Value::Null, Problem::EmptyText));
    };
    match (mode, source) {
        (Mode::OtherAttribute, source) => other_attribute(call, source),
        (_, None) => Ok(Value::Null),
        (Mode::Template, Some(source)) => plain(call, &call.text(TEMPLATE)?.unwrap_or_default(), &source),
        (Mode::Plain, Some(source)) => plain(call, &source, &call.text(REPLACEMENT)?.unwrap_or_default()),
        (Mode::Group, Some(source)) => group(call, &source),
        (Mode::Pattern, Some(source)) => every_match(call, &source),
    }
}

fn plain(call: &Call<'_>, within: &str, replacement: &str) -> Outcome {
    let find = call.text(FIND)?.unwrap_or_default();
    if find.is_empty() {
        return Err(call.error(FIND, &"".into(), Problem::EmptyText));
    }
    let mut out = String::new();
    let mut parts = within.split(find.as_str());
    call.push(&mut out, parts.next().unwrap_or_default())?;
    for part in parts {
        call.push(&mut out, replacement)?;
        call.push(&mut out, part)?;
    }
    Ok(out.into())
}

fn every_match(call: &Call<'_>, source: &str) -> Outcome {
    let pattern = pattern(call)?;
    let template = call.text(REPLACEMENT)?.unwrap_or_default();
    let (mut out, mut done) = (String::new(), 0);
    for found in pattern.matches(source) {
        let Some(whole) = found.get(0) else { continue };
        call.push(&mut out, &source[done..whole.start()])?;
        pattern.expand(&template, &found, |text| call.push(&mut out, text))?;
        done = whole.end();
    }
    call.push(&mut out, &source[done..])?;
    Ok(out.into())
}

/// Within each match only the group's text is replaced, by the replacement as it is.
fn group(call: &Call<'_>, source: &str) -> Outcome {
    let (pattern, index) = pattern_and_group(call)?;
    let replacement = call.text(REPLACEMENT)?.unwrap_or_default();
    let (mut out, mut done) = (String::new(), 0);
    for found in pattern.matches(source) {
        let Some(part) = found.get(index) else { continue };
        call.push(&mut out, &source[done..part.start()])?;
        call.push(&mut out, &replacement)?;
        done = part.end();
    }
    call.push(&mut out, &source[done..])?;
    Ok(out.into())
}

fn other_attribute(call: &Call<'_>, source: Option<String>) -> Outcome {
    if let Some(source) = source.filter(|s| !s.is_empty()) {
        return Ok(source.into());
    }
    let (pattern, index) = pattern_and_group(call)?;
    let Some(other) = call.text(ATTRIBUTE)? else { return Ok(Value::Null) };
    let found = pattern.matches(&other).next();
    Ok(found.and_then(|f| f.get(index).map(|m| m.as_str().into())).unwrap_or(Value::Null))
}

fn pattern(call: &Call<'_>) -> Result<Pattern, EvaluationError> {
    let written = call.text(PATTERN)?.unwrap_or_default();
    Pattern::new(&written).map_err(|e| call.error(PATTERN, &written.into(), Problem::Pattern(Box::new(e))))
}

fn pattern_and_group(call: &Call<'_>) -> Result<(Pattern, usize), EvaluationError> {
    let (pattern, name) = (pattern(call)?, call.text(GROUP)?.unwrap_or_default());
    match pattern.group(&name) {
        Some(index) => Ok((pattern, index)),
        None => Err(call.error(GROUP, &name.into(), Problem::NoSuchGroup)),
    }
}
