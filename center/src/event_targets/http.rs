//! `/api/event-targets`

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{StoreError, Tx};
use web::Timestamp;

use super::deliver::{Tested, test as send_test};
use super::store::{self as rows, Waiting};
use super::{EventTarget, MOST_TARGETS, NewTarget, TargetError};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody};

/// The targets with what waits for each.
pub(super) async fn load(center: &Center) -> Result<Vec<(EventTarget, Waiting)>, StoreError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| {
        let targets = rows::list(tx, &instance)?;
        let with = targets.into_iter().map(|target| Ok((rows::waiting(tx, &instance, &target)?, target)));
        with.map(|pair| pair.map(|(waiting, target)| (target, waiting))).collect()
    };
    center.store.read(read).await
}

/// `GET /api/event-targets`
pub(super) async fn list(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let found = load(&center).await?;
    let shown: Vec<Value> = found.iter().map(|(target, waiting)| shown(target, Some(*waiting))).collect();
    Ok(Json(json!({ "value": shown })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddBody {
    url: String,
    #[serde(default)]
    allow_private: bool,
}

/// `POST /api/event-targets`: the answer has the secret, this once.
pub(super) async fn add(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<AddBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (target, new) = add_target(&center, &caller, body.url.trim(), body.allow_private).await?;
    let mut document = shown(&target, None);
    document["secret"] = new.secret.as_str().into();
    Ok((StatusCode::CREATED, Json(document)))
}

pub(super) async fn add_target(
    center: &Center,
    caller: &Caller,
    url: &str,
    allow_private: bool,
) -> Result<(EventTarget, NewTarget), TargetError> {
    let new = NewTarget::draw(&center.random, &center.master_key, url, allow_private)?;
    let (author, added) = (center.author(caller), new.clone());
    let target = center.store.write(move |tx| rows::add(tx, &author, &added)).await?;
    Ok((target, new))
}

/// `DELETE /api/event-targets/{id}`
pub(super) async fn remove(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    center.store.write(move |tx| rows::remove(tx, &author, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/event-targets/{id}/test`: what came back from a verification token.
pub(super) async fn test(
    State(center): State<Center>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let Tested { accepted, status, reason } = send_test(&center, &id).await?;
    Ok(Json(json!({ "accepted": accepted, "status": status, "reason": reason })))
}

/// `POST /api/event-targets/{id}/pause`
pub(super) async fn pause(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    let target = center.store.write(move |tx| rows::pause(tx, &author, &id)).await?;
    Ok(Json(shown(&target, None)))
}

/// `POST /api/event-targets/{id}/resume`
pub(super) async fn resume(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    let target = center.store.write(move |tx| rows::resume(tx, &author, &id)).await?;
    Ok(Json(shown(&target, None)))
}

fn shown(target: &EventTarget, waiting: Option<Waiting>) -> Value {
    let mut document = json!({
        "id": target.id,
        "url": target.url,
        "allowPrivate": target.allow_private,
        "state": target.state(),
        "createdAt": target.created_at.rfc3339(),
        "deliveredAt": target.delivered_at.map(Timestamp::rfc3339),
        "failures": target.failures,
        "failingSince": target.failing_since.map(Timestamp::rfc3339),
        "failure": target.failure,
        "nextAt": target.failing_since.map(|_| target.next_at.rfc3339()),
    });
    if let Some(waiting) = waiting {
        document["waiting"] = waiting.count.into();
        document["waitingAtLeast"] = waiting.at_least.into();
    }
    document
}

impl From<TargetError> for ApiError {
    fn from(error: TargetError) -> Self {
        let message = error.to_string();
        match error {
            TargetError::NotFound(id) => {
                Self::not_found("EventTargetNotFound", message).target("id").found(&id)
            }
            TargetError::TooMany => Self::new(StatusCode::CONFLICT, "EventTargetLimit", message)
                .expected(format!("at most {MOST_TARGETS}"))
                .fix("remove one that is not needed any more"),
            TargetError::Url { found, .. } => Self::new(StatusCode::BAD_REQUEST, "EventTargetUrl", message)
                .target("url")
                .expected("https://, or a private address where allowPrivate says so")
                .found(&found)
                .fix("correct the URL, or allow a private network if that is meant"),
            TargetError::Secret(_) => {
                tracing::error!(%message, "the secret of an event target is unusable");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "EventTargetSecret", message)
                    .fix("was the master key file exchanged? Remove the target and add it again")
            }
            TargetError::Store(error) => error.into(),
        }
    }
}
