//! A filter's meaning for a resource type: names resolved, types checked.
//!
//! What a server compiles to SQL, and what [`BoundFilter::matches`] evaluates,
//! is this tree. It cannot hold an attribute that does not exist or a
//! comparison that makes no sense, so neither has an error of its own.

use super::{Filter, Operand, Operator, date_time};
use crate::Rules;
use crate::error::{ScimError, shorten};
use crate::path::AttrPath;
use crate::quirks::Quirk;
use crate::schema::{Attribute, Kind, Resolved, Returned, Target};

/// A filter whose attributes are known.
#[derive(Clone, Debug, PartialEq)]
pub enum BoundFilter {
    /// All of them hold.
    And(Vec<BoundFilter>),
    /// One of them holds.
    Or(Vec<BoundFilter>),
    /// It does not hold.
    Not(Box<BoundFilter>),
    /// The attribute has a value.
    Present(Target),
    /// One value of the attribute compares so.
    Compare(Target, Operator, Operand),
    /// One value of the multi-valued attribute holds the filter, whose
    /// targets are sub-attributes of it.
    Values(Target, Box<BoundFilter>),
}

impl Filter {
    /// Resolves the attributes of the filter.
    ///
    /// A comparison with a complex attribute means its `value` (RFC 7644
    /// §3.4.2.2: `emails co "example.com"`).
    ///
    /// # Errors
    /// [`ScimError::UnsupportedFilter`] where an attribute does not exist,
    /// or cannot be compared so (RFC 7644 table 9, `invalidFilter`).
    pub fn bind(&self, rules: &Rules) -> Result<BoundFilter, ScimError> {
        self.bind_at(&Scope { rules, parent: None })
    }

    /// Resolves what stands in the brackets after `parent`.
    pub(crate) fn bind_values(&self, rules: &Rules, parent: Target) -> Result<BoundFilter, ScimError> {
        self.bind_at(&Scope { rules, parent: Some(parent) })
    }

    fn bind_at(&self, scope: &Scope<'_>) -> Result<BoundFilter, ScimError> {
        match self {
            Self::And(list) => Ok(BoundFilter::And(scope.all(list)?)),
            Self::Or(list) => Ok(BoundFilter::Or(scope.all(list)?)),
            Self::Not(inner) => Ok(BoundFilter::Not(Box::new(inner.bind_at(scope)?))),
            Self::Present(path) => Ok(BoundFilter::Present(scope.resolve(path)?)),
            Self::Compare(path, operator, operand) => scope.comparison(path, *operator, operand),
            Self::Values(path, inner) => {
                let target = scope.resolve(path)?;
                if !target.attribute.multi_valued || !target.attribute.is_complex() {
                    return Err(unsupported(path, "has no values to choose from; leave out the brackets"));
                }
                Ok(BoundFilter::Values(target, Box::new(inner.bind_values(scope.rules, target)?)))
            }
        }
    }
}

struct Scope<'a> {
    rules: &'a Rules,
    parent: Option<Target>,
}

