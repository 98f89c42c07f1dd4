//! The event log: audit trail, and the feed that provisioning follows.
//!
//! A reader holds an [`EventCursor`] and asks for what comes after it. It must never skip an entry,
//! whatever commits late. On SQLite one writer makes number order and commit order the same. On
//! PostgreSQL a sequence alone does not: a transaction that drew a lower number may commit after one
//! with a higher number was read. So each entry carries the id of its transaction, entries are read
//! in the order (transaction, number), and only those are read whose transaction is older than every
//! transaction still running (`pg_snapshot_xmin`): all of these have ended, so nothing can appear
//! before them any more.

use std::sync::OnceLock;

use serde_json::Value as Json;

use crate::error::StoreError;
use crate::tx::{Appended, Conn, Tx, Val};

/// An entry to append, borrowed for the call.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// The tenant or instance.
    pub realm: &'a str,
    /// Microseconds UTC.
    pub at: i64,
    /// Who did it: `user:{id}`, `api:{client}`, `scim:{token id}`, `system`.
    pub actor: &'a str,
    /// What was done, as `subject.verb`, for example `user.updated`.
    pub action: &'a str,
    /// The kind of thing, for example `user`.
    pub subject_type: &'a str,
    /// Its id.
    pub subject_id: &'a str,
    /// What it was before, where it was. No secrets.
    pub before: Option<&'a Json>,
    /// What it is now, where it is. No secrets.
    pub after: Option<&'a Json>,
}

/// An entry as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Where it stands; reading continues after it.
    pub cursor: EventCursor,
    /// The tenant or instance.
    pub realm: String,
    /// Microseconds UTC.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// The kind of thing.
    pub subject_type: String,
    /// Its id.
    pub subject_id: String,
    /// What it was before.
    pub before: Option<Json>,
    /// What it became.
    pub after: Option<Json>,
}

/// A place in the log. `EventCursor::default()` is before the first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct EventCursor {
    /// The PostgreSQL transaction; 0 on SQLite.
    pub epoch: i64,
    /// The entry's number.
    pub seq: i64,
}

impl std::fmt::Display for EventCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

impl std::str::FromStr for EventCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, seq) = text.split_once('.').ok_or(())?;
        Ok(Self { epoch: epoch.parse().map_err(|_| ())?, seq: seq.parse().map_err(|_| ())? })
    }
}

/// What changes all the time while a directory is kept in step; see [`crate::Store::changes_of_settings`].
const FREQUENT: [&str; 2] = ["user", "group"];

/// How many entries one statement takes.
const AT_ONCE: usize = 50;

const COLUMNS: &str = "epoch, seq, realm, at, actor, action, subject_type, subject_id, before, after";

/// The statement that appends so many.
fn insert(epoch: &str, events: usize) -> String {
    let row = |n: usize| {
        let places: Vec<String> = (n * 8 + 1..=n * 8 + 8).map(|place| format!("?{place}")).collect();
        format!("({epoch}, {})", places.join(", "))
    };
    let rows: Vec<String> = (0..events).map(row).collect();
    format!(
        "INSERT INTO events (epoch, realm, at, actor, action, subject_type, subject_id, before, after) \
         VALUES {}",
        rows.join(", ")
    )
}

