//! The rows of `identity_sources`, and the people whom a change can touch.

use ::store::{Row, StoreError, Tx};
use serde_json::{Value as Json, json};
use web::Timestamp;

use super::impact::{People, Person};
use super::source::Source;

/// Which of the rows of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In use.
    Active,
    /// Under review.
    Proposed,
    /// In use before; can be restored.
    Previous,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Proposed => "proposed",
            Self::Previous => "previous",
        }
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The source.
    pub source: Source,
    /// The digest of the review that the administrator saw; on a proposal.
    pub reviewed: Option<String>,
    /// When the row got its state.
    pub changed_at: Timestamp,
}

/// The source in use. An instance without one signs nobody in.
///
/// # Errors
/// [`StoreError::NoRow`] where there is none; [`StoreError::BadRow`]; the engine's.
pub fn active(tx: &mut Tx<'_>, instance_id: &str) -> Result<Source, StoreError> {
    find(tx, instance_id, State::Active)?.map(|stored| stored.source).ok_or(StoreError::NoRow)
}

/// The row in this state, if there is one.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub fn find(tx: &mut Tx<'_>, instance_id: &str, state: State) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT kind, settings, changed_at FROM identity_sources WHERE instance_id = ?1 AND state = ?2";
    tx.row(sql, &[instance_id.into(), state.word().into()])?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Stored, StoreError> {
    let settings = row.json(1)?;
    Ok(Stored {
        source: Source::from_columns(&row.text(0)?, &settings)?,
        reviewed: settings["reviewed"].as_str().map(ToOwned::to_owned),
        changed_at: Timestamp(row.int(2)?),
    })
}

/// Saves a proposal in place of the one that was there.
///
/// # Errors
/// The engine's.
pub fn save_proposal(
    tx: &mut Tx<'_>,
    instance_id: &str,
    source: &Source,
    reviewed: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut settings = source.settings();
    settings["reviewed"] = json!(reviewed);
    remove(tx, instance_id, State::Proposed)?;
    insert(tx, instance_id, State::Proposed, source, &settings, now)
}

/// Removes the row in this state; whether there was one.
///
/// # Errors
/// The engine's.
pub fn remove(tx: &mut Tx<'_>, instance_id: &str, state: State) -> Result<bool, StoreError> {
    let sql = "DELETE FROM identity_sources WHERE instance_id = ?1 AND state = ?2";
    Ok(tx.exec(sql, &[instance_id.into(), state.word().into()])? > 0)
}

/// Makes `to` the active source and `from` the previous one.
///
/// # Errors
/// The engine's.
pub fn activate(
    tx: &mut Tx<'_>,
    instance_id: &str,
    from: &Source,
    to: &Source,
    now: Timestamp,
) -> Result<(), StoreError> {
    remove(tx, instance_id, State::Previous)?;
    remove(tx, instance_id, State::Active)?;
    insert(tx, instance_id, State::Previous, from, &from.settings(), now)?;
    insert(tx, instance_id, State::Active, to, &to.settings(), now)
}

/// Puts new settings into the row of the source in use, which stays the same source.
///
/// # Errors
/// The engine's.
pub fn replace_active(tx: &mut Tx<'_>, instance_id: &str, source: &Source) -> Result<(), StoreError> {
    let sql = "UPDATE identity_sources SET settings = ?3 WHERE instance_id = ?1 AND state = ?2";
    let settings = source.settings().to_string();
    tx.exec(sql, &[instance_id.into(), State::Active.word().into(), (&settings).into()]).map(|_| ())
}

fn insert(
    tx: &mut Tx<'_>,
    instance_id: &str,
    state: State,
    source: &Source,
    settings: &Json,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO identity_sources (instance_id, state, kind, settings, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            instance_id.into(),
            state.word().into(),
            source.kind().word().into(),
            (&settings.to_string()).into(),
            now.micros().into(),
        ],
    )?;
    Ok(())
}

/// Everybody whom a change can touch.
///
/// # Errors
/// The engine's.
pub fn people(tx: &mut Tx<'_>, instance_id: &str) -> Result<People, StoreError> {
    let sql = "SELECT u.user_name, u.active, p.user_id FROM users u \
               LEFT JOIN passwords p ON p.instance_id = u.instance_id AND p.user_id = u.id \
               WHERE u.instance_id = ?1 ORDER BY u.user_name_key";
    let users = tx.rows(sql, &[instance_id.into()])?;
    let users = users.iter().map(|row| {
        let has_password = row.opt_text(2)?.is_some();
        Ok(Person { user_name: row.text(0)?, active: row.bool(1)?, has_password })
    });
    let users = users.collect::<Result<Vec<_>, StoreError>>()?;
    let administrators =
        tx.int("SELECT count(*) FROM administrators WHERE instance_id = ?1", &[instance_id.into()])?;
    let provisioning =
        tx.int("SELECT scim_enabled FROM instances WHERE id = ?1", &[instance_id.into()])? == 1;
    Ok(People { users, administrators, provisioning })
}