impl Scope<'_> {
    fn all(&self, list: &[Filter]) -> Result<Vec<BoundFilter>, ScimError> {
        list.iter().map(|f| f.bind_at(self)).collect()
    }

    fn resolve(&self, path: &AttrPath) -> Result<Target, ScimError> {
        let target = match self.parent {
            Some(parent) => resolve_within(parent, path),
            None => self.resolve_top(path),
        }?;
        // What is never shown must not be guessed by searching for it, RFC 7643 §7 `returned`.
        let hidden = [target.attribute, target.leaf()].iter().any(|a| a.returned == Returned::Never);
        if hidden {
            Err(unsupported(path, "is never returned, so it is not searched for"))
        } else {
            Ok(target)
        }
    }

    fn resolve_top(&self, path: &AttrPath) -> Result<Target, ScimError> {
        if let Some(Resolved::Attribute(target)) = self.rules.kind.resolve(path) {
            return Ok(target);
        }
        // The AWS developer guide filters groups by `member`.
        if path.name.eq_ignore_ascii_case("member") && self.rules.tolerates(Quirk::AwsMemberInFilter) {
            let members = AttrPath { name: "members".into(), ..path.clone() };
            if let Some(Resolved::Attribute(target)) = self.rules.kind.resolve(&members) {
                return Ok(target);
            }
        }
        Err(unsupported(path, "does not exist"))
    }

    fn comparison(
        &self,
        path: &AttrPath,
        operator: Operator,
        operand: &Operand,
    ) -> Result<BoundFilter, ScimError> {
        let mut target = self.resolve(path)?;
        if target.leaf().is_complex() && *operand != Operand::Null {
            let value = target.attribute.sub("value");
            target.sub = Some(value.ok_or_else(|| {
                unsupported(path, "has parts; compare one of them, such as \"name.familyName\"")
            })?);
        }
        let operand = self.operand(path, target.leaf(), operator, operand)?;
        Ok(BoundFilter::Compare(target, operator, operand))
    }

    /// Checks operator and operand against the attribute's type.
    fn operand(
        &self,
        path: &AttrPath,
        attribute: &Attribute,
        operator: Operator,
        operand: &Operand,
    ) -> Result<Operand, ScimError> {
        let equality = matches!(operator, Operator::Eq | Operator::Ne);
        let substring = matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
        match (attribute.kind, operand) {
            (_, Operand::Null) if equality => Ok(Operand::Null),
            (_, Operand::Null) => Err(unsupported(path, "can be compared with null by eq and ne alone")),
            (Kind::Boolean, Operand::Boolean(_)) if equality => Ok(operand.clone()),
            (Kind::Boolean, Operand::String(text)) if equality => self.boolean(path, text),
            (Kind::Boolean, _) => {
                Err(unsupported(path, "is boolean: compare it by eq or ne with true or false"))
            }
            // RFC 7644 table 3: binaries have no order.
            (Kind::Binary, Operand::String(_)) if equality || substring => Ok(operand.clone()),
            (Kind::Binary, _) => Err(unsupported(path, "is binary: it has no order")),
            (Kind::DateTime, Operand::String(text)) if substring || date_time(text).is_some() => {
                Ok(operand.clone())
            }
            (Kind::DateTime, _) => {
                Err(unsupported(path, "is a time: compare it with one such as \"2011-05-13T04:42:34Z\""))
            }
            (Kind::String | Kind::Reference, Operand::String(_)) => Ok(operand.clone()),
            (Kind::Decimal | Kind::Integer, Operand::Number(_)) if !substring => Ok(operand.clone()),
            (Kind::Decimal | Kind::Integer, _) => Err(unsupported(path, "is a number: compare it with one")),
            _ => Err(unsupported(path, "is text: compare it with a string in double quotes")),
        }
    }

    /// Entra filters `roles[primary eq "True"]`.
    fn boolean(&self, path: &AttrPath, text: &str) -> Result<Operand, ScimError> {
        match crate::resource::boolean_text(text) {
            Some(value) if self.rules.tolerates(Quirk::EntraScalarAsString) => Ok(Operand::Boolean(value)),
            _ => Err(unsupported(path, "is boolean: compare it with true or false")),
        }
    }
}

fn resolve_within(parent: Target, path: &AttrPath) -> Result<Target, ScimError> {
    let plain = path.urn.is_none() && path.sub.is_none();
    match parent.attribute.sub(&path.name) {
        Some(sub) if plain => Ok(Target { sub: Some(sub), ..parent }),
        _ => {
            let reason = format!("is not a part of \"{}\"", parent.attribute.name);
            Err(unsupported(path, &reason))
        }
    }
}

fn unsupported(path: &AttrPath, reason: &str) -> ScimError {
    ScimError::UnsupportedFilter { attribute: shorten(&path.to_string()), reason: reason.to_owned() }
}
