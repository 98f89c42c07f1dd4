//! From a path as the client writes it to the attribute that it means.
//!
//! A path alone does not say where a URN ends: `urn:…:enterprise:2.0:User` is
//! an extension, `urn:…:enterprise:2.0:User:manager` an attribute of it. Only
//! the resource type knows, so the parser leaves it to [`ResourceType::resolve`].

use super::{Attribute, ResourceType, Schema};
use crate::path::AttrPath;

/// An attribute or sub-attribute of a resource type.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The extension that the attribute is part of; none for core and common attributes.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute, where one is named.
    pub sub: Option<&'static Attribute>,
}

impl Target {
    /// The attribute or, where one is named, the sub-attribute: what a value is compared with.
    #[must_use]
    pub fn leaf(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The path in canonical spelling: `name.givenName`, `urn:…:User:department`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        if let Some(extension) = self.extension {
            path.push_str(extension.id);
            path.push(':');
        }
        path.push_str(self.attribute.name);
        if let Some(sub) = self.sub {
            path.push('.');
            path.push_str(sub.name);
        }
        path
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.path() == other.path()
    }
}

/// What a path means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    /// The resource itself, by the URN of its core schema.
    Resource,
    /// A whole extension.
    Extension(&'static Schema),
    /// An attribute.
    Attribute(Target),
}

impl ResourceType {
    /// What the path means, or none where the resource type has no such attribute.
    ///
    /// RFC 7644 §3.10: an attribute of the core schema may be written with
    /// or without the URN; one of an extension needs it. Entra's older
    /// documents write `manager` without, so a plain name that only an
    /// extension has is found too: it cannot mean anything else.
    #[must_use]
    pub fn resolve(&self, path: &AttrPath) -> Option<Resolved> {
        let Some(urn) = &path.urn else { return self.resolve_plain(path) };
        let whole = format!("{urn}:{}", path.name);
        if path.sub.is_none() {
            if self.schema.id.eq_ignore_ascii_case(&whole) {
                return Some(Resolved::Resource);
            }
            if let Some(extension) = self.extension(&whole) {
                return Some(Resolved::Extension(extension));
            }
        }
        if self.schema.id.eq_ignore_ascii_case(urn) {
            return target(None, self.attribute(&path.name)?, path);
        }
        let extension = self.extension(urn)?;
        target(Some(extension), extension.attribute(&path.name)?, path)
    }

    fn resolve_plain(&self, path: &AttrPath) -> Option<Resolved> {
        if let Some(attribute) = self.attribute(&path.name) {
            return target(None, attribute, path);
        }
        let (extension, attribute) =
            self.extensions.iter().find_map(|s| s.attribute(&path.name).map(|a| (*s, a)))?;
        target(Some(extension), attribute, path)
    }
}

fn target(
    extension: Option<&'static Schema>,
    attribute: &'static Attribute,
    path: &AttrPath,
) -> Option<Resolved> {
    let sub = match &path.sub {
        Some(name) => Some(attribute.sub(name)?),
        None => None,
    };
    Some(Resolved::Attribute(Target { extension, attribute, sub }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::USER;

    fn check(path: &str, expected: Option<&str>) {
        let found = USER.resolve(&AttrPath::parse(path).expect("well-formed"));
        let found = found.map(|r| match r {
            Resolved::Resource => "resource".to_owned(),
            Resolved::Extension(s) => s.name.to_owned(),
            Resolved::Attribute(t) => t.path(),
        });
        assert_eq!(found.as_deref(), expected, "{path}");
    }

    #[test]
    fn paths_of_rfc_7644_3_10() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        check("USERNAME", Some("userName"));
        check("Name.GivenName", Some("name.givenName"));
        check("urn:ietf:params:scim:schemas:core:2.0:User:userName", Some("userName"));
        check("urn:ietf:params:scim:schemas:core:2.0:User:name.familyName", Some("name.familyName"));
        check("urn:ietf:params:scim:schemas:core:2.0:User", Some("resource"));
        check(enterprise, Some("EnterpriseUser"));
        check(&format!("{enterprise}:department"), Some(&format!("{enterprise}:department")));
        let manager = format!("{enterprise}:manager.value");
        check(&manager.to_uppercase(), Some(&manager));
        check("manager", Some(&format!("{enterprise}:manager")));
        check("favouriteColour", None);
        check("userName.value", None);
        check("urn:example:unknown:userName", None);
    }
}
