//! What an administrator does with a job: create, connect, start, pause, restart, allow removals.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use store::{StoreError, Tx};
use web::Timestamp;

use super::cycle::{Engine, token_place};
use super::job::{COMPARE_EVERY, Job, OutOfScope, ProvisioningError, State, Window};
use super::mapping::Mappings;
use super::personality::PersonalityChoice;
use super::target::{Exchange, Target};
use super::{Kind, Pace, links, pending, store as jobs};
use crate::Directory;

/// What to change of a job's settings; `None` leaves a value as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The SCIM base.
    pub base_url: Option<String>,
    /// The bearer token.
    pub token: Option<SecretString>,
    /// Whether the target may be in a private network.
    pub allow_private: Option<bool>,
    /// Whether everybody is in scope.
    pub sync_all: Option<bool>,
    /// What becomes of whoever leaves the scope.
    pub out_of_scope: Option<OutOfScope>,
    /// The limit of removals; `Some(None)` for the default.
    pub removal_limit: Option<Option<i64>>,
    /// What the target is.
    pub personality: Option<PersonalityChoice>,
    /// The mappings.
    pub mappings: Option<Mappings>,
    /// How often the whole target is compared, in hours; `Some(None)` for never.
    pub compare_every: Option<Option<i64>>,
}

/// How far a restart goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Looks at everything again; links and what was sent stay known. Graph's Watermark, Escrows,
    /// QuarantineState.
    Look,
    /// Also compares every object with what the target has. Graph's Full. Links stay known even then, so that
    /// nothing that is ours is forgotten.
    Compare,
}

