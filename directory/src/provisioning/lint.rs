//! Would AWS IAM Identity Center accept this? Judged from what it is to have, before anything is sent, by the rules
//! of its SCIM endpoint (aws-identity-center.md 1.4, 1.5; entra-id.md, AWS gallery application).

use std::collections::BTreeMap;

use scim::caseless;
use serde_json::Value as Json;

use super::Kind;
use super::mapping::{Mapping, Mappings, Source};
use super::personality::{ONE_VALUE, Personality, for_aws};
use super::plan::Situation;
use super::resource::{ENTERPRISE, Path, Resource};
use super::scope::Standing;

#[cfg(test)]
mod tests;

/// What is asked of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A value has to be there.
    Required,
    /// It may not be longer.
    TooLong,
    /// It may not hold this character.
    ForbiddenCharacter,
    /// AWS keeps this name for itself.
    ReservedName,
    /// AWS does not take this attribute.
    UnsupportedAttribute,
    /// One value only.
    OneValue,
    /// The e-mail address has to be the primary one.
    PrimaryEmail,
    /// Nobody else may have it.
    Duplicate,
    /// The mapping has to give a value.
    Mapping,
}

impl Rule {
    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong => "tooLong",
            Self::ForbiddenCharacter => "forbiddenCharacter",
            Self::ReservedName => "reservedName",
            Self::UnsupportedAttribute => "unsupportedAttribute",
            Self::OneValue => "oneValue",
            Self::PrimaryEmail => "primaryEmail",
            Self::Duplicate => "duplicate",
            Self::Mapping => "mapping",
        }
    }
}

/// One thing that AWS would not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// User or group.
    pub kind: Kind,
    /// Its id here.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// The path there.
    pub attribute: String,
    /// What is asked.
    pub rule: Rule,
    /// What there is instead.
    pub found: String,
    /// What to do about it.
    pub fix: String,
    /// Whether the object is refused for it. A target that is known to be AWS gets one value where there are
    /// more, so that refuses nobody.
    pub refused: bool,
}

/// An object to look at.
pub struct Subject<'a> {
    /// User or group.
    pub kind: Kind,
    /// Its id here.
    pub id: &'a str,
    /// Its name, for people.
    pub name: &'a str,
    /// What the mappings make of it.
    pub wanted: &'a Resource,
    /// Values of which the first that is free is sent.
    pub candidates: Option<&'a BTreeMap<String, Vec<String>>>,
    /// What the target has of it from us.
    pub sent: Option<&'a Resource>,
}

/// Whoever has a value that only one may have.
struct Claim {
    holds: bool,
    id: String,
    name: String,
    attribute: String,
    value: String,
}

/// Looks at one object after the other, and at the end at all of them together.
pub struct Linter<'a> {
    mappings: &'a Mappings,
    personality: Personality,
    hidden: BTreeMap<Kind, std::collections::BTreeSet<&'a str>>,
    findings: Vec<Finding>,
    claims: BTreeMap<(Kind, &'static str, String), Vec<Claim>>,
}

const REQUIRED_OF_USERS: [&str; 4] = ["userName", "displayName", "name.givenName", "name.familyName"];
const RESERVED: [&str; 2] = ["Administrator", "AWSAdministrators"];
const UNSUPPORTED: [&str; 7] =
    ["password", "ims", "photos", "x509Certificates", "entitlements", "groups", "meta"];
const OF_GROUPS: [&str; 3] = ["displayName", "externalId", "members"];
/// What is shown of a value.
const EXCERPT: usize = 80;

/// Lengths as the API of the identity store has them (CreateUser, CreateGroup).
fn longest(path: &str) -> usize {
    match path {
        "userName" => 128,
        "externalId" => 256,
        _ => 1024,
    }
}

impl<'a> Linter<'a> {
    /// A linter for what these mappings send to such a target.
    pub fn new(mappings: &'a Mappings, personality: Personality) -> Self {
        let hidden = [Kind::User, Kind::Group].map(|kind| (kind, mappings.redacted(kind))).into();
        Self { mappings, personality, hidden, findings: Vec::new(), claims: BTreeMap::new() }
    }

    /// Looks at one object.
    pub fn look(&mut self, subject: &Subject<'_>) {
        let rows = self.mappings.of(subject.kind);
        let mut wanted = subject.wanted.clone();
        for (path, values) in subject.candidates.into_iter().flatten() {
            if let (false, Some(first)) = (wanted.contains_key(path), values.first()) {
                wanted.insert(path.clone(), first.as_str().into());
            }
        }
        let shaped = for_aws(&wanted, rows);
        for (attribute, paths) in &shaped.left_out {
            let found = format!("more than one value; left out for AWS: {}", paths.join(", "));
            let refused = self.personality != Personality::Aws;
            self.find(subject, attribute, Rule::OneValue, found, refused);
        }
        self.look_at_required(subject, &shaped.resource);
        for (path, value) in &shaped.resource {
            self.look_at_value(subject, path, value);
        }
        self.claim(subject, &shaped.resource);
    }

