//! Attributes for access control (ABAC): what a session says of its person beside the name, as session tags.
//!
//! They come from the assertion and from the identity store. Where both give a value for one key, that of the
//! identity store counts (API reference of InstanceAccessControlAttributeConfiguration).

mod http;
mod pages;
mod source;
pub mod store;

use std::collections::BTreeMap;

use saml::response::Attribute;
use serde::{Deserialize, Serialize};
use web::routes::Routes;

use crate::admin_api::ApiError;
use crate::identity_store::User;
use crate::{Center, admin_api, console};

pub use source::SOURCES;

/// The names of attributes in assertions begin with this; the rest is the key.
pub const PREFIX: &str = "https://aws.amazon.com/SAML/Attributes/AccessControl:";
/// Most keys (API reference: 50).
pub const MOST_KEYS: usize = 50;
/// Longest key.
const LONGEST_KEY: usize = 128;
/// Longest value of a session tag (STS API reference, Tag).
const LONGEST_VALUE: usize = 256;

/// The configuration; an instance without one gives no tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessControl {
    /// What comes from the identity store.
    pub attributes: Vec<Mapping>,
}

/// A key and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The key of the tag.
    pub key: String,
    /// One of [`SOURCES`].
    pub source: String,
}

/// Tags of a session, and what was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// Values by key.
    pub tags: BTreeMap<String, String>,
    /// Why something is not among them, one sentence each.
    pub dropped: Vec<String>,
}

impl AccessControl {
    /// Refuses keys, sources and numbers that are not allowed.
    ///
    /// # Errors
    /// `InvalidValue` with the key or source.
    pub fn check(&self) -> Result<(), ApiError> {
        if self.attributes.len() > MOST_KEYS {
            let found = self.attributes.len().to_string();
            return Err(ApiError::invalid("attributes", "there are too many attributes", &found)
                .expected(format!("at most {MOST_KEYS}"))
                .fix("remove keys that no policy uses"));
        }
        for (n, mapping) in self.attributes.iter().enumerate() {
            if !is_key(&mapping.key) {
                return Err(ApiError::invalid("key", "the key of a tag is not allowed", &mapping.key)
                    .expected(KEY_RULE)
                    .fix("choose another key"));
            }
            if self.attributes[..n].iter().any(|other| other.key.eq_ignore_ascii_case(&mapping.key)) {
                return Err(ApiError::invalid("key", "a key occurs twice", &mapping.key)
                    .expected("each key once, whatever its case")
                    .fix("remove one of them"));
            }
            if !SOURCES.contains(&mapping.source.as_str()) {
                return Err(ApiError::invalid("source", "the source is not known", &mapping.source)
                    .expected(SOURCES.join(", "))
                    .fix("choose one of these"));
            }
        }
        Ok(())
    }
}

const KEY_RULE: &str = "1 to 128 letters, digits, blanks and _ . : / = + - @, not beginning with aws:";

