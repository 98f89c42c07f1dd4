//! An object's attributes under the names that expressions and filters use.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::Value;

/// Attributes by name. A name that is not there is null.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes(BTreeMap<String, Value>);

/// The name in Entra's provisioning schema, and the name in Graph and in this directory
/// (entra-id.md 3.6). Expressions written for Entra use the former.
const ALIASES: &[(&str, &str)] = &[
    ("objectId", "id"),
    ("mobile", "mobilePhone"),
    ("telephoneNumber", "businessPhones"),
    ("physicalDeliveryOfficeName", "officeLocation"),
    ("facsimileTelephoneNumber", "faxNumber"),
    ("sn", "surname"),
];

/// Attributes that are truths although a test form sends them as text.
const TRUTHS: &[&str] = &["IsSoftDeleted", "accountEnabled", "dirSyncEnabled", "onPremisesSyncEnabled"];

impl Attributes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The attributes of an object of the directory as Graph shows it. The fields of a nested object are
    /// `parent.field`; those of `onPremisesExtensionAttributes` also stand alone, as `extensionAttribute1`.
    pub fn from_object(object: &Map<String, Json>) -> Self {
        let mut attributes = Self::new();
        for (name, json) in object {
            match json {
                Json::Object(fields) => attributes.flatten(name, fields),
                other => attributes.set(name, Value::from_json(other)),
            }
        }
        attributes
    }

    fn flatten(&mut self, parent: &str, fields: &Map<String, Json>) {
        for (name, json) in fields {
            let value = Value::from_json(json);
            if parent == "onPremisesExtensionAttributes" {
                self.set(name, value.clone());
            }
            self.set(&format!("{parent}.{name}"), value);
        }
    }

    /// The attributes of Graph's `expressionInputObject`, a list of keys and values
    /// (entra-id.md 5.4). Truths come as text there and are read as such.
    pub fn from_properties<'a>(properties: impl IntoIterator<Item = (&'a str, &'a Json)>) -> Self {
        let mut attributes = Self::new();
        for (name, json) in properties {
            let value = Value::from_json(json);
            let truth = TRUTHS.contains(&name).then(|| value.as_bool()).flatten();
            attributes.set(name, truth.map_or(value, Value::Bool));
        }
        attributes
    }

    /// Sets an attribute; null removes it.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        match value.into() {
            Value::Null => self.0.remove(name),
            value => self.0.insert(name.to_owned(), value),
        };
    }

    /// The same with one attribute more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// An attribute's value; null where there is none. Names are case-sensitive (entra-id.md 3.7). The names
    /// of Entra's schema and of Graph stand for each other; of several `businessPhones` the first is the
    /// `telephoneNumber`, which has one value.
    pub fn get(&self, name: &str) -> Value {
        if let Some(value) = self.0.get(name) {
            return value.clone();
        }
        let other = ALIASES.iter().find_map(|(entra, graph)| match name {
            _ if *entra == name => Some(*graph),
            _ if *graph == name => Some(*entra),
            _ => None,
        });
        match other.and_then(|n| self.0.get(n)) {
            Some(Value::Multi(all)) => all.first().cloned().map_or(Value::Null, Value::Text),
            Some(value) => value.clone(),
            None => Value::Null,
        }
    }
}
