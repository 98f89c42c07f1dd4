//! Sends what waits for the targets, in the order of the event log.

use std::time::Duration;

use ::http::{Method, StatusCode, header};
use ::store::{Event, EventCursor, StoreError, Tx};
use futures::future::join_all;
use serde_json::Value as Json;
use web::outbound::{Answer, Outbound};
use zeroize::Zeroizing;

use super::security_event::{Envelope, Notice, signed};
use super::store::{self as rows, Failure};
use super::{EventTarget, TargetError, outbound};
use crate::Center;

/// Entries that are looked at under one lease.
const BATCH: i64 = 100;
/// Characters of an answer that are shown.
const SHOWN: usize = 300;

/// What one look at the targets did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Events that were accepted.
    pub delivered: usize,
    /// Targets that did not accept one.
    pub failed: usize,
    /// Whether more may wait that could be sent at once.
    pub more: bool,
}

/// Sends to each target that is due the next events that wait for it.
///
/// # Errors
/// The store's. What a target says is none of the caller's: it is saved with the target.
pub async fn deliver_due(center: &Center) -> Result<Round, StoreError> {
    let due = due(center).await?;
    let mut sum = Round::default();
    for round in join_all(due.iter().map(|id| deliver(center, id))).await {
        let round = round?;
        sum.delivered += round.delivered;
        sum.failed += round.failed;
        sum.more |= round.more;
    }
    Ok(sum)
}

/// The ids of targets for which something waits that may be sent now.
pub(super) async fn due(center: &Center) -> Result<Vec<String>, StoreError> {
    let (instance, now) = (center.instance_id.clone(), center.clock.now());
    let read = move |tx: &mut Tx<'_>| -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for target in rows::due(tx, &instance, now)? {
            let events = tx.events_after(&instance, target.cursor, BATCH)?;
            if is_full(&events) || events.iter().any(|event| Notice::of(event).is_some()) {
                found.push(target.id);
            }
        }
        Ok(found)
    };
    center.store.read(read).await
}

/// Sends a batch to one target, where nobody else does.
pub(super) async fn deliver(center: &Center, id: &str) -> Result<Round, StoreError> {
    let (author, holder) = (center.author_named("system"), center.random.uuid());
    let (wanted, claimant) = (id.to_owned(), holder.clone());
    let claimed = center.store.write(move |tx| rows::claim(tx, &author, &wanted, &claimant)).await?;
    let Some(target) = claimed else { return Ok(Round::default()) };
    let done = send_batch(center, &target, &holder).await;
    let (instance, wanted) = (center.instance_id.clone(), target.id);
    center.store.write(move |tx| rows::release(tx, &instance, &wanted, &holder)).await?;
    done
}

async fn send_batch(center: &Center, target: &EventTarget, holder: &str) -> Result<Round, StoreError> {
    let mut round = Round::default();
    let (instance, after) = (center.instance_id.clone(), target.cursor);
    let events = center.store.read(move |tx| tx.events_after(&instance, after, BATCH)).await?;
    let courier = match Courier::of(center, target) {
        Ok(courier) => courier,
        Err(error) => {
            failed(center, target, holder, Refused::because(error.to_string())).await?;
            return Ok(Round { failed: 1, ..round });
        }
    };
    for event in &events {
        let Some(notice) = Notice::of(event) else { continue };
        let id = format!("{}.{}", target.id, event.cursor);
        if let Err(refused) = courier.send(center, &notice, &id, Some(event)).await {
            failed(center, target, holder, refused).await?;
            return Ok(Round { failed: 1, ..round });
        }
        round.delivered += 1;
        if !accepted(center, target, holder, event.cursor).await? {
            return Ok(round);
        }
    }
    round.more = is_full(&events);
    if let Some(last) = events.last().filter(|_| round.more) {
        let (instance, id, holder, last) =
            (center.instance_id.clone(), target.id.clone(), holder.to_owned(), last.cursor);
        center.store.write(move |tx| rows::pass_over(tx, &instance, &id, &holder, last)).await?;
    }
    Ok(round)
}

fn is_full(events: &[Event]) -> bool {
    i64::try_from(events.len()).unwrap_or(i64::MAX) >= BATCH
}

async fn accepted(
    center: &Center,
    target: &EventTarget,
    holder: &str,
    cursor: EventCursor,
) -> Result<bool, StoreError> {
    let (author, id, holder) = (center.author_named("system"), target.id.clone(), holder.to_owned());
    center.store.write(move |tx| rows::accepted(tx, &author, &id, &holder, cursor)).await
}

