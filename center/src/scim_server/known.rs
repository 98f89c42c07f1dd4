//! Tokens that were looked up a moment ago. Every request of a SCIM client brings one, and looking it up again
//! would cost as much as what the client asks for.
//!
//! What is remembered counts only while nothing at all has changed since, so that a token that was deleted, a switch
//! that was turned off or another identity source is known with the very next request; and for a second at most, as
//! a second process on the same file would not be noticed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use web::Timestamp;

use super::schemas::Kinds;
use super::tokens::store::Bearer;

/// How long a look-up counts.
const LASTS: Duration = Duration::from_secs(1);
/// Most that are remembered; a tenant has two tokens.
const MOST: usize = 64;

/// What names a look-up: the tenant of the path and the token's hash.
type Key = (String, [u8; 32]);

#[derive(Debug)]
struct Known {
    bearer: Bearer,
    kinds: Kinds,
    /// The store's count of changes before the look-up.
    changes: u64,
    at: Timestamp,
}

/// The look-ups of this process.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<Key, Known>>);

impl Memory {
    /// The token and the resource types, where they were looked up a moment ago and nothing changed since.
    pub(super) fn find(&self, key: &Key, changes: u64, now: Timestamp) -> Option<(Bearer, Kinds)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(key)?;
        let fresh = known.changes == changes && known.at <= now && now < known.at.plus(LASTS);
        fresh.then(|| (known.bearer.clone(), known.kinds.clone()))
    }

    /// Remembers a look-up that began when the store had counted `changes`. Its use is noted by whoever looked it
    /// up, so it counts as used now.
    pub(super) fn keep(&self, key: Key, (bearer, kinds): (&Bearer, &Kinds), changes: u64, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        let bearer = Bearer { last_used_at: Some(now), ..bearer.clone() };
        all.insert(key, Known { bearer, kinds: kinds.clone(), changes, at: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim_server::mode::Mode;

    #[test]
    fn a_look_up_counts_until_something_changes_and_for_a_second() {
        let bearer = Bearer {
            token_id: "t".to_owned(),
            last_used_at: None,
            mode: Mode::Strict,
            requests_per_second: 10,
        };
        let kinds = Kinds::of(&[]).unwrap();
        let key = ("tenant".to_owned(), [7; 32]);
        let (memory, now) = (Memory::default(), Timestamp(5_000_000));
        memory.keep(key.clone(), (&bearer, &kinds), 3, now);
        let later = |micros| Timestamp(now.micros() + micros);
        assert_eq!(memory.find(&key, 3, now).unwrap().0.last_used_at, Some(now));
        assert!(memory.find(&key, 3, later(999_999)).is_some());
        assert!(memory.find(&key, 3, later(1_000_000)).is_none());
        assert!(memory.find(&key, 3, later(-1)).is_none());
        assert!(memory.find(&key, 4, now).is_none());
        assert!(memory.find(&("other".to_owned(), [7; 32]), 3, now).is_none());
        assert!(memory.find(&("tenant".to_owned(), [8; 32]), 3, now).is_none());
    }
}
