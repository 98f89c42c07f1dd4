//! What the directory is, and what happened in it.

use axum::Json;
use axum::extract::{Query, State};
use axum::middleware::from_fn_with_state;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Event, EventCursor};
use web::Timestamp;
use web::routes::Routes;

use crate::refused::Refused;
use crate::{Directory, access};

const MOST_EVENTS: i64 = 500;

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    let for_programs = Routes::new("api_client")
        .get("/api/events", events)
        .guarded(from_fn_with_state(directory.clone(), access::api_client));
    Routes::new("anyone").get("/api/about", about).merge(for_programs)
}

/// GET /api/about
async fn about(State(directory): State<Directory>) -> Result<Json<Value>, Refused> {
    let id = directory.tenant_id.clone();
    let (tenant, set_up) = directory
        .store
        .read(move |tx| -> Result<_, Refused> { Ok((super::get(tx, &id)?, super::is_set_up(tx, &id)?)) })
        .await?;
    Ok(Json(json!({
        "product": "entente directory",
        "version": env!("CARGO_PKG_VERSION"),
        "tenantId": tenant.id,
        "defaultDomain": tenant.default_domain,
        "origin": directory.url(""),
        "setUp": set_up,
    })))
}

#[derive(Deserialize)]
struct EventsQuery {
    limit: Option<String>,
    before: Option<String>,
    subject: Option<String>,
}

/// GET /api/events: newest first.
async fn events(
    State(directory): State<Directory>,
    Query(query): Query<EventsQuery>,
) -> Result<Json<Value>, Refused> {
    let limit =
        match query.limit.as_deref() {
            None => 100,
            Some(text) => text.parse().ok().filter(|n| (1..=MOST_EVENTS).contains(n)).ok_or_else(|| {
                Refused::invalid("limit", format!("a number from 1 to {MOST_EVENTS}"), text)
            })?,
        };
    let before = query.before.as_deref().map(cursor).transpose()?;
    if query.subject.as_ref().is_some_and(|s| s.chars().any(char::is_control)) {
        return Err(Refused::invalid("subject", "the id of a thing", ""));
    }
    let (tenant, subject) = (directory.tenant_id.clone(), query.subject);
    let events = directory
        .store
        .read(move |tx| -> Result<_, Refused> {
            Ok(tx.events_newest(&tenant, subject.as_deref(), before, limit)?)
        })
        .await?;
    Ok(Json(events_json(&events, limit)))
}

/// A place in the log as [`events_json`] wrote it.
pub(crate) fn cursor(text: &str) -> Result<EventCursor, Refused> {
    text.parse().map_err(|()| Refused::invalid("before", "the cursor of an event", text))
}

/// Events as the API gives them, and where the next page begins.
pub fn events_json(events: &[Event], limit: i64) -> Value {
    let value: Vec<Value> = events.iter().map(event_json).collect();
    let full = i64::try_from(events.len()).is_ok_and(|n| n == limit);
    let next = events.last().filter(|_| full).map(|e| e.cursor.to_string());
    json!({ "value": value, "next": next })
}

fn event_json(event: &Event) -> Value {
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
