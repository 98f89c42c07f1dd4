//! Decides over the rows whether a proven assertion signs somebody in, and writes what follows, all in one
//! transaction: the session, the memory of the assertion, the use of the request, the attempt and its event.

use std::time::Duration;

use ::store::{StoreError, Tx};
use saml::response::Accepted;
use serde_json::json;
use url::Url;
use web::{Timestamp, token};

use super::attempt::{ACCEPTED, Attempt, Check};
use super::just_in_time;
use super::record::{Retention, keep, keep_refused};
use super::refusal::SignInRefusal;
use super::relay_state::{Wanted, wanted};
use super::settings::SamlSettings;
use super::start::HOME;
use super::store;
use crate::access_control::{self, Tags};
use crate::assignments::access_of;
use crate::identity_store::store::{create_user, user_by_name};
use crate::identity_store::{IdentityError, NewUser, User};
use crate::instance::{Author, Instance, Subject};
use crate::{portal, recycle_bin};

/// What the transaction starts from. It was drawn and computed before, as a transaction may run twice.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// What the person is shown.
    pub(super) reference: String,
    /// The checks so far.
    pub(super) checks: Vec<Check>,
    /// The value of the binding cookie.
    pub(super) browser: Option<String>,
    /// The token of the session to be.
    pub(super) session_token: String,
    /// The id of the user to be, where somebody becomes one.
    pub(super) user_id: String,
    /// Our origin.
    pub(super) origin: Url,
    /// RelayState as it came.
    pub(super) relay_state: String,
    /// The response, redacted.
    pub(super) response: Option<String>,
    /// Whether this one clears away old attempts.
    pub(super) prune: bool,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Somebody is signed in and goes on to this path of our own.
    SignedIn { return_to: String },
    /// Nobody is; the reference leads to the reason.
    Refused { reference: String },
    /// Nobody is, and there were so many before that this one was not recorded.
    NotRecorded,
}

/// What the identity provider's signature has proven, for the attempt.
#[derive(Debug, Default)]
pub(super) struct Proven {
    name_id: Option<String>,
    certificate: Option<String>,
    request: Option<String>,
}

/// The rules of this instance.
type Rules<'a> = (&'a Instance, &'a SamlSettings);

/// A sign-in that the rows allow.
struct Allowed {
    user: User,
    return_to: String,
    ends_at: Timestamp,
    tags: Tags,
}

/// Signs the person of a proven assertion in, or records why not.
///
/// # Errors
/// The engine's.
pub(super) fn conclude(
    tx: &mut Tx<'_>,
    author: &Author,
    rules: Rules<'_>,
    arrival: &Arrival,
    accepted: &Accepted,
) -> Result<Ending, StoreError> {
    let mut checks = arrival.checks.clone();
    let request = match &accepted.in_response_to {
        Some(id) => store::request(tx, &author.instance_id, id)?.and_then(|request| request.xml),
        None => None,
    };
    let proven = Proven {
        name_id: Some(accepted.name_id.clone()),
        certificate: Some(accepted.certificate_thumbprint.clone()),
        request,
    };
    let days = rules.1.attempt_days;
    match decide(tx, author, rules, arrival, accepted, &mut checks)? {
        Ok(allowed) => sign_in(tx, author, arrival, accepted, &allowed, (checks, proven), days),
        Err(refusal) => refuse(tx, author, arrival, checks, &refusal, &proven, days),
    }
}

