//! The routes that a browser takes through a sign-on.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use saml::bindings::{
    BindingReason, BindingRefusal, Parameter, check_relay_state, decode_post, decode_redirect,
};

use super::attempt::{Attempt, StartedBy};
use super::refusal::Refusal;
use super::running::Running;
use super::sign_on::{self, Case, Ended, Message};
use super::store as rows;
use super::waiting::{self, can_be_looked_up};
use crate::Directory;
use crate::access::Caller;
use crate::refused::PageRefused;

/// GET /{tenant}/saml2: a request by HTTP-Redirect (SAML Bindings 3.4).
pub async fn by_redirect(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::Redirect);
    let message = decode_redirect(query.as_deref().unwrap_or(""), Parameter::SamlRequest);
    let message = message.map(|m| (m.xml, m.relay_state));
    let outcome = match sign_on::receive(&directory, &tenant, message, &mut attempt).await {
        Ok(pending) => sign_on::proceed(&directory, &running, &headers, pending, false, &mut attempt).await,
        Err(ended) => Err(ended),
    };
    answer(&directory, &running, attempt, outcome).await
}

/// POST /{tenant}/saml2: a request by HTTP-POST (SAML Bindings 3.5). Another site's form brings no cookie
/// of the session, so the request waits and the browser comes back with a GET, which brings it.
pub async fn by_post(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::Post);
    let outcome = match sign_on::receive(&directory, &tenant, posted(body), &mut attempt).await {
        Ok(pending) => {
            waiting::save(&directory, &headers, pending, |path| Redirect::to(path).into_response()).await
        }
        Err(ended) => Err(ended),
    };
    answer(&directory, &running, attempt, outcome).await
}

/// GET /{tenant}/saml2/requests/{id}: back from the sign-in page, or from a POST.
pub async fn back(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::Redirect);
    let id = if can_be_looked_up(&id) { id } else { String::new() };
    let outcome = match waiting::find(&directory, &headers, &id, &mut attempt).await {
        Ok(pending) => sign_on::proceed(&directory, &running, &headers, pending, true, &mut attempt).await,
        Err(ended) => Err(ended),
    };
    answer(&directory, &running, attempt, outcome).await
}

/// GET /my-apps/{appId}: a tile. To the application's sign-on URL where it has one; else the sign-on
/// starts here.
pub async fn launch(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    caller: Caller,
    Path(app_id): Path<String>,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::Tile);
    let outcome = start(&directory, &running, &caller, &app_id, &mut attempt).await;
    answer(&directory, &running, attempt, outcome).await
}

async fn start(
    directory: &Directory,
    running: &Running,
    caller: &Caller,
    app_id: &str,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let id = app_id.to_lowercase();
    let found = match can_be_looked_up(&id) {
        true => directory.read(move |tx, tenant| rows::application(tx, tenant, &id)).await?,
        false => None,
    };
    let application = found.ok_or_else(|| Refusal::application_not_found(app_id))?;
    if let Some(url) = application.sign_on_url.as_deref().and_then(web_address) {
        return Ok(Redirect::to(&url).into_response());
    }
    sign_on::finish(directory, running, &Case::tile(&application), caller, attempt).await
}

/// Where a tile may lead: an administrator wrote the URL, and `javascript:` is no place.
fn web_address(url: &str) -> Option<String> {
    url::Url::parse(url).ok().filter(|u| matches!(u.scheme(), "https" | "http")).map(Into::into)
}

async fn answer(
    directory: &Directory,
    running: &Running,
    attempt: Attempt,
    outcome: Result<Response, Ended>,
) -> Result<Response, PageRefused> {
    running.clear_away(directory).await?;
    match outcome {
        Ok(response) => Ok(response),
        Err(Ended::Refused(refusal)) => Ok(attempt.refuse(directory, running, &refusal).await?),
        Err(Ended::Failed(refused)) => Err(PageRefused(refused)),
    }
}

/// The form of the HTTP-POST binding, read without the token of our own forms: it comes from elsewhere.
fn posted(body: Result<Bytes, BytesRejection>) -> Message {
    let refuse = |reason, expected: &str, found: &str| BindingRefusal::new(reason, expected, found);
    let body = body.map_err(|_| refuse(BindingReason::TooLarge, "a form of at most 1 MiB", "more"))?;
    let field = |name: &str| {
        let mut values =
            form_urlencoded::parse(&body).filter(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(refuse(BindingReason::ParameterRepeated, &format!("{name} once"), "several")),
            (value, None) => Ok(value),
        }
    };
    let message = field(Parameter::SamlRequest.name())?.unwrap_or_default();
    let relay_state = field("RelayState")?;
    relay_state.as_deref().map_or(Ok(()), check_relay_state)?;
    Ok((decode_post(&message)?, relay_state))
}
