//! /console/events: what happened, newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use store::Event;
use web::Timestamp;
use web::form::Csrf;
use web::page::{Shell, render};

use super::shell;
use crate::Directory;
use crate::access::Caller;
use crate::refused::{PageRefused, Refused};
use crate::tenant;

const ON_PAGE: i64 = 50;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    subject: String,
    before: Option<String>,
}

/// An event as the page shows it.
struct Shown {
    at: String,
    actor: String,
    action: String,
    subject_type: String,
    subject_id: String,
    before: String,
    after: String,
}

fn shown(event: Event) -> Shown {
    let pretty = |json: Option<serde_json::Value>| {
        json.and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or_default()
    };
    Shown {
        at: Timestamp(event.at).readable(),
        actor: event.actor,
        action: event.action,
        subject_type: event.subject_type,
        subject_id: event.subject_id,
        before: pretty(event.before),
        after: pretty(event.after),
    }
}

#[derive(Template)]
#[template(path = "console/events.html")]
struct Page {
    shell: Shell,
    subject: String,
    events: Vec<Shown>,
    next: Option<String>,
}

/// GET /console/events
pub(super) async fn show(
    State(directory): State<Directory>,
    Query(wanted): Query<Wanted>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let before = wanted.before.as_deref().map(tenant::cursor).transpose()?;
    let subject = wanted.subject.trim().to_owned();
    if subject.chars().any(char::is_control) {
        return Err(Refused::invalid("subject", "the id of a thing", "").into());
    }
    let about = Some(subject.clone()).filter(|s| !s.is_empty());
    let events = directory
        .read(move |tx, tenant| Ok(tx.events_newest(tenant, about.as_deref(), before, ON_PAGE)?))
        .await?;
    let full = i64::try_from(events.len()).is_ok_and(|n| n == ON_PAGE);
    let next = events.last().filter(|_| full).map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("subject", &subject).append_pair("before", &last.cursor.to_string());
        format!("/console/events?{}", query.finish())
    });
    let shell = shell(&directory, &caller, &csrf, "Events", "/console/events");
    let events = events.into_iter().map(shown).collect();
    Ok(render(&Page { shell, subject, events, next }))
}