/// Replay first: an answer that comes twice is named so, whatever became of its request.
fn decide(
    tx: &mut Tx<'_>,
    author: &Author,
    (instance, settings): Rules<'_>,
    arrival: &Arrival,
    accepted: &Accepted,
    checks: &mut Vec<Check>,
) -> Result<Result<Allowed, SignInRefusal>, StoreError> {
    if store::assertion_seen(tx, &author.instance_id, &accepted.assertion_id)? {
        return Ok(Err(SignInRefusal::Replayed(accepted.assertion_id.clone())));
    }
    checks.push(Check::passed("Replay", "an assertion that was not taken before", &accepted.assertion_id));
    if accepted.in_response_to.is_none() && !settings.accept_unsolicited {
        return Ok(Err(SignInRefusal::Unsolicited));
    }
    let mut return_to = match request(tx, author, arrival, accepted)? {
        Ok(return_to) => return_to,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let answered =
        accepted.in_response_to.as_deref().unwrap_or("none: the sign-in began at the identity provider");
    checks.push(Check::passed("Request", "an open request that this browser started, or none", answered));
    let Some(ends_at) = ends_at(instance, accepted, author.now) else {
        let end = accepted.session_not_on_or_after.map_or(author.now, Timestamp::from);
        return Ok(Err(SignInRefusal::SessionOver(end)));
    };
    let user = match who(tx, &author.instance_id, &accepted.name_id)? {
        Err(SignInRefusal::UserNotFound { similar: None, .. }) if settings.just_in_time => {
            match just_in_time(tx, author, instance, arrival, accepted)? {
                Ok(user) => {
                    checks.push(Check::passed(
                        "Just-in-time user",
                        "a user of this name, or none",
                        "made now",
                    ));
                    user
                }
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Ok(user) => user,
        Err(refusal) => return Ok(Err(refusal)),
    };
    checks.push(Check::passed("User", "an active user with this user name", &user.user_name));
    if accepted.in_response_to.is_none() {
        return_to = follow(tx, author, arrival, &user, checks)?;
    }
    let config = access_control::store::load(tx, &author.instance_id)?;
    let tags = access_control::session_tags(config.as_ref(), &user, &accepted.attributes);
    if config.is_some() || !tags.dropped.is_empty() {
        let keys = tags.tags.keys().cloned().collect::<Vec<_>>().join(", ");
        checks.push(Check::passed("Session tags", "attributes for access control", keys));
    }
    for dropped in &tags.dropped {
        checks.push(Check::passed("Session tag left out", "one short value for each key", dropped));
    }
    Ok(Ok(Allowed { user, return_to, ends_at, tags }))
}

/// Makes the user whom the assertion describes. Where automatic provisioning decides who exists, nobody else does.
fn just_in_time(
    tx: &mut Tx<'_>,
    author: &Author,
    instance: &Instance,
    arrival: &Arrival,
    accepted: &Accepted,
) -> Result<Result<User, SignInRefusal>, StoreError> {
    let refused = |why: String| Ok(Err(SignInRefusal::JustInTime { name_id: accepted.name_id.clone(), why }));
    if instance.scim_enabled {
        return refused("automatic provisioning is on, and decides who exists".to_owned());
    }
    let resource = just_in_time::resource(accepted);
    let new = NewUser { id: arrival.user_id.clone(), owner: just_in_time::OWNER.to_owned(), resource };
    let author = Author { actor: "system".to_owned(), ..author.clone() };
    match create_user(tx, &author, &new) {
        Ok(user) => Ok(Ok(user)),
        Err(IdentityError::Store(error)) => Err(error),
        Err(error) => refused(error.to_string()),
    }
}

/// Where a sign-in without a request goes on: to a page of the portal that RelayState names, else to its start.
fn follow(
    tx: &mut Tx<'_>,
    author: &Author,
    arrival: &Arrival,
    user: &User,
    checks: &mut Vec<Check>,
) -> Result<String, StoreError> {
    let (path, found) = match wanted(&arrival.relay_state, &arrival.origin) {
        Wanted::Nothing => return Ok(HOME.to_owned()),
        Wanted::Ignored(why) => (HOME.to_owned(), format!("ignored: it {why}")),
        Wanted::Portal { path, account_id: None, .. } => (path.clone(), path),
        Wanted::Portal { path, account_id: Some(account), role_name } => {
            let access = access_of(tx, &author.instance_id, &user.id)?;
            let allowed = access.iter().any(|known| {
                known.account_id == account
                    && role_name.as_ref().is_none_or(|role| known.roles.iter().any(|r| r.name == *role))
            });
            if allowed {
                (path.clone(), path)
            } else {
                (
                    HOME.to_owned(),
                    "ignored: it names an account or role that the person has no access to".to_owned(),
                )
            }
        }
    };
    checks.push(Check::passed("RelayState", "a page of the portal", found));
    Ok(path)
}

/// SAML Profiles 4.1.4.3: an answer must belong to a request of ours, and here also to the browser that started
/// it. Without a request the sign-in began at the identity provider (4.1.5); it lands on the portal.
fn request(
    tx: &mut Tx<'_>,
    author: &Author,
    arrival: &Arrival,
    accepted: &Accepted,
) -> Result<Result<String, SignInRefusal>, StoreError> {
    let Some(id) = &accepted.in_response_to else { return Ok(Ok(HOME.to_owned())) };
    let id = id.clone();
    let Some(request) = store::request(tx, &author.instance_id, &id)? else {
        return Ok(Err(SignInRefusal::RequestUnknown(id)));
    };
    let browser = arrival.browser.as_deref().map(token::hash);
    let same = browser.is_some_and(|hash| token::same(&hash, &request.browser_sha256));
    Ok(if !same {
        Err(SignInRefusal::RequestOfOtherBrowser(id))
    } else if request.used_at.is_some() {
        Err(SignInRefusal::RequestUsed(id))
    } else if request.expires_at <= author.now {
        Err(SignInRefusal::RequestExpired { id, ended: request.expires_at })
    } else {
        Ok(request.return_to)
    })
}

/// The shorter of the configured length and SessionNotOnOrAfter (IAM Identity Center, "user session duration").
/// The skew that the assertion is granted would make no session here, so it is not granted.
fn ends_at(instance: &Instance, accepted: &Accepted, now: Timestamp) -> Option<Timestamp> {
    let seconds = u64::try_from(instance.portal_session_seconds).unwrap_or(0);
    let configured = now.plus(Duration::from_secs(seconds));
    let theirs = accepted.session_not_on_or_after.map(Timestamp::from);
    let end = theirs.map_or(configured, |theirs| theirs.min(configured));
    (end > now).then_some(end)
}

/// The NameID must equal a user name in every character. The look-up is by the lower-case key, to be able to say
/// that only the case differs. Whoever is in the recycle bin does not become a second user just in time: the person
/// was deleted on purpose, and would lose what can be restored.
fn who(tx: &mut Tx<'_>, instance_id: &str, name_id: &str) -> Result<Result<User, SignInRefusal>, StoreError> {
    Ok(match user_by_name(tx, instance_id, name_id)? {
        Some(user) if user.user_name != name_id => {
            Err(SignInRefusal::UserNotFound { name_id: name_id.to_owned(), similar: Some(user.user_name) })
        }
        Some(user) if !user.active => Err(SignInRefusal::UserDisabled(user.user_name)),
        Some(user) => Ok(user),
        None => Err(match recycle_bin::store::user_named(tx, instance_id, name_id)? {
            Some(gone) => SignInRefusal::UserDeleted { id: gone.id, name: gone.name, at: gone.deleted_at },
            None => SignInRefusal::UserNotFound { name_id: name_id.to_owned(), similar: None },
        }),
    })
}

fn sign_in(
    tx: &mut Tx<'_>,
    author: &Author,
    arrival: &Arrival,
    accepted: &Accepted,
    allowed: &Allowed,
    (checks, proven): (Vec<Check>, Proven),
    days: i64,
) -> Result<Ending, StoreError> {
    let (instance_id, now) = (&author.instance_id, author.now);
    let until = Timestamp::from(accepted.remember_until);
    store::remember_assertion(tx, instance_id, &accepted.assertion_id, until, now)?;
    if let Some(id) = &accepted.in_response_to {
        store::use_request(tx, instance_id, id, now)?;
    }
    let data = json!({
        "identityProvider": accepted.issuer,
        "nameId": accepted.name_id,
        "sessionIndex": accepted.session_index,
        "tags": allowed.tags.tags,
    });
    let session = &arrival.session_token;
    portal::start_session_with(tx, instance_id, &allowed.user.id, session, now, allowed.ends_at, data)?;
    let attempt = Attempt {
        reference: arrival.reference.clone(),
        at: now,
        outcome: ACCEPTED.to_owned(),
        user_name: Some(allowed.user.user_name.clone()),
        checks,
        fix: String::new(),
        certificate: proven.certificate,
        request: proven.request,
        response: arrival.response.clone(),
    };
    keep(tx, instance_id, &attempt, Retention { days, prune: arrival.prune })?;
    let how = json!({
        "reference": attempt.reference,
        "userName": attempt.user_name,
        "identityProvider": accepted.issuer,
        "inResponseTo": accepted.in_response_to,
    });
    let author = Author { actor: format!("user:{}", allowed.user.id), ..author.clone() };
    author.record(
        tx,
        "sign_in.accepted",
        Subject { kind: "user", id: &allowed.user.id },
        None,
        Some(&how),
    )?;
    Ok(Ending::SignedIn { return_to: allowed.return_to.clone() })
}

/// Records a refusal. `proven` has a name where the identity provider's signature was right: a name that anybody
/// could have written is not kept.
///
/// # Errors
/// The engine's.
pub(super) fn refuse(
    tx: &mut Tx<'_>,
    author: &Author,
    arrival: &Arrival,
    mut checks: Vec<Check>,
    refusal: &SignInRefusal,
    proven: &Proven,
    days: i64,
) -> Result<Ending, StoreError> {
    checks.extend(refusal.check());
    let mut attempt = Attempt {
        reference: arrival.reference.clone(),
        at: author.now,
        outcome: refusal.code().to_owned(),
        user_name: proven.name_id.clone(),
        checks,
        fix: refusal.fix(),
        certificate: proven.certificate.clone(),
        request: proven.request.clone(),
        response: arrival.response.clone(),
    };
    if attempt.request.is_none() {
        // RelayState of an answer to us is the id of the request. It proves nothing and only explains.
        let asked = store::request(tx, &author.instance_id, &arrival.relay_state)?;
        attempt.request = asked.and_then(|request| request.xml);
    }
    let reference = attempt.reference.clone();
    let retention = Retention { days, prune: arrival.prune };
    let kept = keep_refused(tx, author, attempt, "sign_in.refused", retention)?;
    Ok(if kept { Ending::Refused { reference } } else { Ending::NotRecorded })
}
