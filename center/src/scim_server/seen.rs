//! What the client with a token was seen to be: its dialect, the deviations that it needed. Kept in
//! memory and written once a minute at most.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use scim::Quirk;
use scim::dialect::Dialect;
use web::Timestamp;

/// How often what was seen is written.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// Longest `User-Agent` that is kept.
const MOST_AGENT: usize = 200;

/// What was seen of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its dialect; none where it did nothing that shows one.
    pub dialect: Option<Dialect>,
    /// The deviations that it needed.
    pub quirks: BTreeSet<Quirk>,
    /// Its `User-Agent`, shortened.
    pub user_agent: String,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
}

/// What one request shows of its client.
#[derive(Debug, Clone, Copy)]
pub struct Glimpse<'a> {
    /// Its dialect; none where it did nothing that shows one.
    pub dialect: Option<Dialect>,
    /// The deviations that it needed.
    pub quirks: &'a [Quirk],
    /// Its `User-Agent`.
    pub user_agent: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Glimpse<'_> {
    fn agent(&self) -> impl Iterator<Item = char> {
        self.user_agent.chars().filter(|c| !c.is_control()).take(MOST_AGENT)
    }
}

impl Seen {
    /// One request.
    fn once(glimpse: &Glimpse<'_>) -> Self {
        Self {
            dialect: glimpse.dialect,
            quirks: glimpse.quirks.iter().copied().collect(),
            user_agent: glimpse.agent().collect(),
            first: glimpse.at,
            last: glimpse.at,
        }
    }

    /// Adds a request. Most show nothing new, and cost nothing but that look.
    fn add(&mut self, glimpse: &Glimpse<'_>) {
        self.dialect = glimpse.dialect.or(self.dialect);
        self.quirks.extend(glimpse.quirks);
        if glimpse.agent().next().is_some() && !self.user_agent.chars().eq(glimpse.agent()) {
            self.user_agent = glimpse.agent().collect();
        }
        self.first = self.first.min(glimpse.at);
        self.last = self.last.max(glimpse.at);
    }

    /// Both together; `later` decides where they differ.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        self.quirks.extend(later.quirks);
        let user_agent = if later.user_agent.is_empty() { self.user_agent } else { later.user_agent };
        Self {
            dialect: later.dialect.or(self.dialect),
            quirks: self.quirks,
            user_agent,
            first: self.first.min(later.first),
            last: self.last.max(later.last),
        }
    }

    /// The dialect, where nothing shows another that of the RFCs.
    pub fn speaks(&self) -> Dialect {
        self.dialect.unwrap_or(Dialect::Rfc)
    }
}

/// What this process saw, by token.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<String, (Seen, Timestamp)>>);

impl Memory {
    /// Adds what was seen; what is to be written now, where it is time.
    pub fn note(&self, token_id: &str, glimpse: &Glimpse<'_>) -> Option<Seen> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((seen, written)) = all.get_mut(token_id) else {
            let seen = Seen::once(glimpse);
            all.insert(token_id.to_owned(), (seen.clone(), glimpse.at));
            return Some(seen);
        };
        seen.add(glimpse);
        let due = written.plus(WRITE_EVERY) <= glimpse.at;
        if due {
            *written = glimpse.at;
        }
        due.then(|| seen.clone())
    }

    /// What was seen of one client.
    pub fn of(&self, token_id: &str) -> Option<Seen> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(token_id).map(|(seen, _)| seen.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_once_a_minute() {
        let memory = Memory::default();
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        let note = |token, quirk, seconds| {
            let glimpse = Glimpse { dialect: None, quirks: &[quirk], user_agent: "x\u{7}y", at: at(seconds) };
            memory.note(token, &glimpse)
        };
        assert!(note("t", Quirk::EntraCapitalisedOp, 0).is_some());
        assert_eq!(note("t", Quirk::EntraPathAsKey, 59), None);
        let written = note("t", Quirk::EntraPathAsKey, 60).unwrap();
        assert_eq!((written.quirks.len(), written.first, written.last), (2, at(0), at(60)));
        assert_eq!(written.user_agent, "xy");
        assert!(note("other", Quirk::EntraPathAsKey, 60).is_some());
    }
}
