//! The PATCH message, RFC 7644 §3.5.2.

use serde_json::{Map, Value};

use crate::error::{ScimError, shorten};
use crate::limits::MAX_OPERATIONS;
use crate::path::PatchPath;
use crate::quirks::{Quirk, Quirks};
use crate::resource::type_name;

/// The schema of the message.
pub const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// RFC 7644 §3.5.2.1.
    Add,
    /// RFC 7644 §3.5.2.2.
    Remove,
    /// RFC 7644 §3.5.2.3.
    Replace,
}

/// One operation as the client sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// To what; none where `value` names the attributes.
    pub path: Option<PatchPath>,
    /// With what; `Some(Null)` where the client sent null.
    pub value: Option<Value>,
}

/// A PATCH message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatchRequest {
    /// The operations, in the order in which they are carried out.
    pub operations: Vec<Operation>,
}

impl PatchRequest {
    /// Reads the message. The names of its members have no case (RFC 7643 §2.1) and any order.
    ///
    /// # Errors
    /// [`ScimError::InvalidSyntax`] where it is no such message,
    /// [`ScimError::NoTarget`] for a remove without path, and what is wrong with a path.
    pub fn read(body: &Value, quirks: &Quirks) -> Result<Self, ScimError> {
        let Value::Object(body) = body else { return Err(syntax("it must be a JSON object")) };
        crate::resource::check_names(body)?;
        check_schemas(body, quirks)?;
        let Some(Value::Array(list)) = member(body, "Operations") else {
            return Err(syntax("\"Operations\" must be a list of operations"));
        };
        if list.is_empty() {
            return Err(syntax("\"Operations\" is empty"));
        }
        if list.len() > MAX_OPERATIONS {
            return Err(ScimError::TooManyValues { what: "Operations".into(), limit: MAX_OPERATIONS });
        }
        let operations = list.iter().map(|item| operation(item, quirks)).collect::<Result<_, _>>()?;
        Ok(Self { operations })
    }
}

fn check_schemas(body: &Map<String, Value>, quirks: &Quirks) -> Result<(), ScimError> {
    let found = match member(body, "schemas") {
        Some(Value::Array(list)) => list.iter().any(|v| v.as_str().is_some_and(is_patch_schema)),
        Some(Value::Null) | None => quirks.tolerate(Quirk::GoogleMissingSchemas),
        Some(_) => false,
    };
    match found {
        true => Ok(()),
        false => Err(syntax(&format!("\"schemas\" must contain \"{PATCH_SCHEMA}\""))),
    }
}

fn is_patch_schema(urn: &str) -> bool {
    urn.eq_ignore_ascii_case(PATCH_SCHEMA)
}

fn operation(item: &Value, quirks: &Quirks) -> Result<Operation, ScimError> {
    let Value::Object(item) = item else { return Err(syntax("each operation must be a JSON object")) };
    crate::resource::check_names(item)?;
    let op = op(member(item, "op"), quirks)?;
    let path = match member(item, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(PatchPath::parse(path)?),
        Some(_) => return Err(syntax("\"path\" must be a string")),
    };
    let value = member(item, "value").cloned();
    match (op, &path, &value) {
        // RFC 7644 §3.5.2.2: remove without path is noTarget.  testdata/rfc7644-3.5.2.2-remove-without-path.json
        (Op::Remove, None, _) => {
            Err(ScimError::NoTarget { reason: "a remove operation needs \"path\"".into() })
        }
        (Op::Add | Op::Replace, _, None) => Err(ScimError::InvalidValue {
            attribute: path.map_or_else(|| "Operations".to_owned(), |p| shorten(&p.to_string())),
            reason: "an add or replace operation needs \"value\"".into(),
        }),
        (Op::Add | Op::Replace, None, Some(value)) if !value.is_object() => Err(syntax(&format!(
            "without \"path\" the \"value\" must be an object with the attributes to change, not {}",
            type_name(value)
        ))),
        // A remove with null is one without value: serializers write null for what is absent.
        _ => Ok(Operation { op, path, value: value.filter(|v| op != Op::Remove || !v.is_null()) }),
    }
}

fn op(value: Option<&Value>, quirks: &Quirks) -> Result<Op, ScimError> {
    const EXPECTED: &str = "\"op\" must be \"add\", \"remove\" or \"replace\"";
    let Some(Value::String(word)) = value else { return Err(syntax(EXPECTED)) };
    let lower = word.to_ascii_lowercase();
    let known = ["add", "remove", "replace"].contains(&lower.as_str());
    let word = match known && lower != *word && quirks.tolerate(Quirk::EntraCapitalisedOp) {
        true => &lower,
        false => word,
    };
    match word.as_str() {
        "add" => Ok(Op::Add),
        "remove" => Ok(Op::Remove),
        "replace" => Ok(Op::Replace),
        _ => Err(syntax(EXPECTED)),
    }
}

fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn syntax(reason: &str) -> ScimError {
    ScimError::InvalidSyntax { reason: reason.to_owned() }
}
