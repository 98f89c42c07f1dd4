//! A filter as a condition over indexed columns.

use scim::caseless;
use scim::filter::{BoundFilter, Instant, Operand, Operator, date_time};
use scim::schema::Target;

use crate::identity_store::store::{Condition, Operand as Value};

/// What the database does of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Narrowed {
    /// Holds for every resource that fits the filter.
    pub(super) condition: Condition,
    /// Holds for no other: the filter need not be looked at again.
    pub(super) exact: bool,
}

/// The condition for a filter on users.
pub(super) fn on_users(filter: &BoundFilter) -> Narrowed {
    narrow(filter, user_column)
}

/// The condition for a filter on groups.
pub(super) fn on_groups(filter: &BoundFilter) -> Narrowed {
    narrow(filter, group_column)
}

/// One comparison as a condition; none where no index answers it.
type Column = fn(&Target, Operator, &Operand) -> Option<Narrowed>;

fn narrow(filter: &BoundFilter, column: Column) -> Narrowed {
    // What no index answers is left to the evaluation of every resource.
    condition(filter, column).unwrap_or(Narrowed { condition: Condition::default(), exact: false })
}

fn condition(filter: &BoundFilter, column: Column) -> Option<Narrowed> {
    match filter {
        BoundFilter::And(list) => {
            let known: Vec<Narrowed> = list.iter().filter_map(|f| condition(f, column)).collect();
            let exact = known.len() == list.len() && known.iter().all(|n| n.exact);
            let all = Condition::all(known.into_iter().map(|n| n.condition).collect());
            (all != Condition::default()).then_some(Narrowed { condition: all, exact })
        }
        BoundFilter::Or(list) => {
            let known: Vec<Narrowed> = list.iter().map(|f| condition(f, column)).collect::<Option<_>>()?;
            let exact = known.iter().all(|n| n.exact);
            Some(Narrowed {
                condition: Condition::any(known.into_iter().map(|n| n.condition).collect()),
                exact,
            })
        }
        BoundFilter::Compare(target, operator, operand) => column(target, *operator, operand),
        // `emails[type eq "work" and value eq "x"]`: one value holds all of it, so the resource holds
        // each part of it. That narrows, and the type is looked at afterwards.
        BoundFilter::Values(_, inner) => condition(inner, column).map(|n| Narrowed { exact: false, ..n }),
        // A condition that only narrows must not be turned around.
        BoundFilter::Not(_) | BoundFilter::Present(_) => None,
    }
}

fn user_column(target: &Target, operator: Operator, operand: &Operand) -> Option<Narrowed> {
    match (target.path().as_str(), operator, operand) {
        ("userName", Operator::Eq, Operand::String(name)) => exact("user_name_key = {}", caseless::key(name)),
        // The column has a substitute for a missing displayName, which the filter must not find.
        ("displayName", Operator::Eq, Operand::String(name)) => {
            exact("display_name_key = {}", caseless::key(name)).map(|n| Narrowed { exact: false, ..n })
        }
        ("emails.value", Operator::Eq, Operand::String(email)) => exact(
            "id IN (SELECT user_id FROM user_emails WHERE instance_id = ?1 AND email_key = {})",
            caseless::key(email),
        ),
        ("groups.value", Operator::Eq, Operand::String(group)) => exact(
            "id IN (SELECT user_id FROM group_members WHERE instance_id = ?1 AND group_id = {})",
            group.clone(),
        ),
        // The column is 0 too where `active` has no value, which the filter must not find.
        ("active", Operator::Eq, Operand::Boolean(true)) => {
            Some(Narrowed { condition: Condition::fixed("active = 1"), exact: true })
        }
        ("active", Operator::Eq, Operand::Boolean(false)) => {
            Some(Narrowed { condition: Condition::fixed("active = 0"), exact: false })
        }
        _ => common_column(target, operator, operand),
    }
}

