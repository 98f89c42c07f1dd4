//! Our own keys as a service provider: they sign requests and logout messages, and decrypt assertions. A private
//! key is made here, leaves only sealed, and is opened for the moment in which it is used.

use std::time::Duration;

use ::store::{Row, StoreError, Tx};
use http::StatusCode;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use saml::certificate::{Certificate, SelfSigned, SigningKey};
use saml::encryption::DecryptionKey;
use serde_json::{Value as Json, json};
use thiserror::Error;
use web::Timestamp;
use web::sealed::MasterKey;
use zeroize::Zeroizing;

use crate::Center;
use crate::admin_api::ApiError;
use crate::instance::{Author, Subject};

/// Most keys of one purpose: the active one, its successor, and one that may still be in somebody's metadata.
const MOST_KEYS: usize = 3;
/// Validity of our certificates: three years, as Entra's.
const VALIDITY: Duration = Duration::from_secs(3 * 365 * 86_400);

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It signs requests and logout messages.
    Signing,
    /// It decrypts assertions.
    Encryption,
}

impl Purpose {
    /// The word in rows and in the API, which is that of metadata.
    pub fn word(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Encryption => "encryption",
        }
    }

    /// From the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Signing, Self::Encryption].into_iter().find(|purpose| purpose.word() == word)
    }
}

/// A key of ours.
#[derive(Clone)]
pub struct SpKey {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Its certificate, which is no secret.
    pub certificate: Certificate,
    /// Whether it is the one in use.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    sealed: Vec<u8>,
}

/// Why a key was not made, used or removed.
#[derive(Debug, Error)]
pub enum KeyError {
    /// No such key.
    #[error("there is no key {0}")]
    NotFound(String),
    /// A purpose that does not exist.
    #[error("{0:?} is no purpose of a key")]
    PurposeUnknown(String),
    /// Too many.
    #[error("there are {MOST_KEYS} keys of this purpose already")]
    TooMany,
    /// The one in use.
    #[error("the active key cannot be removed")]
    Active(String),
    /// The library or the master key failed.
    #[error("the key cannot be made or opened: {0}")]
    Unusable(String),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ::store::Retryable for KeyError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        let message = error.to_string();
        match error {
            KeyError::NotFound(id) => Self::not_found("KeyNotFound", message).target("key").found(&id),
            KeyError::PurposeUnknown(found) => Self::new(StatusCode::BAD_REQUEST, "PurposeUnknown", message)
                .target("purpose")
                .expected("signing or encryption")
                .found(&found)
                .fix("name one of the two"),
            KeyError::TooMany => Self::new(StatusCode::CONFLICT, "TooManyKeys", message)
                .expected(format!("at most {MOST_KEYS}"))
                .fix("remove a key that is not active"),
            KeyError::Active(id) => Self::new(StatusCode::CONFLICT, "KeyActive", message)
                .target("key")
                .found(&id)
                .fix("activate another key of this purpose first"),
            KeyError::Unusable(_) => {
                tracing::error!(%message, "a key of the service provider is unusable");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "KeyUnusable", message)
                    .fix("look at the server's log; was the master key file exchanged?")
            }
            KeyError::Store(error) => error.into(),
        }
    }
}

impl SpKey {
    /// Opens it for signing.
    ///
    /// # Errors
    /// [`KeyError::Unusable`].
    pub fn signing(&self, master_key: &MasterKey) -> Result<SigningKey, KeyError> {
        let plain = self.open(master_key)?;
        SigningKey::new(&plain, &self.der()?).map_err(unusable)
    }

    /// Opens it for decryption.
    ///
    /// # Errors
    /// [`KeyError::Unusable`].
    pub fn decryption(&self, master_key: &MasterKey) -> Result<DecryptionKey, KeyError> {
        DecryptionKey::new(&self.open(master_key)?).map_err(unusable)
    }

    fn open(&self, master_key: &MasterKey) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        master_key.open(&place(&self.id), &self.sealed).map(Zeroizing::new).map_err(unusable)
    }

    fn der(&self) -> Result<Vec<u8>, KeyError> {
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, self.certificate.base64())
            .map_err(unusable)
    }

    /// As the API shows it.
    pub fn to_json(&self, now: Timestamp) -> Json {
        json!({
            "id": self.id,
            "purpose": self.purpose.word(),
            "active": self.active,
            "thumbprint": self.certificate.thumbprint(),
            "certificate": self.certificate.base64(),
            "notAfter": Timestamp::from(self.certificate.not_after()).rfc3339(),
            "status": self.status(now),
            "createdAt": self.created_at.rfc3339(),
        })
    }

    fn for_event(&self) -> Json {
        json!({ "purpose": self.purpose.word(), "thumbprint": self.certificate.thumbprint(), "active": self.active })
    }
}

fn unusable(error: impl std::fmt::Display) -> KeyError {
    KeyError::Unusable(error.to_string())
}

fn place(id: &str) -> String {
    format!("saml_keys/private_key/{id}")
}

