//! Versions of resources, RFC 7644 §3.14: `meta.version`, `ETag`, `If-Match`, `If-None-Match`.

use http::{HeaderMap, HeaderName, header};
use scim::ScimError;
use serde_json::Value;
use web::token;

/// A resource's version as an ETag. It is weak: the same version is shown with other attributes too.
pub(super) fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// The version of a user who is shown with groups: they change without a change of the user, and whoever has the
/// user with other groups has not what is there now.
pub(super) fn etag_with(version: i64, groups: &[Value]) -> String {
    if groups.is_empty() {
        return etag(version);
    }
    let hash = token::hash(&Value::from(groups).to_string());
    let shown: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{version}.{shown}\"")
}

/// Under which versions a request is to be carried out.
#[derive(Debug, Clone, Default)]
pub(super) struct Preconditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl Preconditions {
    /// What the headers ask for. One that is no text fits no version.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let values: Vec<&str> = headers.get_all(name).iter().map(|v| v.to_str().unwrap_or("?")).collect();
            (!values.is_empty()).then(|| values.join(","))
        };
        Self { if_match: text(header::IF_MATCH), if_none_match: text(header::IF_NONE_MATCH) }
    }

    /// `version` of a bulk operation, RFC 7644 §3.7.
    pub(super) fn matching(version: Option<String>) -> Self {
        Self { if_match: version, if_none_match: None }
    }

    /// Refuses a change of another version. Call it in the transaction of the change.
    ///
    /// # Errors
    /// [`ScimError::VersionMismatch`].
    pub(super) fn check(&self, version: i64) -> Result<(), ScimError> {
        let mismatch = |header, asked: &str| ScimError::VersionMismatch {
            header,
            asked: asked.chars().take(100).collect(),
            current: etag(version),
        };
        match (&self.if_match, &self.if_none_match) {
            (Some(asked), _) if !names(asked, version) => Err(mismatch("If-Match", asked)),
            (_, Some(asked)) if names(asked, version) => Err(mismatch("If-None-Match", asked)),
            _ => Ok(()),
        }
    }

    /// Whether the client may have this already.
    pub(super) fn may_have(&self, version: i64) -> bool {
        self.if_none_match.as_ref().is_some_and(|asked| names(asked, version))
    }

    /// Whether the client has exactly what is shown under this ETag.
    pub(super) fn has(&self, shown: &str) -> bool {
        let weakly = |tag: &str| tag == "*" || opaque(tag) == opaque(shown);
        self.if_none_match.as_ref().is_some_and(|asked| asked.split(',').map(str::trim).any(weakly))
    }
}

/// RFC 9110 §13.1 compares If-Match strongly, by which a weak tag never fits; RFC 7644 §3.14 sends weak
/// tags in it all the same, so both are compared weakly.
fn names(list: &str, version: i64) -> bool {
    let fits = |tag: &str| {
        let quoted = opaque(tag).strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        // What groups were shown with a user says nothing about the user.
        quoted.is_some_and(|tag| tag.split_once('.').map_or(tag, |(own, _)| own) == version.to_string())
    };
    list.split(',').map(str::trim).any(|tag| tag == "*" || fits(tag))
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_nothing_else_fits() {
        for fits in ["*", "W/\"7\"", "\"7\"", "W/\"1\", W/\"7\"", " \"7\" ", "W/\"7.0a\""] {
            assert!(Preconditions::matching(Some(fits.to_owned())).check(7).is_ok(), "{fits}");
        }
        for other in ["", "7", "W/7", "W/\"70\"", "w/\"7\"", "\"\"", "?", "\"70.7\"", "\".7\""] {
            assert!(Preconditions::matching(Some(other.to_owned())).check(7).is_err(), "{other}");
        }
    }
}
