//! The functions of claims transformations (Microsoft Entra, "Customize SAML token claims"): which
//! arguments each takes, and what it makes of an input. Letter case counts in every comparison.

use super::attribute::Attribute;
use crate::provisioning::expression::Pattern;

/// Longest result of a function, in characters. A longer one is no value: it cannot be what was meant.
pub const LONGEST_RESULT: usize = 4096;

/// A function by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionName {
    /// What stands before the `@`.
    ExtractMailPrefix,
    /// Input, separator and another value in one.
    Join,
    /// Lower case.
    ToLowercase,
    /// Upper case.
    ToUppercase,
    /// An output where the input has a text in it.
    Contains,
    /// An output where the input ends with a text.
    EndWith,
    /// An output where the input starts with a text.
    StartWith,
    /// What follows the first place of a text.
    ExtractAfter,
    /// What stands before the first place of a text.
    ExtractBefore,
    /// What stands between two texts.
    ExtractBetween,
    /// The letters at the start.
    ExtractAlphaPrefix,
    /// The letters at the end.
    ExtractAlphaSuffix,
    /// The digits at the start.
    ExtractNumericPrefix,
    /// The digits at the end.
    ExtractNumericSuffix,
    /// An output where the input has no value.
    IfEmpty,
    /// An output where the input has a value.
    IfNotEmpty,
    /// From a place on, to the end or for a number of characters.
    Substring,
    /// A text made of the groups of a pattern.
    RegexReplace,
}

/// What an argument has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An attribute or a text.
    Operand,
    /// An attribute.
    Attribute,
    /// A text in quotes.
    Text,
    /// A whole number.
    Number,
    /// A regular expression in quotes.
    Pattern,
}

/// What a function takes after its input.
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// Arguments that have to be there.
    pub required: &'static [Kind],
    /// Arguments that may follow.
    pub optional: &'static [Kind],
    /// Whether it can have another output for when it finds nothing.
    pub otherwise: bool,
    /// How it is written.
    pub usage: &'static str,
}

const fn plain(name: &'static str, usage: &'static str) -> Signature {
    Signature { name, required: &[], optional: &[], otherwise: false, usage }
}

const fn with(
    name: &'static str,
    required: &'static [Kind],
    otherwise: bool,
    usage: &'static str,
) -> Signature {
    Signature { name, required, optional: &[], otherwise, usage }
}

const TEST: &[Kind] = &[Kind::Text, Kind::Operand];
/// Entra: "Up to five additional parameters are supported."
const FIVE: &[Kind] = &[Kind::Attribute; 5];

