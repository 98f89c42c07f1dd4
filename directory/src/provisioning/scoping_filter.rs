//! Scoping filters: which of the assigned objects are provisioned, by their attributes (entra-id.md 3.5).
//!
//! Groups of clauses are alternatives, the clauses of a group must all hold. A clause about an attribute
//! without a value does not hold, whatever it asks, except `IS NULL`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::expression::{Attributes, Pattern, PatternError};

mod operator;
mod unusable;
mod verdict;

#[cfg(test)]
mod tests;

pub use operator::{Arity, FilterOperator, filter_operators};
pub use unusable::unusable;
pub use verdict::{ClauseVerdict, GroupVerdict, Verdict};

/// The most groups in a set, and clauses in a group. Ours: each object is held against all of them.
pub const MAX_COUNT: usize = 100;
/// The longest name or value, in bytes.
pub const MAX_TEXT: usize = 4_096;

/// Graph's `filter`. An empty set of groups lets everything through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScopingFilter {
    /// Objects that match none of these are not processed; what the target has of them stays.
    #[serde(deserialize_with = "or_none")]
    pub category_filter_groups: Vec<FilterGroup>,
    /// Objects that match none of these are out of scope, and removed from the target.
    #[serde(deserialize_with = "or_none")]
    pub groups: Vec<FilterGroup>,
    /// As `category_filter_groups`; both must let an object through.
    #[serde(deserialize_with = "or_none")]
    pub input_filter_groups: Vec<FilterGroup>,
}

/// Graph's `filterGroup`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FilterGroup {
    /// All of them must hold.
    #[serde(deserialize_with = "or_none")]
    pub clauses: Vec<FilterClause>,
    /// For people.
    #[serde(deserialize_with = "or_none")]
    pub name: String,
}

/// Graph's `filterClause`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterClause {
    /// What is asked.
    #[serde(serialize_with = "operator_name", deserialize_with = "operator_named")]
    pub operator_name: FilterOperator,
    /// The attribute that is asked about.
    pub source_operand_name: String,
    /// What it is compared with.
    #[serde(default, deserialize_with = "or_none")]
    pub target_operand: FilterOperand,
}

/// Graph's `filterOperand`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterOperand {
    /// One value for a binary operator, none for a unary one.
    #[serde(deserialize_with = "or_none")]
    pub values: Vec<String>,
}

/// Graph writes null for what is empty.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn operator_name<S: Serializer>(operator: &FilterOperator, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(operator.name())
}

fn operator_named<'de, D: Deserializer<'de>>(from: D) -> Result<FilterOperator, D::Error> {
    let name = String::deserialize(from)?;
    FilterOperator::named(&name).ok_or_else(|| {
        let known: Vec<_> = FilterOperator::ALL.iter().map(|o| o.name()).collect();
        let shown: String = name.chars().take(40).collect();
        serde::de::Error::custom(format!("there is no operator {shown:?}; there are {}", known.join(", ")))
    })
}

/// Why a filter cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("scoping filter {group:?}{}: {why}", place(.clause))]
pub struct FilterError {
    /// The name of the group, or its number.
    pub group: String,
    /// The number of the clause in it, from 1.
    pub clause: Option<usize>,
    /// What is wrong there.
    pub why: Unusable,
}