    /// An object that the mappings have no value for.
    pub fn unmapped(&mut self, kind: Kind, id: &str, name: &str, why: String, attribute: &str) {
        let wanted = Resource::new();
        let subject = Subject { kind, id, name, wanted: &wanted, candidates: None, sent: None };
        self.find(&subject, attribute, Rule::Mapping, why, true);
    }

    /// What was found, object by object.
    pub fn finish(mut self) -> Vec<Finding> {
        for ((kind, ..), mut claims) in std::mem::take(&mut self.claims) {
            // Who has the value in the target keeps it; else who is sent first gets it.
            claims.sort_by(|a, b| (!a.holds, &a.id).cmp(&(!b.holds, &b.id)));
            let Some((first, others)) = claims.split_first() else { continue };
            for Claim { id, name, attribute, value, .. } in others {
                let wanted = Resource::new();
                let subject = Subject { kind, id, name, wanted: &wanted, candidates: None, sent: None };
                let value = self.shown(kind, attribute, value);
                let found = format!("{value}, which is also that of {} ({})", first.name, first.id);
                self.find(&subject, attribute, Rule::Duplicate, found, true);
            }
        }
        self.findings.sort_by(|a, b| {
            (a.kind, &a.name, &a.id, &a.attribute, a.rule).cmp(&(
                b.kind,
                &b.name,
                &b.id,
                &b.attribute,
                b.rule,
            ))
        });
        self.findings
    }

    fn look_at_required(&mut self, subject: &Subject<'_>, wanted: &Resource) {
        let required = match subject.kind {
            Kind::User => &REQUIRED_OF_USERS[..],
            Kind::Group => &["displayName"],
        };
        for path in required {
            let found = match wanted.get(*path) {
                None => "no value".to_owned(),
                Some(Json::String(text)) if text.trim().is_empty() => "an empty value".to_owned(),
                Some(Json::String(_)) => continue,
                Some(other) => {
                    format!("{}, which is no text", self.shown(subject.kind, path, &other.to_string()))
                }
            };
            self.find(subject, path, Rule::Required, found, true);
        }
    }

    fn look_at_value(&mut self, subject: &Subject<'_>, path: &str, value: &Json) {
        let Some(parsed) = Path::parse(path) else { return };
        if unsupported(subject.kind, &parsed) {
            let found = "a value is mapped to it".to_owned();
            return self.find(subject, path, Rule::UnsupportedAttribute, found, true);
        }
        let mut texts = Vec::new();
        texts_of(value, &mut texts);
        for text in texts {
            let shown = self.shown(subject.kind, path, text);
            let length = text.chars().count();
            if length > longest(path) {
                let found = format!("{length} characters, at most {} are allowed", longest(path));
                self.find(subject, path, Rule::TooLong, found, true);
            }
            if let Some(bad) = forbidden(path, text) {
                let found = format!("{bad:?} in {shown}");
                self.find(subject, path, Rule::ForbiddenCharacter, found, true);
            }
            if path == "userName" && RESERVED.iter().any(|name| name.eq_ignore_ascii_case(text)) {
                self.find(subject, path, Rule::ReservedName, shown, true);
            }
        }
        let primary = parsed.attribute == "emails" && parsed.sub == Some("primary");
        if primary && (*value == false || value.as_str().is_some_and(|t| t.eq_ignore_ascii_case("false"))) {
            self.find(subject, path, Rule::PrimaryEmail, "false".to_owned(), true);
        }
    }

    fn claim(&mut self, subject: &Subject<'_>, wanted: &Resource) {
        for (path, value) in wanted {
            let unique = match (subject.kind, path.as_str()) {
                (Kind::User, "userName") => "userName",
                (Kind::Group, "displayName") => "displayName",
                (Kind::User, _) if path.starts_with("emails") && !path.ends_with(".type") => "emails",
                _ => continue,
            };
            let Some(text) = unique_text(value) else { continue };
            let holds = subject.sent.and_then(|sent| sent.get(path)).and_then(unique_text);
            let claim = Claim {
                holds: holds.is_some_and(|held| caseless::key(held) == caseless::key(text)),
                id: subject.id.to_owned(),
                name: subject.name.to_owned(),
                attribute: path.clone(),
                value: text.to_owned(),
            };
            self.claims.entry((subject.kind, unique, caseless::key(text))).or_default().push(claim);
        }
    }

    /// The start of a value, with control characters made visible.
    fn shown(&self, kind: Kind, path: &str, value: &str) -> String {
        if self.hidden.get(&kind).is_some_and(|hidden| hidden.contains(path)) {
            return "[Redact]".to_owned();
        }
        let start: String = value.chars().take(EXCERPT).collect();
        format!("{start:?}{}", if start.len() < value.len() { "…" } else { "" })
    }

