//! The `path` of a PATCH operation, RFC 7644 §3.5.2.

use std::fmt;

use super::{AttrPath, invalid, is_name};
use crate::error::ScimError;
use crate::filter::Filter;

/// `PATH = attrPath / valuePath [subAttr]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPath {
    /// The attribute.
    pub attribute: AttrPath,
    /// Which values of it: what stands in brackets.
    pub filter: Option<Filter>,
    /// The sub-attribute after the brackets.
    pub sub: Option<String>,
}

impl PatchPath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`ScimError::InvalidPath`]; [`ScimError::InvalidFilter`] where what
    /// stands in brackets is wrong, with its position within the path.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let text = text.trim();
        let Some(open) = text.find('[') else {
            return Ok(Self { attribute: AttrPath::parse(text)?, filter: None, sub: None });
        };
        let attribute = AttrPath::parse(&text[..open])?;
        if attribute.sub.is_some() {
            return Err(invalid(text, "a value filter stands after an attribute, not after a sub-attribute"));
        }
        let (filter, rest) = Filter::parse_brackets(text, open)?;
        let sub = match rest.strip_prefix('.') {
            Some(name) if is_name(name) => Some(name.to_owned()),
            None if rest.is_empty() => None,
            _ => return Err(invalid(text, "only \".\" and a sub-attribute may follow the closing bracket")),
        };
        Ok(Self { attribute, filter: Some(filter), sub })
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7644 §3.5.2, the examples of paths, and Entra's.
    #[test]
    fn paths_of_the_rfc_round_trip() {
        for path in [
            "members",
            "name.familyName",
            "addresses[type eq \"work\"]",
            "members[value eq \"2819c223-7f76-453a-919d-413861904646\"]",
            "members[value eq \"2819c223-7f76-453a-919d-413861904646\"].displayName",
            "roles[primary eq \"True\"].value",
            "urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"work\" and value ew \"]\"].value",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        ] {
            assert_eq!(PatchPath::parse(path).unwrap().to_string(), path);
        }
    }

    #[test]
    fn wrong_paths_are_refused() {
        for (path, code) in [
            ("", "path"),
            ("emails[type eq \"work\"", "filter-syntax"),
            ("emails[]", "filter-syntax"),
            ("emails[type eq \"work\"]value", "path"),
            ("emails[type eq \"work\"].", "path"),
            ("emails[type eq \"work\"].a.b", "path"),
            ("emails.value[type eq \"work\"]", "path"),
            ("emails[a[b pr]]", "filter-syntax"),
        ] {
            assert_eq!(PatchPath::parse(path).unwrap_err().code(), code, "{path}");
        }
    }
}