impl Tx<'_> {
    /// Appends an entry in this transaction: it is in the log exactly if the change is.
    ///
    /// # Errors
    /// The engine's.
    pub fn append_event(&mut self, event: &NewEvent<'_>) -> Result<(), StoreError> {
        self.append_events(std::slice::from_ref(event))
    }

    /// Appends entries in this order, many with one statement: for imports, where each statement's way
    /// to a server counts.
    ///
    /// # Errors
    /// The engine's.
    pub fn append_events(&mut self, events: &[NewEvent<'_>]) -> Result<(), StoreError> {
        for chunk in events.chunks(AT_ONCE) {
            // Only two texts, so that both stay prepared.
            match chunk.len() {
                AT_ONCE => self.insert_events(chunk)?,
                _ => chunk.iter().try_for_each(|event| self.insert_events(std::slice::from_ref(event)))?,
            }
            let count = |n: usize| u64::try_from(n).unwrap_or(0);
            let of_settings = chunk.iter().filter(|event| !FREQUENT.contains(&event.subject_type)).count();
            self.appended += Appended { all: count(chunk.len()), of_settings: count(of_settings) };
        }
        Ok(())
    }

    fn insert_events(&mut self, events: &[NewEvent<'_>]) -> Result<(), StoreError> {
        static STATEMENTS: [[OnceLock<String>; 2]; 2] = [const { [const { OnceLock::new() }; 2] }; 2];
        let (engine, epoch) = match self.conn {
            Conn::Sqlite(_) => (0, "0"),
            Conn::Postgres(_) => (1, "CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"),
        };
        let sql =
            STATEMENTS[engine][usize::from(events.len() > 1)].get_or_init(|| insert(epoch, events.len()));
        let text = |json: Option<&Json>| json.map(crate::json_text).transpose();
        let states = events.iter().map(|event| Ok((text(event.before)?, text(event.after)?)));
        let states: Vec<_> = states.collect::<Result<_, StoreError>>()?;
        let mut params: Vec<Val<'_>> = Vec::with_capacity(events.len() * 8);
        for (event, (before, after)) in events.iter().zip(&states) {
            params.extend([
                Val::from(event.realm),
                event.at.into(),
                event.actor.into(),
                event.action.into(),
                event.subject_type.into(),
                event.subject_id.into(),
                before.into(),
                after.into(),
            ]);
        }
        self.exec(sql, &params).map(|_| ())
    }

    /// Up to `limit` entries of `realm` after `cursor`, oldest first, none skipped.
    ///
    /// # Errors
    /// The engine's.
    pub fn events_after(
        &mut self,
        realm: &str,
        cursor: EventCursor,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let (sql, params) = self.after(realm, cursor, limit);
        self.rows(&sql, &params)?.iter().map(read_event).collect()
    }

    /// The place after the newest entry that a reader could have seen, for a reader that starts now
    /// and reads the state itself in this same transaction.
    ///
    /// # Errors
    /// The engine's.
    pub fn event_head(&mut self, realm: &str) -> Result<EventCursor, StoreError> {
        let settled = self.settled();
        let sql = format!(
            "SELECT epoch, seq FROM events WHERE realm = ?1{settled} ORDER BY epoch DESC, seq DESC LIMIT 1"
        );
        match self.row(&sql, &[realm.into()])? {
            Some(row) => Ok(EventCursor { epoch: row.int(0)?, seq: row.int(1)? }),
            None => Ok(EventCursor::default()),
        }
    }

    /// Up to `limit` entries of `realm`, newest first, before `cursor` where one is given, and about
    /// one subject where `subject_id` is given: for a person who looks, not for a feed.
    ///
    /// # Errors
    /// The engine's.
    pub fn events_newest(
        &mut self,
        realm: &str,
        subject_id: Option<&str>,
        before: Option<EventCursor>,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let (sql, params) = self.newest(realm, subject_id, before, limit);
        self.rows(&sql, &params)?.iter().map(read_event).collect()
    }

    fn after<'a>(&self, realm: &'a str, cursor: EventCursor, limit: i64) -> (String, Vec<Val<'a>>) {
        let (place, settled) = (self.place('>'), self.settled());
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE realm = ?1 AND {place}{settled} ORDER BY epoch, seq LIMIT ?4"
        );
        (sql, vec![realm.into(), cursor.epoch.into(), cursor.seq.into(), limit.into()])
    }

    fn newest<'a>(
        &self,
        realm: &'a str,
        subject_id: Option<&'a str>,
        before: Option<EventCursor>,
        limit: i64,
    ) -> (String, Vec<Val<'a>>) {
        let before = before.unwrap_or(EventCursor { epoch: i64::MAX, seq: i64::MAX });
        let subject = if subject_id.is_some() { " AND subject_id = ?5" } else { "" };
        let place = self.place('<');
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE realm = ?1 AND {place}{subject} \
             ORDER BY epoch DESC, seq DESC LIMIT ?4"
        );
        let mut params: Vec<Val<'_>> =
            vec![realm.into(), before.epoch.into(), before.seq.into(), limit.into()];
        params.extend(subject_id.map(Val::from));
        (sql, params)
    }

    /// Where an entry stands towards the cursor (?2, ?3). SQLite's epoch is always 0, and it would look for a pair
    /// by its first half alone where the second is the row's own number: that is the whole log.
    fn place(&self, than: char) -> String {
        match self.conn {
            Conn::Sqlite(_) => format!("epoch = 0 AND seq {than} ?3"),
            Conn::Postgres(_) => format!("(epoch, seq) {than} (?2, ?3)"),
        }
    }

    fn settled(&self) -> &'static str {
        match self.conn {
            Conn::Sqlite(_) => "",
            Conn::Postgres(_) => {
                " AND epoch < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"
            }
        }
    }
}

fn read_event(row: &crate::Row) -> Result<Event, StoreError> {
    let json = |column: usize| -> Result<Option<Json>, StoreError> {
        match row.opt_text(column)? {
            Some(_) => row.json(column).map(Some),
            None => Ok(None),
        }
    };
    Ok(Event {
        cursor: EventCursor { epoch: row.int(0)?, seq: row.int(1)? },
        realm: row.text(2)?,
        at: row.int(3)?,
        actor: row.text(4)?,
        action: row.text(5)?,
        subject_type: row.text(6)?,
        subject_id: row.text(7)?,
        before: json(8)?,
        after: json(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, engines};

    /// Both halves of a cursor are in the index's condition: what is read grows with what is new, not with the log.
    #[tokio::test]
    async fn the_log_is_entered_at_the_cursor() {
        for TestStore { store, .. } in &engines(&[]).await {
            let plans = store.read(|tx| {
                let cursor = EventCursor { epoch: 0, seq: 5 };
                let (after, after_params) = tx.after("r", cursor, 10);
                let (newest, newest_params) = tx.newest("r", None, Some(cursor), 10);
                let (about, about_params) = tx.newest("r", Some("s"), Some(cursor), 10);
                let asked = [(after, after_params), (newest, newest_params), (about, about_params)];
                asked.into_iter().map(|(sql, params)| plan(tx, &sql, &params)).collect::<Result<Vec<_>, _>>()
            });
            for (plan, than) in plans.await.unwrap().iter().zip(['>', '<', '<']) {
                let condition = match store.engine() {
                    crate::Engine::Sqlite => format!("seq{than}?"),
                    crate::Engine::Postgres => format!("(ROW(epoch, seq) {than} ROW("),
                };
                assert!(plan.contains(&condition) && !plan.contains("Seq Scan"), "{condition}: {plan}");
            }
        }
    }

    fn plan(tx: &mut Tx<'_>, sql: &str, params: &[Val<'_>]) -> Result<String, StoreError> {
        let (explain, column) = match tx.conn {
            Conn::Sqlite(_) => ("EXPLAIN QUERY PLAN", 3),
            Conn::Postgres(_) => {
                tx.exec("SET LOCAL enable_seqscan = off", &[])?;
                ("EXPLAIN", 0)
            }
        };
        let lines = tx.rows(&format!("{explain} {sql}"), params)?;
        Ok(lines.iter().map(|row| row.text(column)).collect::<Result<Vec<_>, _>>()?.join("\n"))
    }
}
