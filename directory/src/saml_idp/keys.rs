//! Signing keys: opened with the master key, parsed once, and used off the async threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use saml::certificate::SigningKey;
use store::StoreError;
use thiserror::Error;

use super::application::{Application, Certificate};
use super::store as rows;
use crate::Directory;

/// Most parsed keys that are kept.
const MOST: usize = 256;

/// Parsed keys, by the hash of the sealed key and the certificate: a key that was replaced or deleted in
/// the rows is never found under its old hash.
#[derive(Debug, Clone, Default)]
pub struct SigningKeys(Arc<Mutex<HashMap<[u8; 32], Arc<SigningKey>>>>);

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// It does not open or does not fit its certificate; the text says which.
    #[error("{0}")]
    Unusable(String),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SigningKeys {
    /// The key of a certificate of an application.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn get(
        &self,
        directory: &Directory,
        application: &Application,
        key_id: &str,
    ) -> Result<Arc<SigningKey>, KeyError> {
        let certificate = application.certificates.iter().find(|c| c.key_id == key_id);
        let certificate = certificate.ok_or_else(|| KeyError::Unusable("it was deleted".to_owned()))?.clone();
        let (tenant, id, key) = (directory.tenant_id.clone(), application.id.clone(), key_id.to_owned());
        let sealed = directory.store.read(move |tx| rows::sealed_key(tx, &tenant, &id, &key)).await?;
        let hash = web::token::hash(&format!("{} {}", hex::encode(&sealed), hex::encode(&certificate.der)));
        if let Some(known) = self.kept(&hash) {
            return Ok(known);
        }
        let key = Arc::new(open(directory, certificate, sealed).await?);
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

async fn open(directory: &Directory, certificate: Certificate, sealed: Vec<u8>) -> Result<SigningKey, KeyError> {
    let master_key = directory.master_key.clone();
    let work = move || {
        let place = format!("application_certificates/private_key/{}", certificate.key_id);
        let plain = master_key.open(&place, &sealed).map_err(|e| KeyError::Unusable(e.to_string()))?;
        SigningKey::new(&plain, &certificate.der).map_err(|e| KeyError::Unusable(e.to_string()))
    };
    let failed = |_| KeyError::Unusable("opening it failed inside".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}