    fn find(&mut self, subject: &Subject<'_>, path: &str, rule: Rule, found: String, refused: bool) {
        let row = self.mappings.of(subject.kind).iter().find(|row| row.target == path);
        self.findings.push(Finding {
            kind: subject.kind,
            id: subject.id.to_owned(),
            name: subject.name.to_owned(),
            attribute: path.to_owned(),
            rule,
            found,
            fix: fix(rule, path, row),
            refused,
        });
    }
}

/// What is to be changed, here.
fn fix(rule: Rule, path: &str, row: Option<&Mapping>) -> String {
    let source = match row.map(|row| &row.source) {
        Some(Source::Direct(property)) => format!("the property {property}"),
        Some(Source::FirstOf(properties)) => format!("one of the properties {}", properties.join(", ")),
        _ => format!("what is mapped to {path}"),
    };
    match rule {
        Rule::Required if row.is_none() => format!("Map something to {path} under Attribute mapping."),
        Rule::Required => format!("Enter {source} here, or give the mapping of {path} another source."),
        Rule::TooLong => format!("Shorten {source} here, or map an expression to {path} that does."),
        Rule::ForbiddenCharacter => {
            format!("Take the character out of {source} here, or map an expression with Replace to {path}.")
        }
        Rule::ReservedName => "Give this person another user principal name.".to_owned(),
        Rule::UnsupportedAttribute => format!("Remove the mapping of {path} under Attribute mapping."),
        Rule::OneValue => format!("Map one value to {path}; AWS gets the primary one, or else the first."),
        Rule::PrimaryEmail => format!("Remove the mapping of {path}: what is sent is primary without it."),
        Rule::Duplicate => format!("Give one of the two another value: change {source} here."),
        Rule::Mapping => format!("Correct the value here, or the expression of {path}."),
    }
}

fn unsupported(kind: Kind, path: &Path<'_>) -> bool {
    if kind == Kind::Group {
        return path.urn.is_some() || !OF_GROUPS.contains(&path.attribute);
    }
    match path.urn {
        Some(urn) => urn == ENTERPRISE && path.attribute == "manager" && path.sub == Some("displayName"),
        None => {
            UNSUPPORTED.contains(&path.attribute)
                || (ONE_VALUE.contains(&path.attribute) && path.sub == Some("display"))
        }
    }
}

/// The first character that AWS does not take. A URL cannot do without a colon.
fn forbidden(path: &str, text: &str) -> Option<char> {
    let url = path == "profileUrl";
    text.chars().find(|c| match c {
        '\t' | '\n' | '\r' | '<' | '>' | ';' => true,
        ':' | '%' => !url,
        c => path == "userName" && (c.is_whitespace() || c.is_control()),
    })
}

fn texts_of<'a>(value: &'a Json, into: &mut Vec<&'a str>) {
    match value {
        Json::String(text) => into.push(text),
        Json::Array(all) => all.iter().for_each(|v| texts_of(v, into)),
        Json::Object(members) => members.values().for_each(|v| texts_of(v, into)),
        _ => {}
    }
}

/// A text, or the value of the one element.
fn unique_text(value: &Json) -> Option<&str> {
    let value = value.as_array().and_then(|all| all.first()).unwrap_or(value);
    value.as_str().or_else(|| value.get("value")?.as_str()).filter(|text| !text.is_empty())
}

/// So many findings are in the reason why an object is skipped.
const TOLD: usize = 5;

/// Prepares a situation for AWS: what is wanted is what AWS takes, and who would be refused is marked.
pub fn for_target(mappings: &Mappings, situation: &mut Situation) {
    let mut linter = Linter::new(mappings, Personality::Aws);
    for object in &mut situation.objects {
        let key = (object.kind, object.id.clone());
        let sent = matches!(object.standing, Standing::Entitled | Standing::Disabled);
        if sent && !situation.unmapped.contains_key(&key) {
            linter.look(&Subject {
                kind: object.kind,
                id: &object.id,
                name: &object.name,
                wanted: &object.wanted,
                candidates: situation.candidates.get(&key),
                sent: object.known.as_ref().map(|known| &known.sent),
            });
        }
        let wanted = std::mem::take(&mut object.wanted);
        object.wanted = Personality::Aws.shape(wanted, mappings.of(object.kind));
    }
    let mut all: BTreeMap<(Kind, String), Vec<Finding>> = BTreeMap::new();
    for finding in linter.finish().into_iter().filter(|finding| finding.refused) {
        all.entry((finding.kind, finding.id.clone())).or_default().push(finding);
    }
    situation.unfit = all.into_iter().map(|(key, findings)| (key, reason(&findings))).collect();
}

fn reason(findings: &[Finding]) -> String {
    let one = |f: &Finding| format!("{} ({}): {}. {}", f.attribute, f.rule.as_str(), f.found, f.fix);
    let told: Vec<String> = findings.iter().take(TOLD).map(one).collect();
    let more = findings.len().saturating_sub(TOLD);
    let end = if more > 0 { format!(" And {more} more.") } else { String::new() };
    format!("AWS would refuse it: {}{end}", told.join(" "))
}