/// IAM user guide, "Rules for tagging".
fn is_key(key: &str) -> bool {
    let length = key.chars().count();
    (1..=LONGEST_KEY).contains(&length)
        && key.trim() == key
        && key.chars().all(is_allowed)
        && !key.to_ascii_lowercase().starts_with("aws:")
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

/// The tags of a session of `user` that began with an assertion which had these attributes.
pub fn session_tags(config: Option<&AccessControl>, user: &User, attributes: &[Attribute]) -> Tags {
    let mut tags = Tags::default();
    let given: Vec<(&str, &Attribute)> =
        attributes.iter().filter_map(|a| Some((a.name.strip_prefix(PREFIX)?, a))).collect();
    let Some(config) = config else {
        if !given.is_empty() {
            let n = given.len();
            tags.dropped.push(format!("{n} in the assertion: attributes for access control are not enabled"));
        }
        return tags;
    };
    for mapping in &config.attributes {
        match source::value(&mapping.source, &user.resource) {
            Some(value) => tags.add(&mapping.key, &value, "in the identity store"),
            None => tags.dropped.push(format!("{}: {} has no value", mapping.key, mapping.source)),
        }
    }
    for (key, attribute) in &given {
        let same = given.iter().filter(|(other, _)| other.eq_ignore_ascii_case(key)).count();
        if tags.tags.keys().any(|known| known.eq_ignore_ascii_case(key)) {
            tags.dropped
                .push(format!("{}: the identity store's value replaces that of the assertion", cut(key)));
        } else if same > 1 {
            tags.dropped.push(format!("{}: {same} attributes of this key; one is allowed", cut(key)));
        } else if let [value] = attribute.values.as_slice() {
            tags.add(key, value, "in the assertion");
        } else {
            let n = attribute.values.len();
            tags.dropped.push(format!("{}: {n} values; exactly one is allowed", cut(key)));
        }
    }
    tags.dropped.truncate(2 * MOST_KEYS);
    tags
}

impl Tags {
    fn add(&mut self, key: &str, value: &str, whence: &str) {
        let length = value.chars().count();
        let why = if !is_key(key) {
            format!("a key must have {KEY_RULE}")
        } else if length > LONGEST_VALUE {
            format!("the value {whence} has {length} characters; {LONGEST_VALUE} are the most")
        } else if !value.chars().all(is_allowed) {
            format!("the value {whence} has a character that tags do not allow")
        } else if self.tags.len() >= MOST_KEYS {
            format!("there are {MOST_KEYS} tags already")
        } else {
            self.tags.insert(key.to_owned(), value.to_owned());
            return;
        };
        self.dropped.push(format!("{}: {why}", cut(key)));
    }
}

fn cut(key: &str) -> String {
    key.chars().take(LONGEST_KEY).flat_map(char::escape_debug).collect()
}

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let api = Routes::new("api_key")
        .get("/api/access-control-attributes", http::show)
        .put("/api/access-control-attributes", http::save)
        .delete("/api/access-control-attributes", http::delete);
    let pages = Routes::new("administrator")
        .get("/console/settings/access-control-attributes", pages::show)
        .post("/console/settings/access-control-attributes", pages::save);
    admin_api::guarded(center, api).merge(console::guarded(center, pages))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use web::Timestamp;

    use super::*;

    fn ana() -> User {
        User {
            id: "1".to_owned(),
            user_name: "ana".to_owned(),
            display_name: "Ana".to_owned(),
            external_id: None,
            active: true,
            owner: "api".to_owned(),
            resource: json!({ "userName": "ana", "title": "Engineer",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "costCenter": "42" } }),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            version: 1,
        }
    }

    fn config(pairs: &[(&str, &str)]) -> AccessControl {
        let mapping = |(key, source): &(&str, &str)| Mapping { key: (*key).into(), source: (*source).into() };
        AccessControl { attributes: pairs.iter().map(mapping).collect() }
    }

    fn said(key: &str, values: &[&str]) -> Attribute {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Attribute { name: format!("{PREFIX}{key}"), name_format: None, values }
    }

    #[test]
    fn the_identity_store_replaces_the_assertion() {
        let config = config(&[("CostCenter", "${path:enterprise.costCenter}"), ("Locale", "${path:locale}")]);
        let given = [said("CostCenter", &["7"]), said("Team", &["red"]), said("Locale", &["en"])];
        let tags = session_tags(Some(&config), &ana(), &given);
        let pairs: Vec<_> = tags.tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("CostCenter", "42"), ("Locale", "en"), ("Team", "red")]);
        assert_eq!(tags.dropped.len(), 2, "{:?}", tags.dropped);
    }

    #[test]
    fn what_is_not_allowed_is_left_out_with_a_reason() {
        let long = "x".repeat(257);
        let given = [
            said("Two", &["a", "b"]),
            said("None", &[]),
            said("Twice", &["a"]),
            said("twice", &["b"]),
            said("aws:x", &["a"]),
            said("Bad", &["a<b"]),
            said("Long", &[&long]),
            said("Good", &["a b"]),
        ];
        let tags = session_tags(Some(&AccessControl::default()), &ana(), &given);
        assert_eq!(tags.tags.into_iter().collect::<Vec<_>>(), [("Good".to_owned(), "a b".to_owned())]);
        assert_eq!(tags.dropped.len(), 7, "{:?}", tags.dropped);
        let off = session_tags(None, &ana(), &given);
        assert!(off.tags.is_empty() && off.dropped.len() == 1);
        let many: Vec<_> = (0..60).map(|n| said(&format!("k{n}"), &["v"])).collect();
        assert_eq!(session_tags(Some(&AccessControl::default()), &ana(), &many).tags.len(), MOST_KEYS);
    }

    #[test]
    fn every_source_is_read_and_others_are_refused() {
        assert!(config(&[("a", "${path:title}"), ("b", "${path:userName}")]).check().is_ok());
        for bad in [
            config(&[("a", "${path:password}")]),
            config(&[("a", "title")]),
            config(&[("", "${path:title}")]),
            config(&[("a", "${path:title}"), ("A", "${path:userName}")]),
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
