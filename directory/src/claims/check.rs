//! Which configurations can be saved. Each refusal names the field, the rule and what was found.

use std::collections::HashSet;

use super::configuration::{Claim, ClaimValue, Configuration, full_name};
use super::function::FunctionName;
use super::group_claim::{GroupClaim, GroupValue, HIGHEST_LIMIT, Which};
use super::names::is_restricted;
use super::notation::{Operand, Source, written};
use crate::provisioning::expression::Pattern;
use crate::refused::Refused;

/// Most claims of an application.
pub const MOST_CLAIMS: usize = 100;
/// Most values of a claim, each with its condition.
pub const MOST_VALUES: usize = 20;
/// Entra: "a maximum of 50 unique security groups across all claims for a given application".
pub const MOST_GROUPS: usize = 50;
/// Longest name, namespace and text.
pub const LONGEST_NAME: usize = 256;
/// Longest entity ID (SAML Core 8.3.6).
const LONGEST_URI: usize = 1024;

impl Configuration {
    /// The configuration as it is saved, its sources written in one way. `domain` is the tenant's.
    ///
    /// # Errors
    /// [`Refused::Invalid`], [`Refused::TooMany`] for the first rule that is broken.
    pub fn checked(mut self, domain: &str) -> Result<Self, Refused> {
        let transformation = self.name_id_transformation.filter(|text| !text.trim().is_empty());
        self.name_id_transformation =
            transformation.map(|text| name_id_transformation(&text, domain)).transpose()?;
        self.audience_override = audience_override(self.audience_override.as_deref())?;
        few("claims", MOST_CLAIMS, self.claims.len())?;
        let mut names = HashSet::new();
        for (n, claim) in self.claims.iter_mut().enumerate() {
            check_claim(&format!("claims[{n}]"), claim)?;
            if !names.insert(claim.full_name()) {
                let expected = "each name once; give the claim several values with conditions instead";
                return Err(Refused::invalid(format!("claims[{n}].name"), expected, &claim.full_name()));
            }
        }
        few("groups in conditions", MOST_GROUPS, self.scoped_groups().len())?;
        if let Some(groups) = &self.groups {
            check_groups(groups)?;
            if names.contains(&groups.attribute_name()) {
                let expected = "a name that no claim has";
                return Err(Refused::invalid("groups.name", expected, &groups.attribute_name()));
            }
        }
        Ok(self)
    }
}

/// Entra: "any valid absolute URI".
fn audience_override(given: Option<&str>) -> Result<Option<String>, Refused> {
    let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let plain = text.len() <= LONGEST_URI && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain && url::Url::parse(text).is_ok() {
        return Ok(Some(text.to_owned()));
    }
    Err(Refused::invalid("audienceOverride", "an absolute URI, such as https://sp.example/saml", text))
}

fn few(target: &'static str, limit: usize, found: usize) -> Result<(), Refused> {
    if found > limit { Err(Refused::TooMany { target, limit, found }) } else { Ok(()) }
}

fn check_claim(field: &str, claim: &mut Claim) -> Result<(), Refused> {
    check_name(field, &claim.namespace, &claim.name)?;
    if claim.values.is_empty() {
        return Err(Refused::invalid(format!("{field}.values"), "at least one value", ""));
    }
    few("values of a claim", MOST_VALUES, claim.values.len())?;
    for (n, value) in claim.values.iter_mut().enumerate() {
        check_value(&format!("{field}.values[{n}]"), value)?;
    }
    Ok(())
}

fn check_value(field: &str, value: &mut ClaimValue) -> Result<(), Refused> {
    let source = Source::read(&value.source).map_err(|error| {
        Refused::invalid(format!("{field}.source"), format!("a source of a claim: {error}"), &value.source)
    })?;
    if value.source.chars().any(char::is_control)
        || matches!(&source, Source::Constant(t) if t.trim().is_empty())
    {
        let expected = "a text that is not empty, without control characters";
        return Err(Refused::invalid(format!("{field}.source"), expected, &value.source));
    }
    value.source = source.to_string();
    let mut seen = HashSet::new();
    for group in &value.groups {
        if group.is_empty() || group.len() > LONGEST_NAME || !seen.insert(group) {
            return Err(Refused::invalid(format!("{field}.groups"), "ids of groups, each once", group));
        }
    }
    Ok(())
}

