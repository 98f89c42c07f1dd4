//! The provisioning log: what was done to each object, attempt by attempt.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use store::{StoreError, Tx, Val};
use web::Timestamp;

use super::Kind;
use super::job::Job;
use super::resource::{Resource, changed};
use super::target::TargetError;

/// How long entries are kept, in days; Entra's premium retention (entra-id.md 3.11).
pub const DAYS: u64 = 30;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An object was created, or matched for the first time.
    Create,
    /// Attributes, members or the manager were changed.
    Update,
    /// A person was switched off.
    Disable,
    /// An object was deleted.
    Delete,
    /// A removal waits for an administrator.
    StagedDelete,
    /// Anything else.
    Other,
}

impl Action {
    /// Its name in Graph and in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::StagedDelete => "stagedDelete",
            Self::Other => "other",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Well.
    Success,
    /// It is tried again.
    Failure,
    /// Nothing was to be done.
    Skipped,
    /// Well in the end, but somebody should know.
    Warning,
}

impl Status {
    /// Its name in Graph and in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
        }
    }
}

/// An entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id; sorts by time.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The cycle it belongs to.
    pub cycle_id: String,
    /// User or group.
    pub kind: Kind,
    /// The object's id here.
    pub source_id: String,
    /// Its name here.
    pub source_name: String,
    /// Its id there.
    pub target_id: Option<String>,
    /// What was done, as [`Action::as_str`].
    pub action: &'static str,
    /// How it ended, as [`Status::as_str`].
    pub status: &'static str,
    /// How long it took.
    pub micros: i64,
    /// The error's code.
    pub code: Option<String>,
    /// The error in words, or why it was skipped.
    pub reason: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
    /// The steps: name, status, description.
    pub steps: Json,
    /// The changed attributes: displayName, oldValue, newValue.
    pub modified: Json,
}

impl Entry {
    /// Puts an error into the entry.
    pub fn failed(&mut self, error: &TargetError) {
        self.status = Status::Failure.as_str();
        self.code = Some(error.problem.code().to_owned());
        self.reason = Some(error.to_string());
        self.fix = Some(error.problem.fix().to_owned());
    }

    /// Hides the values of these paths.
    pub fn redact(&mut self, hidden: &BTreeSet<&str>) {
        let Json::Array(changes) = &mut self.modified else { return };
        for change in
            changes.iter_mut().filter(|c| c["displayName"].as_str().is_some_and(|n| hidden.contains(n)))
        {
            for side in ["oldValue", "newValue"] {
                if !change[side].is_null() {
                    change[side] = json!("[Redact]");
                }
            }
        }
    }

    /// Says that this repaired what others had changed in the target.
    pub fn repaired(&mut self, drift: &str) {
        self.step("EntryImport", true, &format!("drift was found: {drift}"));
        self.code = Some("DriftRepaired".to_owned());
        self.reason = Some(format!("{drift}; repaired"));
    }

    /// Adds a step.
    pub fn step(&mut self, name: &str, ok: bool, description: &str) {
        let status = if ok { "success" } else { "failure" };
        let step = json!({ "name": name, "status": status, "description": description });
        if let Json::Array(steps) = &mut self.steps {
            steps.push(step);
        }
    }
}

/// The changed attributes of an update.
pub fn modified(sent: &Resource, wanted: &Resource) -> Json {
    let one = |path: String| json!({ "displayName": path, "oldValue": sent.get(&path), "newValue": wanted.get(&path) });
    changed(sent, wanted).into_iter().map(one).collect()
}

const COLUMNS: &str = "id, at, cycle_id, kind, source_id, source_name, target_id, action, status, \
                       duration_micros, error_code, reason, fix, steps, modified";