/// The application that `{id}` names: object id, app id or service principal id. Its object id and name.
///
/// # Errors
/// The engine's.
pub fn application(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Option<(String, String)>, StoreError> {
    for column in ["service_principal_id", "id", "app_id"] {
        let sql = format!("SELECT id, display_name FROM applications WHERE tenant_id = ?1 AND {column} = ?2");
        if let Some(row) = tx.row(&sql, &[tenant.into(), id.into()])? {
            return Ok(Some((row.text(0)?, row.text(1)?)));
        }
    }
    Ok(None)
}

/// The job of an application, made where there is none.
///
/// # Errors
/// [`ProvisioningError::HasJob`] with `only_new`; the store's.
pub async fn create(
    directory: &Directory,
    actor: &str,
    application: &str,
    only_new: bool,
) -> Result<Job, ProvisioningError> {
    let now = directory.clock.now();
    let tenant = directory.tenant_id.clone();
    let id = format!("scim.{}.{}", tenant.replace('-', ""), directory.random.uuid());
    let (actor, application) = (actor.to_owned(), application.to_owned());
    directory
        .store
        .write(move |tx| {
            if let Some(job) = jobs::find(tx, &tenant, &application)? {
                return if only_new { Err(ProvisioningError::HasJob) } else { Ok(job) };
            }
            let job = fresh(&tenant, &application, &id);
            jobs::insert(tx, &job, now)?;
            jobs::event(tx, &job, now, &actor, "created", &json!({ "jobId": job.id }))?;
            Ok(job)
        })
        .await
}

fn fresh(tenant: &str, application: &str, id: &str) -> Job {
    Job {
        tenant_id: tenant.to_owned(),
        application_id: application.to_owned(),
        id: id.to_owned(),
        state: State::NotConfigured,
        failures: 0,
        wait_until: None,
        base_url: None,
        token_sealed: None,
        allow_private: false,
        sync_all: false,
        out_of_scope: OutOfScope::default(),
        removal_limit: None,
        removals_allowed: 0,
        personality: PersonalityChoice::default(),
        window: Window { began: Timestamp(0), removals: 0 },
        mappings: Mappings::default(),
        cursor: None,
        total: 0,
        cycle_id: None,
        cycle_began: None,
        cycle_ended: None,
        steady: None,
        compare_every: Some(COMPARE_EVERY),
        compare_due: None,
    }
}

/// Changes settings. What decides who is sent, or what, makes the next cycle look at everything; another target is
/// begun with anew, by matching, and the one before keeps what it has.
///
/// # Errors
/// [`ProvisioningError::NoJob`], [`ProvisioningError::Invalid`], [`ProvisioningError::Mapping`] and
/// [`ProvisioningError::Target`] for values that cannot be used; nothing is changed then.
pub async fn change(
    directory: &Directory,
    actor: &str,
    application: &str,
    change: Change,
) -> Result<Job, ProvisioningError> {
    check(&change)?;
    let sealed = match &change.token {
        Some(token) if token.expose_secret().is_empty() => None,
        Some(token) => {
            let place = token_place(application);
            Some(directory.master_key.seal(&place, token.expose_secret().as_bytes())?)
        }
        None => None,
    };
    edit(directory, actor, application, "updated", move |tx, job| {
        let before = job.clone();
        apply(job, &change, sealed.as_ref());
        job.mappings.check_scope(job.sync_all)?;
        if let Some(url) = &job.base_url {
            // The address is judged together with the permission to go to private networks.
            Target::new(url, SecretString::from(""), job.allow_private, Pace::default())?;
        }
        let moved = other_target(before.base_url.as_deref(), job.base_url.as_deref());
        if moved {
            // Ids of one target say nothing in another: there they may be other people's.
            links::forget_all(tx, job)?;
            job.cursor = None;
            job.steady = None;
            job.compare_due = None;
            job.window.removals = 0;
            job.removals_allowed = 0;
        }
        let configured = job.is_configured();
        if configured && job.state == State::NotConfigured {
            job.state = State::Paused;
        }
        if !before.same_scope(job) {
            job.cursor = None;
        }
        job.wait_until = None;
        if let State::Quarantine(q) = &mut job.state {
            // What was wrong may be right now.
            q.next_attempt = Timestamp(0);
        }
        Ok(json!({
            "baseUrl": job.base_url, "syncAll": job.sync_all, "outOfScope": job.out_of_scope.as_str(),
            "personality": job.personality.as_str(), "allowPrivateNetwork": job.allow_private,
            "removalLimit": job.removal_limit, "compareEveryHours": job.compare_every,
            "tokenChanged": sealed.is_some(),
            "mappingsChanged": before.mappings != job.mappings, "linksForgotten": moved,
        }))
    })
    .await
}

/// Changes the mappings or a scoping filter, from what they are when it happens: two administrators do not
/// undo each other's changes. The next cycle looks at everything.
///
/// # Errors
/// [`ProvisioningError::NoJob`] and [`ProvisioningError::Mapping`]; nothing is changed then.
pub async fn change_mappings<F>(
    directory: &Directory,
    actor: &str,
    application: &str,
    change: F,
) -> Result<Job, ProvisioningError>
where
    F: Fn(&mut Mappings) + Send + 'static,
{
    edit(directory, actor, application, "updated", move |_, job| {
        let before = job.clone();
        change(&mut job.mappings);
        job.mappings.check()?;
        job.mappings.check_scope(job.sync_all)?;
        if !before.same_scope(job) {
            job.cursor = None;
        }
        Ok(json!({ "mappingsChanged": before.mappings != job.mappings }))
    })
    .await
}

/// Whether two tenant URLs lead to different targets. A slash at the end and the query, which carries options, make no
/// difference.
fn other_target(before: Option<&str>, after: Option<&str>) -> bool {
    let place = |url: &str| {
        let mut parsed = url::Url::parse(url.trim()).ok()?;
        parsed.set_query(None);
        parsed.set_fragment(None);
        Some(parsed.as_str().trim_end_matches('/').to_owned())
    };
    match (before, after) {
        (Some(before), Some(after)) => place(before) != place(after),
        _ => false,
    }
}

fn check(change: &Change) -> Result<(), ProvisioningError> {
    let invalid = |field, why: &str| ProvisioningError::Invalid { field, why: why.to_owned() };
    if let Some(token) = &change.token {
        let text = token.expose_secret();
        let odd = |c: char| !c.is_ascii_graphic();
        if text.len() > 4096 || text.chars().any(odd) {
            return Err(invalid("SecretToken", "at most 4096 visible ASCII characters, without blanks"));
        }
    }
    if change.base_url.as_ref().is_some_and(|u| u.len() > 2048) {
        return Err(invalid("BaseAddress", "at most 2048 characters"));
    }
    if let Some(Some(limit)) = change.removal_limit
        && !(1..=1_000_000).contains(&limit)
    {
        return Err(invalid("removal limit", "a number from 1 to 1000000"));
    }
    if let Some(Some(every)) = change.compare_every
        && !(1..=8760).contains(&every)
    {
        return Err(invalid("CompareEveryHours", "a number of hours from 1 to 8760, or 0 for never"));
    }
    if let Some(mappings) = &change.mappings {
        mappings.check()?;
    }
    Ok(())
}

fn apply(job: &mut Job, change: &Change, sealed: Option<&Vec<u8>>) {
    if let Some(url) = &change.base_url {
        job.base_url = Some(url.trim().to_owned());
    }
    if let Some(sealed) = sealed {
        job.token_sealed = Some(sealed.clone());
    }
    job.allow_private = change.allow_private.unwrap_or(job.allow_private);
    job.sync_all = change.sync_all.unwrap_or(job.sync_all);
    job.out_of_scope = change.out_of_scope.unwrap_or(job.out_of_scope);
    job.removal_limit = change.removal_limit.unwrap_or(job.removal_limit);
    job.personality = change.personality.unwrap_or(job.personality);
    if let Some(every) = change.compare_every.filter(|every| *every != job.compare_every) {
        job.compare_every = every;
        job.compare_due = None;
    }
    if let Some(mappings) = &change.mappings {
        job.mappings = mappings.clone();
    }
}

/// Starts a job, or does nothing where it runs.
///
/// # Errors
/// [`ProvisioningError::NoJob`] and [`ProvisioningError::NotConfigured`].
pub async fn start(directory: &Directory, actor: &str, application: &str) -> Result<Job, ProvisioningError> {
    edit(directory, actor, application, "started", |_, job| {
        match job.state {
            State::NotConfigured => return Err(ProvisioningError::NotConfigured),
            State::Paused => job.state = State::Active,
            State::Active | State::Quarantine(_) => {}
        }
        Ok(json!({}))
    })
    .await
}

/// Pauses a job: the round that runs ends, then nothing is sent.
///
/// # Errors
/// [`ProvisioningError::NoJob`].
pub async fn pause(directory: &Directory, actor: &str, application: &str) -> Result<Job, ProvisioningError> {
    edit(directory, actor, application, "paused", |_, job| {
        if job.state != State::NotConfigured {
            job.state = State::Paused;
        }
        Ok(json!({}))
    })
    .await
}

/// Begins anew: everything is looked at, what failed is tried at once, a quarantine ends. Links are kept.
///
/// # Errors
/// [`ProvisioningError::NoJob`] and [`ProvisioningError::NotConfigured`].
pub async fn restart(
    directory: &Directory,
    actor: &str,
    application: &str,
    how: Restart,
) -> Result<Job, ProvisioningError> {
    edit(directory, actor, application, "restarted", move |tx, job| {
        if job.state == State::NotConfigured {
            return Err(ProvisioningError::NotConfigured);
        }
        job.state = State::Active;
        job.failures = 0;
        job.wait_until = None;
        job.cursor = None;
        job.steady = None;
        pending::clear_waiting_times(tx, job)?;
        if how == Restart::Compare {
            links::forget_sent(tx, job)?;
        }
        Ok(json!({ "compare": how == Restart::Compare }))
    })
    .await
}

/// Allows the removals that were looked at: as many as `count`, no more.
///
/// # Errors
/// [`ProvisioningError::NoJob`].
pub async fn allow_removals(
    directory: &Directory,
    actor: &str,
    application: &str,
    count: i64,
) -> Result<Job, ProvisioningError> {
    edit(directory, actor, application, "removals_allowed", move |_, job| {
        job.removals_allowed = count.clamp(0, 1_000_000);
        Ok(json!({ "count": job.removals_allowed }))
    })
    .await
}

/// Tests a connection: saved values count where none are given. What was tried and what came back.
///
/// # Errors
/// [`ProvisioningError::NotConfigured`] and [`ProvisioningError::Target`].
pub async fn test_connection(
    directory: &Directory,
    job: &Job,
    change: &Change,
) -> Result<Exchange, ProvisioningError> {
    check(change)?;
    let engine = Engine::new(directory, Pace { tries: 1, ..Pace::default() });
    let mut tried = job.clone();
    apply(&mut tried, change, None);
    let random = directory.random.uuid();
    let attribute = tried.mappings.matching(Kind::User).to_owned();
    let target = match (&change.token, &tried.base_url) {
        (Some(token), Some(url)) if !token.expose_secret().is_empty() => {
            Target::new(url, token.clone(), tried.allow_private, engine.pace)?
        }
        _ => engine.target(&tried)?,
    };
    Ok(target.probe(&attribute, &random).await?)
}

async fn edit<F>(
    directory: &Directory,
    actor: &str,
    application: &str,
    verb: &'static str,
    change: F,
) -> Result<Job, ProvisioningError>
where
    F: Fn(&mut Tx<'_>, &mut Job) -> Result<serde_json::Value, ProvisioningError> + Send + 'static,
{
    let (tenant, now) = (directory.tenant_id.clone(), directory.clock.now());
    let (actor, application) = (actor.to_owned(), application.to_owned());
    directory
        .store
        .write(move |tx| {
            let mut job = jobs::find(tx, &tenant, &application)?.ok_or(ProvisioningError::NoJob)?;
            let after = change(tx, &mut job)?;
            jobs::save(tx, &job, now)?;
            jobs::event(tx, &job, now, &actor, verb, &after)?;
            Ok(job)
        })
        .await
}
