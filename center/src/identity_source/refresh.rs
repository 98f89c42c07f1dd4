//! Reads the metadata URL: when an administrator says so, and when it is due.

use std::time::Duration;

use ::store::{StoreError, Tx};
use http::{Method, StatusCode};
use serde_json::json;
use web::Timestamp;
use web::outbound::{Outbound, Reach};

use super::certificates::{self, Listed, Origin, add, external, save_without};
use super::error::SourceError;
use super::external::{read_metadata_of, sign_in_url};
use super::metadata_url::{Diff, EVERY_LEAST, EVERY_MOST, Given, MetadataUrl};
use super::source::{ExternalIdp, Source};
use super::{certificate_rows, metadata_url_rows as rows, store};
use crate::Center;
use crate::access::Caller;
use crate::instance::{Author, Subject};
use crate::saml_sp::metadata_signers;

/// Whoever reads it because it is due has this long before another process may; after a failure it is tried again
/// after an hour.
const CLAIM: Duration = Duration::from_secs(300);
const AGAIN: Duration = Duration::from_secs(3_600);

/// The URL as it is, with the differences that are left.
pub type Standing = Option<(MetadataUrl, Option<Diff>)>;

/// How it stands.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub fn standing(tx: &mut Tx<'_>, instance_id: &str, now: Timestamp) -> Result<Standing, StoreError> {
    let Some(saved) = rows::find(tx, instance_id)? else { return Ok(None) };
    let diff = match (store::active(tx, instance_id)?, &saved.found) {
        (Source::External(idp), Some(found)) => {
            let listed = certificates::list(tx, instance_id, now)?;
            Diff::of(&idp, &listed, found, now).ok()
        }
        _ => None,
    };
    Ok(Some((saved, diff)))
}

/// What the file at a URL says.
///
/// # Errors
/// [`SourceError::UrlNotAllowed`]; [`SourceError::MetadataUnreachable`]; those of [`read_metadata_of`].
async fn read(center: &Center, given: &Given) -> Result<ExternalIdp, SourceError> {
    let url = sign_in_url("url", &given.url)?;
    let unreachable = |found: String| SourceError::MetadataUnreachable { found };
    let reach = if given.allow_private { Reach::Private } else { Reach::Public };
    let outbound = Outbound::new(reach).map_err(|e| unreachable(e.to_string()))?;
    let request = outbound.request(Method::GET, &url).map_err(|e| unreachable(e.to_string()))?;
    let answer = outbound.send(request).await.map_err(|e| unreachable(e.to_string()))?;
    if answer.status != StatusCode::OK {
        return Err(unreachable(format!("the answer {}", answer.status)));
    }
    // Read after the file came: who is named by then has to have signed it.
    read_metadata_of(&answer.body, &metadata_signers(center).await?, center.clock.now())
}

/// Reads the URL and says what would happen; nothing is saved.
///
/// # Errors
/// [`SourceError::SourceNotExternal`], [`SourceError::OtherIdp`], [`SourceError::EveryOutOfRange`]; those of reading.
pub(super) async fn preview(center: &Center, given: &Given) -> Result<(ExternalIdp, Diff), SourceError> {
    if !(EVERY_LEAST..=EVERY_MOST).contains(&given.every_seconds) {
        return Err(SourceError::EveryOutOfRange { found: given.every_seconds });
    }
    let now = center.clock.now();
    let found = read(center, given).await?;
    let (author, idp) = (center.author_named("system"), found.clone());
    let compare = move |tx: &mut Tx<'_>| -> Result<Diff, SourceError> {
        let current = external(tx, &author)?;
        Diff::of(&current, &certificates::list(tx, &author.instance_id, now)?, &idp, now)
    };
    Ok((found, center.store.read(compare).await?))
}