/// Every function.
pub const FUNCTIONS: [(FunctionName, Signature); 18] = [
    (FunctionName::ExtractMailPrefix, plain("ExtractMailPrefix", "ExtractMailPrefix(user.mail)")),
    (
        FunctionName::Join,
        with("Join", &[Kind::Text, Kind::Operand], false, "Join(user.givenname, \".\", user.surname)"),
    ),
    (FunctionName::ToLowercase, plain("ToLowercase", "ToLowercase(user.mail)")),
    (FunctionName::ToUppercase, plain("ToUppercase", "ToUppercase(user.country)")),
    (
        FunctionName::Contains,
        with("Contains", TEST, true, "Contains(user.jobtitle, \"Lead\", \"lead\", else: \"staff\")"),
    ),
    (
        FunctionName::EndWith,
        with("EndWith", TEST, true, "EndWith(user.mail, \"@contoso.com\", user.mail, else: user.othermail)"),
    ),
    (
        FunctionName::StartWith,
        with("StartWith", TEST, true, "StartWith(user.country, \"US\", \"us-east-1\", else: \"eu-west-1\")"),
    ),
    (
        FunctionName::ExtractAfter,
        with("ExtractAfter", &[Kind::Text], true, "ExtractAfter(user.department, \"Finance_\")"),
    ),
    (
        FunctionName::ExtractBefore,
        with("ExtractBefore", &[Kind::Text], true, "ExtractBefore(user.department, \"_US\")"),
    ),
    (
        FunctionName::ExtractBetween,
        with(
            "ExtractBetween",
            &[Kind::Text, Kind::Text],
            true,
            "ExtractBetween(user.department, \"Finance_\", \"_US\")",
        ),
    ),
    (FunctionName::ExtractAlphaPrefix, plain("ExtractAlphaPrefix", "ExtractAlphaPrefix(user.employeeid)")),
    (FunctionName::ExtractAlphaSuffix, plain("ExtractAlphaSuffix", "ExtractAlphaSuffix(user.employeeid)")),
    (
        FunctionName::ExtractNumericPrefix,
        plain("ExtractNumericPrefix", "ExtractNumericPrefix(user.employeeid)"),
    ),
    (
        FunctionName::ExtractNumericSuffix,
        plain("ExtractNumericSuffix", "ExtractNumericSuffix(user.employeeid)"),
    ),
    (
        FunctionName::IfEmpty,
        with(
            "IfEmpty",
            &[Kind::Operand],
            true,
            "IfEmpty(user.mail, user.userprincipalname, else: user.mail)",
        ),
    ),
    (
        FunctionName::IfNotEmpty,
        with(
            "IfNotEmpty",
            &[Kind::Operand],
            true,
            "IfNotEmpty(user.employeeid, \"employee\", else: \"other\")",
        ),
    ),
    (
        FunctionName::Substring,
        Signature {
            name: "Substring",
            required: &[Kind::Number],
            optional: &[Kind::Number],
            otherwise: false,
            usage: "Substring(user.employeeid, 2, 4)",
        },
    ),
    (
        FunctionName::RegexReplace,
        Signature {
            name: "RegexReplace",
            required: &[Kind::Pattern, Kind::Text],
            optional: FIVE,
            otherwise: true,
            usage: "RegexReplace(user.mail, \"^(?'name'[^@]+)@\", \"{name}.{country}\", user.country, else: user.mail)",
        },
    ),
];

impl FunctionName {
    /// What it takes.
    pub fn signature(self) -> Signature {
        let found = FUNCTIONS.iter().find(|(name, _)| *name == self);
        found.map_or(plain("", ""), |(_, signature)| *signature)
    }

    /// The function with this name, in any letter case.
    pub fn find(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|(_, s)| s.name.eq_ignore_ascii_case(name)).map(|(name, _)| *name)
    }
}

/// What a function works with for one user: its input and its arguments as values.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The input, where it has a value.
    pub input: Option<&'a str>,
    /// The arguments; none where an attribute is empty.
    pub arguments: &'a [Option<String>],
    /// The attributes among the arguments by id, for the placeholders of a replacement.
    pub attributes: &'a [Option<Attribute>],
    /// The output for when nothing is found.
    pub otherwise: Option<&'a str>,
}

impl Call<'_> {
    fn argument(&self, n: usize) -> Option<&str> {
        self.arguments.get(n)?.as_deref()
    }

    fn number(&self, n: usize) -> Option<usize> {
        self.argument(n)?.parse().ok()
    }
}

/// The result; none where there is no value to give. An empty text is none.
pub fn apply(name: FunctionName, call: &Call<'_>) -> Option<String> {
    let otherwise = || call.otherwise.map(str::to_owned);
    let input = call.input.filter(|input| !input.is_empty());
    let result = match (name, input) {
        (FunctionName::IfEmpty, None) | (FunctionName::IfNotEmpty, Some(_)) => {
            call.argument(0).map(str::to_owned)
        }
        (FunctionName::IfEmpty, Some(_)) | (FunctionName::IfNotEmpty, None) => otherwise(),
        // Without an input nothing was compared, and nothing was found not to match.
        (_, None) => None,
        (FunctionName::Contains, Some(input)) => tested(call, |text| input.contains(text)),
        (FunctionName::EndWith, Some(input)) => tested(call, |text| input.ends_with(text)),
        (FunctionName::StartWith, Some(input)) => tested(call, |text| input.starts_with(text)),
        (FunctionName::RegexReplace, Some(input)) => replaced(call, input).or_else(otherwise),
        (
            FunctionName::ExtractAfter | FunctionName::ExtractBefore | FunctionName::ExtractBetween,
            Some(input),
        ) => extracted(name, call, input).or_else(otherwise),
        (other, Some(input)) => converted(other, call, input),
    };
    result.filter(|text| !text.is_empty() && text.chars().count() <= LONGEST_RESULT)
}