/// Appends an entry.
///
/// # Errors
/// The engine's.
pub fn append(tx: &mut Tx<'_>, job: &Job, entry: &Entry) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO provisioning_log ({COLUMNS}, tenant_id, application_id, source_name_key) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    );
    let (steps, modified) = (entry.steps.to_string(), entry.modified.to_string());
    let key = entry.source_name.to_lowercase();
    let params: [Val<'_>; 18] = [
        (&entry.id).into(),
        entry.at.micros().into(),
        (&entry.cycle_id).into(),
        entry.kind.as_str().into(),
        (&entry.source_id).into(),
        (&entry.source_name).into(),
        (&entry.target_id).into(),
        entry.action.into(),
        entry.status.into(),
        entry.micros.into(),
        (&entry.code).into(),
        (&entry.reason).into(),
        (&entry.fix).into(),
        (&steps).into(),
        (&modified).into(),
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        (&key).into(),
    ];
    tx.exec(&sql, &params).map(|_| ())
}

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Names that begin so, or this id.
    pub text: String,
    /// This action alone; empty for all.
    pub action: String,
    /// This status alone; empty for all.
    pub status: String,
    /// Entries before this one.
    pub before: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// Entries, newest first.
///
/// # Errors
/// The engine's.
pub fn search(tx: &mut Tx<'_>, job: &Job, search: &Search) -> Result<Vec<Entry>, StoreError> {
    let key = search.text.to_lowercase();
    let end = format!("{key}\u{10ffff}");
    let before = search.before.clone().unwrap_or_else(|| "~".to_owned());
    let mut conditions = String::new();
    let mut params: Vec<Val<'_>> =
        vec![(&job.tenant_id).into(), (&job.application_id).into(), (&before).into(), search.limit.into()];
    if !key.is_empty() {
        conditions.push_str(" AND ((source_name_key >= ?5 AND source_name_key < ?6) OR source_id = ?5)");
        params.extend([Val::from(&key), Val::from(&end)]);
    }
    for (column, value) in [("action", &search.action), ("status", &search.status)] {
        if !value.is_empty() {
            params.push(value.into());
            conditions.push_str(&format!(" AND {column} = ?{}", params.len()));
        }
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioning_log WHERE tenant_id = ?1 AND application_id = ?2 AND id < ?3\
         {conditions} ORDER BY id DESC LIMIT ?4"
    );
    tx.rows(&sql, &params)?.iter().map(read).collect()
}

/// One entry.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, job: &Job, id: &str) -> Result<Option<Entry>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM provisioning_log WHERE tenant_id = ?1 AND application_id = ?2 AND id = ?3"
    );
    let params = [(&job.tenant_id).into(), (&job.application_id).into(), id.into()];
    tx.row(&sql, &params)?.map(|row| read(&row)).transpose()
}

/// Removes entries that are older than [`DAYS`].
///
/// # Errors
/// The engine's.
pub fn prune(tx: &mut Tx<'_>, tenant: &str, now: Timestamp) -> Result<u64, StoreError> {
    let oldest = now.micros() - i64::try_from(DAYS * 86_400_000_000).unwrap_or(0);
    tx.exec("DELETE FROM provisioning_log WHERE tenant_id = ?1 AND at < ?2", &[tenant.into(), oldest.into()])
}

fn read(row: &store::Row) -> Result<Entry, StoreError> {
    let actions = [
        Action::Create,
        Action::Update,
        Action::Disable,
        Action::Delete,
        Action::StagedDelete,
        Action::Other,
    ];
    let action = row.text(7)?;
    let status = row.text(8)?;
    let statuses = [Status::Success, Status::Failure, Status::Skipped, Status::Warning];
    let bad = |column, why| StoreError::BadRow { column, why };
    Ok(Entry {
        id: row.text(0)?,
        at: Timestamp(row.int(1)?),
        cycle_id: row.text(2)?,
        kind: Kind::of_row(row, 3)?,
        source_id: row.text(4)?,
        source_name: row.text(5)?,
        target_id: row.opt_text(6)?,
        action: actions
            .into_iter()
            .map(Action::as_str)
            .find(|a| *a == action)
            .ok_or(bad(7, "an action expected"))?,
        status: statuses
            .into_iter()
            .map(Status::as_str)
            .find(|s| *s == status)
            .ok_or(bad(8, "a status expected"))?,
        micros: row.int(9)?,
        code: row.opt_text(10)?,
        reason: row.opt_text(11)?,
        fix: row.opt_text(12)?,
        steps: row.json(13)?,
        modified: row.json(14)?,
    })
}
