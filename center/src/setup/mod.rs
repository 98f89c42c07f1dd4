//! The first start: an instance, an organization with its root, and a one-time secret that makes the
//! first administrator and an API key.

mod http;
mod store;

use ::store::{Retryable, Store, StoreError, Tx};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use thiserror::Error;
use web::password::{self, PasswordError};
use web::{Clock, Random, Timestamp, throttle, token};

pub use http::routes;
pub use store::has_administrator;

use crate::identity_store::keys;
use crate::identity_store::store::{miscounts, recount};
use crate::instance::{self, Author, Subject};
use crate::{Center, organization};

/// Longest user name of an administrator.
const MAX_USER_NAME: usize = 128;
const THROTTLED: &str = "setup";
/// What the API key of the set-up is called.
const KEY_NAME: &str = "made at set-up";

/// What a start found or made.
#[derive(Debug, Clone)]
pub struct Started {
    /// The instance that the process serves.
    pub instance_id: String,
    /// The secret of the set-up, until it has been completed. It is new at each start, so an old one
    /// that was lost or seen is worthless.
    pub secret: Option<String>,
}

/// Makes the instance on first start, and draws a set-up secret while there is no administrator.
///
/// # Errors
/// The store's.
pub async fn first_start(
    store: &Store,
    clock: &Clock,
    random: &Random,
    region: &str,
) -> Result<Started, StoreError> {
    let (random, region, now) = (random.clone(), region.to_owned(), clock.now());
    let secret = random.token("setup-");
    let started = store
        .write(move |tx| {
            let instance_id = match instance::first(tx)? {
                Some(instance) => instance.id,
                None => create(tx, &random, &region, now)?,
            };
            if has_administrator(tx, &instance_id)? {
                return Ok(Started { instance_id, secret: None });
            }
            store::save_secret(tx, &instance_id, &secret, now)?;
            Ok::<_, StoreError>(Started { instance_id, secret: Some(secret.clone()) })
        })
        .await?;
    keys::bring_up_to_date(store, &started.instance_id).await?;
    let instance = started.instance_id.clone();
    // Looked at by a reader, which keeps nobody waiting: nearly always there is nothing to put right.
    if store.read(move |tx| miscounts(tx, &instance)).await? {
        tracing::warn!("users or groups were written past the server, and are counted anew");
        let instance = started.instance_id.clone();
        store.write(move |tx| recount(tx, &instance)).await?;
    }
    Ok(started)
}

fn create(tx: &mut Tx<'_>, random: &Random, region: &str, now: Timestamp) -> Result<String, StoreError> {
    let instance = instance::create(tx, random, region, now)?;
    let author = Author { instance_id: instance.id.clone(), actor: "system".to_owned(), now };
    organization::store::create(tx, &author, random)?;
    Ok(instance.id)
}

/// Why the set-up was refused.
#[derive(Debug, Error)]
pub enum SetupError {
    /// It has been completed before.
    #[error("this center has been set up already; its administrators sign in at /console")]
    Done,
    /// The secret is not the one that the last start printed.
    #[error("the set-up secret is wrong; the one that counts is printed at the latest start")]
    WrongSecret,
    /// Too many wrong secrets.
    #[error("too many attempts; try again after {}", .0.readable())]
    Blocked(Timestamp),
    /// The user name is not allowed.
    #[error("a user name has 1 to {MAX_USER_NAME} characters and no blanks")]
    UserName,
    /// The password is not allowed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for SetupError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Makes the first administrator and an API key, which is returned: it is shown this once.
///
/// # Errors
/// [`SetupError`].
pub async fn complete(
    center: &Center,
    secret: SecretString,
    user_name: &str,
    password: SecretString,
) -> Result<String, SetupError> {
    let user_name = user_name.trim().to_owned();
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if user_name.is_empty() || user_name.chars().count() > MAX_USER_NAME || user_name.contains(odd) {
        return Err(SetupError::UserName);
    }
    let secret = token::hash(secret.expose_secret());
    let author = center.author_named("setup");
    // The secret is checked before the password is hashed, so that strangers cause no work.
    let check = author.clone();
    let checked = center.store.write(move |tx| check_secret(tx, &check, &secret)).await?;
    checked?;
    let hash = password::hash(password, center.random.bytes()).await?;
    let new = New {
        user_name,
        hash,
        administrator_id: center.random.id(author.now),
        key_id: center.random.id(author.now),
        key: center.random.token("entc-"),
    };
    let key = new.key.clone();
    center.store.write(move |tx| finish(tx, &author, &secret, &new)).await?;
    Ok(key)
}

struct New {
    user_name: String,
    hash: String,
    administrator_id: String,
    key_id: String,
    key: String,
}

/// The refusal is a value and no error of the transaction: the failure that it counts must stay.
fn check_secret(
    tx: &mut Tx<'_>,
    author: &Author,
    secret: &[u8; 32],
) -> Result<Result<(), SetupError>, StoreError> {
    let instance = &author.instance_id;
    if has_administrator(tx, instance)? {
        return Ok(Err(SetupError::Done));
    }
    if let Some(until) = throttle::blocked_until(tx, instance, THROTTLED, author.now)? {
        return Ok(Err(SetupError::Blocked(until)));
    }
    if store::secret(tx, instance)?.is_some_and(|stored| token::same(&stored, secret)) {
        return Ok(Ok(()));
    }
    throttle::failed(tx, instance, THROTTLED, author.now)?;
    Ok(Err(SetupError::WrongSecret))
}

fn finish(tx: &mut Tx<'_>, author: &Author, secret: &[u8; 32], new: &New) -> Result<(), SetupError> {
    // Another request may have been faster while the password was hashed.
    check_secret(tx, author, secret)??;
    store::insert_administrator(tx, author, new)?;
    let subject = Subject { kind: "administrator", id: &new.administrator_id };
    author.record(tx, "administrator.created", subject, None, Some(&json!({ "userName": new.user_name })))?;
    store::insert_key(tx, author, new)?;
    let subject = Subject { kind: "api_key", id: &new.key_id };
    author.record(tx, "api_key.created", subject, None, Some(&json!({ "displayName": KEY_NAME })))?;
    store::delete_secret(tx, &author.instance_id)?;
    Ok(throttle::succeeded(tx, &author.instance_id, THROTTLED)?)
}
