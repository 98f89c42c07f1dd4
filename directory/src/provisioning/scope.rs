//! Who is in scope: SQL over the indexes of assignments and memberships, for one object at a cost that does not grow
//! with the directory, and for everybody at once.
//!
//! Only members of assigned groups are in scope, direct ones as in Entra (entra-id.md 3.10); members of
//! nested groups too where the application's setting, or else the tenant's, says so. Groups in scope are the assigned ones: a nested
//! group is not sent, its people are members of the assigned one, since AWS knows no nesting.

use store::{StoreError, Tx};

use super::job::{Job, OutOfScope};
use super::{Kind, filtered};
use crate::applications;

/// Where an object stands towards an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It belongs into the target.
    Entitled,
    /// In scope, but the account is disabled.
    Disabled,
    /// Not assigned, neither itself nor by a group.
    OutOfScope,
    /// Assigned, but the scoping filter does not let it through.
    Filtered,
    /// An input filter leaves it out: what the target has of it is not touched.
    NotProcessed,
    /// Deleted, but restorable.
    Deleted,
    /// Deleted for good.
    Gone,
}

impl Standing {
    /// In words, for logs.
    pub fn why(self) -> &'static str {
        match self {
            Self::Entitled => "enabled and in scope",
            Self::Disabled => "the account is disabled",
            Self::OutOfScope => "not assigned to the application, neither directly nor by an assigned group",
            Self::Filtered => "assigned, but the scoping filter does not let it through",
            Self::NotProcessed => "an input filter leaves it out, so what the target has of it stays",
            Self::Deleted => "the account is deleted and can be restored",
            Self::Gone => "the object was deleted for good",
        }
    }
}

impl Standing {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entitled => "entitled",
            Self::Disabled => "disabled",
            Self::OutOfScope => "outOfScope",
            Self::Filtered => "filtered",
            Self::NotProcessed => "notProcessed",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
        }
    }

    /// In words, about a group.
    pub fn why_group(self) -> &'static str {
        match self {
            Self::Entitled => "in scope",
            Self::OutOfScope => "not assigned to the application, so it is not provisioned itself",
            other => other.why(),
        }
    }

    /// Whether the target keeps such an object as it is.
    pub fn stays(self, out_of_scope: OutOfScope) -> bool {
        match self {
            Self::NotProcessed => true,
            Self::OutOfScope | Self::Filtered => out_of_scope == OutOfScope::Skip,
            Self::Entitled | Self::Disabled | Self::Deleted | Self::Gone => false,
        }
    }

    /// Whether the target is to delete such a person, not only to switch them off.
    pub fn deletes(self, out_of_scope: OutOfScope) -> bool {
        let left = matches!(self, Self::OutOfScope | Self::Filtered);
        self == Self::Gone || (left && out_of_scope == OutOfScope::Delete)
    }
}

/// The rules of one application at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub(super) tenant: String,
    pub(super) application: String,
    pub(super) all: bool,
    pub(super) transitive: bool,
    /// Whether there is a scoping filter: for people, for groups.
    filters: (bool, bool),
}

impl Scope {
    /// The rules of `job`.
    ///
    /// # Errors
    /// The engine's.
    pub fn of(tx: &mut Tx<'_>, job: &Job) -> Result<Self, StoreError> {
        let filters =
            (!job.mappings.scope(Kind::User).is_empty(), !job.mappings.scope(Kind::Group).is_empty());
        let assigned = Self::without_job(tx, &job.tenant_id, &job.application_id)?;
        Ok(Self { all: job.sync_all, filters, ..assigned })
    }

