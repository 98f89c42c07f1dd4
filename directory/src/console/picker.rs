//! Choosing users and groups: a search whose hits have boxes to tick.

use store::Tx;

use crate::applications::{Principal, PrincipalKind};
use crate::refused::Refused;
use crate::users::{Filter, Query};
use crate::{groups, users};

/// Most hits of each kind.
const HITS: usize = 20;

/// A user or group as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub id: String,
    pub name: String,
    /// The user principal name, or what the group is for.
    pub detail: String,
    pub is_group: bool,
}

impl Entry {
    /// Where its page is.
    pub(super) fn href(&self) -> String {
        let section = if self.is_group { "groups" } else { "users" };
        format!("/console/{section}/{}", self.id)
    }

    fn user(user: users::User) -> Self {
        Self { id: user.id, name: user.display_name, detail: user.user_principal_name, is_group: false }
    }

    fn group(group: groups::Group) -> Self {
        Self { id: group.id, name: group.display_name, detail: group.description, is_group: true }
    }
}

/// Users and groups whose names contain `q`, without those that `taken` names; none for an empty search.
pub(super) fn search(
    tx: &mut Tx<'_>,
    tenant: &str,
    q: &str,
    taken: impl Fn(&str) -> bool,
) -> Result<Vec<Entry>, Refused> {
    if q.trim().is_empty() {
        return Ok(Vec::new());
    }
    let query = Query { filters: vec![Filter::Contains(q.to_owned())], limit: HITS, ..Query::default() };
    let groups = groups::list(tx, tenant, &query)?.items.into_iter().map(Entry::group);
    let users = users::list(tx, tenant, &query)?.items.into_iter().map(Entry::user);
    Ok(groups.chain(users).filter(|entry| !taken(&entry.id)).collect())
}

/// A user or group by what it is.
pub(super) fn load(tx: &mut Tx<'_>, tenant: &str, principal: &Principal) -> Result<Option<Entry>, Refused> {
    Ok(match principal.kind {
        PrincipalKind::User => users::by_id(tx, tenant, &principal.id)?.map(Entry::user),
        PrincipalKind::Group => groups::by_id(tx, tenant, &principal.id)?.map(Entry::group),
    })
}
