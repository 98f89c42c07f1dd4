//! Clients that were looked up by their tokens a moment ago. Every request of a SCIM client brings one, and looking it
//! up again would cost as much as what the client asks for.
//!
//! What is remembered counts only while nothing but users and groups has changed since, so that a token that was
//! deleted, a switch that was turned off or another identity source is known with the very next request; and for a
//! second at most, as a second process on the same file would not be noticed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use web::Timestamp;

use super::mode::Mode;
use super::rate::Limit;
use super::schemas::Kinds;
use super::tokens::store::Bearer;
use crate::access::Caller;

/// How long a look-up counts.
const LASTS: Duration = Duration::from_secs(1);
/// Most that are remembered; a tenant has two tokens.
const MOST: usize = 64;

/// Who calls with a token, and what applies to it.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// The tenant of the path.
    pub(super) tenant: String,
    /// The address of the SCIM root without a slash at its end.
    pub(super) base: String,
    /// Who it is in events; its id is the token's.
    pub(super) caller: Caller,
    /// How its requests are judged.
    pub(super) mode: Mode,
    /// The resource types with the schemas of administrators.
    pub(super) kinds: Kinds,
    /// How fast it may be.
    pub(super) limit: Limit,
    /// When its token was last used, as noted so far.
    pub(super) last_used_at: Option<Timestamp>,
}

impl Client {
    pub(super) fn new(tenant: &str, base: String, bearer: Bearer, kinds: Kinds) -> Self {
        let Bearer { token_id, last_used_at, mode, requests_per_second } = bearer;
        let actor = format!("scim:{token_id}");
        let caller = Caller { actor, id: token_id, name: "SCIM".to_owned() };
        let tenant = tenant.to_owned();
        Self { tenant, base, caller, mode, kinds, limit: Limit::of(mode, requests_per_second), last_used_at }
    }
}

#[derive(Debug)]
struct Known {
    client: Arc<Client>,
    /// The store's count of changes of settings before the look-up.
    changes: u64,
    at: Timestamp,
}

/// The look-ups of this process, by the hash of the token.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<[u8; 32], Known>>);

impl Memory {
    /// The client with this token of this tenant, where it was looked up a moment ago and nothing changed since.
    pub(super) fn find(
        &self,
        tenant: &str,
        hash: &[u8; 32],
        changes: u64,
        now: Timestamp,
    ) -> Option<Arc<Client>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(hash).filter(|known| known.client.tenant == tenant)?;
        let fresh = known.changes == changes && known.at <= now && now < known.at.plus(LASTS);
        fresh.then(|| Arc::clone(&known.client))
    }

    /// Remembers a look-up that began when the store had counted `changes`. Its use is noted by whoever looked it
    /// up, so it counts as used now.
    pub(super) fn keep(&self, hash: [u8; 32], client: &Client, changes: u64, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        let client = Arc::new(Client { last_used_at: Some(now), ..client.clone() });
        all.insert(hash, Known { client, changes, at: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_up_counts_until_something_changes_and_for_a_second() {
        let bearer = Bearer {
            token_id: "t".to_owned(),
            last_used_at: None,
            mode: Mode::Strict,
            requests_per_second: 10,
        };
        let client = Client::new("tenant", String::new(), bearer, Kinds::of(&[]).unwrap());
        let hash = [7; 32];
        let (memory, now) = (Memory::default(), Timestamp(5_000_000));
        memory.keep(hash, &client, 3, now);
        let later = |micros| Timestamp(now.micros() + micros);
        assert_eq!(memory.find("tenant", &hash, 3, now).unwrap().last_used_at, Some(now));
        assert!(memory.find("tenant", &hash, 3, later(999_999)).is_some());
        assert!(memory.find("tenant", &hash, 3, later(1_000_000)).is_none());
        assert!(memory.find("tenant", &hash, 3, later(-1)).is_none());
        assert!(memory.find("tenant", &hash, 4, now).is_none());
        assert!(memory.find("other", &hash, 3, now).is_none());
        assert!(memory.find("tenant", &[8; 32], 3, now).is_none());
    }
}
