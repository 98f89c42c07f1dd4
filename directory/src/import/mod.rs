//! Users, groups and memberships from CSV files: read and checked completely, then planned against what
//! is there, then written in one transaction. Doing it again changes nothing.

mod csv;
mod http;
mod plan;
mod rows;

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use store::Tx;

pub use csv::{CsvError, Reason, text_of};
pub use http::routes;
pub use rows::Files;

use crate::access::Caller;
use crate::change::Change;
use crate::refused::Refused;
use crate::{Directory, groups, users};
use plan::Plan;

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Users.
    pub users: Counts,
    /// Groups.
    pub groups: Counts,
    /// Memberships; those that a file does not name stay.
    pub members: Added,
    /// Whether it was only looked at.
    pub dry_run: bool,
}

/// How many of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New.
    pub created: usize,
    /// With other values than before.
    pub updated: usize,
    /// As before.
    pub unchanged: usize,
}

/// How many memberships.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Added {
    /// New.
    pub added: usize,
    /// There before.
    pub unchanged: usize,
}

/// Imports files, or says what that would do.
///
/// # Errors
/// [`Refused::Csv`] with file, line and column; [`Refused::LastAdministrator`]; the store's.
pub async fn run(
    directory: &Directory,
    caller: &Caller,
    files: &Files,
    dry_run: bool,
) -> Result<Report, Refused> {
    let rows = Arc::new(rows::read(files)?);
    let change = Change::new(directory, &caller.actor);
    if dry_run {
        let planned = move |tx: &mut Tx<'_>| Ok(plan::make(tx, &change, &rows)?.report(true));
        return directory.store.read(planned).await;
    }
    directory
        .store
        .write(move |tx| {
            let plan = plan::make(tx, &change, &rows)?;
            apply(tx, &change, &plan)?;
            Ok(plan.report(false))
        })
        .await
}

fn apply(tx: &mut Tx<'_>, change: &Change, plan: &Plan) -> Result<(), Refused> {
    let mut disabled = HashSet::new();
    for (before, after) in &plan.users {
        users::save(tx, change, before.as_ref(), after)?;
        if before.as_ref().is_some_and(|b| b.account_enabled) && !after.account_enabled {
            disabled.insert(after.id.clone());
        }
    }
    for (before, after) in &plan.groups {
        groups::save(tx, change, before.as_ref(), after)?;
    }
    groups::insert_many(tx, change, &plan.members)?;
    users::after_disabled(tx, change, &disabled)
}
