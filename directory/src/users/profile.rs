//! The properties of a user beyond name and state, under Microsoft Graph's names
//! (`microsoft.graph.user` in Graph's metadata).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::refused::Refused;

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// Several texts.
    Texts,
}

/// Every property that can be set, with what it holds. `extensionAttribute1` to `15` stand beside it.
pub const PROPERTIES: &[(&str, Kind)] = &[
    ("givenName", Kind::Text),
    ("surname", Kind::Text),
    ("mail", Kind::Text),
    ("mailNickname", Kind::Text),
    ("jobTitle", Kind::Text),
    ("department", Kind::Text),
    ("companyName", Kind::Text),
    ("employeeId", Kind::Text),
    ("employeeType", Kind::Text),
    ("officeLocation", Kind::Text),
    ("mobilePhone", Kind::Text),
    ("faxNumber", Kind::Text),
    ("preferredLanguage", Kind::Text),
    ("streetAddress", Kind::Text),
    ("city", Kind::Text),
    ("state", Kind::Text),
    ("postalCode", Kind::Text),
    ("country", Kind::Text),
    ("usageLocation", Kind::Text),
    ("userType", Kind::Text),
    ("onPremisesSamAccountName", Kind::Text),
    ("businessPhones", Kind::Texts),
    ("otherMails", Kind::Texts),
    ("proxyAddresses", Kind::Texts),
];

const EXTENSIONS: &str = "onPremisesExtensionAttributes";
const LONGEST: usize = 256;
const MOST: usize = 50;

/// Properties that have a value. A property without one is absent, never null or empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(Map<String, Json>);

impl Profile {
    /// The same with a property whose values are not saved with the user.
    #[must_use]
    pub(crate) fn with_values(mut self, name: &str, values: &[String]) -> Self {
        self.0.insert(name.to_owned(), Json::from(values));
        self
    }

    /// The text of a property.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Json::as_str)
    }

    /// A property's value.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// The same profile with a text set, for code that knows its names. An empty text sets nothing.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn with(mut self, name: &str, value: &str) -> Result<Self, Refused> {
        self.set(name, &Json::from(value))?;
        Ok(self)
    }

    /// Sets a property, or removes it for null, an empty text or an empty list.
    ///
    /// # Errors
    /// [`Refused::Invalid`] for a name that no user has or a value of another kind or length.
    pub fn set(&mut self, name: &str, value: &Json) -> Result<(), Refused> {
        if name == EXTENSIONS {
            return self.set_extensions(value);
        }
        let known = PROPERTIES.iter().find(|(known, _)| *known == name);
        let Some((name, kind)) = known else {
            return Err(Refused::invalid("property", "the name of a property of users", name));
        };
        match checked(name, *kind, value)? {
            Some(value) => self.0.insert((*name).to_owned(), value),
            None => self.0.remove(*name),
        };
        Ok(())
    }

    /// `onPremisesExtensionAttributes`: fifteen texts by name; those not named stay as they are.
    fn set_extensions(&mut self, value: &Json) -> Result<(), Refused> {
        let none = Map::new();
        let given = match value {
            Json::Null => &none,
            Json::Object(given) => given,
            _ => return Err(Refused::invalid(EXTENSIONS, "an object of texts", "")),
        };
        let mut all = match self.0.get(EXTENSIONS) {
            Some(Json::Object(before)) if !value.is_null() => before.clone(),
            _ => Map::new(),
        };
        for (name, value) in given {
            let number = name.strip_prefix("extensionAttribute").and_then(|n| n.parse::<u8>().ok());
            if !number.is_some_and(|n| (1..=15).contains(&n)) {
                return Err(Refused::invalid(
                    EXTENSIONS,
                    "extensionAttribute1 to extensionAttribute15",
                    name,
                ));
            }
            match checked(name, Kind::Text, value)? {
                Some(value) => all.insert(name.clone(), value),
                None => all.remove(name),
            };
        }
        if all.is_empty() {
            self.0.remove(EXTENSIONS);
        } else {
            self.0.insert(EXTENSIONS.to_owned(), Json::Object(all));
        }
        Ok(())
    }

    /// A property's text by its name in lower case; the first of several texts.
    pub(super) fn find(&self, lower: &str) -> Option<String> {
        let extensions = self.0.get(EXTENSIONS).and_then(Json::as_object).into_iter().flatten();
        let value = self.0.iter().chain(extensions).find(|(name, _)| name.to_lowercase() == lower)?.1;
        match value {
            Json::String(text) => Some(text.clone()),
            Json::Array(texts) => texts.first().and_then(Json::as_str).map(ToOwned::to_owned),
            _ => None,
        }
    }

    /// As the row stores it.
    pub(super) fn to_row(&self) -> String {
        Json::Object(self.0.clone()).to_string()
    }

    /// From the row.
    pub(super) fn from_row(json: Json) -> Self {
        match json {
            Json::Object(map) => Self(map),
            _ => Self::default(),
        }
    }
}

