//! Signing in to the portal: one dispatcher, which the identity source decides.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use web::form::{Csrf, Form};
use web::page::{self, Banner, Shell, Tone};
use web::session;

use super::own_path;
use crate::access::{PORTAL_AUDIENCE, by_session};
use crate::admin_api::Params;
use crate::console::PageError;
use crate::credentials::{self, Door, Outcome};
use crate::{Center, PRODUCT, saml_sp};

const HOME: &str = "/start";

#[derive(Template)]
#[template(path = "portal/sign_in.html")]
struct SignIn {
    shell: Shell,
    user_name: String,
    return_to: String,
}

#[derive(Template)]
#[template(path = "portal/signed_out.html")]
struct SignedOut {
    shell: Shell,
}

/// GET /sign-in: to the identity provider, or the password form.
pub(super) async fn show(
    State(center): State<Center>,
    csrf: Csrf,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let return_to = own_path(params.text("return_to"), HOME);
    if by_session(&center, &headers, PORTAL_AUDIENCE).await?.is_some() {
        return Ok(Redirect::to(return_to).into_response());
    }
    if !directory_is_source(&center).await? {
        return Ok(saml_sp::start(&center, &headers, return_to).await);
    }
    let page = SignIn { shell: shell(&csrf), user_name: String::new(), return_to: return_to.to_owned() };
    Ok(page::render(&page))
}

/// POST /sign-in
pub(super) async fn submit(
    State(center): State<Center>,
    csrf: Csrf,
    headers: HeaderMap,
    Form(form): Form,
) -> Result<Response, PageError> {
    let return_to = own_path(form.text("return_to"), HOME);
    // The identity source may have changed while the form was open.
    if !directory_is_source(&center).await? {
        return Ok(saml_sp::start(&center, &headers, return_to).await);
    }
    let user_name = form.text("user_name");
    let outcome = credentials::sign_in(&center, Door::Portal, user_name, form.raw("password").into()).await?;
    let (status, banner) = match outcome {
        Outcome::In(token) => {
            let cookie = [(header::SET_COOKIE, center.portal_cookie.set(&token))];
            return Ok((cookie, Redirect::to(return_to)).into_response());
        }
        Outcome::Wrong => (StatusCode::UNAUTHORIZED, wrong()),
        Outcome::Blocked(until) => (StatusCode::TOO_MANY_REQUESTS, blocked(until)),
    };
    let shell = shell(&csrf).with(banner);
    let page = SignIn { shell, user_name: user_name.to_owned(), return_to: return_to.to_owned() };
    Ok(page::render_with(status, &page))
}

/// POST /start/sign-out. No redirect to the sign-in page follows: with an external identity provider that
/// would sign the person in again at once.
pub(super) async fn out(
    State(center): State<Center>,
    csrf: Csrf,
    headers: HeaderMap,
    Form(_): Form,
) -> Result<Response, PageError> {
    let ended = match center.portal_cookie.read(&headers) {
        Some(token) => end(&center, token).await?,
        None => None,
    };
    let cookie = [(header::SET_COOKIE, center.portal_cookie.clear())];
    if let Some(session) = ended
        && let Some(mut onward) = saml_sp::sign_out::begin(&center, &session.data).await
    {
        onward.headers_mut().append(header::SET_COOKIE, center.portal_cookie.clear());
        return Ok(onward);
    }
    let shell = Shell { title: "You are signed out".to_owned(), ..shell(&csrf) };
    Ok((cookie, page::render(&SignedOut { shell })).into_response())
}

/// Ends a session; the session that it was.
async fn end(center: &Center, token: String) -> Result<Option<session::Session>, store::StoreError> {
    let (instance, now) = (center.instance_id.clone(), center.clock.now());
    center
        .store
        .write(move |tx| {
            let found = session::find(tx, &token, &instance, PORTAL_AUDIENCE, now)?;
            session::end(tx, &token)?;
            Ok(found)
        })
        .await
}

/// What people hear when user name or password is wrong; not which.
pub(crate) fn wrong() -> Banner {
    let text = "The user name or the password is wrong, or you may not sign in here.";
    Banner::new(Tone::Danger, "You are not signed in", text)
}

/// What people hear after too many failures.
pub(crate) fn blocked(until: web::Timestamp) -> Banner {
    let text = format!("There were too many attempts. Try again after {}.", until.readable());
    Banner::new(Tone::Danger, "You are not signed in", text)
}

async fn directory_is_source(center: &Center) -> Result<bool, store::StoreError> {
    let instance = center.instance_id.clone();
    center.store.read(move |tx| credentials::directory_is_source(tx, &instance)).await
}

fn shell(csrf: &Csrf) -> Shell {
    Shell {
        product: PRODUCT,
        title: "Sign in to the access portal".to_owned(),
        csrf: csrf.0.clone(),
        ..Shell::default()
    }
}
