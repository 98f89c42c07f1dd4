//! Administrators sign in with a password of their own, whatever the identity source is.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use web::form::{Csrf, Form};
use web::page::{self, Shell};
use web::session;

use super::PageError;
use crate::admin_api::Params;
use crate::credentials::{self, Door, Outcome};
use crate::portal::{blocked, own_path, wrong};
use crate::{Center, PRODUCT, setup};

const HOME: &str = "/console";

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignIn {
    shell: Shell,
    user_name: String,
    return_to: String,
}

/// GET /console/sign-in
pub(super) async fn show(
    State(center): State<Center>,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let instance = center.instance_id.clone();
    if !center.store.read(move |tx| setup::has_administrator(tx, &instance)).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let return_to = own_path(params.text("return_to"), HOME).to_owned();
    Ok(page::render(&SignIn { shell: shell(&csrf), user_name: String::new(), return_to }))
}

/// POST /console/sign-in
pub(super) async fn submit(
    State(center): State<Center>,
    csrf: Csrf,
    Form(form): Form,
) -> Result<Response, PageError> {
    let return_to = own_path(form.text("return_to"), HOME);
    let user_name = form.text("user_name");
    let outcome =
        credentials::sign_in(&center, Door::Console, user_name, form.raw("password").into()).await?;
    let (status, banner) = match outcome {
        Outcome::In(token) => {
            let cookie = [(header::SET_COOKIE, center.session_cookie.set(&token))];
            return Ok((cookie, Redirect::to(return_to)).into_response());
        }
        Outcome::Wrong => (StatusCode::UNAUTHORIZED, wrong()),
        Outcome::Blocked(until) => (StatusCode::TOO_MANY_REQUESTS, blocked(until)),
    };
    let shell = shell(&csrf).with(banner);
    let page = SignIn { shell, user_name: user_name.to_owned(), return_to: return_to.to_owned() };
    Ok(page::render_with(status, &page))
}

/// POST /console/sign-out
pub(super) async fn out(
    State(center): State<Center>,
    headers: HeaderMap,
    Form(_): Form,
) -> Result<Response, PageError> {
    if let Some(token) = center.session_cookie.read(&headers) {
        center.store.write(move |tx| session::end(tx, &token)).await?;
    }
    let cookie = [(header::SET_COOKIE, center.session_cookie.clear())];
    Ok((cookie, Redirect::to("/console/sign-in")).into_response())
}

fn shell(csrf: &Csrf) -> Shell {
    let title = "Sign in to the console".to_owned();
    Shell { product: PRODUCT, title, csrf: csrf.0.clone(), ..Shell::default() }
}
