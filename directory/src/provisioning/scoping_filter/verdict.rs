//! What a filter says about an object, clause by clause, for the provisioning log and the page.

use serde::Serialize;

use super::{Arity, FilterClause, FilterGroup};
use crate::provisioning::expression::{Attributes, Value};

/// What a set of groups says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether the object is let through.
    pub matched: bool,
    /// What each group said; empty where there is none, and everything is let through.
    pub because: Vec<GroupVerdict>,
}

/// What a group says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupVerdict {
    /// Its name, or its number.
    pub name: String,
    /// Whether all of its clauses hold.
    pub matched: bool,
    /// What each clause said, all of them, so that an administrator sees everything that stands in the way.
    pub clauses: Vec<ClauseVerdict>,
}

/// What a clause says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseVerdict {
    /// The clause: `department EQUALS "Sales"`.
    pub clause: String,
    /// Whether it holds.
    pub matched: bool,
    /// Why: the object's value, and what it lacks.
    pub reason: String,
}

impl Verdict {
    pub(super) fn of(groups: &[FilterGroup], attributes: &Attributes) -> Self {
        let because: Vec<_> =
            groups.iter().enumerate().map(|(i, group)| GroupVerdict::of(i, group, attributes)).collect();
        Self { matched: because.is_empty() || because.iter().any(|g| g.matched), because }
    }

    /// In one sentence for a log: the group that matched, or for each group the first clause that did not.
    pub fn summary(&self) -> String {
        if self.because.is_empty() {
            return "there is no scoping filter".to_owned();
        }
        if let Some(group) = self.because.iter().find(|g| g.matched) {
            return format!("all clauses of the scoping filter {:?} hold", group.name);
        }
        let failed = self.because.iter().map(|g| {
            let clause = g.clauses.iter().find(|c| !c.matched);
            let why =
                clause.map_or("it has no clauses".to_owned(), |c| format!("{} ({})", c.clause, c.reason));
            format!("{:?} does not hold: {why}", g.name)
        });
        failed.collect::<Vec<_>>().join("; ")
    }
}

impl GroupVerdict {
    /// A group without clauses matches nothing. It cannot be saved; if one is there all the same, nobody may
    /// come into scope by it.
    fn of(index: usize, group: &FilterGroup, attributes: &Attributes) -> Self {
        let clauses: Vec<_> = group.clauses.iter().map(|c| ClauseVerdict::of(c, attributes)).collect();
        let matched = !clauses.is_empty() && clauses.iter().all(|c| c.matched);
        Self { name: group.title(index), matched, clauses }
    }
}

impl ClauseVerdict {
    fn of(clause: &FilterClause, attributes: &Attributes) -> Self {
        let (operator, operand) = (clause.operator_name, clause.value());
        let attribute = &clause.source_operand_name;
        let clause = match operator.arity() {
            Arity::Unary => format!("{attribute} {}", operator.name()),
            Arity::Binary => format!("{attribute} {} {operand:?}", operator.name()),
        };
        if let Some(why) = super::unusable(attribute) {
            return Self { clause, matched: false, reason: format!("the attribute cannot be used: {why}") };
        }
        let value = attributes.get(attribute);
        let (matched, why) = operator.holds(&value, operand);
        let reason = match why {
            Some(why) if value.is_null_or_empty() => why.to_owned(),
            Some(why) => format!("{why}: {}", shown(&value)),
            None => format!("the value is {}", shown(&value)),
        };
        Self { clause, matched, reason }
    }
}

fn shown(value: &Value) -> String {
    let text = value.texts().join(", ");
    let short: String = text.chars().take(80).collect();
    format!("{short:?}")
}
