use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use store::{Event, EventCursor};
use web::Timestamp;

use super::body::paged;
use super::{ApiError, Params};
use crate::Center;

/// GET /api/events: newest first.
pub(super) async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(100, 1000)?;
    let before = match params.text("before") {
        "" => None,
        text => Some(text.parse::<EventCursor>().map_err(|()| {
            ApiError::invalid(
                "before",
                "the cursor of an event or the `next` of an earlier answer is needed",
                text,
            )
        })?),
    };
    let instance = center.instance_id.clone();
    let read = move |tx: &mut store::Tx<'_>| {
        let subject = Some(params.text("subject")).filter(|s| !s.is_empty());
        tx.events_newest(&instance, subject, before, limit)
    };
    let events = center.store.read(read).await?;
    let next = events.last().map(|e| e.cursor.to_string());
    Ok(paged(events.iter().map(shown).collect(), limit, next))
}

fn shown(event: &Event) -> Value {
    json!({
        "cursor": event.cursor.to_string(),
        "at": Timestamp(event.at).rfc3339(),
        "actor": event.actor,
        "action": event.action,
        "subjectType": event.subject_type,
        "subjectId": event.subject_id,
        "before": event.before,
        "after": event.after,
    })
}
