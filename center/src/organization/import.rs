//! Accounts from a CSV file, all or nothing.

use std::collections::HashMap;

use ::store::Tx;
use web::Random;

use super::{Account, AccountStatus, OrganizationError, store};
use crate::csv_file::{self, CsvError, Record};
use crate::instance::Author;

/// Deepest nesting of units (AWS: five levels under the root).
const MAX_DEPTH: usize = 5;
/// Longest name of a unit (AWS Organizations API).
const MAX_UNIT_NAME: usize = 128;
const MAX_ACCOUNT_NAME: usize = 50;
/// RFC 5321 §4.5.3.1.3. AWS makes accounts with 64 at most, and has older and invited ones with more.
const MAX_EMAIL: usize = 254;

/// A line of the file, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Twelve digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The address of its root user.
    pub email: String,
    /// The names of the units from the root down; empty for the root itself.
    pub path: Vec<String>,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// New units.
    pub units: u64,
    /// New accounts.
    pub created: u64,
    /// Accounts with another name, address or place.
    pub updated: u64,
    /// Accounts that were like this already.
    pub unchanged: u64,
}

/// Reads the file: columns `account_id,name,email,ou_path`.
///
/// # Errors
/// [`CsvError`].
pub fn parse(text: &str) -> Result<Vec<AccountRow>, CsvError> {
    let records = csv_file::read("accounts", text, &["account_id", "name", "email", "ou_path"], &[])?;
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut rows = Vec::with_capacity(records.len());
    for record in &records {
        let row = row(record)?;
        if let Some(first) = seen.insert(row.id.clone(), record.line) {
            return Err(record.error("account_id", format!("the account is on line {first} already")));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn row(record: &Record) -> Result<AccountRow, CsvError> {
    let id = record.get("account_id");
    if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(record.error(
            "account_id",
            "an account id has twelve digits (a spreadsheet may have cut leading zeros)",
        ));
    }
    let name = record.get("name");
    if name.is_empty() || name.chars().count() > MAX_ACCOUNT_NAME {
        return Err(record.error("name", format!("a name has 1 to {MAX_ACCOUNT_NAME} characters")));
    }
    let email = record.get("email");
    let parts = email.split_once('@');
    let plausible = parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !plausible || email.chars().count() > MAX_EMAIL || email.contains(char::is_whitespace) {
        return Err(
            record.error("email", format!("an address with @ and at most {MAX_EMAIL} characters is needed"))
        );
    }
    Ok(AccountRow { id: id.to_owned(), name: name.to_owned(), email: email.to_owned(), path: path(record)? })
}

fn path(record: &Record) -> Result<Vec<String>, CsvError> {
    let text = record.get("ou_path").trim_matches('/');
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = text.split('/').map(|name| name.trim().to_owned()).collect();
    if names.len() > MAX_DEPTH {
        return Err(record.error("ou_path", format!("at most {MAX_DEPTH} units may be nested")));
    }
    if names.iter().any(|n| n.is_empty() || n.chars().count() > MAX_UNIT_NAME) {
        return Err(
            record.error("ou_path", format!("each unit has a name of 1 to {MAX_UNIT_NAME} characters"))
        );
    }
    Ok(names)
}

/// Brings the organization to what the rows say: makes units and accounts that are missing, renames
/// and moves accounts. Accounts that no row names stay. The first account becomes the management
/// account where there is none. A rehearsal only counts.
///
/// # Errors
/// The store's.
pub fn import(
    tx: &mut Tx<'_>,
    author: &Author,
    random: &Random,
    rows: &[AccountRow],
    rehearsal: bool,
) -> Result<Imported, OrganizationError> {
    let organization = store::organization(tx, &author.instance_id)?;
    let existing = store::accounts(tx, &author.instance_id)?;
    let existing: HashMap<&str, &Account> = existing.iter().map(|a| (a.id.as_str(), a)).collect();
    let known = store::units(tx, &author.instance_id)?;
    let mut units = Units {
        root_id: organization.root_id.clone(),
        ids: known.into_iter().map(|u| ((u.parent_id, u.name), u.id)).collect(),
        rehearsal,
    };
    let mut done = Imported::default();
    for row in rows {
        let parent_id = units.make(tx, author, random, &row.path, &mut done)?;
        let wanted = Account {
            id: row.id.clone(),
            name: row.name.clone(),
            email: row.email.clone(),
            parent_id,
            status: existing.get(row.id.as_str()).map_or(AccountStatus::Active, |a| a.status),
            joined_at: existing.get(row.id.as_str()).map_or(author.now, |a| a.joined_at),
        };
        save(tx, author, existing.get(row.id.as_str()).copied(), &wanted, rehearsal, &mut done)?;
    }
    if let (true, Some(first), false) =
        (organization.management_account_id.is_empty(), rows.first(), rehearsal)
    {
        store::set_management_account(tx, author, &first.id)?;
    }
    Ok(done)
}

fn save(
    tx: &mut Tx<'_>,
    author: &Author,
    before: Option<&Account>,
    wanted: &Account,
    rehearsal: bool,
    done: &mut Imported,
) -> Result<(), OrganizationError> {
    match before {
        Some(before) if before == wanted => done.unchanged += 1,
        Some(before) => {
            done.updated += 1;
            if !rehearsal {
                store::update_account(tx, author, before, wanted)?;
            }
        }
        None => {
            done.created += 1;
            if !rehearsal {
                store::insert_account(tx, author, wanted)?;
            }
        }
    }
    Ok(())
}

/// The ids of units by parent and name, growing while rows are read.
struct Units {
    root_id: String,
    ids: HashMap<(String, String), String>,
    rehearsal: bool,
}

impl Units {
    fn make(
        &mut self,
        tx: &mut Tx<'_>,
        author: &Author,
        random: &Random,
        path: &[String],
        done: &mut Imported,
    ) -> Result<String, OrganizationError> {
        let mut parent = self.root_id.clone();
        for name in path {
            let key = (parent.clone(), name.clone());
            if let Some(id) = self.ids.get(&key) {
                parent.clone_from(id);
                continue;
            }
            let id = format!("ou-{}-{}", self.root_id.trim_start_matches("r-"), random.hex::<4>());
            if !self.rehearsal {
                store::insert_unit(tx, author, &id, &parent, name)?;
            }
            done.units += 1;
            self.ids.insert(key, id.clone());
            parent = id;
        }
        Ok(parent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<AccountRow, String> {
        let rows = parse(&format!("account_id,name,email,ou_path\n{line}\n")).map_err(|e| e.to_string())?;
        Ok(rows[0].clone())
    }

    #[test]
    fn a_path_is_split_and_the_root_is_empty() {
        assert_eq!(parse_line("000000000001,m,a@x,").unwrap().path, Vec::<String>::new());
        assert_eq!(parse_line("000000000001,m,a@x,/Core/Dev/").unwrap().path, ["Core", "Dev"]);
    }

    #[test]
    fn bad_lines_are_named() {
        for (line, column) in [
            ("1,m,a@x,", "account_id"),
            ("00000000000１,m,a@x,", "account_id"),
            ("000000000001,,a@x,", "name"),
            ("000000000001,m,ax,", "email"),
            ("000000000001,m,@x,", "email"),
            ("000000000001,m,a@x,A//B", "ou_path"),
            ("000000000001,m,a@x,1/2/3/4/5/6", "ou_path"),
        ] {
            let error = parse_line(line).unwrap_err();
            assert!(error.starts_with(&format!("accounts, line 2, column {column}:")), "{line}: {error}");
        }
        let twice = "account_id,name,email,ou_path\n000000000001,m,a@x,\n000000000001,m,a@x,\n";
        assert!(
            parse(twice)
                .unwrap_err()
                .to_string()
                .contains("line 3, column account_id: the account is on line 2")
        );
    }
}
