//! The attempts to sign in, for administrators who are asked about a reference.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use web::form::Csrf;
use web::page::{self, Shell};

use super::attempt::{Attempt, Summary};
use super::http::{LIST_DEFAULT, failed, find};
use super::store as rows;
use crate::access::Caller;
use crate::{Center, console};

const HERE: &str = "/console/sign-in-attempts";

#[derive(Template)]
#[template(path = "saml_sp/attempts.html")]
struct AttemptsPage {
    shell: Shell,
    attempts: Vec<Summary>,
    query: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    q: String,
}

/// `GET /console/sign-in-attempts?q`: the newest attempts, or straight to the one with a reference.
pub(super) async fn list(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Query(query): Query<ListQuery>,
) -> Response {
    let found = if query.q.is_empty() { Ok(None) } else { find(&center, &query.q).await };
    match found {
        Ok(Some(attempt)) => return Redirect::to(&format!("{HERE}/{}", attempt.reference)).into_response(),
        Ok(None) => {}
        Err(error) => return failed(&error),
    }
    let instance_id = center.instance_id.clone();
    match center.store.read(move |tx| rows::attempts(tx, &instance_id, LIST_DEFAULT)).await {
        Ok(attempts) => {
            let shell = console::shell(&caller, &csrf, "Sign-in attempts", HERE);
            page::render(&AttemptsPage { shell, attempts, query: query.q })
        }
        Err(error) => failed(&error),
    }
}

#[derive(Template)]
#[template(path = "saml_sp/attempt.html")]
struct AttemptPage {
    shell: Shell,
    attempt: Attempt,
}

/// `GET /console/sign-in-attempts/{reference}`: what was checked, with both values and the fix.
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(reference): Path<String>,
) -> Response {
    match find(&center, &reference).await {
        Ok(Some(attempt)) => {
            let title = format!("Sign-in attempt {}", attempt.reference);
            let shell = console::shell(&caller, &csrf, &title, HERE);
            page::render(&AttemptPage { shell, attempt })
        }
        Ok(None) => page::message(
            StatusCode::NOT_FOUND,
            "There is no such sign-in attempt",
            "Check the reference. Attempts are kept for 30 days.",
        ),
        Err(error) => failed(&error),
    }
}