/// A name that XML and people can read and that no application takes for the directory's own word.
fn check_name(field: &str, namespace: &str, name: &str) -> Result<(), Refused> {
    let plain = |text: &str| {
        text.chars().count() <= LONGEST_NAME && !text.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if name.is_empty() || !plain(name) {
        let expected = "1 to 256 characters without blanks";
        return Err(Refused::invalid(format!("{field}.name"), expected, name));
    }
    if !plain(namespace) || namespace.ends_with('/') {
        let expected = "at most 256 characters without blanks and without a slash at the end";
        return Err(Refused::invalid(format!("{field}.namespace"), expected, namespace));
    }
    let full = full_name(namespace, name);
    if is_restricted(&full) {
        let expected = "another name: this one is the directory's own, and its value cannot be chosen";
        return Err(Refused::invalid(format!("{field}.name"), expected, &full));
    }
    Ok(())
}

fn check_groups(groups: &GroupClaim) -> Result<(), Refused> {
    if groups.as_roles && !groups.name.is_empty() {
        let expected = "empty where groups are sent as roles: the role claim has its own name";
        return Err(Refused::invalid("groups.name", expected, &groups.name));
    }
    if groups.name.is_empty() && !groups.namespace.is_empty() {
        return Err(Refused::invalid("groups.namespace", "empty without a name", &groups.namespace));
    }
    if !groups.name.is_empty() {
        check_name("groups", &groups.namespace, &groups.name)?;
    }
    // Anybody who may name a group could name it like another one: names count where an administrator
    // chose the groups.
    if groups.value != GroupValue::Id && groups.which == Which::All {
        let expected = "id, or groups.which assigned: names of groups are not unique";
        return Err(Refused::invalid("groups.value", expected, "a name of all groups"));
    }
    if !(1..=HIGHEST_LIMIT).contains(&groups.limit) {
        let expected = format!("1 to {HIGHEST_LIMIT}");
        return Err(Refused::invalid("groups.limit", expected, &groups.limit.to_string()));
    }
    let fits = |text: &str| {
        !text.is_empty() && text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control)
    };
    if let Some(filter) = &groups.filter
        && !fits(&filter.value)
    {
        return Err(Refused::invalid("groups.filter.value", "1 to 256 characters", &filter.value));
    }
    match &groups.replace {
        None => Ok(()),
        Some(replace) if !fits(&replace.replacement) => {
            Err(Refused::invalid("groups.replace.replacement", "1 to 256 characters", &replace.replacement))
        }
        Some(replace) => check_replacement(&replace.pattern, &replace.replacement),
    }
}

fn check_replacement(pattern: &str, replacement: &str) -> Result<(), Refused> {
    let compiled = Pattern::new(pattern).map_err(|error| {
        Refused::invalid("groups.replace.pattern", format!("a regular expression: {error}"), pattern)
    })?;
    let mut unknown = None;
    super::function::fill(replacement, |name| {
        if compiled.group(name).is_none() {
            unknown = Some(name.to_owned());
        }
        String::new()
    });
    match unknown {
        Some(name) => {
            Err(Refused::invalid("groups.replace.replacement", "groups of the pattern in braces", &name))
        }
        None => Ok(()),
    }
}

/// Entra allows few functions on a NameID, and a suffix of a verified domain alone: another one could make
/// the name of somebody else's user.
fn name_id_transformation(text: &str, domain: &str) -> Result<String, Refused> {
    let field = "nameIdTransformation";
    let functions = Source::read_name_id(text)
        .map_err(|error| Refused::invalid(field, format!("functions of source: {error}"), text))?;
    for function in &functions {
        match function.name {
            FunctionName::ExtractMailPrefix | FunctionName::ToLowercase | FunctionName::ToUppercase => {}
            FunctionName::Join => {
                let suffix = match function.arguments.get(1) {
                    Some(Operand::Text(suffix)) => suffix.as_str(),
                    _ => "",
                };
                if !suffix.trim_start_matches('@').eq_ignore_ascii_case(domain) {
                    let expected = format!("Join with the tenant's domain \"{domain}\" as its last text");
                    return Err(Refused::invalid(field, expected, text));
                }
            }
            _ => {
                let expected =
                    "ExtractMailPrefix, Join, ToLowercase or ToUppercase, the only functions for a NameID";
                return Err(Refused::invalid(field, expected, text));
            }
        }
    }
    if functions.first().is_none_or(|f| f.input != super::notation::Input::Before) {
        return Err(Refused::invalid(field, "functions of source, for example ToLowercase(source)", text));
    }
    Ok(written(&functions))
}
