//! Permission sets from a CSV file, all or nothing.

use std::collections::HashMap;

use ::store::Tx;
use web::Random;

use super::{Fields, PermissionSetError, store};
use crate::csv_file::{self, CsvError, Record};
use crate::instance::Author;

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// New sets.
    pub created: u64,
    /// Sets that were changed.
    pub updated: u64,
    /// Sets that were like this already.
    pub unchanged: u64,
}

/// Reads the file: columns `name`, and where wanted `description`, `session_duration`, `relay_state`,
/// `managed_policies` (ARNs between blanks or `;`) and `inline_policy`.
///
/// # Errors
/// [`CsvError`].
pub fn parse(text: &str) -> Result<Vec<Fields>, CsvError> {
    let optional = ["description", "session_duration", "relay_state", "managed_policies", "inline_policy"];
    let records = csv_file::read("permission_sets", text, &["name"], &optional)?;
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut sets = Vec::with_capacity(records.len());
    for record in &records {
        let fields = fields(record)?;
        if let Some(first) = seen.insert(fields.name.clone(), record.line) {
            return Err(record.error("name", format!("the permission set is on line {first} already")));
        }
        sets.push(fields);
    }
    Ok(sets)
}

fn fields(record: &Record) -> Result<Fields, CsvError> {
    let policies = record.get("managed_policies").split([' ', ';', '\t']).filter(|p| !p.is_empty());
    let duration = record.get("session_duration");
    let fields = Fields {
        name: record.get("name").to_owned(),
        description: record.get("description").to_owned(),
        session_duration: if duration.is_empty() { "PT1H" } else { duration }.to_owned(),
        relay_state: Some(record.get("relay_state").to_owned()).filter(|r| !r.is_empty()),
        managed_policies: policies.map(str::to_owned).collect(),
        inline_policy: record.get("inline_policy").to_owned(),
    };
    match fields.check() {
        Ok(()) => Ok(fields),
        Err(PermissionSetError::Invalid { field, why, .. }) => Err(record.error(column(field), why)),
        Err(other) => Err(record.error("name", other.to_string())),
    }
}

fn column(field: &str) -> &'static str {
    match field {
        "description" => "description",
        "sessionDuration" => "session_duration",
        "relayState" => "relay_state",
        "managedPolicies" => "managed_policies",
        "inlinePolicy" => "inline_policy",
        _ => "name",
    }
}

/// Makes the sets that are missing and brings those that exist to what the file says.
///
/// # Errors
/// [`PermissionSetError::TooMany`]; the store's.
pub fn import(
    tx: &mut Tx<'_>,
    author: &Author,
    random: &Random,
    sets: &[Fields],
    rehearsal: bool,
) -> Result<Imported, PermissionSetError> {
    let mut done = Imported::default();
    for fields in sets {
        match store::by_name(tx, &author.instance_id, &fields.name)? {
            Some(before) if before.fields == *fields => done.unchanged += 1,
            Some(before) => {
                done.updated += 1;
                if !rehearsal {
                    store::update(tx, author, &before.id, fields)?;
                }
            }
            None => {
                done.created += 1;
                if !rehearsal {
                    store::create(tx, author, random, fields)?;
                }
            }
        }
    }
    Ok(done)
}
