//! The steps of a change: propose, review, accept or withdraw, restore. Each decides from the rows as they are
//! in its own transaction, so that a review that was made earlier cannot let something else through.

use ::store::Tx;
use serde_json::Value as Json;
use web::token;

use super::error::SourceError;
use super::impact::{Impact, impact};
use super::source::Source;
use super::store::{self, State};
use super::{certificate_rows, metadata_url_rows};
use crate::Center;
use crate::access::Caller;
use crate::instance::{Author, Subject};

/// The word that confirms a change.
pub const CONFIRMATION: &str = "ACCEPT";

/// What a person is shown before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The source in use.
    pub from: Source,
    /// The source that would be.
    pub to: Source,
    /// What that does.
    pub impact: Impact,
    /// Stands for both sources and everybody who loses access.
    pub digest: String,
}

impl Review {
    /// Reviews the change from the source in use to `to`, over the rows as they are.
    fn of(tx: &mut Tx<'_>, author: &Author, to: Source) -> Result<Self, SourceError> {
        let from = store::active(tx, &author.instance_id)?;
        if from.is_same(&to) {
            return Err(SourceError::SameSource);
        }
        let people = store::people(tx, &author.instance_id)?;
        if people.administrators == 0 {
            return Err(SourceError::NoAdministrator);
        }
        let impact = impact(&from, &to, &people, author.now);
        let digest = digest(&from, &to, &impact);
        Ok(Self { from, to, impact, digest })
    }
}

/// Users who come to keep access do not outdate a review; whoever else loses it does.
fn digest(from: &Source, to: &Source, impact: &Impact) -> String {
    let mut text = format!("{}\n{}\n", from.settings(), to.settings());
    for loss in &impact.lose {
        text.push_str(&format!("{:?} {}\n", loss.reason, loss.user_name));
    }
    hex::encode(token::hash(&text))
}

/// Saves `to` as the proposed source, in place of an earlier proposal, and reviews it.
///
/// # Errors
/// [`SourceError::SameSource`], [`SourceError::NoAdministrator`], the store's.
pub async fn propose(center: &Center, caller: &Caller, to: Source) -> Result<Review, SourceError> {
    let author = center.author(caller);
    center
        .store
        .write(move |tx| {
            let review = Review::of(tx, &author, to.clone())?;
            store::save_proposal(tx, &author.instance_id, &to, &review.digest, author.now)?;
            record(tx, &author, "identity_source.proposed", None, Some(&to.for_event()))?;
            Ok(review)
        })
        .await
}

/// Reviews the proposed source over the rows as they are now.
///
/// # Errors
/// [`SourceError::NoProposal`] and those of [`propose`].
pub async fn review_proposal(center: &Center, caller: &Caller) -> Result<Review, SourceError> {
    review_of(center, caller, State::Proposed, || SourceError::NoProposal).await
}

/// Reviews going back to the previous source.
///
/// # Errors
/// [`SourceError::NoPrevious`] and those of [`propose`].
pub async fn review_restore(center: &Center, caller: &Caller) -> Result<Review, SourceError> {
    review_of(center, caller, State::Previous, || SourceError::NoPrevious).await
}

async fn review_of(
    center: &Center,
    caller: &Caller,
    state: State,
    missing: fn() -> SourceError,
) -> Result<Review, SourceError> {
    let author = center.author(caller);
    center
        .store
        .read(move |tx| {
            let stored = store::find(tx, &author.instance_id, state)?.ok_or_else(missing)?;
            Review::of(tx, &author, stored.source)
        })
        .await
}

/// Takes the proposal back.
///
/// # Errors
/// [`SourceError::NoProposal`], the store's.
pub async fn withdraw(center: &Center, caller: &Caller) -> Result<(), SourceError> {
    let author = center.author(caller);
    center
        .store
        .write(move |tx| {
            let proposed = store::find(tx, &author.instance_id, State::Proposed)?;
            let before = proposed.ok_or(SourceError::NoProposal)?.source.for_event();
            store::remove(tx, &author.instance_id, State::Proposed)?;
            record(tx, &author, "identity_source.withdrawn", Some(&before), None)
        })
        .await
}

/// Makes the proposed source the active one. `confirm` must be [`CONFIRMATION`]. `reviewed` is the digest of
/// the review that the person saw; where it is absent, that of the proposal's own review counts.
///
/// # Errors
/// [`SourceError::NotConfirmed`], [`SourceError::NoProposal`], [`SourceError::ReviewOutdated`] where the change
/// would now do something else to people than what was reviewed, and those of [`propose`].
pub async fn accept(
    center: &Center,
    caller: &Caller,
    confirm: &str,
    reviewed: Option<&str>,
) -> Result<(), SourceError> {
    confirmed(confirm)?;
    let (author, reviewed) = (center.author(caller), reviewed.map(ToOwned::to_owned));
    center
        .store
        .write(move |tx| {
            let proposed = store::find(tx, &author.instance_id, State::Proposed)?;
            let proposed = proposed.ok_or(SourceError::NoProposal)?;
            let review = Review::of(tx, &author, proposed.source)?;
            if reviewed.as_ref().or(proposed.reviewed.as_ref()) != Some(&review.digest) {
                return Err(SourceError::ReviewOutdated);
            }
            store::remove(tx, &author.instance_id, State::Proposed)?;
            change(tx, &author, "identity_source.changed", &review)
        })
        .await
}

/// Makes the previous source the active one, and the active one the previous. `reviewed` as in [`accept`];
/// where it is absent, the restore goes ahead: whoever goes back after a mistake must not be held up.
///
/// # Errors
/// [`SourceError::NotConfirmed`], [`SourceError::NoPrevious`], [`SourceError::ReviewOutdated`] and those of
/// [`propose`].
pub async fn restore(
    center: &Center,
    caller: &Caller,
    confirm: &str,
    reviewed: Option<&str>,
) -> Result<(), SourceError> {
    confirmed(confirm)?;
    let (author, reviewed) = (center.author(caller), reviewed.map(ToOwned::to_owned));
    center
        .store
        .write(move |tx| {
            let previous = store::find(tx, &author.instance_id, State::Previous)?;
            let review = Review::of(tx, &author, previous.ok_or(SourceError::NoPrevious)?.source)?;
            if reviewed.as_ref().is_some_and(|seen| *seen != review.digest) {
                return Err(SourceError::ReviewOutdated);
            }
            change(tx, &author, "identity_source.restored", &review)
        })
        .await
}

pub(super) fn confirmed(word: &str) -> Result<(), SourceError> {
    if word == CONFIRMATION {
        return Ok(());
    }
    Err(SourceError::NotConfirmed { expected: CONFIRMATION, found: word.chars().take(40).collect() })
}

/// Sign-ins that are under way at the old source end: their answers would come from somebody else.
fn change(tx: &mut Tx<'_>, author: &Author, action: &str, review: &Review) -> Result<(), SourceError> {
    store::activate(tx, &author.instance_id, &review.from, &review.to, author.now)?;
    certificate_rows::forget(tx, &author.instance_id)?;
    metadata_url_rows::remove(tx, &author.instance_id)?;
    crate::saml_sp::forget_requests(tx, &author.instance_id)?;
    record(tx, author, action, Some(&review.from.for_event()), Some(&review.to.for_event()))
}

fn record(
    tx: &mut Tx<'_>,
    author: &Author,
    action: &str,
    before: Option<&Json>,
    after: Option<&Json>,
) -> Result<(), SourceError> {
    let subject = Subject { kind: "identity_source", id: &author.instance_id };
    Ok(author.record(tx, action, subject, before, after)?)
}
