//! The only place that asks the machine for randomness.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;

/// Draws ids and secrets; a test gives one that can be replayed.
#[derive(Debug, Clone)]
pub struct Random(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Seeded(u64, Arc<AtomicU64>),
}

impl Random {
    /// The machine's source.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A source that gives the same for the same seed. For tests alone.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(seed, Arc::new(AtomicU64::new(0))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// Where the machine has no randomness to give: nothing safe can be done then.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => getrandom::fill(&mut bytes).expect("the machine gives randomness"),
            Source::Seeded(seed, drawn) => {
                for chunk in bytes.chunks_mut(32) {
                    let n = drawn.fetch_add(1, Ordering::SeqCst);
                    let block = Sha256::digest([seed.to_be_bytes(), n.to_be_bytes()].concat());
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
        }
        bytes
    }

    /// An id that sorts by time: UUID version 7 (RFC 9562 §5.7) as lower-case text.
    pub fn id(&self, now: Timestamp) -> String {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid().to_string()
    }

    /// An id that tells nothing: UUID version 4 (RFC 9562 §5.4) as lower-case text.
    pub fn uuid(&self) -> String {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    /// `2 * N` lower-case hexadecimal digits.
    pub fn hex<const N: usize>(&self) -> String {
        hex::encode(self.bytes::<N>())
    }

    /// A secret of 256 bits as 43 characters of base64url behind `prefix`, which tells people and
    /// secret scanners what they found.
    pub fn token(&self, prefix: &str) -> String {
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.bytes::<32>()))
    }
}
