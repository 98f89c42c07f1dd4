//! The SQL of the organization.

use serde_json::json;
use store::{Row, StoreError, Tx};
use web::{Random, Timestamp};

use super::{Account, AccountStatus, Organization, OrganizationError, Unit};
use crate::instance::{Author, Subject};

const ACCOUNT: &str = "id, name, email, parent_id, status, joined_at";

/// Makes the organization of a new instance: a root without accounts.
///
/// # Errors
/// The engine's.
pub fn create(tx: &mut Tx<'_>, author: &Author, random: &Random) -> Result<Organization, StoreError> {
    let organization = Organization {
        id: format!("o-{}", random.hex::<5>()),
        root_id: format!("r-{}", random.hex::<2>()),
        management_account_id: String::new(),
    };
    tx.exec(
        "INSERT INTO organizations (instance_id, id, root_id, management_account_id) VALUES (?1, ?2, ?3, '')",
        &[(&author.instance_id).into(), (&organization.id).into(), (&organization.root_id).into()],
    )?;
    let after = json!({ "id": organization.id, "rootId": organization.root_id });
    let subject = Subject { kind: "organization", id: &organization.id };
    author.record(tx, "organization.created", subject, None, Some(&after))?;
    Ok(organization)
}

/// The organization of an instance.
///
/// # Errors
/// [`StoreError::NoRow`]; the engine's.
pub fn organization(tx: &mut Tx<'_>, instance_id: &str) -> Result<Organization, StoreError> {
    let sql = "SELECT id, root_id, management_account_id FROM organizations WHERE instance_id = ?1";
    let row = tx.row(sql, &[instance_id.into()])?.ok_or(StoreError::NoRow)?;
    Ok(Organization { id: row.text(0)?, root_id: row.text(1)?, management_account_id: row.text(2)? })
}

/// Every unit.
///
/// # Errors
/// The engine's.
pub fn units(tx: &mut Tx<'_>, instance_id: &str) -> Result<Vec<Unit>, StoreError> {
    let sql = "SELECT id, parent_id, name FROM organizational_units WHERE instance_id = ?1 ORDER BY id";
    let rows = tx.rows(sql, &[instance_id.into()])?;
    rows.iter()
        .map(|row| Ok(Unit { id: row.text(0)?, parent_id: row.text(1)?, name: row.text(2)? }))
        .collect()
}

/// Every account, by id. Organizations have some thousands at most.
///
/// # Errors
/// The engine's.
pub fn accounts(tx: &mut Tx<'_>, instance_id: &str) -> Result<Vec<Account>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} FROM accounts WHERE instance_id = ?1 ORDER BY id");
    tx.rows(&sql, &[instance_id.into()])?.iter().map(read).collect()
}

/// Accounts by id after `after`, with `search` in id, name or address.
///
/// # Errors
/// The engine's.
pub fn list_accounts(
    tx: &mut Tx<'_>,
    instance_id: &str,
    search: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    if search.trim().is_empty() {
        let sql =
            format!("SELECT {ACCOUNT} FROM accounts WHERE instance_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
        let rows = tx.rows(&sql, &[instance_id.into(), after.into(), limit.into()])?;
        return rows.iter().map(read).collect();
    }
    // The engines do not agree on lower case outside ASCII, so the few thousand rows are looked at here.
    let wanted = search.trim().to_lowercase();
    let fits = |a: &Account| [&a.id, &a.name, &a.email].iter().any(|t| t.to_lowercase().contains(&wanted));
    let all = accounts(tx, instance_id)?.into_iter().filter(|a| a.id.as_str() > after && fits(a));
    Ok(all.take(usize::try_from(limit).unwrap_or(0)).collect())
}

/// The account with this id.
///
/// # Errors
/// The engine's.
pub fn account(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Option<Account>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} FROM accounts WHERE instance_id = ?1 AND id = ?2");
    tx.row(&sql, &[instance_id.into(), id.into()])?.as_ref().map(read).transpose()
}

/// How many accounts there are.
///
/// # Errors
/// The engine's.
pub fn count_accounts(tx: &mut Tx<'_>, instance_id: &str) -> Result<i64, StoreError> {
    tx.int("SELECT count(*) FROM accounts WHERE instance_id = ?1", &[instance_id.into()])
}

/// Suspends an account, so that nobody has access to it, or makes it active again.
///
/// # Errors
/// [`OrganizationError::AccountNotFound`], [`OrganizationError::ManagementAccount`]; the engine's.
pub fn set_status(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    status: AccountStatus,
) -> Result<(), OrganizationError> {
    let before = account(tx, &author.instance_id, id)?
        .ok_or_else(|| OrganizationError::AccountNotFound(id.to_owned()))?;
    let owner = organization(tx, &author.instance_id)?.management_account_id;
    if status == AccountStatus::Suspended && owner == id {
        return Err(OrganizationError::ManagementAccount(owner));
    }
    if before.status != status {
        update_account(tx, author, &before, &Account { status, ..before.clone() })?;
    }
    Ok(())
}

pub(super) fn set_management_account(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE organizations SET management_account_id = ?2 WHERE instance_id = ?1",
        &[(&author.instance_id).into(), id.into()],
    )?;
    let after = json!({ "managementAccountId": id });
    let organization = organization(tx, &author.instance_id)?;
    let subject = Subject { kind: "organization", id: &organization.id };
    author.record(tx, "organization.updated", subject, None, Some(&after))
}

pub(super) fn insert_unit(
    tx: &mut Tx<'_>,
    author: &Author,
    id: &str,
    parent_id: &str,
    name: &str,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO organizational_units (instance_id, id, parent_id, name) VALUES (?1, ?2, ?3, ?4)",
        &[(&author.instance_id).into(), id.into(), parent_id.into(), name.into()],
    )?;
    let after = json!({ "id": id, "parentId": parent_id, "name": name });
    let subject = Subject { kind: "organizational_unit", id };
    author.record(tx, "organizational_unit.created", subject, None, Some(&after))
}

pub(super) fn insert_account(tx: &mut Tx<'_>, author: &Author, account: &Account) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO accounts (instance_id, id, name, email, parent_id, status, joined_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            (&author.instance_id).into(),
            (&account.id).into(),
            (&account.name).into(),
            (&account.email).into(),
            (&account.parent_id).into(),
            account.status.as_str().into(),
            account.joined_at.micros().into(),
        ],
    )?;
    author.record(tx, "account.created", subject(&account.id), None, Some(&account.for_event()))
}

pub(super) fn update_account(
    tx: &mut Tx<'_>,
    author: &Author,
    before: &Account,
    after: &Account,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE accounts SET name = ?3, email = ?4, parent_id = ?5, status = ?6 \
         WHERE instance_id = ?1 AND id = ?2",
        &[
            (&author.instance_id).into(),
            (&after.id).into(),
            (&after.name).into(),
            (&after.email).into(),
            (&after.parent_id).into(),
            after.status.as_str().into(),
        ],
    )?;
    let (shown_before, shown_after) = (before.for_event(), after.for_event());
    author.record(tx, "account.updated", subject(&after.id), Some(&shown_before), Some(&shown_after))
}

fn read(row: &Row) -> Result<Account, StoreError> {
    let why = "ACTIVE or SUSPENDED expected";
    Ok(Account {
        id: row.text(0)?,
        name: row.text(1)?,
        email: row.text(2)?,
        parent_id: row.text(3)?,
        status: AccountStatus::parse(&row.text(4)?).ok_or(StoreError::BadRow { column: 4, why })?,
        joined_at: Timestamp(row.int(5)?),
    })
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "account", id }
}
