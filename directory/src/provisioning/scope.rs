//! Who is in scope: SQL over the indexes of assignments and memberships, once for one object at a cost
//! that does not grow with the directory, once for everything that waits.
//!
//! Only members of assigned groups are in scope, direct ones as in Entra (entra-id.md 3.10); members of
//! nested groups too where the tenant's setting says so. Groups in scope are the assigned ones: a nested
//! group is not sent, its people are members of the assigned one, since AWS knows no nesting.

use store::{StoreError, Tx};

use super::job::{Job, OutOfScope};
use super::{Kind, filtered};

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
    /// Whether the target keeps such an object as it is.
    pub fn stays(self, out_of_scope: OutOfScope) -> bool {
        match self {
            Self::NotProcessed => true,
            Self::OutOfScope | Self::Filtered => out_of_scope == OutOfScope::Skip,
            Self::Entitled | Self::Disabled | Self::Deleted | Self::Gone => false,
        }
    }
}

/// The rules of one application at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    tenant: String,
    application: String,
    all: bool,
    transitive: bool,
    out_of_scope: OutOfScope,
    /// Whether there is a scoping filter: for people, for groups.
    filters: (bool, bool),
}

impl Scope {
    /// The rules of `job`.
    ///
    /// # Errors
    /// The engine's.
    pub fn of(tx: &mut Tx<'_>, job: &Job) -> Result<Self, StoreError> {
        let sql = "SELECT transitive_groups FROM tenants WHERE id = ?1";
        let transitive = tx.row(sql, &[(&job.tenant_id).into()])?.ok_or(StoreError::NoRow)?.bool(0)?;
        Ok(Self {
            tenant: job.tenant_id.clone(),
            application: job.application_id.clone(),
            all: job.sync_all,
            transitive,
            out_of_scope: job.out_of_scope,
            filters: (
                !job.mappings.scope(Kind::User).is_empty(),
                !job.mappings.scope(Kind::Group).is_empty(),
            ),
        })
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

    fn assigned(&self, tx: &mut Tx<'_>, principal: &str) -> Result<bool, StoreError> {
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
            " UNION SELECT m.group_id FROM group_members m JOIN up ON m.member_id = up.id WHERE m.tenant_id = ?1"
        } else {
            ""
        };
        let sql = format!(
            "WITH RECURSIVE up(id) AS ({containing}{above}) \
             SELECT up.id FROM up JOIN groups g ON g.tenant_id = ?1 AND g.id = up.id \
             WHERE CAST(?4 AS BIGINT) = 1 OR EXISTS (SELECT 1 FROM app_role_assignments a \
               WHERE a.tenant_id = ?1 AND a.application_id = ?2 AND a.principal_id = up.id)"
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
             SELECT DISTINCT u.id FROM down JOIN group_members m ON m.tenant_id = ?1 AND m.group_id = down.id \
             JOIN users u ON u.tenant_id = ?1 AND u.id = m.member_id \
             WHERE u.account_enabled = 1 AND u.deleted_at IS NULL AND {}",
            self.let_through("?3", Kind::User, "u.id")
        );
        let params = [(&self.tenant).into(), group.into(), (&self.application).into()];
        tx.rows(&sql, &params)?.iter().map(|row| row.text(0)).collect()
    }

    /// Every user and group in scope, for the initial cycle.
    ///
    /// # Errors
    /// The engine's.
    pub fn everything(&self, tx: &mut Tx<'_>) -> Result<Vec<(Kind, String)>, StoreError> {
        let params = [(&self.tenant).into(), (&self.application).into()];
        let mut found = Vec::new();
        let users = format!(
            "{} SELECT u.id FROM users u WHERE u.tenant_id = ?1 AND u.deleted_at IS NULL AND {}",
            self.reached(),
            self.user_inside()
        );
        let groups =
            format!("SELECT g.id FROM groups g WHERE g.tenant_id = ?1 AND {}", self.group_inside("g.id"));
        for row in tx.rows(&users, &params)? {
            found.push((Kind::User, row.text(0)?));
        }
        for row in tx.rows(&groups, &params)? {
            found.push((Kind::Group, row.text(0)?));
        }
        Ok(found)
    }

    /// Of what waits and is due, the linked objects that have to be disabled or deleted in the target.
    ///
    /// # Errors
    /// The engine's.
    pub fn leavers(&self, tx: &mut Tx<'_>, now: i64, limit: i64) -> Result<Vec<(Kind, String)>, StoreError> {
        let mut found = Vec::new();
        let params = [(&self.tenant).into(), (&self.application).into(), now.into(), limit.into()];
        for row in tx.rows(&self.leaving_users("p.source_id", " LIMIT ?4"), &params)? {
            found.push((Kind::User, row.text(0)?));
        }
        for row in tx.rows(&self.leaving_groups("p.source_id", " LIMIT ?4"), &params)? {
            found.push((Kind::Group, row.text(0)?));
        }
        Ok(found)
    }

    /// How many [`Self::leavers`] there are.
    ///
    /// # Errors
    /// The engine's.
    pub fn leaving(&self, tx: &mut Tx<'_>, now: i64) -> Result<i64, StoreError> {
        let params = [(&self.tenant).into(), (&self.application).into(), now.into()];
        let users = tx.int(&self.leaving_users("count(*)", ""), &params)?;
        Ok(users + tx.int(&self.leaving_groups("count(*)", ""), &params)?)
    }

