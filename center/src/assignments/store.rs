//! The SQL of assignments.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use store::{Row, StoreError, Tx, Val};

use super::{Assignment, AssignmentError, PrincipalType, Wanted};
use crate::identity_store::store as identities;
use crate::instance::{Author, Subject};
use crate::{organization, permission_sets};

/// An assignment with the names of its parts, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The ids.
    pub assignment: Assignment,
    /// The account's name.
    pub account_name: String,
    /// The permission set's name.
    pub permission_set_name: String,
    /// The user's user name or the group's name.
    pub principal_name: String,
}

/// Makes one assignment; whether it is new. The same again is no error, as in AWS.
///
/// # Errors
/// [`AssignmentError`] for a part that is not there; the engine's.
pub fn assign(tx: &mut Tx<'_>, author: &Author, wanted: &Assignment) -> Result<bool, AssignmentError> {
    let parts = Wanted {
        accounts: vec![wanted.account_id.clone()],
        permission_sets: vec![wanted.permission_set_id.clone()],
        principals: vec![(wanted.principal_type, wanted.principal_id.clone())],
    };
    check_parts(tx, &author.instance_id, &parts)?;
    Ok(insert(tx, author, wanted)?)
}

/// Removes one assignment; whether it was there.
///
/// # Errors
/// The engine's.
pub fn unassign(tx: &mut Tx<'_>, author: &Author, gone: &Assignment) -> Result<bool, StoreError> {
    let removed = tx.exec(
        "DELETE FROM account_assignments WHERE instance_id = ?1 AND account_id = ?2 \
         AND permission_set_id = ?3 AND principal_id = ?4 AND principal_type = ?5",
        &key(&author.instance_id, gone),
    )?;
    if removed > 0 {
        author.record(tx, "assignment.deleted", subject(gone), Some(&for_event(gone)), None)?;
    }
    Ok(removed > 0)
}

/// Removes every assignment of a user or group that is about to be deleted.
///
/// # Errors
/// The engine's.
pub fn remove_of_principal(tx: &mut Tx<'_>, author: &Author, principal_id: &str) -> Result<(), StoreError> {
    let sql = "SELECT account_id, permission_set_id, principal_type, principal_id FROM account_assignments \
               WHERE instance_id = ?1 AND principal_id = ?2 ORDER BY account_id, permission_set_id";
    for row in tx.rows(sql, &[(&author.instance_id).into(), principal_id.into()])? {
        unassign(tx, author, &read(&row)?)?;
    }
    Ok(())
}

/// Which assignments a list is about; empty texts do not restrict.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// One account.
    pub account_id: &'a str,
    /// One user or group.
    pub principal_id: &'a str,
    /// One permission set.
    pub permission_set_id: &'a str,
    /// Only what follows this account, permission set and principal.
    pub after: Option<&'a [String; 3]>,
}

/// Assignments with names, by account, permission set and principal, up to `limit`.
///
/// # Errors
/// The engine's.
pub fn list(
    tx: &mut Tx<'_>,
    instance_id: &str,
    filter: Filter<'_>,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let mut params: Vec<Val<'_>> = vec![instance_id.into(), limit.into()];
    let mut conditions = String::new();
    for (column, value) in [
        ("account_id", filter.account_id),
        ("principal_id", filter.principal_id),
        ("permission_set_id", filter.permission_set_id),
    ] {
        if !value.is_empty() {
            params.push(value.into());
            conditions.push_str(&format!(" AND a.{column} = ?{}", params.len()));
        }
    }
    if let Some([account, set, principal]) = filter.after {
        params.extend([Val::from(account), set.into(), principal.into()]);
        let n = params.len();
        conditions.push_str(&format!(
            " AND (a.account_id, a.permission_set_id, a.principal_id) > (?{}, ?{}, ?{n})",
            n - 2,
            n - 1
        ));
    }
    let sql = format!(
        "SELECT a.account_id, a.permission_set_id, a.principal_type, a.principal_id, c.name, p.name, \
         COALESCE(u.user_name, g.display_name, '') FROM account_assignments a \
         JOIN accounts c ON c.instance_id = a.instance_id AND c.id = a.account_id \
         JOIN permission_sets p ON p.instance_id = a.instance_id AND p.id = a.permission_set_id \
         LEFT JOIN users u ON u.instance_id = a.instance_id AND u.id = a.principal_id \
         LEFT JOIN groups g ON g.instance_id = a.instance_id AND g.id = a.principal_id \
         WHERE a.instance_id = ?1{conditions} \
         ORDER BY a.account_id, a.permission_set_id, a.principal_id LIMIT ?2"
    );
    tx.rows(&sql, &params)?.iter().map(read_listed).collect()
}

