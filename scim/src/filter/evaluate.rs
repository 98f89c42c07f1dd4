//! Whether a resource fits a filter.
//!
//! The meaning, which a compiler to SQL must share:
//! - an attribute with several values fits when one of them does;
//! - `ne` is the opposite of `eq`: it holds where no value is equal, and so
//!   where there is none;
//! - `eq null` holds where there is no value, `ne null` where there is one;
//! - an attribute that is not case exact is compared by its [`caseless::key`];
//! - texts are ordered by their code points, times by the points in time.

use std::cmp::Ordering;

use serde_json::Value;

use super::{BoundFilter, Operand, Operator, date_time};
use crate::caseless;
use crate::schema::{Attribute, Kind, Target};

impl BoundFilter {
    /// Whether the resource, as [`crate::resource::read`] gives it, fits.
    #[must_use]
    pub fn matches(&self, resource: &Value) -> bool {
        self.holds(&|target| values(target, resource))
    }

    /// Whether one value of a multi-valued attribute fits a filter on its parts.
    pub(crate) fn matches_value(&self, value: &Value) -> bool {
        self.holds(&|target| {
            let part = target.sub.and_then(|sub| value.get(sub.name));
            part.filter(|v| is_present(v)).into_iter().collect()
        })
    }

    fn holds<'v>(&self, find: &dyn Fn(&Target) -> Vec<&'v Value>) -> bool {
        match self {
            Self::And(list) => list.iter().all(|f| f.holds(find)),
            Self::Or(list) => list.iter().any(|f| f.holds(find)),
            Self::Not(inner) => !inner.holds(find),
            Self::Present(target) => !find(target).is_empty(),
            Self::Compare(target, operator, operand) => {
                compare(target.leaf(), *operator, operand, &find(target))
            }
            Self::Values(target, inner) => find(target).into_iter().any(|v| inner.matches_value(v)),
        }
    }
}

/// The values at the target, lists taken apart.
fn values<'v>(target: &Target, resource: &'v Value) -> Vec<&'v Value> {
    let container = match target.extension {
        Some(extension) => resource.get(extension.id),
        None => Some(resource),
    };
    let found = flat(container.and_then(|c| c.get(target.attribute.name)));
    match target.sub {
        Some(sub) => found.into_iter().flat_map(|v| flat(v.get(sub.name))).collect(),
        None => found,
    }
}

fn flat(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().filter(|v| is_present(v)).collect(),
        Some(value) if is_present(value) => vec![value],
        _ => Vec::new(),
    }
}

/// RFC 7644 table 3, `pr`: a non-empty value; for a complex one, a non-empty part.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => map.values().any(is_present),
        _ => true,
    }
}

fn compare(attribute: &Attribute, operator: Operator, operand: &Operand, values: &[&Value]) -> bool {
    match (operator, operand) {
        (Operator::Eq, Operand::Null) => values.is_empty(),
        (_, Operand::Null) => !values.is_empty(),
        (Operator::Ne, _) => !values.iter().any(|v| compare_one(attribute, Operator::Eq, operand, v)),
        _ => values.iter().any(|v| compare_one(attribute, operator, operand, v)),
    }
}

fn compare_one(attribute: &Attribute, operator: Operator, operand: &Operand, value: &Value) -> bool {
    match (operand, value) {
        (Operand::String(wanted), Value::String(found)) => texts(attribute, operator, wanted, found),
        (Operand::Boolean(wanted), Value::Bool(found)) => operator == Operator::Eq && wanted == found,
        (Operand::Number(wanted), Value::Number(found)) => {
            let ordering = match (found.as_i64(), wanted.as_i64()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => found.as_f64().zip(wanted.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)),
            };
            ordering.is_some_and(|o| ordered(operator, o))
        }
        _ => false,
    }
}

fn texts(attribute: &Attribute, operator: Operator, wanted: &str, found: &str) -> bool {
    if attribute.kind == Kind::DateTime
        && let (Some(wanted), Some(found)) = (date_time(wanted), date_time(found))
        && !matches!(operator, Operator::Co | Operator::Sw | Operator::Ew)
    {
        return ordered(operator, found.cmp(&wanted));
    }
    match attribute.case_exact {
        true => text(operator, wanted, found),
        false => text(operator, &caseless::key(wanted), &caseless::key(found)),
    }
}

fn text(operator: Operator, wanted: &str, found: &str) -> bool {
    match operator {
        Operator::Co => found.contains(wanted),
        Operator::Sw => found.starts_with(wanted),
        Operator::Ew => found.ends_with(wanted),
        _ => ordered(operator, found.cmp(wanted)),
    }
}

fn ordered(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Eq => ordering.is_eq(),
        Operator::Gt => ordering.is_gt(),
        Operator::Ge => ordering.is_ge(),
        Operator::Lt => ordering.is_lt(),
        Operator::Le => ordering.is_le(),
        Operator::Ne | Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