fn checked(name: &str, kind: Kind, value: &Json) -> Result<Option<Json>, Refused> {
    let text = |value: &Json| match value.as_str().map(str::trim) {
        Some(text) if text.chars().count() <= LONGEST && !text.chars().any(char::is_control) => {
            Ok(text.to_owned())
        }
        Some(text) => Err(Refused::invalid(name, "at most 256 characters without control characters", text)),
        None => Err(Refused::invalid(name, "a text", &value.to_string())),
    };
    match (kind, value) {
        (_, Json::Null) => Ok(None),
        (Kind::Text, value) => Ok(Some(text(value)?).filter(|t| !t.is_empty()).map(Json::from)),
        (Kind::Texts, Json::Array(values)) if values.len() <= MOST => {
            let texts: Result<Vec<String>, Refused> = values.iter().map(text).collect();
            Ok(Some(texts?).filter(|t| !t.is_empty()).map(Json::from))
        }
        (Kind::Texts, _) => Err(Refused::invalid(name, format!("a list of at most {MOST} texts"), "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn empty_values_are_absent() {
        let mut profile = Profile::default().with("givenName", "Ana").unwrap();
        for empty in [json!(null), json!(""), json!("  ")] {
            profile.set("givenName", &json!("Ana")).unwrap();
            profile.set("givenName", &empty).unwrap();
            assert_eq!(profile, Profile::default());
        }
        profile.set("businessPhones", &json!([])).unwrap();
        assert_eq!(profile, Profile::default());
    }

    #[test]
    fn other_names_and_kinds_are_refused() {
        let mut profile = Profile::default();
        for (name, value) in [
            ("id", json!("x")),
            ("givenname", json!("x")),
            ("givenName", json!(1)),
            ("givenName", json!("x".repeat(257))),
            ("givenName", json!("a\u{0}")),
            ("businessPhones", json!("1")),
            ("businessPhones", json!([1])),
            ("onPremisesExtensionAttributes", json!({ "extensionAttribute16": "x" })),
        ] {
            assert!(profile.set(name, &value).is_err(), "{name}: {value}");
        }
        assert_eq!(profile, Profile::default());
    }

    #[test]
    fn extension_attributes_change_one_by_one_and_are_found_by_name() {
        let mut profile = Profile::default();
        profile.set(EXTENSIONS, &json!({ "extensionAttribute1": "a", "extensionAttribute2": "b" })).unwrap();
        profile.set(EXTENSIONS, &json!({ "extensionAttribute1": null })).unwrap();
        assert_eq!(profile.find("extensionattribute2").as_deref(), Some("b"));
        assert_eq!(profile.find("extensionattribute1"), None);
        profile.set(EXTENSIONS, &json!(null)).unwrap();
        assert_eq!(profile, Profile::default());
    }
}
