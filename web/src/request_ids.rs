//! Ids that name a request, in its answer and in the log.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Random;

/// Gives ids. They are no secrets, and one draw from the machine's randomness serves all of a process: another for
/// every request would be a call of the kernel each time.
#[derive(Debug)]
pub struct RequestIds {
    process: [u8; 8],
    next: AtomicU64,
}

impl RequestIds {
    /// Ids of this process.
    pub fn new(random: &Random) -> Self {
        Self { process: random.bytes(), next: AtomicU64::new(u64::from_be_bytes(random.bytes())) }
    }

    /// An id that no other request has: UUID version 4 (RFC 9562 §5.4) as lower-case text.
    pub fn next(&self) -> String {
        // An odd step visits every number, and neighbours do not look alike.
        let number = self.next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mut bytes = [0; 16];
        let (low, high) = bytes.split_at_mut(8);
        low.copy_from_slice(&self.process);
        high.copy_from_slice(&number.to_be_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_within_a_process_and_between_processes() {
        let ids = [RequestIds::new(&Random::seeded(1)), RequestIds::new(&Random::seeded(2))];
        let all: HashSet<String> = ids.iter().flat_map(|ids| (0..1000).map(|_| ids.next())).collect();
        assert_eq!(all.len(), 2000);
        assert!(all.iter().all(|id| uuid::Uuid::parse_str(id).is_ok_and(|id| id.get_version_num() == 4)));
    }
}
