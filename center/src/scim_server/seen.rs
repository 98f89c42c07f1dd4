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

impl Seen {
    /// One request.
    pub fn once(dialect: Option<Dialect>, quirks: &[Quirk], user_agent: &str, now: Timestamp) -> Self {
        let user_agent = user_agent.chars().filter(|c| !c.is_control()).take(MOST_AGENT).collect();
        Self { dialect, quirks: quirks.iter().copied().collect(), user_agent, first: now, last: now }
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
pub struct Memory(Mutex<HashMap<String, (Seen, Option<Timestamp>)>>);

impl Memory {
    /// Adds what was seen; what is to be written now, where it is time.
    pub fn note(&self, token_id: &str, seen: Seen) -> Option<Seen> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = seen.last;
        let (known, written) = match all.remove(token_id) {
            Some((known, written)) => (known.and(seen), written),
            None => (seen, None),
        };
        let due = written.is_none_or(|at| at.plus(WRITE_EVERY) <= now);
        let written = if due { Some(now) } else { written };
        all.insert(token_id.to_owned(), (known.clone(), written));
        due.then_some(known)
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
        let seen = |quirk, seconds| Seen::once(None, &[quirk], "x\u{7}y", at(seconds));
        assert!(memory.note("t", seen(Quirk::EntraCapitalisedOp, 0)).is_some());
        assert_eq!(memory.note("t", seen(Quirk::EntraPathAsKey, 59)), None);
        let written = memory.note("t", seen(Quirk::EntraPathAsKey, 60)).unwrap();
        assert_eq!((written.quirks.len(), written.first, written.last), (2, at(0), at(60)));
        assert_eq!(written.user_agent, "xy");
        assert!(memory.note("other", seen(Quirk::EntraPathAsKey, 60)).is_some());
    }
}
