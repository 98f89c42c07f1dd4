//! Many assignments at once: every chosen principal gets every chosen permission set in every chosen
//! account.

use ::store::Tx;

use super::{Assignment, AssignmentError, MAX_AT_ONCE, PrincipalType, store};
use crate::instance::Author;

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Accounts, already without repeats.
    pub accounts: Vec<String>,
    /// Permission sets by id.
    pub permission_sets: Vec<String>,
    /// Users and groups by id.
    pub principals: Vec<(PrincipalType, String)>,
}

impl Wanted {
    /// How many assignments that makes.
    pub fn count(&self) -> usize {
        self.accounts.len().saturating_mul(self.permission_sets.len()).saturating_mul(self.principals.len())
    }
}

/// What was done in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountResult {
    /// The account.
    pub account_id: String,
    /// Assignments that are new.
    pub created: u64,
    /// Assignments that were there already.
    pub existing: u64,
}

/// Makes every assignment that is wanted and missing, in one transaction; what happened by account.
///
/// # Errors
/// [`AssignmentError`] for the first thing that is not there; then nothing was changed.
pub fn assign_all(
    tx: &mut Tx<'_>,
    author: &Author,
    wanted: &Wanted,
) -> Result<Vec<AccountResult>, AssignmentError> {
    if wanted.count() > MAX_AT_ONCE {
        return Err(AssignmentError::TooMany(wanted.count()));
    }
    store::check_parts(tx, &author.instance_id, wanted)?;
    let mut results = Vec::with_capacity(wanted.accounts.len());
    for account_id in &wanted.accounts {
        let mut result = AccountResult { account_id: account_id.clone(), created: 0, existing: 0 };
        for permission_set_id in &wanted.permission_sets {
            for (principal_type, principal_id) in &wanted.principals {
                let assignment = Assignment {
                    account_id: account_id.clone(),
                    permission_set_id: permission_set_id.clone(),
                    principal_type: *principal_type,
                    principal_id: principal_id.clone(),
                };
                if store::insert(tx, author, &assignment)? {
                    result.created += 1
                } else {
                    result.existing += 1
                }
            }
        }
        results.push(result);
    }
    Ok(results)
}
