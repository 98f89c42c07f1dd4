//! From operations to changes of single attributes.
//!
//! An operation without path, on a whole extension or on a complex attribute
//! is taken apart: one change for each attribute that its value names. So null
//! clears a part wherever it stands, and applying knows one form only.

use serde_json::{Map, Value};

use super::{Changes, Op, Operation, PatchRequest, Step};
use crate::Rules;
use crate::error::{ScimError, shorten};
use crate::path::PatchPath;
use crate::quirks::Quirk;
use crate::resource::{check_names, type_name};
use crate::schema::{Mutability, Resolved, SCHEMAS, Schema, Target};

impl Changes {
    /// Finds out which attributes a request changes.
    ///
    /// # Errors
    /// [`ScimError::InvalidPath`] where a path means nothing,
    /// [`ScimError::ReadOnly`] where it means what the server owns.
    pub fn plan(rules: &Rules, request: &PatchRequest) -> Result<Self, ScimError> {
        let mut plan = Plan { rules, steps: Vec::new() };
        for operation in &request.operations {
            plan.operation(operation)?;
        }
        Ok(Self { steps: plan.steps })
    }
}

struct Plan<'a> {
    rules: &'a Rules,
    steps: Vec<Step>,
}

impl Plan<'_> {
    fn operation(&mut self, operation: &Operation) -> Result<(), ScimError> {
        let Operation { op, path, value } = operation;
        match (path, value) {
            (Some(path), _) => self.path(*op, path, value.as_ref()),
            (None, Some(Value::Object(object))) => self.object(*op, object),
            // `PatchRequest::read` lets neither through; a request built by hand may have them.
            (None, _) => Err(ScimError::NoTarget { reason: "the operation needs \"path\"".into() }),
        }
    }

    fn path(&mut self, op: Op, path: &PatchPath, value: Option<&Value>) -> Result<(), ScimError> {
        match self.rules.kind.resolve(&path.attribute) {
            Some(Resolved::Attribute(target)) => self.attribute(op, target, path, value),
            Some(Resolved::Extension(schema)) if path.filter.is_none() => self.extension(op, schema, value),
            Some(Resolved::Resource) if path.filter.is_none() && op != Op::Remove => match value {
                Some(Value::Object(object)) => self.object(op, object),
                _ => Err(invalid(path, "its value must be an object with the attributes to change")),
            },
            Some(_) => Err(invalid(path, "it names a whole schema; name an attribute of it")),
            None => Err(invalid(path, "no such attribute exists")),
        }
    }

    fn attribute(
        &mut self,
        op: Op,
        mut target: Target,
        path: &PatchPath,
        value: Option<&Value>,
    ) -> Result<(), ScimError> {
        if let Some(name) = &path.sub {
            let sub = target.attribute.sub(name);
            target.sub = Some(sub.ok_or_else(|| invalid(path, "no such sub-attribute exists"))?);
        }
        let own = |m: Mutability| m == Mutability::ReadOnly;
        if own(target.attribute.mutability) || target.sub.is_some_and(|s| own(s.mutability)) {
            return Err(ScimError::ReadOnly { attribute: target.path() });
        }
        let filter = match &path.filter {
            Some(_) if !target.attribute.multi_valued || !target.attribute.is_complex() => {
                return Err(invalid(
                    path,
                    "the attribute has no values to choose from; leave out the brackets",
                ));
            }
            Some(filter) => {
                let plain = Target { sub: None, ..target };
                Some(filter.bind_values(self.rules, plain)?)
            }
            None => None,
        };
        self.push(Step { op, target, filter, value: value.cloned() })
    }

    /// Adds a step; one for each part where the value of a single complex attribute is an object.
    fn push(&mut self, step: Step) -> Result<(), ScimError> {
        let Target { attribute, sub, .. } = step.target;
        // `schemas` follows from the attributes; SCIM-SDK clients add an extension's URN to it first.
        if attribute.name == SCHEMAS.name {
            return Ok(());
        }
        // A reference and its value go together: a new manager must not keep the old one's `$ref`.
        let apart = attribute.is_complex() && !attribute.multi_valued && attribute.sub("$ref").is_none();
        match &step.value {
            Some(Value::Object(object)) if step.op != Op::Remove && apart && sub.is_none() => {
                check_names(object)?;
                for (name, value) in object {
                    let Some(sub) = attribute.sub(name) else { continue };
                    if sub.mutability != Mutability::ReadOnly {
                        let target = Target { sub: Some(sub), ..step.target };
                        self.steps.push(Step { target, value: Some(value.clone()), ..step.clone() });
                    }
                }
            }
            _ => self.steps.push(step),
        }
        Ok(())
    }

    fn extension(&mut self, op: Op, schema: &'static Schema, value: Option<&Value>) -> Result<(), ScimError> {
        match (op, value) {
            (Op::Remove, _) | (_, None | Some(Value::Null)) => {
                for attribute in schema.attributes {
                    let target = Target { extension: Some(schema), attribute, sub: None };
                    self.push(Step { op: Op::Remove, target, filter: None, value: None })?;
                }
                Ok(())
            }
            (_, Some(Value::Object(object))) => {
                check_names(object)?;
                for (name, value) in object {
                    self.key(op, &format!("{}:{name}", schema.id), value, schema.attribute(name).is_some())?;
                }
                Ok(())
            }
            (_, Some(other)) => Err(ScimError::WrongType {
                attribute: schema.id.to_owned(),
                expected: "an object",
                found: type_name(other),
            }),
        }
    }

    /// RFC 7644 §3.5.2.1: without path, the value has the attributes to change.
    fn object(&mut self, op: Op, object: &Map<String, Value>) -> Result<(), ScimError> {
        check_names(object)?;
        for (name, value) in object {
            if let Some(extension) = self.rules.kind.extension(name) {
                self.extension(op, extension, Some(value))?;
            } else {
                self.key(op, name, value, self.rules.kind.attribute(name).is_some())?;
            }
        }
        Ok(())
    }

    /// One member of such a value. `plain`: its name is that of an attribute. Otherwise it may be a
    /// path, as Entra sends; one that means nothing is passed over like any unknown attribute.
    fn key(&mut self, op: Op, key: &str, value: &Value, plain: bool) -> Result<(), ScimError> {
        let path = match PatchPath::parse(key) {
            Ok(path) => path,
            Err(error) if key.contains('[') => return Err(error),
            Err(_) => return Ok(()),
        };
        let Some(resolved) = self.rules.kind.resolve(&path.attribute) else { return Ok(()) };
        let quirk = match path.attribute.urn {
            Some(_) => Quirk::EntraUrnAsKey,
            None => Quirk::EntraPathAsKey,
        };
        if !plain && !self.rules.tolerates(quirk) {
            return Err(invalid(&path, "a member of a value without \"path\" must be an attribute's name"));
        }
        if let Resolved::Attribute(Target { attribute, .. }) = resolved
            && attribute.mutability == Mutability::ReadOnly
        {
            return match self.rules.tolerates(Quirk::OktaReadOnlyInValue) {
                true => Ok(()),
                false => Err(ScimError::ReadOnly { attribute: attribute.name.to_owned() }),
            };
        }
        self.path(op, &path, Some(value))
    }
}

fn invalid(path: &PatchPath, reason: &str) -> ScimError {
    ScimError::InvalidPath { path: shorten(&path.to_string()), reason: reason.to_owned() }
}
