//! The attempts to sign in, for administrators who are asked about a reference.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use web::form::Csrf;
use web::page::{self, Shell};

use super::attempt::{Attempt, Summary};
use super::http::{LIST_DEFAULT, find, known};
use super::settings;
use super::store::{self as rows, Filter};
use crate::access::Caller;
use crate::admin_api::Params;
use crate::console::PageError;
use crate::{Center, console};

const HERE: &str = "/console/sign-in-attempts";

#[derive(Template)]
#[template(path = "saml_sp/attempts.html")]
struct AttemptsPage {
    shell: Shell,
    attempts: Vec<Summary>,
    query: String,
    filter: Filter,
    days: i64,
}

/// `GET /console/sign-in-attempts?q`: the newest attempts, or straight to the one with a reference.
pub(super) async fn list(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let query = params.text("q").to_owned();
    if !query.is_empty()
        && let Some(attempt) = find(&center, &query).await?
    {
        return Ok(Redirect::to(&format!("{HERE}/{}", attempt.reference)).into_response());
    }
    let instance_id = center.instance_id.clone();
    let filter =
        Filter { outcome: params.text("outcome").to_owned(), user_name: params.text("user_name").to_owned() };
    let wanted = filter.clone();
    let read = move |tx: &mut ::store::Tx<'_>| -> Result<_, ::store::StoreError> {
        let days = settings::load(tx, &instance_id)?.attempt_days;
        Ok((rows::attempts(tx, &instance_id, &wanted, LIST_DEFAULT)?, days))
    };
    let (attempts, days) = center.store.read(read).await?;
    let shell = console::shell(&caller, &csrf, "Sign-in attempts", HERE);
    Ok(page::render(&AttemptsPage { shell, attempts, query, filter, days }))
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
) -> Result<Response, PageError> {
    let attempt = known(&center, &reference).await?;
    let what = if attempt.is_sign_out() { "Sign-out message" } else { "Sign-in attempt" };
    let title = format!("{what} {}", attempt.reference);
    let shell = console::shell(&caller, &csrf, &title, HERE);
    Ok(page::render(&AttemptPage { shell, attempt }))
}