fn group_column(target: &Target, operator: Operator, operand: &Operand) -> Option<Narrowed> {
    match (target.path().as_str(), operator, operand) {
        ("displayName", Operator::Eq, Operand::String(name)) => {
            exact("display_name_key = {}", caseless::key(name))
        }
        ("members.value", Operator::Eq, Operand::String(user)) => exact(
            "id IN (SELECT group_id FROM group_members WHERE instance_id = ?1 AND user_id = {})",
            user.clone(),
        ),
        _ => common_column(target, operator, operand),
    }
}

fn common_column(target: &Target, operator: Operator, operand: &Operand) -> Option<Narrowed> {
    match (target.path().as_str(), operator, operand) {
        ("id", Operator::Eq, Operand::String(id)) => exact("id = {}", id.clone()),
        ("externalId", Operator::Eq, Operand::String(id)) => exact("external_id = {}", id.clone()),
        ("meta.lastModified", _, Operand::String(time)) => changed(operator, date_time(time)?),
        _ => None,
    }
}

fn exact(template: &'static str, value: String) -> Option<Narrowed> {
    // PostgreSQL takes no U+0000 in a text; no resource has one, which the evaluation finds out.
    let possible = !value.contains('\0');
    possible.then(|| Narrowed { condition: Condition::new(template, Value::Text(value)), exact: true })
}

/// Rows have microseconds; a time between two of them is left to the evaluation.
fn changed(operator: Operator, (seconds, nanos): Instant) -> Option<Narrowed> {
    let template = match operator {
        Operator::Eq => "updated_at = {}",
        Operator::Gt => "updated_at > {}",
        Operator::Ge => "updated_at >= {}",
        Operator::Lt => "updated_at < {}",
        Operator::Le => "updated_at <= {}",
        _ => return None,
    };
    let micros = seconds.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1000))?;
    let condition = Condition::new(template, Value::Int(micros));
    (nanos % 1000 == 0).then_some(Narrowed { condition, exact: true })
}

#[cfg(test)]
mod plans;

#[cfg(test)]
mod tests {
    use scim::filter::Filter;
    use scim::{Profile, Quirks, Rules};

    use super::*;

    fn users(filter: &str) -> Narrowed {
        let rules = Rules::users(Profile::Rfc);
        on_users(&Filter::parse(filter, &Quirks::tolerant()).unwrap().bind(&rules).unwrap())
    }

    fn text(template: &'static str, value: &str) -> Condition {
        Condition::new(template, Value::Text(value.to_owned()))
    }

    #[test]
    fn look_ups_are_exact() {
        let found = users("userName eq \"ANA\"");
        assert_eq!(found, Narrowed { condition: text("user_name_key = {}", "ana"), exact: true });
        for filter in [
            "externalId eq \"x\"",
            "id eq \"x\"",
            "emails eq \"X\"",
            "active eq \"True\"",
            "groups.value eq \"g\"",
        ] {
            assert!(users(filter).exact, "{filter}");
        }
    }

    #[test]
    fn a_value_stays_a_parameter() {
        let found = users("userName eq \"x' OR '1'='1\"");
        assert_eq!(found.condition, text("user_name_key = {}", "x' or '1'='1"));
    }

    #[test]
    fn what_is_not_indexed_only_narrows() {
        let found = users("userName eq \"ana\" and title co \"x\"");
        assert_eq!(found.condition, Condition::all(vec![text("user_name_key = {}", "ana")]));
        assert!(!found.exact);
        let work = users("emails[type eq \"work\" and value eq \"a@x\"]");
        assert!(!work.exact && work.condition != Condition::default());
    }

    #[test]
    fn the_rest_is_left_to_the_evaluation() {
        for filter in [
            "not (userName eq \"ana\")",
            "userName ne \"ana\"",
            "userName sw \"a\"",
            "title pr",
            "userName eq \"a\" or title pr",
        ] {
            assert_eq!(users(filter), Narrowed { condition: Condition::default(), exact: false }, "{filter}");
        }
    }

    #[test]
    fn times_are_microseconds() {
        let found = users("meta.lastModified ge \"1970-01-01T00:00:01.5Z\"");
        assert_eq!(found.condition, Condition::new("updated_at >= {}", Value::Int(1_500_000)));
        assert!(!users("meta.lastModified ge \"1970-01-01T00:00:01.0000005Z\"").exact);
    }
}
