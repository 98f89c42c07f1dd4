//! What an import will write, decided against what is there. Nothing is written here.

use std::collections::{HashMap, HashSet};

use store::Tx;

use super::csv::{CsvError, Reason};
use super::rows::{GroupRow, MemberRow, Rows, UserRow};
use super::{Added, Counts, Report};
use crate::change::Change;
use crate::groups::{self, Group, Member, MemberKind};
use crate::refused::Refused;
use crate::users::{self, Profile, User};

/// Rows to write: what was there before, and what is to be there.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) users: Vec<(Option<User>, User)>,
    pub(super) groups: Vec<(Option<Group>, Group)>,
    /// Group id and member.
    pub(super) members: Vec<(String, Member)>,
    unchanged: (usize, usize, usize),
}

/// Decides what to write.
///
/// # Errors
/// [`Refused::Csv`] for a reference to nothing; the engine's.
pub(super) fn make(tx: &mut Tx<'_>, change: &Change, rows: &Rows) -> Result<Plan, Refused> {
    let mut plan = Plan::default();
    let user_ids = plan.plan_users(tx, change, &rows.users)?;
    let group_ids = plan.plan_groups(tx, change, &rows.groups)?;
    plan.plan_members(tx, change, &rows.members, user_ids, group_ids)?;
    Ok(plan)
}

/// Ids by the keys of names: of rows of the files, and of what was looked up.
type Ids = HashMap<String, String>;

impl Plan {
    /// How much of what it is.
    pub(super) fn report(&self, dry_run: bool) -> Report {
        let created =
            |new: usize, all: usize, unchanged: usize| Counts { created: new, updated: all - new, unchanged };
        let new_users = self.users.iter().filter(|(before, _)| before.is_none()).count();
        let new_groups = self.groups.iter().filter(|(before, _)| before.is_none()).count();
        Report {
            users: created(new_users, self.users.len(), self.unchanged.0),
            groups: created(new_groups, self.groups.len(), self.unchanged.1),
            members: Added { added: self.members.len(), unchanged: self.unchanged.2 },
            dry_run,
        }
    }

    fn plan_users(&mut self, tx: &mut Tx<'_>, change: &Change, rows: &[UserRow]) -> Result<Ids, Refused> {
        let (mut ids, mut planned) = (Ids::new(), Vec::with_capacity(rows.len()));
        for row in rows {
            let before = users::by_name(tx, &change.tenant, &row.name)?;
            let after = match &before {
                Some(user) => user.with(&row.change)?,
                None => new_user(change, row)?,
            };
            ids.insert(users::key(&row.name), after.id.clone());
            planned.push((before, after));
        }
        // Managers only now: one may stand below the people whom they manage.
        for (row, (before, mut after)) in rows.iter().zip(planned) {
            match row.manager.as_deref() {
                None => {}
                Some("") => after.manager_id = None,
                Some(manager) => {
                    let id = user_id(tx, change, &mut ids, manager)?;
                    let unknown = || at("users", row.line, "manager", unknown("user", manager));
                    after.manager_id = Some(id.ok_or_else(unknown)?);
                }
            }
            if before.as_ref() == Some(&after) {
                self.unchanged.0 += 1;
            } else {
                self.users.push((before, after));
            }
        }
        Ok(ids)
    }

    fn plan_groups(&mut self, tx: &mut Tx<'_>, change: &Change, rows: &[GroupRow]) -> Result<Ids, Refused> {
        let mut ids = Ids::new();
        for row in rows {
            let found = groups::by_name(tx, &change.tenant, &row.name);
            let before = match found {
                Ok(group) => Some(group),
                Err(Refused::NotFound { .. }) => None,
                Err(Refused::Ambiguous { name, .. }) => {
                    return Err(at("groups", row.line, "name", Reason::Ambiguous(name)).into());
                }
                Err(other) => return Err(other),
            };
            let after = match &before {
                Some(group) => Group {
                    display_name: row.name.clone(),
                    description: row.description.clone().unwrap_or_else(|| group.description.clone()),
                    ..group.clone()
                },
                None => Group {
                    id: change.id(),
                    display_name: row.name.clone(),
                    description: row.description.clone().unwrap_or_default(),
                    mail_nickname: groups::nickname(&row.name),
                    created_date_time: change.now.rfc3339(),
                },
            };
            ids.insert(groups::key(&row.name), after.id.clone());
            if before.as_ref() == Some(&after) {
                self.unchanged.1 += 1;
            } else {
                self.groups.push((before, after));
            }
        }
        Ok(ids)
    }

