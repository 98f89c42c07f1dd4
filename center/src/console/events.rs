use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::{Event, EventCursor};
use web::Timestamp;
use web::form::Csrf;
use web::page::{self, Shell};

use super::{PageError, shell};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::Params;

const PAGE: i64 = 50;

struct Line {
    at: String,
    actor: String,
    action: String,
    subject_type: String,
    subject_id: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "console/events.html")]
struct Events {
    shell: Shell,
    subject: String,
    lines: Vec<Line>,
    next: Option<String>,
}

/// GET /console/events
pub(super) async fn list(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let subject = params.text("subject").to_owned();
    let before = params.text("before").parse::<EventCursor>().ok();
    let (instance, wanted) = (center.instance_id.clone(), subject.clone());
    let read = move |tx: &mut store::Tx<'_>| {
        let wanted = Some(wanted.as_str()).filter(|s| !s.is_empty());
        tx.events_newest(&instance, wanted, before, PAGE)
    };
    let events = center.store.read(read).await?;
    let full = i64::try_from(events.len()).unwrap_or(0) >= PAGE;
    let next = events.last().filter(|_| full).map(|e| e.cursor.to_string());
    let shell = shell(&caller, &csrf, "Events", "/console/events");
    Ok(page::render(&Events { shell, subject, lines: events.into_iter().map(line).collect(), next }))
}

fn line(event: Event) -> Line {
    let pretty = |json: serde_json::Value| serde_json::to_string_pretty(&json).unwrap_or_default();
    Line {
        at: Timestamp(event.at).readable(),
        actor: event.actor,
        action: event.action,
        subject_type: event.subject_type,
        subject_id: event.subject_id,
        before: event.before.map(pretty),
        after: event.after.map(pretty),
    }
}