    /// The rules of an application that has no job: what is assigned.
    ///
    /// # Errors
    /// The engine's.
    pub fn without_job(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Self, StoreError> {
        let transitive = applications::transitive_groups(tx, tenant, application)?;
        let (tenant, application) = (tenant.to_owned(), application.to_owned());
        Ok(Self { tenant, application, all: false, transitive, filters: (false, false) })
    }

    /// The same rules without scoping filters: what is assigned.
    #[must_use]
    pub fn without_filters(self) -> Self {
        Self { filters: (false, false), ..self }
    }

    fn has_filter(&self, kind: Kind) -> bool {
        match kind {
            Kind::User => self.filters.0,
            Kind::Group => self.filters.1,
        }
    }

    /// What the scoping filter makes of an object, where it does not let it through.
    ///
    /// # Errors
    /// The engine's.
    pub fn filtered(&self, tx: &mut Tx<'_>, kind: Kind, id: &str) -> Result<Option<Standing>, StoreError> {
        if !self.has_filter(kind) {
            return Ok(None);
        }
        filtered::find(tx, (&self.tenant, &self.application), kind, id)
    }

    /// Where a user stands. `row` says whether the row is there, enabled and not deleted.
    ///
    /// # Errors
    /// The engine's.
    pub fn user(&self, tx: &mut Tx<'_>, id: &str) -> Result<Standing, StoreError> {
        let sql = "SELECT account_enabled, deleted_at FROM users WHERE tenant_id = ?1 AND id = ?2";
        let Some(row) = tx.row(sql, &[(&self.tenant).into(), id.into()])? else { return Ok(Standing::Gone) };
        let filtered = self.filtered(tx, Kind::User, id)?;
        if filtered == Some(Standing::NotProcessed) {
            return Ok(Standing::NotProcessed);
        }
        if row.opt_int(1)?.is_some() {
            return Ok(Standing::Deleted);
        }
        let assigned = self.all || self.assigned(tx, id)? || !self.groups_of(tx, id)?.is_empty();
        if let (true, Some(filtered)) = (assigned, filtered) {
            return Ok(filtered);
        }
        Ok(match (assigned, row.bool(0)?) {
            (false, _) => Standing::OutOfScope,
            (true, false) => Standing::Disabled,
            (true, true) => Standing::Entitled,
        })
    }

    /// Where a group stands.
    ///
    /// # Errors
    /// The engine's.
    pub fn group(&self, tx: &mut Tx<'_>, id: &str) -> Result<Standing, StoreError> {
        let sql = "SELECT id FROM groups WHERE tenant_id = ?1 AND id = ?2";
        if !tx.exists(sql, &[(&self.tenant).into(), id.into()])? {
            return Ok(Standing::Gone);
        }
        let filtered = self.filtered(tx, Kind::Group, id)?;
        Ok(match (self.all || self.assigned(tx, id)?, filtered) {
            (_, Some(Standing::NotProcessed)) => Standing::NotProcessed,
            (true, Some(filtered)) => filtered,
            (true, None) => Standing::Entitled,
            (false, _) => Standing::OutOfScope,
        })
    }

    pub(super) fn assigned(&self, tx: &mut Tx<'_>, principal: &str) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM app_role_assignments \
                   WHERE tenant_id = ?1 AND application_id = ?2 AND principal_id = ?3";
        tx.exists(sql, &[(&self.tenant).into(), (&self.application).into(), principal.into()])
    }

    /// The groups that a user is in and that bring people into scope, whether or not a filter lets the groups
    /// themselves through.
    ///
    /// # Errors
    /// The engine's.
    pub fn groups_of(&self, tx: &mut Tx<'_>, user: &str) -> Result<Vec<String>, StoreError> {
        let containing = "SELECT group_id AS id FROM group_members WHERE tenant_id = ?1 AND member_id = ?3";
        // UNION drops what was seen, so circles of groups end.
        let above = if self.transitive {
            " UNION SELECT m.group_id FROM up CROSS JOIN group_members m WHERE m.tenant_id = ?1 AND m.member_id = up.id"
        } else {
            ""
        };
        let sql = format!(
            "WITH RECURSIVE up(id) AS ({containing}{above}) \
             SELECT up.id FROM up CROSS JOIN groups g WHERE g.tenant_id = ?1 AND g.id = up.id \
             AND (CAST(?4 AS BIGINT) = 1 OR EXISTS (SELECT 1 FROM app_role_assignments a \
               WHERE a.tenant_id = ?1 AND a.application_id = ?2 AND a.principal_id = up.id))"
        );
        let params =
            [(&self.tenant).into(), (&self.application).into(), user.into(), i64::from(self.all).into()];
        tx.rows(&sql, &params)?.iter().map(|row| row.text(0)).collect()
    }

    /// The enabled people in a group, nested ones where the tenant says so.
    ///
    /// # Errors
    /// The engine's.
    pub fn members_of(&self, tx: &mut Tx<'_>, group: &str) -> Result<Vec<String>, StoreError> {
        let below = if self.transitive { BELOW } else { "" };
        let sql = format!(
            "WITH RECURSIVE down(id) AS (SELECT id FROM groups WHERE tenant_id = ?1 AND id = ?2{below}) \
             SELECT DISTINCT u.id FROM down CROSS JOIN group_members m CROSS JOIN users u \
             WHERE m.tenant_id = ?1 AND m.group_id = down.id AND u.tenant_id = ?1 AND u.id = m.member_id \
               AND u.account_enabled = 1 AND u.deleted_at IS NULL"
        );
        let rows = tx.rows(&sql, &[(&self.tenant).into(), group.into()])?;
        let mut people = Vec::new();
        for row in rows {
            let id = row.text(0)?;
            if self.filtered(tx, Kind::User, &id)?.is_none() {
                people.push(id);
            }
        }
        Ok(people)
    }

    /// Every user and group in scope, for the initial cycle.
    ///
    /// # Errors
    /// The engine's.
    pub fn everything(&self, tx: &mut Tx<'_>) -> Result<Vec<(Kind, String)>, StoreError> {
        let params = [(&self.tenant).into(), (&self.application).into()];
        let mut found = Vec::new();
        let users = if self.all {
            "SELECT id FROM users WHERE tenant_id = ?1 AND deleted_at IS NULL".to_owned()
        } else {
            self.assigned_people()
        };
        let groups = if self.all {
            "SELECT id FROM groups WHERE tenant_id = ?1"
        } else {
            "SELECT DISTINCT principal_id FROM app_role_assignments \
             WHERE tenant_id = ?1 AND application_id = ?2 AND principal_type = 'group'"
        };
        let users_params = if self.all { &params[..1] } else { &params[..] };
        for row in tx.rows(&users, users_params)? {
            found.push((Kind::User, row.text(0)?));
        }
        for row in tx.rows(groups, users_params)? {
            found.push((Kind::Group, row.text(0)?));
        }
        if self.has_filter(Kind::User) || self.has_filter(Kind::Group) {
            let out = filtered::all(tx, (&self.tenant, &self.application))?;
            found.retain(|(kind, id)| !(self.has_filter(*kind) && out.contains(&(*kind, id.clone()))));
        }
        Ok(found)
    }

    /// The living people who are assigned themselves or in a group that is, or below one where the tenant says so.
    fn assigned_people(&self) -> String {
        let below = if self.transitive { BELOW } else { "" };
        format!(
            "WITH RECURSIVE down(id) AS (SELECT principal_id FROM app_role_assignments \
               WHERE tenant_id = ?1 AND application_id = ?2 AND principal_type = 'group'{below}), \
             inside(id) AS (SELECT principal_id FROM app_role_assignments \
               WHERE tenant_id = ?1 AND application_id = ?2 AND principal_type = 'user' \
               UNION SELECT m.member_id FROM down CROSS JOIN group_members m \
               WHERE m.tenant_id = ?1 AND m.group_id = down.id AND m.member_type = 'user') \
             SELECT u.id FROM inside CROSS JOIN users u \
             WHERE u.tenant_id = ?1 AND u.id = inside.id AND u.deleted_at IS NULL"
        )
    }
}

// CROSS JOIN keeps SQLite to the order of the text: without statistics it would go through everybody instead.
const BELOW: &str = " UNION SELECT m.member_id FROM down CROSS JOIN group_members m \
                     WHERE m.tenant_id = ?1 AND m.group_id = down.id AND m.member_type = 'group'";
