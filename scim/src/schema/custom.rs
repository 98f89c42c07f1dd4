//! Extension schemas that an administrator defines, RFC 7643 §3.3 and §7.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::{Attribute, GROUP, Kind, Mutability, ResourceType, Returned, Schema, USER, Uniqueness, urn};
use crate::error::shorten;
use crate::limits::{
    MAX_CUSTOM_ATTRIBUTES, MAX_CUSTOM_DEFINITION, MAX_CUSTOM_DESCRIPTION, MAX_CUSTOM_NAME, MAX_CUSTOM_URN,
    MAX_CUSTOM_WORDS, MAX_TEXT,
};
use crate::path::{is_name, is_name_char};

/// The definition of an extension, as a schema document of RFC 7643 §7 with
/// the resource type that it extends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition {
    /// The URN.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// What it describes.
    #[serde(default)]
    pub description: String,
    /// What it extends.
    pub resource_type: Extended,
    /// Its attributes.
    pub attributes: Vec<Part>,
    /// As schema documents have it; passed over.
    #[serde(default, skip_serializing)]
    pub schemas: Value,
    /// As schema documents have it; passed over.
    #[serde(default, skip_serializing)]
    pub meta: Value,
}

/// The resource type that a definition extends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extended {
    /// Users.
    User,
    /// Groups.
    Group,
}

impl Extended {
    /// The resource type without definitions of administrators.
    #[must_use]
    pub const fn kind(self) -> &'static ResourceType {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }
}

/// One attribute or sub-attribute of a definition, with the defaults of RFC 7643 §2.2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// The name.
    pub name: String,
    /// Its data type.
    #[serde(rename = "type", default = "Part::string")]
    pub kind: Kind,
    /// Whether it holds a list.
    #[serde(default)]
    pub multi_valued: bool,
    /// What it means.
    #[serde(default)]
    pub description: String,
    /// Whether a resource with values of the extension must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether upper and lower case differ; absent: for references alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_exact: Option<bool>,
    /// Suggested values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// Who may change a value.
    #[serde(default = "Part::read_write")]
    pub mutability: Mutability,
    /// When a value is part of an answer.
    #[serde(default = "Part::by_default")]
    pub returned: Returned,
    /// Whether values may repeat.
    #[serde(default = "Part::not_unique")]
    pub uniqueness: Uniqueness,
    /// What a reference may point to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
    /// The parts of a complex attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<Part>,
}

/// What is wrong with a definition: where, the rule, and so the fix.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{at}: {rule}")]
pub struct DefinitionError {
    /// The place: `id`, or an attribute's path.
    pub at: String,
    /// The rule that it breaks.
    pub rule: String,
}

impl Definition {
    /// Checks the rules that the type alone does not show.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), DefinitionError> {
        self.check_urn()?;
        words("name", &self.name, MAX_CUSTOM_NAME)?;
        if self.name.trim().is_empty() {
            return Err(wrong("name", "a name is required"));
        }
        words("description", &self.description, MAX_CUSTOM_DESCRIPTION)?;
        let count: usize = self.attributes.iter().map(|a| 1 + a.sub_attributes.len()).sum();
        if !(1..=MAX_CUSTOM_ATTRIBUTES).contains(&count) {
            let rule = format!(
                "a schema has 1 to {MAX_CUSTOM_ATTRIBUTES} attributes, sub-attributes included, and {count} were sent"
            );
            return Err(wrong("attributes", &rule));
        }
        check_parts("", &self.attributes)?;
        match serde_json::to_string(self).map_or(usize::MAX, |text| text.len()) {
            size if size > MAX_CUSTOM_DEFINITION => {
                let rule = format!(
                    "a definition has at most {MAX_CUSTOM_DEFINITION} bytes, and this one has {size}: shorten its descriptions"
                );
                Err(wrong("attributes", &rule))
            }
            _ => Ok(()),
        }
    }

    /// RFC 7643 §10.3.1 reserves the core; a path could not tell what stands below another schema.
    fn check_urn(&self) -> Result<(), DefinitionError> {
        let id = self.id.as_str();
        let lower = id.to_ascii_lowercase();
        let parts: Vec<&str> = id.split(':').collect();
        let shape = parts.len() >= 3 && parts.iter().all(|p| !p.is_empty() && p.chars().all(is_urn_char));
        if !lower.starts_with("urn:") || !shape || id.len() > MAX_CUSTOM_URN {
            let rule = format!(
                "a URN is needed such as urn:example:params:scim:schemas:extension:badge:2.0:User, of letters, digits, \
                 \"-\", \"_\" and \".\" between the colons and at most {MAX_CUSTOM_URN} characters"
            );
            return Err(wrong("id", &rule));
        }
        let reserved = ["urn:ietf:params:scim:schemas:core:", "urn:ietf:params:scim:api:"];
        if let Some(reserved) = reserved.iter().find(|r| lower.starts_with(**r)) {
            return Err(wrong(
                "id",
                &format!("URNs below {reserved} are the standard's own; choose another"),
            ));
        }
        match [urn::USER, urn::GROUP, urn::ENTERPRISE_USER].iter().find(|known| self.clashes(known)) {
            Some(known) => Err(wrong("id", &format!("it clashes with the schema {known}; choose another"))),
            None => Ok(()),
        }
    }

    /// Whether the URN is that of the other schema, or one is the beginning of the other: then a path
    /// could mean either.
    #[must_use]
    pub fn clashes(&self, other: &str) -> bool {
        let (own, other) = (self.id.to_ascii_lowercase(), other.to_ascii_lowercase());
        own == other || own.starts_with(&format!("{other}:")) || other.starts_with(&format!("{own}:"))
    }

    /// The schema that resources are judged by. It stays in memory for as long as the process lives, since
    /// rules, filters and paths refer to schemas without owning them: keep one for each definition.
    #[must_use]
    pub fn into_schema(self) -> &'static Schema {
        Box::leak(Box::new(Schema {
            id: leak(self.id),
            name: leak(self.name),
            description: leak(self.description),
            attributes: leak_parts(self.attributes),
        }))
    }
}

