//! How long people stay signed in to the access portal.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, JsonBody};
use crate::Center;
use crate::access::Caller;
use crate::instance::{PORTAL_SESSION_MAX, PORTAL_SESSION_MIN, set_portal_session};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LengthBody {
    seconds: i64,
}

/// `GET /api/portal-session`
pub(super) async fn show(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "seconds": center.instance().await?.portal_session_seconds })))
}

/// `PUT /api/portal-session`: sessions that have begun keep their length.
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<LengthBody>,
) -> Result<Json<Value>, ApiError> {
    let seconds = body.seconds;
    if !(PORTAL_SESSION_MIN..=PORTAL_SESSION_MAX).contains(&seconds) {
        let message = "a portal session lasts between 15 minutes and 90 days";
        return Err(ApiError::invalid("seconds", message, &seconds.to_string())
            .expected(format!("a number from {PORTAL_SESSION_MIN} to {PORTAL_SESSION_MAX}"))
            .fix("give a number in this range; nothing was changed"));
    }
    let author = center.author(&caller);
    center.store.write(move |tx| set_portal_session(tx, &author, seconds)).await?;
    Ok(Json(json!({ "seconds": seconds })))
}
