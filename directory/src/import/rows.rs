//! The rows of the three files as what they say, each value checked.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::csv::{CsvError, Reason, Row, Table, table};
use crate::groups::{self, Group, MemberKind};
use crate::refused::Refused;
use crate::users::{self, UserChange};

/// The files of an import, as texts; absent ones change nothing.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Users.
    pub users: Option<String>,
    /// Groups.
    pub groups: Option<String>,
    /// Memberships.
    pub members: Option<String>,
}

/// What the files say.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) users: Vec<UserRow>,
    pub(super) groups: Vec<GroupRow>,
    pub(super) members: Vec<MemberRow>,
}

pub(super) struct UserRow {
    pub(super) line: u64,
    pub(super) name: String,
    pub(super) change: UserChange,
    /// `None` where the file has no such column; empty where the person has no manager.
    pub(super) manager: Option<String>,
}

pub(super) struct GroupRow {
    pub(super) line: u64,
    pub(super) name: String,
    /// `None` where the file has no such column.
    pub(super) description: Option<String>,
}

pub(super) struct MemberRow {
    pub(super) line: u64,
    pub(super) group: String,
    pub(super) kind: MemberKind,
    pub(super) member: String,
}

const USER_COLUMNS: &[&str] = &[
    "user_name",
    "given_name",
    "family_name",
    "display_name",
    "email",
    "title",
    "department",
    "manager",
    "active",
];
/// Columns that are a property under another name.
const PROPERTIES: &[(&str, &str)] = &[
    ("given_name", "givenName"),
    ("family_name", "surname"),
    ("email", "mail"),
    ("title", "jobTitle"),
    ("department", "department"),
];

/// Reads the files.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub(super) fn read(files: &Files) -> Result<Rows, CsvError> {
    let mut rows = Rows::default();
    if let Some(text) = &files.users {
        rows.users = all(&table("users", text, USER_COLUMNS, &["user_name"])?, user)?;
        once(&rows.users, "users", "user_name", |r| (r.line, users::key(&r.name)))?;
    }
    if let Some(text) = &files.groups {
        rows.groups = all(&table("groups", text, &["name", "description"], &["name"])?, group)?;
        once(&rows.groups, "groups", "name", |r| (r.line, groups::key(&r.name)))?;
    }
    if let Some(text) = &files.members {
        let columns = &["group", "kind", "member"];
        rows.members = all(&table("members", text, columns, columns)?, member)?;
        let key = |r: &MemberRow| {
            let key = format!("{} {} {}", groups::key(&r.group), r.kind.as_str(), users::key(&r.member));
            (r.line, key)
        };
        once(&rows.members, "members", "member", key)?;
    }
    Ok(rows)
}

fn all<T>(table: &Table, read: impl Fn(&Row<'_>) -> Result<T, CsvError>) -> Result<Vec<T>, CsvError> {
    table.rows().map(|row| read(&row)).collect()
}

fn once<T>(
    rows: &[T],
    file: &'static str,
    column: &str,
    key: impl Fn(&T) -> (u64, String),
) -> Result<(), CsvError> {
    let mut seen = HashMap::with_capacity(rows.len());
    for row in rows {
        let (line, value) = key(row);
        if let Some(first) = seen.insert(value.clone(), line) {
            let reason = Reason::Twice { value, first };
            return Err(CsvError { file, line, column: Some(column.to_owned()), reason });
        }
    }
    Ok(())
}

/// A value that the domain refused, as an error of its column.
fn refused(row: &Row<'_>, column: &str, refused: Refused) -> CsvError {
    match refused {
        Refused::Invalid { expected, found, .. } => row.error(column, Reason::Value { expected, found }),
        other => row.error(column, Reason::Value { expected: other.to_string(), found: String::new() }),
    }
}

fn user(row: &Row<'_>) -> Result<UserRow, CsvError> {
    let name = row.get("user_name").unwrap_or_default();
    let name = users::checked_name(name).map_err(|r| refused(row, "user_name", r))?;
    let mut change = UserChange { user_principal_name: Some(name.clone()), ..UserChange::default() };
    if let Some(display_name) = row.get("display_name").filter(|d| !d.is_empty()) {
        let checked = users::checked_display_name(display_name);
        change.display_name = Some(checked.map_err(|r| refused(row, "display_name", r))?);
    }
    for (column, property) in PROPERTIES {
        let Some(value) = row.get(column) else { continue };
        let value = Json::from(value);
        users::Profile::default().set(property, &value).map_err(|r| refused(row, column, r))?;
        change.profile.push(((*property).to_owned(), value));
    }
    change.account_enabled = active(row)?;
    let manager = row.get("manager").map(ToOwned::to_owned);
    if manager.as_ref().is_some_and(|m| users::key(m) == users::key(&name)) {
        return Err(row.error("manager", Reason::Itself(name)));
    }
    Ok(UserRow { line: row.line, name, change, manager })
}

fn active(row: &Row<'_>) -> Result<Option<bool>, CsvError> {
    match row.get("active") {
        None | Some("") => Ok(None),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(text) => {
            let (expected, found) = ("true or false".to_owned(), text.chars().take(60).collect());
            Err(row.error("active", Reason::Value { expected, found }))
        }
    }
}

fn group(row: &Row<'_>) -> Result<GroupRow, CsvError> {
    let group = Group {
        id: String::new(),
        display_name: row.get("name").unwrap_or_default().to_owned(),
        description: row.get("description").unwrap_or_default().to_owned(),
        mail_nickname: String::new(),
        created_date_time: String::new(),
    };
    let target = |r: &Refused| match r {
        Refused::Invalid { target, .. } if target == "description" => "description",
        _ => "name",
    };
    let group = groups::checked(group).map_err(|r| refused(row, target(&r), r))?;
    let description = row.get("description").map(|_| group.description);
    Ok(GroupRow { line: row.line, name: group.display_name, description })
}

fn member(row: &Row<'_>) -> Result<MemberRow, CsvError> {
    let kind = match row.get("kind").unwrap_or_default() {
        "user" => MemberKind::User,
        "group" => MemberKind::Group,
        other => {
            let (expected, found) = ("user or group".to_owned(), other.chars().take(60).collect());
            return Err(row.error("kind", Reason::Value { expected, found }));
        }
    };
    let text = |column: &'static str| {
        let value = row.get(column).unwrap_or_default();
        // A name that nothing can have is also nothing that can be looked for.
        match value.chars().any(char::is_control) || value.is_empty() {
            true => {
                let (expected, found) = ("a name".to_owned(), String::new());
                Err(row.error(column, Reason::Value { expected, found }))
            }
            false => Ok(value.to_owned()),
        }
    };
    let (group, member) = (text("group")?, text("member")?);
    if kind == MemberKind::Group && groups::key(&group) == groups::key(&member) {
        return Err(row.error("member", Reason::Itself(group)));
    }
    Ok(MemberRow { line: row.line, group, kind, member })
}