fn place(clause: &Option<usize>) -> String {
    clause.map(|n| format!(", clause {n}")).unwrap_or_default()
}

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// A group without clauses: it would let everything through, which nobody means by adding one.
    #[error("it has no clauses and would let everything through; add one or remove the filter")]
    NoClauses,
    /// More groups or clauses than allowed.
    #[error("there are more than {MAX_COUNT}")]
    TooMany,
    /// A longer text than allowed.
    #[error("a name or value is longer than {MAX_TEXT} bytes")]
    TooLong,
    /// No attribute.
    #[error("it names no attribute")]
    NoAttribute,
    /// An attribute that filters cannot use.
    #[error("the attribute {0} cannot be used: {1}")]
    Attribute(String, &'static str),
    /// Not exactly one value where one is needed.
    #[error("{0} needs exactly one value, found {1}; for alternatives add another scoping filter")]
    OneValue(&'static str, usize),
    /// A value where none has a meaning.
    #[error("{0} takes no value")]
    NoValue(&'static str),
    /// A value that must be a whole number.
    #[error("{0} needs a whole number, found {1:?}")]
    NotAnInteger(&'static str, String),
    /// A regular expression that cannot be used.
    #[error("the regular expression cannot be used: {0}")]
    Pattern(PatternError),
}

impl ScopingFilter {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
            && self.input_filter_groups.is_empty()
            && self.category_filter_groups.is_empty()
    }

    /// The names of the groups that decide who is in scope.
    pub fn titles(&self) -> Vec<String> {
        self.groups.iter().enumerate().map(|(i, group)| group.title(i)).collect()
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// The first thing that cannot.
    pub fn check(&self) -> Result<(), FilterError> {
        for set in [&self.groups, &self.input_filter_groups, &self.category_filter_groups] {
            for (i, group) in set.iter().enumerate() {
                group.check(i, set.len())?;
            }
        }
        Ok(())
    }

    /// Whether an object is in scope, and why. One that is not is removed from the target.
    pub fn matches(&self, attributes: &Attributes) -> Verdict {
        Verdict::of(&self.groups, attributes)
    }

    /// Whether an object is processed at all, and why. One that is not stays in the target as it is.
    pub fn admits(&self, attributes: &Attributes) -> Verdict {
        let input = Verdict::of(&self.input_filter_groups, attributes);
        if input.matched { Verdict::of(&self.category_filter_groups, attributes) } else { input }
    }

    /// The attributes that it asks about.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        let sets = [&self.groups, &self.input_filter_groups, &self.category_filter_groups];
        sets.into_iter().flatten().flat_map(|g| &g.clauses).map(|c| c.source_operand_name.as_str())
    }
}

impl FilterGroup {
    fn check(&self, index: usize, count: usize) -> Result<(), FilterError> {
        let error = |clause, why| FilterError { group: self.title(index), clause, why };
        if count > MAX_COUNT || self.clauses.len() > MAX_COUNT {
            return Err(error(None, Unusable::TooMany));
        }
        if self.name.len() > MAX_TEXT {
            return Err(error(None, Unusable::TooLong));
        }
        if self.clauses.is_empty() {
            return Err(error(None, Unusable::NoClauses));
        }
        self.clauses
            .iter()
            .enumerate()
            .try_for_each(|(i, c)| c.check().map_err(|why| error(Some(i + 1), why)))
    }

    /// Its name, or its number where it has none.
    pub fn title(&self, index: usize) -> String {
        match self.name.trim() {
            "" => format!("#{}", index + 1),
            name => name.chars().take(100).collect(),
        }
    }
}

impl FilterClause {
    /// A clause.
    pub fn new(attribute: &str, operator: FilterOperator, values: &[&str]) -> Self {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Self {
            operator_name: operator,
            source_operand_name: attribute.to_owned(),
            target_operand: FilterOperand { values },
        }
    }

    /// What it compares with.
    pub fn value(&self) -> &str {
        self.target_operand.values.first().map_or("", String::as_str)
    }

    fn check(&self) -> Result<(), Unusable> {
        let attribute = self.source_operand_name.as_str();
        let values = &self.target_operand.values;
        if attribute.len() > MAX_TEXT || values.iter().any(|v| v.len() > MAX_TEXT) {
            return Err(Unusable::TooLong);
        }
        if attribute.trim().is_empty() {
            return Err(Unusable::NoAttribute);
        }
        if let Some(reason) = unusable(attribute) {
            return Err(Unusable::Attribute(attribute.to_owned(), reason));
        }
        self.check_values()
    }

    fn check_values(&self) -> Result<(), Unusable> {
        let (operator, values) = (self.operator_name, &self.target_operand.values);
        match operator.arity() {
            // The portal sends an empty text with unary operators.
            Arity::Unary if values.iter().all(String::is_empty) => Ok(()),
            Arity::Unary => Err(Unusable::NoValue(operator.name())),
            Arity::Binary if values.len() != 1 => Err(Unusable::OneValue(operator.name(), values.len())),
            Arity::Binary if operator.is_regex() => {
                Pattern::new(self.value()).map(drop).map_err(Unusable::Pattern)
            }
            Arity::Binary if operator.is_numeric() && operator::number(self.value()).is_none() => {
                Err(Unusable::NotAnInteger(operator.name(), self.value().to_owned()))
            }
            Arity::Binary => Ok(()),
        }
    }
}