fn tested(call: &Call<'_>, holds: impl Fn(&str) -> bool) -> Option<String> {
    let output = if holds(call.argument(0)?) { call.argument(1) } else { call.otherwise };
    output.map(str::to_owned)
}

fn extracted(name: FunctionName, call: &Call<'_>, input: &str) -> Option<String> {
    let first = call.argument(0)?;
    let text = match name {
        FunctionName::ExtractBefore => input.split_once(first)?.0,
        FunctionName::ExtractAfter => input.split_once(first)?.1,
        _ => input.split_once(first)?.1.split_once(call.argument(1)?)?.0,
    };
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn converted(name: FunctionName, call: &Call<'_>, input: &str) -> Option<String> {
    let digit = |c: char| c.is_ascii_digit();
    Some(match name {
        FunctionName::ExtractMailPrefix => input.split_once('@')?.0.to_owned(),
        FunctionName::Join => format!("{input}{}{}", call.argument(0)?, call.argument(1)?),
        FunctionName::ToLowercase => input.to_lowercase(),
        FunctionName::ToUppercase => input.to_uppercase(),
        FunctionName::ExtractAlphaPrefix => prefix(input, char::is_alphabetic).to_owned(),
        FunctionName::ExtractAlphaSuffix => suffix(input, char::is_alphabetic).to_owned(),
        FunctionName::ExtractNumericPrefix => prefix(input, digit).to_owned(),
        FunctionName::ExtractNumericSuffix => suffix(input, digit).to_owned(),
        FunctionName::Substring => {
            let rest = input.chars().skip(call.number(0)?);
            match call.arguments.len() {
                1 => rest.collect(),
                _ => rest.take(call.number(1)?).collect(),
            }
        }
        _ => return None,
    })
}

fn prefix(input: &str, of: impl Fn(char) -> bool) -> &str {
    let end = input.find(|c| !of(c)).unwrap_or(input.len());
    &input[..end]
}

fn suffix(input: &str, of: impl Fn(char) -> bool) -> &str {
    let start = input.char_indices().rev().take_while(|(_, c)| of(*c)).last();
    start.map_or("", |(at, _)| &input[at..])
}

/// The replacement with the groups of the first match and the further attributes in their places.
fn replaced(call: &Call<'_>, input: &str) -> Option<String> {
    let pattern = Pattern::new(call.argument(0)?).ok()?;
    let captures = pattern.matches(input).next()?;
    let mut missing = false;
    let text = fill(call.argument(1)?, |name| {
        if let Some(group) = pattern.group(name) {
            return captures.get(group).map_or_else(String::new, |m| m.as_str().to_owned());
        }
        let at = call.attributes.iter().position(|a| a.is_some_and(|a| is_placeholder(a, name)));
        let value = at.and_then(|at| call.argument(at));
        missing |= value.is_none();
        value.unwrap_or_default().to_owned()
    });
    // A text with a hole in it would name something else.
    (!missing).then_some(text)
}

/// Whether `{name}` in a replacement means this attribute.
pub fn is_placeholder(attribute: Attribute, name: &str) -> bool {
    Attribute::find(name) == Some(attribute)
}

/// A replacement with `{name}` replaced; a brace that opens nothing is plain text.
pub fn fill(template: &str, mut value: impl FnMut(&str) -> String) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        match after.split_once('}') {
            Some((name, behind)) if is_name(name) => {
                out.push_str(&value(name));
                rest = behind;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}