    fn plan_members(
        &mut self,
        tx: &mut Tx<'_>,
        change: &Change,
        rows: &[MemberRow],
        mut user_ids: Ids,
        mut group_ids: Ids,
    ) -> Result<(), Refused> {
        let mut there: HashMap<String, HashSet<String>> = HashMap::new();
        for row in rows {
            let group = group_id(tx, change, &mut group_ids, row, "group", &row.group)?;
            let id = match row.kind {
                MemberKind::Group => group_id(tx, change, &mut group_ids, row, "member", &row.member)?,
                MemberKind::User => {
                    let unknown = || at("members", row.line, "member", unknown("user", &row.member));
                    user_id(tx, change, &mut user_ids, &row.member)?.ok_or_else(unknown)?
                }
            };
            if !there.contains_key(&group) {
                let members = groups::direct_members(tx, &change.tenant, &group)?;
                there.insert(group.clone(), members.into_iter().map(|m| m.id).collect());
            }
            if there.get(&group).is_some_and(|members| members.contains(&id)) {
                self.unchanged.2 += 1;
            } else {
                self.members.push((group, Member { id, kind: row.kind }));
            }
        }
        Ok(())
    }
}

fn new_user(change: &Change, row: &UserRow) -> Result<User, Refused> {
    let before_at = row.name.split('@').next().unwrap_or_default().to_owned();
    let mut user = User {
        id: change.id(),
        user_principal_name: row.name.clone(),
        display_name: String::new(),
        account_enabled: true,
        manager_id: None,
        created_date_time: change.now.rfc3339(),
        deleted_date_time: None,
        profile: Profile::default().with("mailNickname", &before_at)?,
    }
    .with(&row.change)?;
    if user.display_name.is_empty() {
        let names = [user.profile.text("givenName"), user.profile.text("surname")];
        let full: Vec<&str> = names.into_iter().flatten().collect();
        user.display_name = if full.is_empty() { before_at } else { full.join(" ") };
    }
    Ok(user)
}

fn user_id(tx: &mut Tx<'_>, change: &Change, ids: &mut Ids, name: &str) -> Result<Option<String>, Refused> {
    let key = users::key(name);
    if let Some(id) = ids.get(&key) {
        return Ok(Some(id.clone()));
    }
    // What cannot be a name is not looked for: PostgreSQL takes no NUL in a text.
    if users::checked_name(name).is_err() {
        return Ok(None);
    }
    let found = users::by_name(tx, &change.tenant, name)?.map(|user| user.id);
    ids.extend(found.clone().map(|id| (key, id)));
    Ok(found)
}

fn group_id(
    tx: &mut Tx<'_>,
    change: &Change,
    ids: &mut Ids,
    row: &MemberRow,
    column: &str,
    name: &str,
) -> Result<String, Refused> {
    let key = groups::key(name);
    if let Some(id) = ids.get(&key) {
        return Ok(id.clone());
    }
    match groups::by_name(tx, &change.tenant, name) {
        Ok(group) => {
            ids.insert(key, group.id.clone());
            Ok(group.id)
        }
        Err(Refused::NotFound { .. }) => Err(at("members", row.line, column, unknown("group", name)).into()),
        Err(Refused::Ambiguous { name, .. }) => {
            Err(at("members", row.line, column, Reason::Ambiguous(name)).into())
        }
        Err(other) => Err(other),
    }
}

fn unknown(kind: &'static str, value: &str) -> Reason {
    Reason::Unknown { kind, value: value.to_owned() }
}

fn at(file: &'static str, line: u64, column: &str, reason: Reason) -> CsvError {
    CsvError { file, line, column: Some(column.to_owned()), reason }
}
