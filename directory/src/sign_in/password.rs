//! The check of a name and a password, and the session that follows.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use web::session::{self, Session};
use web::{password, throttle};

use crate::access::SESSION_AUDIENCE;
use crate::change::Change;
use crate::credentials::Stored;
use crate::refused::Refused;
use crate::{Directory, credentials, users};

/// The audience of a session that is good for changing a password and nothing else.
pub const CHANGE_AUDIENCE: &str = "directory-change-password";
/// How long a browser stays signed in. Entra: 24 hours without use; ours ends even with use.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const TO_CHANGE: Duration = Duration::from_secs(15 * 60);

/// How an attempt ended. A refusal has no reason: whoever guesses must not learn whether the name, the
/// password or the account's state was wrong. The event log has the reason.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Signed in, with the session's token.
    In(String),
    /// The password is right and must be changed first; the token of a session that is good for that.
    MustChange(String),
    /// Not signed in.
    Refused,
}

struct Known {
    id: String,
    enabled: bool,
    stored: Option<Stored>,
    blocked: bool,
}

/// Checks a name and a password and opens a session.
///
/// # Errors
/// The store's; a wrong password is no error but [`Outcome::Refused`].
pub async fn sign_in(directory: &Directory, name: &str, password: &str) -> Result<Outcome, Refused> {
    let known = find(directory, name).await?;
    let hash = known.as_ref().and_then(|k| k.stored.as_ref()).map(|s| s.hash.clone());
    // Also verified for nobody and for a blocked account: the time must not tell them apart.
    let right = password::verify(SecretString::from(password), hash).await;
    let Some(known) = known else { return Ok(Outcome::Refused) };
    if known.blocked {
        return Ok(Outcome::Refused);
    }
    finish(directory, known, right).await
}

async fn find(directory: &Directory, name: &str) -> Result<Option<Known>, Refused> {
    // No user has such a name, and PostgreSQL takes no NUL in a text.
    let Ok(name) = users::checked_name(name) else { return Ok(None) };
    let (tenant, now) = (directory.tenant_id.clone(), directory.clock.now());
    directory
        .store
        .read(move |tx| -> Result<_, Refused> {
            let Some(user) = users::by_name(tx, &tenant, &name)? else { return Ok(None) };
            let blocked = throttle::blocked_until(tx, &tenant, &subject(&user.id), now)?.is_some();
            let stored = credentials::find(tx, &tenant, &user.id)?;
            Ok(Some(Known { id: user.id, enabled: user.account_enabled, stored, blocked }))
        })
        .await
}

fn subject(user: &str) -> String {
    format!("password:{user}")
}

async fn finish(directory: &Directory, known: Known, right: bool) -> Result<Outcome, Refused> {
    let change = Change::new(directory, &format!("user:{}", known.id));
    let token = directory.random.token("");
    directory
        .store
        .write(move |tx| -> Result<Outcome, Refused> {
            let reason = match (&known.stored, right, known.enabled) {
                (None, ..) => Some("NoPassword"),
                (_, false, _) => Some("WrongPassword"),
                (_, _, false) => Some("AccountDisabled"),
                _ => None,
            };
            if let Some(reason) = reason {
                throttle::failed(tx, &change.tenant, &subject(&known.id), change.now)?;
                let after = json!({ "reason": reason });
                change.record(tx, "sign_in.failed", ("user", &known.id), None, Some(&after))?;
                return Ok(Outcome::Refused);
            }
            throttle::succeeded(tx, &change.tenant, &subject(&known.id))?;
            if known.stored.as_ref().is_some_and(|s| s.must_change) {
                open(tx, &change, &token, &known.id, CHANGE_AUDIENCE, TO_CHANGE)?;
                return Ok(Outcome::MustChange(token.clone()));
            }
            open(tx, &change, &token, &known.id, SESSION_AUDIENCE, LIFETIME)?;
            change.record(tx, "sign_in.succeeded", ("user", &known.id), None, None)?;
            Ok(Outcome::In(token.clone()))
        })
        .await
}

fn open(
    tx: &mut store::Tx<'_>,
    change: &Change,
    token: &str,
    user: &str,
    audience: &str,
    lifetime: Duration,
) -> Result<(), Refused> {
    let session = Session {
        realm: change.tenant.clone(),
        audience: audience.to_owned(),
        subject_id: user.to_owned(),
        created_at: change.now,
        expires_at: change.now.plus(lifetime),
        data: json!({ "method": "password" }),
    };
    Ok(session::create(tx, token, &session)?)
}

/// Changes the password of the person behind a session of either audience, ends its sessions, and opens
/// a new one; its token.
///
/// # Errors
/// [`Refused::NotFound`] where there is no such session, [`Refused::WrongPassword`],
/// [`Refused::Password`], [`Refused::Invalid`] for a new password that is the old one.
pub(super) async fn change(
    directory: &Directory,
    session: &str,
    current: &str,
    new: &str,
) -> Result<String, Refused> {
    let (user, stored, blocked) = of_session(directory, session).await?;
    let right = password::verify(SecretString::from(current), Some(stored.hash)).await;
    if blocked || !right {
        count_failure(directory, &user).await?;
        return Err(Refused::WrongPassword);
    }
    if current == new {
        return Err(Refused::invalid("new password", "another one than the current", ""));
    }
    let hash = credentials::hash(directory, new).await?;
    let change = Change::new(directory, &format!("user:{user}"));
    let token = directory.random.token("");
    directory
        .store
        .write(move |tx| -> Result<String, Refused> {
            throttle::succeeded(tx, &change.tenant, &subject(&user))?;
            credentials::set(tx, &change, &user, &hash, false)?;
            open(tx, &change, &token, &user, SESSION_AUDIENCE, LIFETIME)?;
            Ok(token.clone())
        })
        .await
}

async fn of_session(directory: &Directory, token: &str) -> Result<(String, Stored, bool), Refused> {
    let (tenant, now, token) = (directory.tenant_id.clone(), directory.clock.now(), token.to_owned());
    directory
        .store
        .read(move |tx| -> Result<_, Refused> {
            let none = || Refused::not_found("session", "");
            let session = match session::find(tx, &token, &tenant, SESSION_AUDIENCE, now)? {
                Some(session) => session,
                None => session::find(tx, &token, &tenant, CHANGE_AUDIENCE, now)?.ok_or_else(none)?,
            };
            let user = users::by_id(tx, &tenant, &session.subject_id)?.ok_or_else(none)?;
            if !user.account_enabled {
                return Err(none());
            }
            let stored = credentials::find(tx, &tenant, &user.id)?.ok_or_else(none)?;
            let blocked = throttle::blocked_until(tx, &tenant, &subject(&user.id), now)?.is_some();
            Ok((user.id, stored, blocked))
        })
        .await
}

async fn count_failure(directory: &Directory, user: &str) -> Result<(), Refused> {
    let (tenant, now, user) = (directory.tenant_id.clone(), directory.clock.now(), user.to_owned());
    directory
        .store
        .write(move |tx| -> Result<(), Refused> {
            if throttle::blocked_until(tx, &tenant, &subject(&user), now)?.is_none() {
                throttle::failed(tx, &tenant, &subject(&user), now)?;
            }
            Ok(())
        })
        .await
}
