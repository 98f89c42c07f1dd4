//! The console page *Settings → Event targets*.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, Tone, render_with};

use super::deliver::test;
use super::http::{add_target, load};
use super::store::{self as rows, Waiting};
use super::{EventTarget, MOST_TARGETS, TargetError};
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::console::{PageError, back, refused, shell, with_done};
use crate::{Center, event_targets::NewTarget};

const HERE: &str = "/console/settings/event-targets";

#[derive(Template)]
#[template(path = "event_targets/list.html")]
struct List {
    shell: Shell,
    targets: Vec<(EventTarget, Waiting)>,
    /// The one that was added just now.
    added: Option<NewTarget>,
    may_add: bool,
    /// What was typed and refused.
    url: String,
    allow_private: bool,
}

impl List {
    fn tone(target: &EventTarget) -> &'static str {
        match target.state() {
            "active" => "good",
            "failing" => "bad",
            _ => "warn",
        }
    }
}

/// What the page shows beside the targets.
#[derive(Default)]
struct Outcome {
    banner: Option<Banner>,
    added: Option<NewTarget>,
    url: String,
    allow_private: bool,
}

/// `GET`: how they stand.
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let shell = with_done(shell(&caller, &csrf, "Event targets", "/console/settings"), &params);
    answer(&center, shell, StatusCode::OK, Outcome::default()).await
}

/// `POST`: add, test, pause, resume, or, with REMOVE typed, remove.
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(form): Form,
) -> Result<Response, PageError> {
    let (author, id) = (center.author(&caller), form.text("id").to_owned());
    let shell = shell(&caller, &csrf, "Event targets", "/console/settings");
    let (url, allow_private) = (form.text("url").to_owned(), form.has("allow_private"));
    let done = match (form.text("action"), form.text("confirm")) {
        ("add", _) => match add_target(&center, &caller, &url, allow_private).await {
            Ok((_, new)) => {
                let text = "Copy the secret now: it is not shown again.";
                let banner = Some(Banner::new(Tone::Success, "The event target is added", text));
                let outcome = Outcome { banner, added: Some(new), ..Outcome::default() };
                return answer(&center, shell, StatusCode::OK, outcome).await;
            }
            Err(error) => Err(error),
        },
        ("test", _) => match test(&center, &id).await {
            Ok(tested) => {
                let banner = match tested.reason {
                    None => Banner::new(Tone::Success, "The target accepted the verification token", ""),
                    Some(reason) => {
                        Banner::new(Tone::Danger, "The target did not accept the verification token", reason)
                    }
                };
                let outcome = Outcome { banner: Some(banner), ..Outcome::default() };
                return answer(&center, shell, StatusCode::OK, outcome).await;
            }
            Err(error) => Err(error),
        },
        ("pause", _) => {
            center.store.write(move |tx| rows::pause(tx, &author, &id)).await.map(|_| "target-paused")
        }
        ("resume", _) => {
            center.store.write(move |tx| rows::resume(tx, &author, &id)).await.map(|_| "target-resumed")
        }
        ("remove", "REMOVE") => {
            center.store.write(move |tx| rows::remove(tx, &author, &id)).await.map(|()| "target-removed")
        }
        ("remove", _) => {
            let text = "Type REMOVE in capital letters to confirm. Nothing was changed.";
            let banner = Some(Banner::new(Tone::Danger, "Not confirmed", text));
            let outcome = Outcome { banner, ..Outcome::default() };
            return answer(&center, shell, StatusCode::BAD_REQUEST, outcome).await;
        }
        (other, _) => return Err(ApiError::invalid("action", "there is no such action", other).into()),
    };
    match done {
        Ok(word) => Ok(back(HERE, word)),
        Err(TargetError::Store(error)) => Err(error.into()),
        Err(error) => {
            let error = ApiError::from(error);
            let outcome = Outcome { banner: Some(refused(&error)), added: None, url, allow_private };
            answer(&center, shell, error.status, outcome).await
        }
    }
}

async fn answer(
    center: &Center,
    mut shell: Shell,
    status: StatusCode,
    outcome: Outcome,
) -> Result<Response, PageError> {
    let targets = load(center).await?;
    shell.banners.extend(outcome.banner);
    let may_add = targets.len() < MOST_TARGETS;
    let (added, url, allow_private) = (outcome.added, outcome.url, outcome.allow_private);
    Ok(render_with(status, &List { shell, targets, added, may_add, url, allow_private }))
}
