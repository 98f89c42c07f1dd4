//! Signing in with a password. The hash is computed between two transactions; the second looks again
//! at what the first saw.

use scim::caseless;
use secrecy::SecretString;
use serde_json::json;
use store::{StoreError, Tx};
use web::{Timestamp, password, session, throttle, token};

use super::store::{Known, known};
use crate::Center;
use crate::access::{CONSOLE_AUDIENCE, PORTAL_AUDIENCE};
use crate::instance::{Author, Subject, load};

/// How long an administrator stays signed in.
const CONSOLE_SECONDS: i64 = 8 * 3600;
/// Longer names belong to nobody.
const MAX_NAME: usize = 128;

/// Where someone wants to go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The administrator's console.
    Console,
    /// The access portal.
    Portal,
}

impl Door {
    fn audience(self) -> &'static str {
        match self {
            Self::Console => CONSOLE_AUDIENCE,
            Self::Portal => PORTAL_AUDIENCE,
        }
    }

    fn who(self) -> &'static str {
        match self {
            Self::Console => "administrator",
            Self::Portal => "user",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Signed in: the token of the new session, for the cookie.
    In(String),
    /// User name or password is wrong, or the person may not sign in. Which, strangers do not hear.
    Wrong,
    /// Too many failures; not before this moment.
    Blocked(Timestamp),
}

/// Checks a user name and password and starts a session.
///
/// # Errors
/// The store's.
pub async fn sign_in(
    center: &Center,
    door: Door,
    user_name: &str,
    password: SecretString,
) -> Result<Outcome, StoreError> {
    if user_name.is_empty() || user_name.chars().count() > MAX_NAME || user_name.contains('\0') {
        return Ok(Outcome::Wrong);
    }
    let (instance, name, now) = (center.instance_id.clone(), user_name.to_owned(), center.clock.now());
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let person = known(tx, &instance, door, &name)?;
        let blocked = throttle::blocked_until(tx, &instance, &throttled(door, person.as_ref(), &name), now)?;
        Ok((person, blocked))
    };
    let (person, blocked) = center.store.read(look).await?;
    if let Some(until) = blocked {
        return Ok(Outcome::Blocked(until));
    }
    let right = password::verify(password, person.as_ref().map(|p| p.hash.clone())).await;
    let attempt = Attempt { door, user_name: user_name.to_owned(), person: person.filter(|_| right) };
    let token = center.random.token("");
    let author = center.author_named("system");
    center.store.write(move |tx| settle(tx, &author, &attempt, &token)).await
}

struct Attempt {
    door: Door,
    user_name: String,
    /// Who proved to be there.
    person: Option<Known>,
}

/// Counts the failure, or starts the session if what was proved still holds: many guesses at the same
/// time all pass the first look, so the block is looked at again here.
fn settle(tx: &mut Tx<'_>, author: &Author, attempt: &Attempt, token: &str) -> Result<Outcome, StoreError> {
    let (instance, now) = (&author.instance_id, author.now);
    let current = known(tx, instance, attempt.door, &attempt.user_name)?;
    let subject = throttled(attempt.door, current.as_ref(), &attempt.user_name);
    if let Some(until) = throttle::blocked_until(tx, instance, &subject, now)? {
        return Ok(Outcome::Blocked(until));
    }
    match (&attempt.person, current) {
        (Some(proved), Some(current)) if *proved == current => {
            throttle::succeeded(tx, instance, &subject)?;
            start(tx, author, attempt.door, &current.id, token)?;
            Ok(Outcome::In(token.to_owned()))
        }
        (_, current) => {
            throttle::failed(tx, instance, &subject, now)?;
            if let Some(current) = current {
                let event = Subject { kind: attempt.door.who(), id: &current.id };
                author.record(
                    tx,
                    "sign_in.refused",
                    event,
                    None,
                    Some(&json!({ "code": "WrongPassword" })),
                )?;
            }
            Ok(Outcome::Wrong)
        }
    }
}

fn start(tx: &mut Tx<'_>, author: &Author, door: Door, id: &str, token: &str) -> Result<(), StoreError> {
    let (instance, now) = (&author.instance_id, author.now);
    let seconds = match door {
        Door::Console => CONSOLE_SECONDS,
        Door::Portal => load(tx, instance)?.portal_session_seconds,
    };
    let ends_at = Timestamp(now.micros().saturating_add(seconds.saturating_mul(1_000_000)));
    match door {
        Door::Portal => crate::portal::start_session(tx, instance, id, token, now, ends_at)?,
        Door::Console => {
            let session = session::Session {
                realm: instance.clone(),
                audience: door.audience().to_owned(),
                subject_id: id.to_owned(),
                created_at: now,
                expires_at: ends_at,
                data: json!({}),
            };
            session::create(tx, token, &session)?;
        }
    }
    let by = Author { actor: format!("{}:{id}", door.who()), ..author.clone() };
    by.record(
        tx,
        "sign_in.accepted",
        Subject { kind: door.who(), id },
        None,
        Some(&json!({ "by": "password" })),
    )
}

/// What failures are counted at: the person, or for names that are nobody's one of 65,536 places, so
/// that inventing names does not fill the table. Both look the same from outside.
fn throttled(door: Door, person: Option<&Known>, user_name: &str) -> String {
    match person {
        Some(person) => format!("password:{}:{}", door.audience(), person.id),
        None => {
            let place = &token::hash(&caseless::key(user_name))[..2];
            format!("password:{}:nobody:{}", door.audience(), hex::encode(place))
        }
    }
}
