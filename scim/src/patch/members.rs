//! Membership changes of a group, found without the group.
//!
//! A group may have tens of thousands of members, and a client adds one at a
//! time. The server must be able to change one row without loading the others.

use std::collections::HashMap;

use serde_json::Value;

use super::{Changes, Op, PatchRequest, Step, elements};
use crate::Rules;
use crate::error::ScimError;
use crate::filter::{BoundFilter, Operand, Operator};
use crate::limits::MAX_MEMBERS;
use crate::quirks::Quirk;
use crate::resource::read_value;

/// A PATCH of a group: what concerns members, and the rest.
#[derive(Clone, Debug, Default)]
pub struct GroupPatch {
    /// The changes of members in the request's order.
    pub members: Vec<MemberChange>,
    /// All other changes; they apply to the group without its members.
    pub rest: Changes,
}

/// One change of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// These become members; who is one already stays one.
    Add(Vec<String>),
    /// These are no longer members; who is none stays none.
    Remove(Vec<String>),
    /// Nobody is a member any more.
    RemoveAll,
    /// These are the members and nobody else.
    Replace(Vec<String>),
}

/// What all changes of members come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetMembers {
    /// Whether all members that the group had go first.
    pub clear: bool,
    /// Who is a member afterwards.
    pub add: Vec<String>,
    /// Who is none afterwards. Empty where `clear` is set.
    pub remove: Vec<String>,
}

impl GroupPatch {
    /// What the changes come to: the last one about each id counts. Order is that of first mention.
    #[must_use]
    pub fn net(&self) -> NetMembers {
        let mut clear = false;
        let mut order: Vec<&str> = Vec::new();
        let mut state: HashMap<&str, bool> = HashMap::new();
        for change in &self.members {
            let (ids, member) = match change {
                MemberChange::Add(ids) => (ids.as_slice(), true),
                MemberChange::Remove(ids) => (ids.as_slice(), false),
                MemberChange::RemoveAll => (&[][..], false),
                MemberChange::Replace(ids) => (ids.as_slice(), true),
            };
            if matches!(change, MemberChange::RemoveAll | MemberChange::Replace(_)) {
                clear = true;
                order.clear();
                state.clear();
            }
            for id in ids {
                if state.insert(id, member).is_none() {
                    order.push(id);
                }
            }
        }
        let pick = |member: bool| -> Vec<String> {
            order.iter().filter(|id| state.get(**id) == Some(&member)).map(|id| (*id).to_owned()).collect()
        };
        NetMembers { clear, add: pick(true), remove: if clear { Vec::new() } else { pick(false) } }
    }

    /// How many ids the request names in changes of members. AWS allows 100 in one request.
    #[must_use]
    pub fn member_count(&self) -> usize {
        let count = |change: &MemberChange| match change {
            MemberChange::Add(ids) | MemberChange::Remove(ids) | MemberChange::Replace(ids) => ids.len(),
            MemberChange::RemoveAll => 0,
        };
        self.members.iter().map(count).sum()
    }
}

/// Takes a group's PATCH apart.
///
/// # Errors
/// As [`Changes::plan`]; [`ScimError::InvalidPath`] where members are chosen
/// by something other than their `value`, since that needs the group.
pub fn member_changes(rules: &Rules, request: &PatchRequest) -> Result<GroupPatch, ScimError> {
    let mut patch = GroupPatch::default();
    for step in Changes::plan(rules, request)?.steps {
        match step.target.attribute.name {
            "members" => patch.members.extend(step.member_change(rules)?),
            _ => patch.rest.steps.push(step),
        }
    }
    match patch.member_count() > MAX_MEMBERS {
        true => Err(ScimError::TooManyValues { what: "members".into(), limit: MAX_MEMBERS }),
        false => Ok(patch),
    }
}

impl Step {
    fn member_change(&self, rules: &Rules) -> Result<Option<MemberChange>, ScimError> {
        // RFC 7643 §4.2: the parts of a member are immutable.
        if self.target.sub.is_some() {
            return Err(ScimError::Immutable { attribute: self.target.path() });
        }
        match (&self.filter, &self.value, self.op) {
            (Some(filter), _, Op::Remove) => Ok(Some(MemberChange::Remove(chosen(filter)?))),
            // null at `members[value eq "x"]` clears that member.
            (Some(filter), Some(Value::Null), _) => Ok(Some(MemberChange::Remove(chosen(filter)?))),
            (Some(filter), _, Op::Add) if rules.tolerates(Quirk::EntraValuePathCreates) => {
                Ok(Some(MemberChange::Add(chosen(filter)?)))
            }
            (Some(_), _, _) => Err(ScimError::Immutable { attribute: "members.value".into() }),
            (None, None, Op::Remove) => Ok(Some(MemberChange::RemoveAll)),
            (None, Some(value), Op::Remove) => {
                Ok(Some(MemberChange::Remove(ids(&elements::listed(rules, &self.target, value)?))))
            }
            (None, value, op) => self.members_assigned(rules, value.as_ref(), op),
        }
    }

    fn members_assigned(
        &self,
        rules: &Rules,
        value: Option<&Value>,
        op: Op,
    ) -> Result<Option<MemberChange>, ScimError> {
        let value = value.unwrap_or(&Value::Null);
        let read = read_value(rules, self.target.attribute, "members", value)?;
        Ok(match (op, read) {
            (Op::Add, Some(Value::Array(list))) => Some(MemberChange::Add(ids(&list))),
            (_, Some(Value::Array(list))) => Some(MemberChange::Replace(ids(&list))),
            // An empty list adds nobody; null clears, and so does a replacement by nothing.
            (Op::Add, _) if value.is_array() => None,
            _ => Some(MemberChange::RemoveAll),
        })
    }
}

fn ids(list: &[Value]) -> Vec<String> {
    list.iter().filter_map(|member| member.get("value")?.as_str().map(str::to_owned)).collect()
}

/// The ids that a filter on members names: `value eq "x"`, or several joined by `or`.
fn chosen(filter: &BoundFilter) -> Result<Vec<String>, ScimError> {
    match filter {
        BoundFilter::Or(list) => {
            let ids: Result<Vec<Vec<String>>, ScimError> = list.iter().map(chosen).collect();
            Ok(ids?.into_iter().flatten().collect())
        }
        BoundFilter::Compare(target, Operator::Eq, Operand::String(id))
            if target.sub.is_some_and(|s| s.name == "value") =>
        {
            Ok(vec![id.clone()])
        }
        _ => Err(ScimError::InvalidPath {
            path: "members[…]".into(),
            reason: "members are chosen by members[value eq \"<id>\"], several of them joined by or".into(),
        }),
    }
}
