//! What the mappings make of one object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use thiserror::Error;
use web::{Random, Timestamp};

use super::{Apply, Mapping, Mappings, Source, roles};
use crate::provisioning::Kind;
use crate::provisioning::expression::{
    Attributes, Context, Expression, Value, evaluate, evaluate_candidates,
};
use crate::provisioning::resource::{Path, Resource};

/// What a target should have of an object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapped {
    /// Its attributes.
    pub resource: Resource,
    /// Of the attributes of an object to be made whose value has to be free in the target: all values, in
    /// the order of preference (`SelectUniqueValue`).
    pub candidates: BTreeMap<String, Vec<String>>,
}

/// What expressions may ask for besides the object.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The time.
    pub now: Timestamp,
    /// The tenant's default domain.
    pub default_domain: String,
    /// For `Guid` and `RandomString`.
    pub random: Random,
}

impl Surroundings {
    /// Runs `f` with the context of expressions.
    pub fn context<T>(&self, f: impl FnOnce(&Context<'_>) -> T) -> T {
        let random = || self.random.bytes();
        f(&Context { now: self.now, default_domain: Some(&self.default_domain), random: &random })
    }
}

/// Why an object has no value for a mapping. It is that object's trouble alone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the mapping of {target} fails: {why}; the expression is {expression}; the values are {inputs}")]
pub struct Unmapped {
    /// The path in the target.
    pub target: String,
    /// The expression.
    pub expression: String,
    /// What is wrong.
    pub why: String,
    /// The attributes that it reads and their values, `[Redact]` where it hides them.
    pub inputs: String,
}

impl Mappings {
    /// What the target should have of `object`, without references. `known` is what it has from us;
    /// `None` for an object that is created: defaults and rows for creation count then.
    ///
    /// # Errors
    /// The first expression that has no value for this object.
    pub fn map(
        &self,
        kind: Kind,
        object: &Map<String, Json>,
        entitled: bool,
        known: Option<&Resource>,
        surroundings: &Surroundings,
    ) -> Result<Mapped, Unmapped> {
        let mut mapped = Mapped::default();
        let expressions = self.of(kind).iter().any(|m| matches!(m.source, Source::Expression(_)));
        let attributes = if expressions { attributes(object, entitled) } else { Attributes::new() };
        for row in self.of(kind) {
            let kept = known.and_then(|k| k.get(&row.target)).cloned();
            if known.is_some() && row.apply == Apply::OnlyOnCreate {
                mapped.resource.extend(kept.map(|value| (row.target.clone(), value)));
                continue;
            }
            let found = match &row.source {
                Source::Expression(text) => surroundings
                    .context(|context| evaluated(row, text, &attributes, context, &mut mapped.candidates))?,
                _ => plain(row, object, entitled),
            };
            let value = match (found, known) {
                (None, None) => {
                    row.default_value.as_ref().map(|d| typed(&row.target, &Value::from(d.as_str())))
                }
                (found, Some(_)) if row.only_adds() => roles::union(kept.as_ref(), found),
                (None, Some(_)) if row.default_value.is_some() || row.keeps_what_is_there() => kept,
                (found, _) => found,
            };
            mapped.resource.extend(value.map(|value| (row.target.clone(), value)));
        }
        Ok(mapped)
    }

    /// What is wanted of an object that was found in the target: what is written on creation alone stays as it
    /// is there, and what is only ever added comes to it.
    pub fn adopted(&self, kind: Kind, wanted: &Resource, there: &Resource) -> Resource {
        let mut wanted = wanted.clone();
        for row in self.of(kind).iter().filter(|m| m.apply == Apply::OnlyOnCreate && m.matching == 0) {
            match there.get(&row.target) {
                Some(value) => wanted.insert(row.target.clone(), value.clone()),
                None => wanted.remove(&row.target),
            };
        }
        for row in self.of(kind).iter().filter(|m| m.only_adds()) {
            let value = roles::union(there.get(&row.target), wanted.remove(&row.target));
            wanted.extend(value.map(|value| (row.target.clone(), value)));
        }
        wanted
    }

    /// The paths whose values in the target are held against what is wanted: neither references, which have steps
    /// of their own, nor what is written on creation alone or only ever added, nor what stays as it is there.
    pub fn compared<'a>(&'a self, kind: Kind, wanted: &'a Resource) -> impl Iterator<Item = &'a String> {
        let rows = self.of(kind).iter().filter(|m| !matches!(m.source, Source::Reference(_)));
        let written = rows.filter(|m| (m.apply == Apply::Always && !m.only_adds()) || m.matching > 0);
        let cleared = |m: &Mapping| m.default_value.is_none() && !m.keeps_what_is_there();
        written.filter(move |m| cleared(m) || wanted.contains_key(&m.target)).map(|m| &m.target)
    }

