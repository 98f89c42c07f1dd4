//! The routes that a browser takes through a sign-on.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use saml::bindings::{BindingRefusal, Parameter};

use super::arrived::{Arrived, Form, Message, login_hint, parameter};
use super::attempt::{Attempt, StartedBy};
use super::endpoint::Endpoint;
use super::refusal::Refusal;
use super::running::Running;
use super::sign_on::{self, Case, Ended};
use super::sign_out;
use super::store as rows;
use super::waiting::{self, can_be_looked_up};
use crate::Directory;
use crate::access::Caller;
use crate::refused::PageRefused;

/// GET /{tenant}/saml2: a message by HTTP-Redirect (SAML Bindings 3.4): a request to sign on or out, or the
/// answer to a request to sign out.
pub async fn by_redirect(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::Redirect);
    let query = query.unwrap_or_default();
    if parameter(&query, Parameter::SamlResponse.name()).is_some() {
        let message = Arrived::redirect(&query, Parameter::SamlResponse);
        let outcome = sign_out::answered(&directory, &tenant, message, &mut attempt).await;
        return answer(&directory, &running, attempt, outcome).await;
    }
    let message = Arrived::redirect(&query, Parameter::SamlRequest);
    if asks_to_sign_out(&message) {
        let outcome = sign_out::requested(&directory, &tenant, message, &mut attempt).await;
        return answer(&directory, &running, attempt, outcome).await;
    }
    asked(directory, running, Endpoint::of_tenant(tenant), (&query, message), headers, attempt).await
}

/// GET /{tenant}/saml2/{service principal}: a request to sign on to the application that the path names.
pub async fn instance_by_redirect(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path((tenant, service_principal)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageRefused> {
    let attempt = Attempt::new(&directory, StartedBy::Redirect);
    let query = query.unwrap_or_default();
    let message = Arrived::redirect(&query, Parameter::SamlRequest);
    let endpoint = Endpoint::of_service_principal(tenant, service_principal);
    asked(directory, running, endpoint, (&query, message), headers, attempt).await
}

async fn asked(
    directory: Directory,
    running: Running,
    endpoint: Endpoint,
    (query, message): (&str, Message),
    headers: HeaderMap,
    mut attempt: Attempt,
) -> Result<Response, PageRefused> {
    let hint = login_hint(parameter(query, "login_hint"));
    let outcome = match sign_on::receive(&directory, &endpoint, &headers, message, hint, &mut attempt).await {
        Ok(arrived) => sign_on::proceed(&directory, &running, &headers, arrived, &mut attempt).await,
        Err(ended) => Err(ended),
    };
    answer(&directory, &running, attempt, outcome).await
}

fn asks_to_sign_out(message: &Message) -> bool {
    message.as_ref().is_ok_and(|arrived| saml::logout::is_request(arrived.xml()))
}

/// POST /{tenant}/saml2: a message by HTTP-POST (SAML Bindings 3.5). Another site's form brings no cookie
/// of the session, so the request waits and the browser comes back with a GET, which brings it.
pub async fn by_post(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::Post);
    let form = Form::read(body);
    if field(&form, Parameter::SamlResponse.name()).is_some() {
        let message = posted(&form, Parameter::SamlResponse);
        let outcome = sign_out::answered(&directory, &tenant, message, &mut attempt).await;
        return answer(&directory, &running, attempt, outcome).await;
    }
    let message = posted(&form, Parameter::SamlRequest);
    if asks_to_sign_out(&message) {
        let outcome = sign_out::requested(&directory, &tenant, message, &mut attempt).await;
        return answer(&directory, &running, attempt, outcome).await;
    }
    let hint = hint_of(&form, query.as_deref());
    waits(directory, running, Endpoint::of_tenant(tenant), (message, hint), headers, attempt).await
}

/// POST /{tenant}/saml2/{service principal}: the same for the application that the path names.
pub async fn instance_by_post(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path((tenant, service_principal)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, PageRefused> {
    let attempt = Attempt::new(&directory, StartedBy::Post);
    let form = Form::read(body);
    let message = posted(&form, Parameter::SamlRequest);
    let hint = hint_of(&form, query.as_deref());
    let endpoint = Endpoint::of_service_principal(tenant, service_principal);
    waits(directory, running, endpoint, (message, hint), headers, attempt).await
}

type ReadForm = Result<Form, BindingRefusal>;

fn field(form: &ReadForm, name: &str) -> Option<String> {
    form.as_ref().ok().and_then(|form| form.field(name).ok().flatten())
}

fn posted(form: &ReadForm, parameter: Parameter) -> Message {
    form.as_ref().map_err(Clone::clone).and_then(|form| Arrived::post(form, parameter))
}

fn hint_of(form: &ReadForm, query: Option<&str>) -> Option<String> {
    let in_query = query.and_then(|query| parameter(query, "login_hint"));
    login_hint(field(form, "login_hint").or(in_query))
}

async fn waits(
    directory: Directory,
    running: Running,
    endpoint: Endpoint,
    (message, hint): (Message, Option<String>),
    headers: HeaderMap,
    mut attempt: Attempt,
) -> Result<Response, PageRefused> {
    let outcome = match sign_on::receive(&directory, &endpoint, &headers, message, hint, &mut attempt).await {
        Ok((pending, _)) => {
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
        Ok(pending) => sign_on::go_on(&directory, &running, &headers, pending, &mut attempt).await,
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
    headers: HeaderMap,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::Tile);
    let outcome = start(&directory, &running, &headers, caller, &app_id, &mut attempt).await;
    answer(&directory, &running, attempt, outcome).await
}

async fn start(
    directory: &Directory,
    running: &Running,
    headers: &HeaderMap,
    caller: Caller,
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
    let case = Case::tile(&application).of_session(directory, headers);
    sign_on::finish(directory, running, &case, caller, attempt).await
}

/// Where a tile may lead: an administrator wrote the URL, and `javascript:` is no place.
fn web_address(url: &str) -> Option<String> {
    url::Url::parse(url).ok().filter(|u| matches!(u.scheme(), "https" | "http")).map(Into::into)
}

/// GET /{tenant}/saml2/sign-outs/{id}: a sign-out goes on with what comes next.
pub async fn sign_out_goes_on(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, PageRefused> {
    let mut attempt = Attempt::new(&directory, StartedBy::SignOut);
    let id = if can_be_looked_up(&id) { id } else { String::new() };
    let outcome = sign_out::go_on(&directory, &running, &headers, &id, &mut attempt).await;
    answer(&directory, &running, attempt, outcome).await
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