async fn failed(
    center: &Center,
    target: &EventTarget,
    holder: &str,
    refused: Refused,
) -> Result<(), StoreError> {
    let (author, id, holder) = (center.author_named("system"), target.id.clone(), holder.to_owned());
    let [jitter] = center.random.bytes();
    tracing::warn!(target = id, reason = refused.reason, "an event target did not accept an event");
    let failure = Failure { reason: refused.reason, retry_after: refused.retry_after, jitter };
    center.store.write(move |tx| rows::failed(tx, &author, &id, &holder, &failure)).await
}

/// What came back from a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Whether it was accepted.
    pub accepted: bool,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// What is wrong, where it was not.
    pub reason: Option<String>,
}

/// Sends a verification token to a target now, paused or not. Nothing is saved.
///
/// # Errors
/// [`TargetError::NotFound`], [`TargetError::Secret`]; the store's.
pub(super) async fn test(center: &Center, id: &str) -> Result<Tested, TargetError> {
    let (instance, wanted) = (center.instance_id.clone(), id.to_owned());
    let target = center.store.read(move |tx| rows::find(tx, &instance, &wanted)).await?;
    let sent = match Courier::of(center, &target) {
        Ok(courier) => {
            let notice = Notice::verification(&target.id);
            courier.send(center, &notice, &center.random.uuid(), None).await
        }
        Err(error @ TargetError::Secret(_)) => return Err(error),
        Err(error) => Err(Refused::because(error.to_string())),
    };
    Ok(match sent {
        Ok(status) => Tested { accepted: true, status: Some(status.as_u16()), reason: None },
        Err(refused) => {
            let status = refused.status.map(|status| status.as_u16());
            Tested { accepted: false, status, reason: Some(refused.reason) }
        }
    })
}

/// Why a token was not accepted.
struct Refused {
    status: Option<StatusCode>,
    reason: String,
    retry_after: Option<Duration>,
}

impl Refused {
    fn because(reason: String) -> Self {
        Self { status: None, reason, retry_after: None }
    }
}

/// Brings tokens to one target.
struct Courier {
    outbound: Outbound,
    url: String,
    secret: Zeroizing<Vec<u8>>,
}

impl Courier {
    fn of(center: &Center, target: &EventTarget) -> Result<Self, TargetError> {
        let (url, unusable) = (target.url.clone(), |why| TargetError::Url { why, found: target.url.clone() });
        let outbound = outbound(target.allow_private).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { outbound, url, secret: target.secret(&center.master_key)? })
    }

    /// RFC 8935 §2: one token in a POST. 202 is the answer of the RFC; 200 and 204 are taken for it.
    async fn send(
        &self,
        center: &Center,
        notice: &Notice,
        id: &str,
        source: Option<&Event>,
    ) -> Result<StatusCode, Refused> {
        let issuer = center.url("");
        let envelope = Envelope { issuer: &issuer, audience: &self.url, id, now: center.clock.now() };
        let token = signed(&notice.claims(envelope, source), &self.secret);
        let unsent = |error: web::outbound::OutboundError| Refused::because(error.to_string());
        let request = self.outbound.request(Method::POST, &self.url).map_err(unsent)?;
        let request = request
            .header(header::CONTENT_TYPE, "application/secevent+jwt")
            .header(header::ACCEPT, "application/json")
            .body(token);
        let answer = self.outbound.send(request).await.map_err(unsent)?;
        match answer.status {
            StatusCode::OK | StatusCode::ACCEPTED | StatusCode::NO_CONTENT => Ok(answer.status),
            status => Err(Refused {
                status: Some(status),
                reason: self.reason(&answer),
                retry_after: answer.retry_after(),
            }),
        }
    }

    /// The status, and the `err` and `description` of RFC 8935 §2.4 or else how the body begins.
    fn reason(&self, answer: &Answer) -> String {
        let json: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        let part = |name: &str| json.get(name).and_then(Json::as_str).map(ToOwned::to_owned);
        let said = match (part("err"), part("description")) {
            (Some(err), Some(description)) => format!("{err}: {description}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => String::from_utf8_lossy(&answer.body).into_owned(),
        };
        let secret = String::from_utf8_lossy(&self.secret);
        let said = said.replace(secret.as_ref(), "…");
        let said: String = said.trim().chars().filter(|c| !c.is_control()).take(SHOWN).collect();
        let end = if said.is_empty() { String::new() } else { format!(": {said}") };
        format!("the answer {}{end}", answer.status)
    }
}