/// Makes a key and its self-signed certificate, away from the threads that serve requests.
///
/// # Errors
/// [`KeyError::Unusable`].
pub async fn draw(center: &Center, purpose: Purpose) -> Result<SpKey, KeyError> {
    let created_at = center.clock.now();
    let (id, serial) = (center.random.uuid(), center.random.bytes::<16>());
    let master_key = center.master_key.clone();
    let work = move || {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(unusable)?;
        let plain = Zeroizing::new(pair.serialize_der());
        // X.509 has whole seconds.
        let from = Timestamp(created_at.seconds() * 1_000_000);
        let values = SelfSigned {
            common_name: "Entente service provider",
            serial,
            not_before: from.to_offset(),
            not_after: from.plus(VALIDITY).to_offset(),
        };
        let certificate = SigningKey::self_signed(&plain, &values).map_err(unusable)?.certificate().clone();
        let sealed = master_key.seal(&place(&id), &plain).map_err(unusable)?;
        Ok(SpKey { id, purpose, certificate, active: false, created_at, sealed })
    };
    tokio::task::spawn_blocking(work).await.map_err(unusable)?
}

const COLUMNS: &str = "id, purpose, certificate, private_key_sealed, active, created_at";

/// The keys of an instance, of each purpose the active one first, then the newest.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub fn keys(tx: &mut Tx<'_>, instance_id: &str) -> Result<Vec<SpKey>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM saml_keys WHERE instance_id = ?1 ORDER BY purpose, active DESC, created_at DESC, id"
    );
    tx.rows(&sql, &[instance_id.into()])?.iter().map(read).collect()
}

/// The active key of a purpose.
///
/// # Errors
/// As [`keys`].
pub fn active(tx: &mut Tx<'_>, instance_id: &str, purpose: Purpose) -> Result<Option<SpKey>, StoreError> {
    Ok(keys(tx, instance_id)?.into_iter().find(|key| key.purpose == purpose && key.active))
}

fn read(row: &Row) -> Result<SpKey, StoreError> {
    let bad = |column, why| StoreError::BadRow { column, why };
    Ok(SpKey {
        id: row.text(0)?,
        purpose: Purpose::from_word(&row.text(1)?).ok_or_else(|| bad(1, "signing or encryption expected"))?,
        certificate: Certificate::from_der(&row.bytes(2)?).map_err(|_| bad(2, "a certificate expected"))?,
        sealed: row.bytes(3)?,
        active: row.bool(4)?,
        created_at: Timestamp(row.int(5)?),
    })
}

/// Saves a new key; it is the active one where its purpose has none.
///
/// # Errors
/// [`KeyError::TooMany`]; the engine's.
pub fn add(tx: &mut Tx<'_>, author: &Author, new: &SpKey) -> Result<SpKey, KeyError> {
    let same = keys(tx, &author.instance_id)?.into_iter().filter(|key| key.purpose == new.purpose);
    let same: Vec<SpKey> = same.collect();
    if same.len() >= MOST_KEYS {
        return Err(KeyError::TooMany);
    }
    let key = SpKey { active: same.iter().all(|key| !key.active), ..new.clone() };
    tx.exec(
        "INSERT INTO saml_keys (instance_id, id, purpose, certificate, private_key_sealed, active, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            (&author.instance_id).into(),
            (&key.id).into(),
            key.purpose.word().into(),
            (&key.der()?).into(),
            (&key.sealed).into(),
            key.active.into(),
            key.created_at.micros().into(),
        ],
    )?;
    record(tx, author, "saml_key.created", &key)?;
    Ok(key)
}

/// Saves `new` where its purpose has no active key; nothing otherwise.
///
/// # Errors
/// As [`add`].
pub fn ensure(tx: &mut Tx<'_>, author: &Author, new: &SpKey) -> Result<(), KeyError> {
    match active(tx, &author.instance_id, new.purpose)? {
        Some(_) => Ok(()),
        None => add(tx, author, new).map(|_| ()),
    }
}

/// Makes a key the active one of its purpose.
///
/// # Errors
/// [`KeyError::NotFound`]; the engine's.
pub fn activate(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<SpKey, KeyError> {
    let key = find(tx, author, id)?;
    let sql = "UPDATE saml_keys SET active = CASE WHEN id = ?3 THEN 1 ELSE 0 END \
               WHERE instance_id = ?1 AND purpose = ?2";
    tx.exec(sql, &[(&author.instance_id).into(), key.purpose.word().into(), id.into()])?;
    let key = SpKey { active: true, ..key };
    record(tx, author, "saml_key.activated", &key)?;
    Ok(key)
}

/// Removes a key that is not active.
///
/// # Errors
/// [`KeyError::NotFound`], [`KeyError::Active`]; the engine's.
pub fn remove(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), KeyError> {
    let key = find(tx, author, id)?;
    if key.active {
        return Err(KeyError::Active(key.id));
    }
    let sql = "DELETE FROM saml_keys WHERE instance_id = ?1 AND id = ?2";
    tx.exec(sql, &[(&author.instance_id).into(), id.into()])?;
    record(tx, author, "saml_key.removed", &key)
}

fn find(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<SpKey, KeyError> {
    let found = keys(tx, &author.instance_id)?.into_iter().find(|key| key.id == id);
    found.ok_or_else(|| KeyError::NotFound(id.chars().take(40).collect()))
}

fn record(tx: &mut Tx<'_>, author: &Author, action: &str, key: &SpKey) -> Result<(), KeyError> {
    let subject = Subject { kind: "saml_key", id: &key.id };
    Ok(author.record(tx, action, subject, None, Some(&key.for_event()))?)
}