    /// Of what waits and is due, how many people who are switched off will be on again.
    ///
    /// # Errors
    /// The engine's.
    pub fn returning(&self, tx: &mut Tx<'_>, now: i64) -> Result<i64, StoreError> {
        let inside = self.user_inside();
        let sql = format!(
            "{with} SELECT count(*) {WAITING} AND p.kind = 'user' AND l.active = 0 AND EXISTS ( \
               SELECT 1 FROM users u WHERE u.tenant_id = p.tenant_id AND u.id = p.source_id \
                 AND u.deleted_at IS NULL AND u.account_enabled = 1 AND {inside})",
            with = self.reached(),
        );
        tx.int(&sql, &[(&self.tenant).into(), (&self.application).into(), now.into()])
    }

    fn leaving_users(&self, columns: &str, end: &str) -> String {
        let here = "SELECT 1 FROM users u WHERE u.tenant_id = p.tenant_id AND u.id = p.source_id";
        let inside = self.user_inside();
        let enabled = format!("{here} AND u.deleted_at IS NULL AND u.account_enabled = 1");
        // A person who is disabled there already is only touched again to be deleted.
        let leaves = match self.out_of_scope {
            OutOfScope::Disable => format!("l.active = 1 AND NOT EXISTS ({enabled} AND {inside})"),
            OutOfScope::Skip => format!("l.active = 1 AND NOT EXISTS ({enabled})"),
            OutOfScope::Delete => format!(
                "(l.active = 1 AND NOT EXISTS ({enabled} AND {inside})) \
                 OR EXISTS ({here} AND u.deleted_at IS NULL AND NOT ({inside}))"
            ),
        };
        format!(
            "{with} SELECT {columns} {WAITING} AND p.kind = 'user' AND ( \
               NOT EXISTS ({here}) OR ({processed} AND ({leaves}))){end}",
            with = self.reached(),
            processed = self.processed(Kind::User),
        )
    }

    fn leaving_groups(&self, columns: &str, end: &str) -> String {
        let here = "SELECT 1 FROM groups g WHERE g.tenant_id = p.tenant_id AND g.id = p.source_id";
        let leaves = match self.out_of_scope {
            OutOfScope::Skip => "1 = 0".to_owned(),
            OutOfScope::Disable | OutOfScope::Delete => {
                format!("NOT EXISTS ({here} AND {})", self.group_inside("g.id"))
            }
        };
        format!(
            "SELECT {columns} {WAITING} AND p.kind = 'group' AND ( \
               NOT EXISTS ({here}) OR ({processed} AND {leaves})){end}",
            processed = self.processed(Kind::Group),
        )
    }

    /// The condition that the user `u` is in scope; ?1 is the tenant, ?2 the application.
    fn user_inside(&self) -> String {
        let assigned = if self.all { "1 = 1" } else { IN_SCOPE };
        format!("({assigned} AND {})", self.let_through("?2", Kind::User, "u.id"))
    }

    /// The condition that the group in `column` is in scope.
    fn group_inside(&self, column: &str) -> String {
        let assigned = format!(
            "EXISTS (SELECT 1 FROM app_role_assignments a WHERE a.tenant_id = ?1 \
              AND a.application_id = ?2 AND a.principal_id = {column})"
        );
        let assigned = if self.all { "1 = 1" } else { &assigned };
        format!("({assigned} AND {})", self.let_through("?2", Kind::Group, column))
    }

    /// The condition that no scoping filter leaves out the object in `column`. Without a filter it costs
    /// nothing, but names its parameter all the same: PostgreSQL takes no parameter that is not used.
    fn let_through(&self, application: &str, kind: Kind, column: &str) -> String {
        if !self.has_filter(kind) {
            return format!("CAST({application} AS TEXT) IS NOT NULL");
        }
        format!(
            "NOT EXISTS (SELECT 1 FROM provisioning_filtered f WHERE f.tenant_id = ?1 \
              AND f.application_id = {application} AND f.kind = '{}' AND f.source_id = {column})",
            kind.as_str()
        )
    }

    /// The condition that no input filter leaves out the waiting object.
    fn processed(&self, kind: Kind) -> String {
        if !self.has_filter(kind) {
            return "1 = 1".to_owned();
        }
        format!(
            "NOT EXISTS (SELECT 1 FROM provisioning_filtered n WHERE n.tenant_id = p.tenant_id \
              AND n.application_id = p.application_id AND n.kind = '{}' AND n.source_id = p.source_id \
              AND n.verdict = 'not_processed')",
            kind.as_str()
        )
    }

    /// The assigned groups and, where the tenant says so, those below them.
    fn reached(&self) -> String {
        let below = if self.transitive { BELOW } else { "" };
        format!(
            "WITH RECURSIVE down(id) AS (SELECT principal_id FROM app_role_assignments \
              WHERE tenant_id = ?1 AND application_id = ?2 AND principal_type = 'group'{below})"
        )
    }
}

const BELOW: &str = " UNION SELECT m.member_id FROM group_members m JOIN down ON m.group_id = down.id \
                     WHERE m.tenant_id = ?1 AND m.member_type = 'group'";

const IN_SCOPE: &str = "(EXISTS (SELECT 1 FROM app_role_assignments a WHERE a.tenant_id = ?1 \
                          AND a.application_id = ?2 AND a.principal_id = u.id) \
                        OR EXISTS (SELECT 1 FROM group_members m JOIN down ON down.id = m.group_id \
                          WHERE m.tenant_id = ?1 AND m.member_id = u.id))";

const WAITING: &str = "FROM provisioning_pending p JOIN provisioning_links l \
                         ON l.tenant_id = p.tenant_id AND l.application_id = p.application_id \
                         AND l.kind = p.kind AND l.source_id = p.source_id \
                       WHERE p.tenant_id = ?1 AND p.application_id = ?2 AND p.due_at <= ?3";
