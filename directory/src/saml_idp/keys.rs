//! Signing keys: opened with the master key, parsed once, and used off the async threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use saml::certificate::SigningKey;

use crate::Directory;
use crate::applications::{Certificate, SigningAlgorithm};

/// Most parsed keys that are kept.
const MOST: usize = 256;

/// Parsed keys by the hash of key id, certificate and algorithm. A certificate names its key, so a key never answers
/// for another; one whose row is gone is not asked for any more.
#[derive(Debug, Clone, Default)]
pub struct SigningKeys(Arc<Mutex<HashMap<[u8; 32], Arc<SigningKey>>>>);

impl SigningKeys {
    /// The key of a certificate.
    ///
    /// # Errors
    /// A text for administrators: it does not open, or does not fit its certificate.
    pub async fn get(
        &self,
        directory: &Directory,
        certificate: &Certificate,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<SigningKey>, String> {
        let (id, der) = (&certificate.key_id, hex::encode(&certificate.der));
        let name = format!("{id} {der} {}", algorithm.as_str());
        let hash = web::token::hash(&name);
        if let Some(known) = self.kept(&hash) {
            return Ok(known);
        }
        let key = Arc::new(open(directory, certificate.clone(), algorithm).await?);
        self.keep(hash, key.clone());
        Ok(key)
    }

    fn kept(&self, hash: &[u8; 32]) -> Option<Arc<SigningKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn keep(&self, hash: [u8; 32], key: Arc<SigningKey>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(hash, key);
    }
}

async fn open(
    directory: &Directory,
    certificate: Certificate,
    algorithm: SigningAlgorithm,
) -> Result<SigningKey, String> {
    let master_key = directory.master_key.clone();
    let work = move || {
        let plain = certificate.private_key(&master_key).map_err(|e| e.to_string())?;
        let key = SigningKey::new(&plain, &certificate.der).map_err(|e| e.to_string())?;
        let wanted = algorithm.of(key.certificate().key_kind());
        key.with_algorithm(wanted).map_err(|e| e.to_string())
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| "opening it failed inside".to_owned())?
}