/// Reads the URL from now on. It must be readable and of the identity provider in use.
///
/// # Errors
/// Those of [`preview`]; the store's.
pub(super) async fn choose(center: &Center, caller: &Caller, given: Given) -> Result<(), SourceError> {
    let (found, _) = preview(center, &given).await?;
    let author = center.author(caller);
    center
        .store
        .write(move |tx| {
            let saved = MetadataUrl {
                given: given.clone(),
                next_at: author.now,
                checked_at: None,
                succeeded_at: None,
                failure: None,
                failed_since: None,
                found: None,
            };
            rows::save(tx, &author.instance_id, &saved)?;
            let how = json!({ "url": given.url, "everySeconds": given.every_seconds });
            record(tx, &author, "idp_metadata_url.set", Some(&how))?;
            succeeded(tx, &author, saved, &found)
        })
        .await
}

/// Reads no URL any more. Certificates stay as they are.
///
/// # Errors
/// [`SourceError::NoMetadataUrl`]; the store's.
pub(super) async fn stop(center: &Center, caller: &Caller) -> Result<(), SourceError> {
    let author = center.author(caller);
    center
        .store
        .write(move |tx| {
            rows::find(tx, &author.instance_id)?.ok_or(SourceError::NoMetadataUrl)?;
            rows::remove(tx, &author.instance_id)?;
            Ok(record(tx, &author, "idp_metadata_url.removed", None)?)
        })
        .await
}

/// Reads it now.
///
/// # Errors
/// [`SourceError::NoMetadataUrl`]; those of reading, which are saved too; the store's.
pub(super) async fn refresh(center: &Center, caller: &Caller) -> Result<(), SourceError> {
    let id = center.instance_id.clone();
    let saved = center.store.read(move |tx| rows::find(tx, &id)).await?;
    read_and_save(center, &caller.actor, saved.ok_or(SourceError::NoMetadataUrl)?).await
}

/// Reads it where it is due; whether it was. A failure is saved and is none of the caller's.
///
/// # Errors
/// The store's.
pub async fn refresh_due(center: &Center) -> Result<bool, StoreError> {
    let (id, now) = (center.instance_id.clone(), center.clock.now());
    let claim = move |tx: &mut Tx<'_>| -> Result<Option<MetadataUrl>, StoreError> {
        let Some(saved) = rows::find(tx, &id)?.filter(|saved| saved.next_at <= now) else { return Ok(None) };
        rows::save(tx, &id, &MetadataUrl { next_at: now.plus(CLAIM), ..saved.clone() })?;
        Ok(Some(saved))
    };
    let Some(saved) = center.store.write(claim).await? else { return Ok(false) };
    match read_and_save(center, "system", saved).await {
        Err(SourceError::Store(error)) => Err(error),
        _ => Ok(true),
    }
}

async fn read_and_save(center: &Center, actor: &str, saved: MetadataUrl) -> Result<(), SourceError> {
    let (found, error) = match read(center, &saved.given).await {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(error)),
    };
    let (author, given) = (center.author_named(actor), saved.given);
    let failure = error.as_ref().map(SourceError::to_string).unwrap_or_default();
    let conclude = move |tx: &mut Tx<'_>| -> Result<Option<SourceError>, SourceError> {
        // Another one may have been chosen while this one was read.
        let Some(saved) = rows::find(tx, &author.instance_id)?.filter(|now| now.given == given) else {
            return Ok(None);
        };
        let Some(found) = &found else { return failed(tx, &author, saved, &failure).map(|()| None) };
        match succeeded(tx, &author, saved.clone(), found) {
            Ok(()) => Ok(None),
            Err(SourceError::Store(error)) => Err(error.into()),
            Err(refusal) => failed(tx, &author, saved, &refusal.to_string()).map(|()| Some(refusal)),
        }
    };
    let refused = center.store.write(conclude).await?;
    error.or(refused).map_or(Ok(()), Err)
}

