//! Assignments from a CSV file, all or nothing.

use std::collections::HashMap;

use ::store::{StoreError, Tx};
use scim::caseless;

use super::{Assignment, AssignmentError, PrincipalType, store};
use crate::csv_file::{self, CsvError, Record};
use crate::identity_store::store as identities;
use crate::instance::Author;
use crate::{organization, permission_sets};

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRow {
    record: Record,
    principal_type: PrincipalType,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Assignments that are new.
    pub created: u64,
    /// Assignments that were there already.
    pub existing: u64,
}

/// Reads the file: columns `principal_kind` (`user` or `group`), `principal` (user name or group name),
/// `permission_set` (its name), `account_id`.
///
/// # Errors
/// [`CsvError`].
pub fn parse(text: &str) -> Result<Vec<AssignmentRow>, CsvError> {
    let columns = ["principal_kind", "principal", "permission_set", "account_id"];
    let records = csv_file::read("assignments", text, &columns, &[])?;
    records
        .into_iter()
        .map(|record| match PrincipalType::parse(record.get("principal_kind")) {
            Some(principal_type) => Ok(AssignmentRow { record, principal_type }),
            None => Err(record.error("principal_kind", "user or group is needed")),
        })
        .collect()
}

/// Makes the assignments that are missing. A principal, permission set or account that is not there is
/// an error at its line.
///
/// # Errors
/// [`AssignmentError::Csv`]; the store's.
pub fn import(
    tx: &mut Tx<'_>,
    author: &Author,
    rows: &[AssignmentRow],
    rehearsal: bool,
) -> Result<Imported, AssignmentError> {
    let mut names = Names::load(tx, &author.instance_id)?;
    let mut done = Imported::default();
    for row in rows {
        let assignment = names.resolve(tx, &author.instance_id, row)?;
        let new = if rehearsal {
            !store::exists(tx, &author.instance_id, &assignment)?
        } else {
            store::insert(tx, author, &assignment)?
        };
        if new { done.created += 1 } else { done.existing += 1 }
    }
    Ok(done)
}

/// Ids by name: all permission sets and accounts, and the principals that were asked for.
struct Names {
    permission_sets: HashMap<String, String>,
    accounts: HashMap<String, ()>,
    principals: HashMap<(PrincipalType, String), Option<String>>,
}

impl Names {
    fn load(tx: &mut Tx<'_>, instance_id: &str) -> Result<Self, StoreError> {
        let sets = permission_sets::store::list(tx, instance_id)?;
        let accounts = organization::store::accounts(tx, instance_id)?;
        Ok(Self {
            permission_sets: sets.into_iter().map(|s| (s.fields.name, s.id)).collect(),
            accounts: accounts.into_iter().map(|a| (a.id, ())).collect(),
            principals: HashMap::new(),
        })
    }

    fn resolve(
        &mut self,
        tx: &mut Tx<'_>,
        instance_id: &str,
        row: &AssignmentRow,
    ) -> Result<Assignment, AssignmentError> {
        let record = &row.record;
        let Some(principal_id) = self.principal(tx, instance_id, row)? else {
            let why = match row.principal_type {
                PrincipalType::User => "there is no user with this user name",
                PrincipalType::Group => "there is no group with this name",
            };
            return Err(record.error("principal", why).into());
        };
        let Some(set) = self.permission_sets.get(record.get("permission_set")) else {
            return Err(record.error("permission_set", "there is no permission set with this name").into());
        };
        let account_id = record.get("account_id");
        if !self.accounts.contains_key(account_id) {
            return Err(record.error("account_id", "there is no such account in the organization").into());
        }
        Ok(Assignment {
            account_id: account_id.to_owned(),
            permission_set_id: set.clone(),
            principal_type: row.principal_type,
            principal_id,
        })
    }

    fn principal(
        &mut self,
        tx: &mut Tx<'_>,
        instance_id: &str,
        row: &AssignmentRow,
    ) -> Result<Option<String>, StoreError> {
        let name = row.record.get("principal");
        let key = (row.principal_type, caseless::key(name));
        if let Some(known) = self.principals.get(&key) {
            return Ok(known.clone());
        }
        let found = match row.principal_type {
            PrincipalType::User => identities::user_by_name(tx, instance_id, name)?.map(|u| u.id),
            PrincipalType::Group => identities::group_by_name(tx, instance_id, name)?.map(|g| g.id),
        };
        self.principals.insert(key, found.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_user_or_group() {
        let head = "principal_kind,principal,permission_set,account_id\n";
        assert_eq!(parse(&format!("{head}USER,a,p,1\ngroup,g,p,1\n")).unwrap().len(), 2);
        let error = parse(&format!("{head}user,a,p,1\nrole,a,p,1\n")).unwrap_err().to_string();
        assert_eq!(
            error,
            "assignments, line 3, column principal_kind: user or group is needed; found \"role\""
        );
    }
}