/// How many assignments there are.
///
/// # Errors
/// The engine's.
pub fn count(tx: &mut Tx<'_>, instance_id: &str) -> Result<i64, StoreError> {
    tx.int("SELECT count(*) FROM account_assignments WHERE instance_id = ?1", &[instance_id.into()])
}

/// How many assignments each account has, by account id; accounts without one are left out.
///
/// # Errors
/// The engine's.
pub fn counts_by_account(tx: &mut Tx<'_>, instance_id: &str) -> Result<HashMap<String, i64>, StoreError> {
    counts(tx, instance_id, "account_id")
}

/// How many assignments each permission set has, by its id; sets without one are left out.
///
/// # Errors
/// The engine's.
pub fn counts_by_permission_set(
    tx: &mut Tx<'_>,
    instance_id: &str,
) -> Result<HashMap<String, i64>, StoreError> {
    counts(tx, instance_id, "permission_set_id")
}

fn counts(tx: &mut Tx<'_>, instance_id: &str, column: &str) -> Result<HashMap<String, i64>, StoreError> {
    let sql = format!(
        "SELECT {column}, count(*) FROM account_assignments WHERE instance_id = ?1 GROUP BY {column}"
    );
    let rows = tx.rows(&sql, &[instance_id.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

pub(super) fn exists(tx: &mut Tx<'_>, instance_id: &str, wanted: &Assignment) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM account_assignments WHERE instance_id = ?1 AND account_id = ?2 \
               AND permission_set_id = ?3 AND principal_id = ?4 AND principal_type = ?5";
    tx.exists(sql, &key(instance_id, wanted))
}

/// Makes an assignment whose parts are known to be there; whether it is new.
pub(crate) fn insert(tx: &mut Tx<'_>, author: &Author, wanted: &Assignment) -> Result<bool, StoreError> {
    let mut params = key(&author.instance_id, wanted).to_vec();
    params.push(author.now.micros().into());
    let new = tx.exec(
        "INSERT INTO account_assignments (instance_id, account_id, permission_set_id, principal_id, \
         principal_type, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (instance_id, account_id, permission_set_id, principal_id) DO NOTHING",
        &params,
    )?;
    if new > 0 {
        author.record(tx, "assignment.created", subject(wanted), None, Some(&for_event(wanted)))?;
    }
    Ok(new > 0)
}

/// Whether every part is there.
pub(super) fn check_parts(
    tx: &mut Tx<'_>,
    instance_id: &str,
    wanted: &Wanted,
) -> Result<(), AssignmentError> {
    for id in &wanted.accounts {
        if organization::store::account(tx, instance_id, id)?.is_none() {
            return Err(AssignmentError::AccountNotFound(id.clone()));
        }
    }
    for id in &wanted.permission_sets {
        if permission_sets::store::by_id(tx, instance_id, id)?.is_none() {
            return Err(AssignmentError::PermissionSetNotFound(id.clone()));
        }
    }
    for (kind, id) in &wanted.principals {
        match kind {
            PrincipalType::User if identities::user(tx, instance_id, id)?.is_none() => {
                return Err(AssignmentError::UserNotFound(id.clone()));
            }
            PrincipalType::Group if identities::group(tx, instance_id, id)?.is_none() => {
                return Err(AssignmentError::GroupNotFound(id.clone()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn key<'a>(instance_id: &'a str, a: &'a Assignment) -> [Val<'a>; 5] {
    [
        instance_id.into(),
        (&a.account_id).into(),
        (&a.permission_set_id).into(),
        (&a.principal_id).into(),
        a.principal_type.as_str().into(),
    ]
}

fn read(row: &Row) -> Result<Assignment, StoreError> {
    let why = "USER or GROUP expected";
    Ok(Assignment {
        account_id: row.text(0)?,
        permission_set_id: row.text(1)?,
        principal_type: PrincipalType::parse(&row.text(2)?).ok_or(StoreError::BadRow { column: 2, why })?,
        principal_id: row.text(3)?,
    })
}

fn read_listed(row: &Row) -> Result<Listed, StoreError> {
    Ok(Listed {
        assignment: read(row)?,
        account_name: row.text(4)?,
        permission_set_name: row.text(5)?,
        principal_name: row.text(6)?,
    })
}

fn for_event(a: &Assignment) -> Json {
    json!({
        "accountId": a.account_id,
        "permissionSetId": a.permission_set_id,
        "principalType": a.principal_type.as_str(),
        "principalId": a.principal_id,
    })
}

/// Assignments have no id of their own; the event is found under the user or group.
fn subject(a: &Assignment) -> Subject<'_> {
    Subject { kind: "assignment", id: &a.principal_id }
}
