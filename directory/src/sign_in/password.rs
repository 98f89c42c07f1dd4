//! The check of a name and a password, and the session that follows.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use store::StoreError;
use web::session::{self, Session};
use web::{Timestamp, password, throttle};

use super::PasswordRefusal;
use crate::access::SESSION_AUDIENCE;
use crate::change::Change;
use crate::credentials::Stored;
use crate::refused::Refused;
use crate::saml_idp::{self, Strangers};
use crate::users::{self, User};
use crate::{Directory, credentials, tenant};

/// The audience of a session that is good for changing a password and nothing else.
pub const CHANGE_AUDIENCE: &str = "directory-change-password";
/// How long a browser stays signed in. Entra: 24 hours without use; ours ends even with use.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const TO_CHANGE: Duration = Duration::from_secs(15 * 60);

/// How an attempt ended. A refusal has no reason: whoever guesses must not learn whether the name, the
/// password or the account's state was wrong. The record of sign-ins has the reason.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Signed in, with the session's token.
    In(String),
    /// The password is right and must be changed first; the token of a session that is good for that.
    MustChange(String),
    /// Not signed in; the reference under which administrators find why.
    Refused(String),
}

struct Known {
    user: User,
    stored: Option<Stored>,
    blocked_until: Option<Timestamp>,
}

/// Checks a name and a password and opens a session. `strangers` bounds what is recorded of attempts that
/// no pause slows down.
///
/// # Errors
/// The store's; a wrong password is no error but [`Outcome::Refused`].
pub async fn sign_in(
    directory: &Directory,
    strangers: &Strangers,
    name: &str,
    password: &str,
) -> Result<Outcome, Refused> {
    let (known, domain) = find(directory, name).await?;
    let hash = known.as_ref().and_then(|k| k.stored.as_ref()).map(|s| s.hash.clone());
    // Also verified for nobody and for a blocked account: the time must not tell them apart.
    let right = password::verify(SecretString::from(password), hash).await;
    let Some(known) = known else {
        return refuse(directory, strangers, None, PasswordRefusal::unknown(name, &domain)).await;
    };
    match refusal(&known, right) {
        Some(refusal) => refuse(directory, strangers, Some(&known.user), refusal).await,
        None => admit(directory, known).await,
    }
}

/// The user with this name, where there is one, and the domain of the tenant.
async fn find(directory: &Directory, name: &str) -> Result<(Option<Known>, String), Refused> {
    // No user has another name, and PostgreSQL takes no NUL in a text.
    let name = users::checked_name(name).ok();
    let now = directory.clock.now();
    directory
        .read(move |tx, tenant| {
            let domain = tenant::get(tx, tenant)?.default_domain;
            let user = name.as_ref().map_or(Ok(None), |name| users::by_name(tx, tenant, name))?;
            let Some(user) = user else { return Ok((None, domain)) };
            let blocked_until = throttle::blocked_until(tx, tenant, &subject(&user.id), now)?;
            let stored = credentials::find(tx, tenant, &user.id)?;
            Ok((Some(Known { user, stored, blocked_until }), domain))
        })
        .await
}

fn subject(user: &str) -> String {
    format!("password:{user}")
}

fn refusal(known: &Known, right: bool) -> Option<PasswordRefusal> {
    let user = known.user.user_principal_name.clone();
    match (known.blocked_until, &known.stored, right, known.user.account_enabled) {
        (Some(until), ..) => Some(PasswordRefusal::Locked { user, until: until.readable() }),
        (_, None, ..) => Some(PasswordRefusal::NoPassword { user }),
        (_, _, false, _) => Some(PasswordRefusal::WrongPassword { user }),
        (_, _, _, false) => Some(PasswordRefusal::AccountDisabled { user }),
        _ => None,
    }
}

/// Records a refusal. Those that count bring a pause with them, so they are few; the others are as many as
/// somebody cares to send.
async fn refuse(
    directory: &Directory,
    strangers: &Strangers,
    user: Option<&User>,
    refusal: PasswordRefusal,
) -> Result<Outcome, Refused> {
    let counts = user.filter(|_| !matches!(refusal, PasswordRefusal::Locked { .. })).map(|u| u.id.clone());
    let now = directory.clock.now();
    let (reference, record) = saml_idp::of_password(directory, user, refusal);
    if counts.is_some() || strangers.may_record(now) {
        let tenant = directory.tenant_id.clone();
        directory
            .store
            .write(move |tx| -> Result<(), StoreError> {
                if let Some(user) = &counts {
                    throttle::failed(tx, &tenant, &subject(user), now)?;
                }
                saml_idp::record(tx, &tenant, now, &record)
            })
            .await?;
    }
    Ok(Outcome::Refused(reference))
}

async fn admit(directory: &Directory, known: Known) -> Result<Outcome, Refused> {
    let Known { user, stored, .. } = known;
    let change = Change::new(directory, &format!("user:{}", user.id));
    let token = directory.random.token("");
    let must_change = stored.is_some_and(|s| s.must_change).then(|| {
        let name = user.user_principal_name.clone();
        saml_idp::of_password(directory, Some(&user), PasswordRefusal::MustChange { user: name }).1
    });
    directory
        .store
        .write(move |tx| -> Result<Outcome, Refused> {
            throttle::succeeded(tx, &change.tenant, &subject(&user.id))?;
            if let Some(record) = &must_change {
                open(tx, &change, &token, &user.id, CHANGE_AUDIENCE, TO_CHANGE)?;
                saml_idp::record(tx, &change.tenant, change.now, record)?;
                return Ok(Outcome::MustChange(token.clone()));
            }
            open(tx, &change, &token, &user.id, SESSION_AUDIENCE, LIFETIME)?;
            change.record(tx, "sign_in.succeeded", ("user", &user.id), None, None)?;
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
