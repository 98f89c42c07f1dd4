//! Sorting, RFC 7644 §3.4.2.3.

use std::cmp::Ordering;

use serde_json::Value;

use super::{ListQuery, SortOrder};
use crate::caseless;
use crate::error::{ScimError, shorten};
use crate::filter::date_time;
use crate::schema::{Kind, Resolved, ResourceType, Returned, Target};

/// The order that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sort {
    /// The attribute that decides.
    pub target: Target,
    /// Whether the last comes first.
    pub descending: bool,
}

impl Sort {
    /// The order that the query asks for; none where it asks for none.
    ///
    /// # Errors
    /// [`ScimError::InvalidValue`] where the attribute does not exist, or is complex without a `value`.
    pub fn bind(query: &ListQuery, kind: &ResourceType) -> Result<Option<Self>, ScimError> {
        let Some(path) = &query.sort_by else { return Ok(None) };
        let wrong = |reason: &str| ScimError::InvalidValue {
            attribute: "sortBy".into(),
            reason: format!("\"{}\" {reason}", shorten(&path.to_string())),
        };
        let Some(Resolved::Attribute(mut target)) = kind.resolve(path) else {
            return Err(wrong("does not exist"));
        };
        if target.leaf().is_complex() {
            let value = target.attribute.sub("value");
            target.sub =
                Some(value.ok_or_else(|| wrong("has parts; name one of them, such as \"name.familyName\""))?);
        }
        if [target.attribute, target.leaf()].iter().any(|a| a.returned == Returned::Never) {
            return Err(wrong("is never returned, so nothing is sorted by it"));
        }
        Ok(Some(Self { target, descending: query.sort_order == SortOrder::Descending }))
    }

    /// Which of two resources comes first. Those without a value are last in ascending and first in
    /// descending order.
    #[must_use]
    pub fn compare(&self, one: &Value, other: &Value) -> Ordering {
        let order = match (self.value(one), self.value(other)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => self.compare_values(one, other),
        };
        if self.descending { order.reverse() } else { order }
    }

    /// Of a list the primary value counts, or else the first.
    fn value<'v>(&self, resource: &'v Value) -> Option<&'v Value> {
        let container = match self.target.extension {
            Some(extension) => resource.get(extension.id)?,
            None => resource,
        };
        let mut value = container.get(self.target.attribute.name)?;
        if let Value::Array(list) = value {
            value = list.iter().find(|v| v["primary"] == true).or_else(|| list.first())?;
        }
        match self.target.sub {
            Some(sub) => value.get(sub.name),
            None => Some(value),
        }
    }

    fn compare_values(&self, one: &Value, other: &Value) -> Ordering {
        let leaf = self.target.leaf();
        match (one, other) {
            (Value::String(one), Value::String(other)) if leaf.kind == Kind::DateTime => {
                date_time(one).cmp(&date_time(other))
            }
            (Value::String(one), Value::String(other)) if leaf.case_exact => one.cmp(other),
            (Value::String(one), Value::String(other)) => caseless::key(one).cmp(&caseless::key(other)),
            (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
            (Value::Number(one), Value::Number(other)) => {
                one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
            }
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::USER;

    fn sorted(query: &str) -> Vec<String> {
        let sort =
            Sort::bind(&ListQuery::parse(query).expect("a query"), &USER).expect("bound").expect("some");
        let mut list = [
            json!({"userName": "b", "name": {"familyName": "Zoe"}, "emails": [{"value": "x"}, {"value": "A", "primary": true}]}),
            json!({"userName": "C", "name": {"familyName": "abe"}, "emails": [{"value": "b"}]}),
            json!({"userName": "a"}),
        ];
        list.sort_by(|one, other| sort.compare(one, other));
        list.iter().filter_map(|v| v["userName"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn text_sorts_without_case_and_absent_values_last() {
        assert_eq!(sorted("sortBy=userName"), ["a", "b", "C"]);
        assert_eq!(sorted("sortBy=name.familyName"), ["C", "b", "a"]);
        assert_eq!(sorted("sortBy=name.familyName&sortOrder=descending"), ["a", "b", "C"]);
        assert_eq!(sorted("sortBy=emails"), ["b", "C", "a"]);
    }

    #[test]
    fn what_cannot_be_sorted_by_is_refused() {
        for wrong in ["sortBy=nope", "sortBy=name"] {
            let query = ListQuery::parse(wrong).expect("a query");
            assert_eq!(Sort::bind(&query, &USER).map(|_| ()).expect_err(wrong).code(), "value");
        }
    }
}