    /// The paths whose values must not be seen in logs and plans.
    pub fn redacted(&self, kind: Kind) -> BTreeSet<&str> {
        let hidden = |m: &&Mapping| m.expression().is_some_and(|e| e.redacted());
        self.of(kind).iter().filter(hidden).map(|m| m.target.as_str()).collect()
    }
}

impl Mapping {
    /// `IgnoreFlowIfNullOrEmpty`: nothing is sent for an empty value, so what is there stays.
    fn keeps_what_is_there(&self) -> bool {
        self.expression().is_some_and(|e| e.calls("IgnoreFlowIfNullOrEmpty"))
    }
}

/// An object's attributes as expressions and filters see them.
pub fn attributes(object: &Map<String, Json>, entitled: bool) -> Attributes {
    Attributes::from_object(object).with("IsSoftDeleted", !entitled)
}

fn evaluated(
    row: &Mapping,
    text: &str,
    attributes: &Attributes,
    context: &Context<'_>,
    candidates: &mut BTreeMap<String, Vec<String>>,
) -> Result<Option<Json>, Unmapped> {
    let expression = Expression::parse(text).map_err(|e| unmapped(row, text, e.to_string(), None))?;
    let fail = |why: String| unmapped(row, text, why, Some((&expression, attributes)));
    let value = if expression.selects_unique_value() {
        let all = evaluate_candidates(&expression, attributes, context).map_err(|e| fail(e.to_string()))?;
        let texts: Vec<String> = all.iter().filter_map(|v| Some(v.as_text()?.into_owned())).collect();
        let first = texts.first().map_or(Value::Null, |t| Value::from(t.as_str()));
        candidates.insert(row.target.clone(), texts);
        first
    } else {
        evaluate(&expression, attributes, context).map_err(|e| fail(e.to_string()))?
    };
    match &value {
        value if value.is_null_or_empty() => Ok(None),
        Value::Multi(all) if all.len() > 1 && !takes_several(&row.target) => {
            Err(fail(format!("it has {} values where the target takes one", all.len())))
        }
        value => Ok(Some(typed(&row.target, value))),
    }
}

/// Whether a path is an attribute as a whole, which may have several values.
fn takes_several(path: &str) -> bool {
    Path::parse(path).is_some_and(|p| p.element.is_none() && p.sub.is_none())
}

/// Expressions give texts where SCIM has truths (RFC 7643 §4.1.1 `active`, §2.4 `primary`).
fn typed(path: &str, value: &Value) -> Json {
    let truth = Path::parse(path).is_some_and(|p| match p.sub {
        Some(sub) => sub == "primary",
        None => p.attribute == "active",
    });
    match (truth.then(|| value.as_bool()).flatten(), value) {
        (Some(truth), _) => Json::Bool(truth),
        (None, value) if roles::is_roles(path) => roles::elements(&value.texts()),
        (None, Value::Multi(all)) if all.len() == 1 => Json::from(all.concat()),
        (None, value) => value.to_json(),
    }
}

fn unmapped(row: &Mapping, text: &str, why: String, read: Option<(&Expression, &Attributes)>) -> Unmapped {
    let inputs = read.map_or_else(String::new, |(expression, attributes)| {
        let hidden = expression.redacted();
        let one = |name: &str| match hidden {
            true => format!("[{name}] = [Redact]"),
            false => format!("[{name}] = {}", shown(&attributes.get(name))),
        };
        expression.attributes().into_iter().map(one).collect::<Vec<_>>().join(", ")
    });
    Unmapped {
        target: row.target.clone(),
        expression: shorten(text, 300),
        why,
        inputs: shorten(&inputs, 600),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        value => format!("{:?}", shorten(&value.texts().join(", "), 80)),
    }
}

fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn plain(row: &Mapping, object: &Map<String, Json>, entitled: bool) -> Option<Json> {
    match &row.source {
        Source::Direct(name) => property(object, name),
        Source::FirstOf(names) => names.iter().find_map(|name| property(object, name)),
        Source::Constant(text) => Some(typed(&row.target, &Value::from(text.as_str()))),
        Source::InScope => Some(Json::Bool(entitled)),
        Source::Reference(_) | Source::Expression(_) => None,
    }
}

/// A property's value. An empty text counts as none, as in the directory; of a list the first counts,
/// because targets take one value for each attribute.
fn property(object: &Map<String, Json>, name: &str) -> Option<Json> {
    let found = match object.get(name)? {
        Json::Array(all) => all.first()?,
        other => other,
    };
    match found {
        Json::String(text) if !text.is_empty() => Some(Json::String(text.clone())),
        Json::Bool(_) | Json::Number(_) => Some(found.clone()),
        _ => None,
    }
}