/// Takes over what can harm nobody, and notes the rest.
fn succeeded(
    tx: &mut Tx<'_>,
    author: &Author,
    saved: MetadataUrl,
    found: &ExternalIdp,
) -> Result<(), SourceError> {
    let id = &author.instance_id;
    let idp = external(tx, author)?;
    let listed = certificates::list(tx, id, author.now)?;
    let diff = Diff::of(&idp, &listed, found, author.now)?;
    if !diff.added.is_empty() {
        add(tx, author, &diff.added, Origin::Refresh)?;
    }
    for one in &listed {
        let missing = diff.missing.iter().any(|gone| gone.certificate == one.certificate);
        missing_or_back(tx, author, one, missing)?;
    }
    let every = Duration::from_secs(saved.given.every_seconds.unsigned_abs());
    if saved.failure.is_some() {
        record(tx, author, "idp_metadata_url.recovered", None)?;
    }
    let now = Some(author.now);
    let next_at = author.now.plus(every);
    let saved = MetadataUrl {
        next_at,
        checked_at: now,
        succeeded_at: now,
        failure: None,
        failed_since: None,
        ..saved
    };
    Ok(rows::save(tx, id, &MetadataUrl { found: Some(found.clone()), ..saved })?)
}

/// A certificate that the metadata lacks goes after a while, unless it is the last one.
fn missing_or_back(
    tx: &mut Tx<'_>,
    author: &Author,
    listed: &Listed,
    missing: bool,
) -> Result<(), SourceError> {
    match (missing, listed.removed_at()) {
        (true, None) => {
            certificate_rows::set_missing(tx, &author.instance_id, listed, Some(author.now))?;
        }
        (true, Some(at)) if at <= author.now => {
            let idp = external(tx, author)?;
            match save_without(tx, author, &idp, &listed.certificate, "not in the metadata any more") {
                Err(SourceError::LastCertificate { .. }) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        (false, Some(_)) => certificate_rows::set_missing(tx, &author.instance_id, listed, None)?,
        _ => {}
    }
    Ok(())
}

/// The known stays as it is. The first failure of several makes an event.
fn failed(tx: &mut Tx<'_>, author: &Author, saved: MetadataUrl, failure: &str) -> Result<(), SourceError> {
    if saved.failed_since.is_none() {
        record(tx, author, "idp_metadata_url.failed", Some(&json!({ "failure": failure })))?;
    }
    let saved = MetadataUrl {
        next_at: author.now.plus(AGAIN),
        checked_at: Some(author.now),
        failed_since: saved.failed_since.or(Some(author.now)),
        failure: Some(failure.to_owned()),
        ..saved
    };
    Ok(rows::save(tx, &author.instance_id, &saved)?)
}

/// Takes over everything that the metadata said last: its addresses, and that it lacks certificates.
///
/// # Errors
/// [`SourceError::NotConfirmed`], [`SourceError::NoMetadataUrl`], [`SourceError::NothingToApply`],
/// [`SourceError::LastCertificate`]; the store's.
pub(super) async fn apply(center: &Center, caller: &Caller, confirm: &str) -> Result<(), SourceError> {
    super::change::confirmed(confirm)?;
    let author = center.author(caller);
    center
        .store
        .write(move |tx| {
            let (saved, diff) =
                standing(tx, &author.instance_id, author.now)?.ok_or(SourceError::NoMetadataUrl)?;
            let (Some(found), Some(diff)) = (saved.found, diff.filter(Diff::waits)) else {
                return Err(SourceError::NothingToApply);
            };
            let before = external(tx, &author)?;
            let addresses = ExternalIdp {
                redirect_url: found.redirect_url,
                post_url: found.post_url,
                logout_url: found.logout_url,
                wants_signed_requests: found.wants_signed_requests,
                metadata_signature: found.metadata_signature,
                ..before.clone()
            };
            let after = Source::External(addresses);
            store::replace_active(tx, &author.instance_id, &after)?;
            for gone in &diff.missing {
                let idp = external(tx, &author)?;
                save_without(tx, &author, &idp, &gone.certificate, "not in the metadata any more")?;
            }
            let (before, after) = (Source::External(before).for_event(), after.for_event());
            let subject = Subject { kind: "identity_source", id: &author.instance_id };
            author.record(tx, "identity_source.updated", subject, Some(&before), Some(&after))?;
            Ok(())
        })
        .await
}

fn record(
    tx: &mut Tx<'_>,
    author: &Author,
    action: &str,
    after: Option<&serde_json::Value>,
) -> Result<(), StoreError> {
    author.record(tx, action, Subject { kind: "idp_metadata_url", id: &author.instance_id }, None, after)
}
