//! Resources as JSON: reading what a client sends, and shaping what it gets.
//!
//! Within this crate and its callers a resource is a JSON object in canonical
//! form: names in the schema's case and order, booleans real, lists as lists,
//! nothing empty, `schemas` as the attributes demand.

mod extension;
mod fields;
mod finish;
mod manager;
mod meta;
mod project;
mod sent;
mod value;

use serde_json::{Map, Value};

pub use extension::{replaced, with_unseen};
pub use fields::{flag, primary, text, values};
pub use manager::{check_unknown_manager, new_manager};
pub use meta::{Meta, with_meta};
pub use project::{Projection, project};
pub use sent::{Sent, Stored};

pub(crate) use extension::check_immutable;
pub(crate) use fields::at;
pub(crate) use finish::{finish, missing};
pub(crate) use value::{boolean_text, is_blank, one, read_value, type_name};

use crate::error::{ScimError, shorten};
use crate::quirks::Quirk;
use crate::schema::{Mutability, SCHEMAS, Schema, urn};
use crate::{Rules, limits};

/// Which attributes a resource must have beyond those that the schema requires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// None: RFC 7643 requires `userName` of a user and `displayName` of a group.
    #[default]
    Rfc,
    /// As AWS IAM Identity Center: users need `displayName`, `name.givenName` and `name.familyName` too
    /// (<https://docs.aws.amazon.com/singlesignon/latest/developerguide/createuser.html>).
    Aws,
}

impl Profile {
    /// The paths that a resource of this schema needs beyond the schema's own.
    #[must_use]
    pub fn required(self, schema: &Schema) -> &'static [&'static str] {
        match self {
            Self::Aws if schema.id == urn::USER => &["displayName", "name.givenName", "name.familyName"],
            Self::Aws | Self::Rfc => &[],
        }
    }
}

/// Reads the body of a create (RFC 7644 §3.3) or a replacement (§3.5.1).
///
/// Gives the resource in canonical form. What the server owns (`id`, `meta`,
/// `groups` and other read-only attributes) is passed over, as §3.3 and
/// §3.5.1 ask, and so are attributes that no schema has: a client may know
/// more schemas than the server, and RFC 7643 §2 gives no error for it.
///
/// # Errors
/// [`ScimError::InvalidSyntax`] where the body is no resource of this type,
/// [`ScimError::Required`], and what is wrong with single values.
pub fn read(rules: &Rules, body: &Value) -> Result<Value, ScimError> {
    let Value::Object(body) = body else {
        return Err(syntax("it must be a JSON object"));
    };
    check_names(body)?;
    check_schemas(rules, body)?;
    let mut resource = Map::new();
    for (name, value) in body {
        if let Some(extension) = rules.kind.extension(name) {
            if let Some(part) = read_extension(rules, extension, value)? {
                resource.insert(extension.id.to_owned(), part);
            }
        } else if let Some(attribute) = rules.kind.attribute(name) {
            let own = attribute.mutability == Mutability::ReadOnly || attribute.name == SCHEMAS.name;
            if own {
                continue;
            }
            if let Some(value) = read_value(rules, attribute, attribute.name, value)? {
                resource.insert(attribute.name.to_owned(), value);
            }
        }
    }
    let resource = finish(rules, resource)?;
    match missing(rules, &resource).first() {
        Some(path) => Err(ScimError::Required { attribute: path.clone() }),
        None => Ok(resource),
    }
}

/// Reads the object of an extension; none where nothing is left of it.
pub(crate) fn read_extension(
    rules: &Rules,
    extension: &'static Schema,
    value: &Value,
) -> Result<Option<Value>, ScimError> {
    let body = match value {
        Value::Object(body) => body,
        Value::Null => return Ok(None),
        other => {
            return Err(ScimError::WrongType {
                attribute: extension.id.to_owned(),
                expected: "an object",
                found: type_name(other),
            });
        }
    };
    check_names(body)?;
    let mut part = Map::new();
    for (name, value) in body {
        let Some(attribute) = extension.attribute(name) else { continue };
        let label = format!("{}:{}", extension.id, attribute.name);
        if attribute.mutability != Mutability::ReadOnly
            && let Some(value) = read_value(rules, attribute, &label, value)?
        {
            part.insert(attribute.name.to_owned(), value);
        }
    }
    Ok((!part.is_empty()).then_some(Value::Object(part)))
}

/// Names have no case (RFC 7643 §2.1), so an object must not have the same one twice.
pub(crate) fn check_names(object: &Map<String, Value>) -> Result<(), ScimError> {
    if object.len() > limits::MAX_VALUES * 10 {
        return Err(syntax("an object in it has too many members"));
    }
    let mut names: Vec<String> = object.keys().map(|k| k.to_ascii_lowercase()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(syntax(&format!(
            "\"{}\" stands in one object twice; names do not differ by case",
            shorten(&pair[0])
        ))),
        None => Ok(()),
    }
}

/// RFC 7643 §3: `schemas` is required and names the core schema.
fn check_schemas(rules: &Rules, body: &Map<String, Value>) -> Result<(), ScimError> {
    let found = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, v)| v);
    let core = rules.kind.schema.id;
    let Some(schemas) = found.filter(|v| !is_blank(v)) else {
        return match rules.tolerates(Quirk::GoogleMissingSchemas) {
            true => Ok(()),
            false => Err(syntax(&format!("\"schemas\" is missing; it must contain \"{core}\""))),
        };
    };
    let Value::Array(list) = schemas else { return Err(syntax("\"schemas\" must be a list of URNs")) };
    let urns: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    let Some(urns) = urns else { return Err(syntax("\"schemas\" must be a list of URNs")) };
    if !urns.iter().any(|u| u.eq_ignore_ascii_case(core)) {
        return Err(syntax(&format!("\"schemas\" must contain \"{core}\"")));
    }
    // Entra names its own schema of groups, http://schemas.microsoft.com/2006/11/….
    match urns.iter().find(|u| !rules.kind.knows_schema(u)) {
        Some(unknown) if !rules.tolerates(Quirk::EntraUnknownSchema) => {
            Err(syntax(&format!("\"schemas\" has \"{}\", which this server does not know", shorten(unknown))))
        }
        _ => Ok(()),
    }
}

fn syntax(reason: &str) -> ScimError {
    ScimError::InvalidSyntax { reason: reason.to_owned() }
}
