//! Attribute paths, RFC 7644 §3.5.2 and §3.10.

mod patch_path;

use std::fmt;

pub use patch_path::PatchPath;

use crate::error::{ScimError, shorten};
use crate::limits::MAX_FILTER_LENGTH;

/// `[urn:]name[.sub]`.
///
/// Where a path starts with `urn:`, everything before its last colon counts
/// as the URN. RFC 7643's URNs have dots in them (`2.0`), so the dot that
/// starts a sub-attribute is looked for after that colon only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttrPath {
    /// The URN before the name.
    pub urn: Option<String>,
    /// The attribute's name as the client wrote it.
    pub name: String,
    /// The sub-attribute's name as the client wrote it.
    pub sub: Option<String>,
}

impl AttrPath {
    /// A plain name.
    #[must_use]
    pub fn name(name: impl Into<String>) -> Self {
        Self { urn: None, name: name.into(), sub: None }
    }

    /// Reads a path.
    ///
    /// # Errors
    /// [`ScimError::InvalidPath`], with what is wrong.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        if text.len() > MAX_FILTER_LENGTH {
            return Err(invalid(text, "it is too long"));
        }
        Self::split(text).map_err(|reason| invalid(text, reason))
    }

    /// The same without limit of length; the reason alone as error.
    pub(crate) fn split(text: &str) -> Result<Self, &'static str> {
        let (urn, rest) = match text.rfind(':') {
            Some(colon) => (Some(&text[..colon]), &text[colon + 1..]),
            None => (None, text),
        };
        if let Some(urn) = urn {
            check_urn(urn)?;
        }
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if !is_name(name) || sub.is_some_and(|s| !is_name(s)) {
            return Err("an attribute name is a letter followed by letters, digits, \"-\" and \"_\"");
        }
        Ok(Self { urn: urn.map(str::to_owned), name: name.to_owned(), sub: sub.map(str::to_owned) })
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// `ATTRNAME` of RFC 7644 §3.4.2.2. `$ref` does not follow the grammar there,
/// but is an attribute of RFC 7643 §2.4 all the same.
pub(crate) fn is_name(text: &str) -> bool {
    let text = text.strip_prefix('$').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_name_char)
}

/// A character within a name.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// A character of a whole attribute path, URN included.
pub(crate) fn is_path_char(c: char) -> bool {
    is_name_char(c) || matches!(c, '.' | ':' | '$')
}

fn check_urn(urn: &str) -> Result<(), &'static str> {
    let starts = urn.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("urn:"));
    match starts && urn.len() > 4 && urn.chars().all(is_path_char) {
        true => Ok(()),
        false => Err("what stands before the last colon must be a URN"),
    }
}

fn invalid(path: &str, reason: &str) -> ScimError {
    ScimError::InvalidPath { path: shorten(path), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_urn_ends_at_the_last_colon() {
        let path = AttrPath::parse("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName").unwrap();
        assert_eq!(path.urn.as_deref(), Some("urn:ietf:params:scim:schemas:core:2.0:User"));
        assert_eq!((path.name.as_str(), path.sub.as_deref()), ("name", Some("givenName")));
        assert_eq!(path.to_string(), "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName");
    }

    #[test]
    fn ref_is_a_name() {
        assert_eq!(AttrPath::parse("manager.$ref").unwrap().sub.as_deref(), Some("$ref"));
    }

    #[test]
    fn wrong_paths_are_refused() {
        for path in ["", ".", "a.", ".a", "a.b.c", "1a", "a b", "x:y", "urn::", "urn:x:", "ä", "a[", "$"] {
            assert_eq!(AttrPath::parse(path).unwrap_err().code(), "path", "{path:?}");
        }
    }
}