impl ResourceType {
    /// The resource type with further extensions. It stays in memory, as [`Definition::into_schema`] says.
    #[must_use]
    pub fn extended(&self, by: &[&'static Schema]) -> &'static Self {
        let extensions: Vec<&'static Schema> = self.extensions.iter().chain(by).copied().collect();
        Box::leak(Box::new(Self { extensions: Vec::leak(extensions), ..*self }))
    }
}

impl Part {
    const fn string() -> Kind {
        Kind::String
    }

    const fn read_write() -> Mutability {
        Mutability::ReadWrite
    }

    const fn by_default() -> Returned {
        Returned::Default
    }

    const fn not_unique() -> Uniqueness {
        Uniqueness::None
    }

    fn check(&self, parent: &str) -> Result<(), DefinitionError> {
        let at = if parent.is_empty() { self.name.clone() } else { format!("{parent}.{}", self.name) };
        self.check_name(&at, parent)?;
        words(&at, &self.description, MAX_CUSTOM_DESCRIPTION)?;
        for list in [&self.canonical_values, &self.reference_types] {
            if list.len() > MAX_CUSTOM_WORDS {
                return Err(wrong(&at, &format!("at most {MAX_CUSTOM_WORDS} values and types are listed")));
            }
            list.iter().try_for_each(|word| words(&at, word, MAX_CUSTOM_NAME))?;
        }
        self.check_kind(&at, parent)?;
        if self.mutability == Mutability::WriteOnly {
            let rule = "writeOnly is for secrets, and this server keeps values in the clear; choose another mutability";
            return Err(wrong(&at, rule));
        }
        if self.mutability == Mutability::ReadOnly && self.required {
            return Err(wrong(
                &at,
                "nobody could send a value that is readOnly and required; choose one of the two",
            ));
        }
        check_parts(&at, &self.sub_attributes)
    }

    fn check_kind(&self, at: &str, parent: &str) -> Result<(), DefinitionError> {
        let complex = self.kind == Kind::Complex;
        if !parent.is_empty() && (complex || self.multi_valued || self.uniqueness == Uniqueness::Server) {
            return Err(wrong(at, "a sub-attribute is neither complex nor multi-valued nor unique"));
        }
        if complex == self.sub_attributes.is_empty() {
            return Err(wrong(at, "a complex attribute has subAttributes, and no other has"));
        }
        if self.uniqueness == Uniqueness::Server && (complex || self.kind == Kind::Boolean) {
            return Err(wrong(at, "a complex or boolean attribute cannot be unique (RFC 7643 §7)"));
        }
        match self.kind {
            Kind::Binary => Err(wrong(
                at,
                "the type is one of string, boolean, decimal, integer, dateTime, reference and complex",
            )),
            _ => Ok(()),
        }
    }

    /// RFC 7643 §2.1, and `$ref` of §2.4.
    fn check_name(&self, at: &str, parent: &str) -> Result<(), DefinitionError> {
        let plain = !self.name.contains('$') || (self.name == "$ref" && !parent.is_empty());
        if !is_name(&self.name) || !plain || self.name.len() > MAX_CUSTOM_NAME {
            let rule = format!(
                "a name is a letter followed by letters, digits, \"-\" and \"_\", at most {MAX_CUSTOM_NAME} (RFC 7643 §2.1)"
            );
            return Err(wrong(at, &rule));
        }
        let core = [&USER, &GROUP].iter().any(|kind| kind.attribute(&self.name).is_some());
        match parent.is_empty() && core {
            true => Err(wrong(at, "users or groups have an attribute of this name; choose another")),
            false => Ok(()),
        }
    }

    fn into_attribute(self) -> Attribute {
        let case_exact = self.case_exact.unwrap_or(self.kind == Kind::Reference);
        // RFC 7643 §7 asks for referenceTypes of every reference; "uri" is any.
        let any = self.kind == Kind::Reference && self.reference_types.is_empty();
        let reference_types = if any { vec!["uri".to_owned()] } else { self.reference_types };
        Attribute {
            name: leak(self.name),
            description: leak(self.description),
            kind: self.kind,
            multi_valued: self.multi_valued,
            required: self.required,
            case_exact,
            mutability: self.mutability,
            returned: self.returned,
            uniqueness: self.uniqueness,
            canonical_values: Vec::leak(self.canonical_values.into_iter().map(leak).collect()),
            reference_types: Vec::leak(reference_types.into_iter().map(leak).collect()),
            sub_attributes: leak_parts(self.sub_attributes),
            max_length: MAX_TEXT,
        }
    }
}

fn check_parts(parent: &str, parts: &[Part]) -> Result<(), DefinitionError> {
    let mut seen = HashSet::new();
    for part in parts {
        part.check(parent)?;
        if !seen.insert(part.name.to_ascii_lowercase()) {
            return Err(wrong(&part.name, "this name stands there twice; names do not differ by case"));
        }
    }
    Ok(())
}

fn words(at: &str, text: &str, most: usize) -> Result<(), DefinitionError> {
    match text.chars().count() > most || text.chars().any(char::is_control) {
        true => Err(wrong(at, &format!("texts have at most {most} characters and no control characters"))),
        false => Ok(()),
    }
}

fn is_urn_char(c: char) -> bool {
    is_name_char(c) || c == '.'
}

fn wrong(at: &str, rule: &str) -> DefinitionError {
    DefinitionError { at: shorten(at), rule: rule.to_owned() }
}

fn leak(text: String) -> &'static str {
    String::leak(text)
}

fn leak_parts(parts: Vec<Part>) -> &'static [Attribute] {
    Vec::leak(parts.into_iter().map(Part::into_attribute).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(id: &str, attributes: &Value) -> Result<(), String> {
        let body = json!({ "id": id, "name": "Badge", "resourceType": "User", "attributes": attributes });
        let read: Definition = serde_json::from_value(body).map_err(|e| e.to_string())?;
        read.check().map_err(|e| e.to_string())
    }

    const URN: &str = "urn:example:scim:badge:2.0:User";

    #[test]
    fn urns_that_a_path_could_confuse_are_refused() {
        let fine = json!([{ "name": "number" }]);
        for id in [URN, "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"] {
            assert_eq!(checked(id, &fine), Ok(()), "{id}");
        }
        let long = format!("urn:example:{}", "x".repeat(300));
        let below = format!("{}:badge", urn::ENTERPRISE_USER);
        for id in ["", "badge", "urn:x", "urn::x", "urn:x:a b", "urn:x:ä", urn::USER, &long, &below] {
            assert!(checked(id, &fine).unwrap_err().starts_with("id: "), "{id}");
        }
        let api = "urn:ietf:params:scim:api:messages:2.0:Mine";
        assert!(checked(api, &fine).unwrap_err().contains("standard's own"));
    }

    #[test]
    fn every_rule_names_the_attribute() {
        let sub = json!([{ "name": "a" }]);
        for (attribute, at) in [
            (json!({ "name": "1st" }), "1st: a name is a letter"),
            (json!({ "name": "$ref" }), "$ref: a name"),
            (json!({ "name": "userName" }), "userName: users or groups"),
            (json!({ "name": "x", "type": "complex" }), "x: a complex attribute has subAttributes"),
            (json!({ "name": "x", "subAttributes": sub }), "x: a complex attribute has subAttributes"),
            (json!({ "name": "x", "type": "boolean", "uniqueness": "server" }), "x: a complex or boolean"),
            (json!({ "name": "x", "type": "binary" }), "x: the type is one of"),
            (json!({ "name": "x", "mutability": "writeOnly" }), "x: writeOnly is for secrets"),
            (json!({ "name": "x", "mutability": "readOnly", "required": true }), "x: nobody could send"),
            (
                json!({ "name": "x", "type": "complex", "subAttributes": [{ "name": "y", "multiValued": true }] }),
                "x.y: a sub-attribute",
            ),
            (json!({ "name": "x", "description": "x".repeat(2000) }), "x: texts have at most"),
            (json!({ "name": "x", "typ": "string" }), "unknown field `typ`"),
            (json!({ "name": "x", "type": "date" }), "unknown variant `date`"),
        ] {
            let error = checked(URN, &json!([attribute])).unwrap_err();
            assert!(error.starts_with(at), "{error}");
        }
        assert!(checked(URN, &json!([{ "name": "x" }, { "name": "X" }])).unwrap_err().contains("twice"));
        let many: Vec<Value> = (0..101).map(|n| json!({ "name": format!("a{n}") })).collect();
        assert!(checked(URN, &json!(many)).unwrap_err().contains("101 were sent"));
        assert!(checked(URN, &json!([])).is_err());
        let long: Vec<Value> =
            (0..90).map(|n| json!({ "name": format!("a{n}"), "description": "x".repeat(900) })).collect();
        assert!(checked(URN, &json!(long)).unwrap_err().contains("65536 bytes"));
    }
}
