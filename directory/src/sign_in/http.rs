//! The pages for signing in and out and for changing one's password.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::middleware::from_fn_with_state;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use web::form::{self, Csrf, Form};
use web::page::{Banner, Shell, Tone, render, render_with};
use web::routes::Routes;

use super::{Outcome, local_path, password};
use crate::refused::{PageRefused, Refused};
use crate::saml_idp::Strangers;
use crate::{Directory, access, saml_idp};

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    // Anybody can try names without end; what is recorded of that is bounded for the whole process.
    let strangers = Strangers::default();
    Routes::new("anyone")
        .get("/", home)
        .get("/sign-in", show)
        .post("/sign-in", submit)
        .post("/sign-out", sign_out)
        .get("/change-password", show_change)
        .post("/change-password", submit_change)
        .guarded(from_fn_with_state(directory.form_guard.clone(), form::guard))
        .guarded(Extension(strangers))
}

/// To the sign-in page and back to `return_to`, a path of this origin, afterwards. The page always asks,
/// also somebody who is signed in: that is how a sign-in is made fresh.
pub fn redirect(return_to: &str) -> Response {
    redirect_with_hint(return_to, None)
}

/// As [`redirect`], with the user name that the form begins with.
pub fn redirect_with_hint(return_to: &str, login_hint: Option<&str>) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("return_to", local_path(return_to));
    if let Some(hint) = login_hint {
        query.append_pair("login_hint", hint);
    }
    Redirect::to(&format!("/sign-in?{}", query.finish())).into_response()
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    login_hint: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    shell: Shell,
    return_to: &'a str,
    user_name: &'a str,
}

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePage<'a> {
    shell: Shell,
    return_to: &'a str,
}

fn shell(csrf: &Csrf, title: &str) -> Shell {
    Shell { product: "Entente directory", title: title.to_owned(), csrf: csrf.0.clone(), ..Shell::default() }
}

/// GET /: administrators to the console, others to their apps.
async fn home(State(directory): State<Directory>, headers: HeaderMap) -> Result<Response, PageRefused> {
    Ok(match access::signed_in(&directory, &headers).await? {
        Some((_, true)) => Redirect::to("/console").into_response(),
        Some((_, false)) => Redirect::to("/my-apps").into_response(),
        None => redirect("/"),
    })
}

/// GET /sign-in
async fn show(csrf: Csrf, Query(back): Query<Back>) -> Response {
    let return_to = local_path(&back.return_to);
    let user_name = back.login_hint.get(..256).unwrap_or(&back.login_hint);
    render(&SignInPage { shell: shell(&csrf, "Sign in"), return_to, user_name })
}

/// POST /sign-in
async fn submit(
    State(directory): State<Directory>,
    Extension(strangers): Extension<Strangers>,
    csrf: Csrf,
    Form(fields): Form,
) -> Result<Response, PageRefused> {
    let return_to = local_path(fields.text("return_to"));
    let user_name = fields.text("user_name");
    let signed_in = |token: &str, to: &str| {
        let cookie = AppendHeaders([(header::SET_COOKIE, directory.session_cookie.set(token))]);
        (cookie, Redirect::to(to)).into_response()
    };
    Ok(match super::sign_in(&directory, &strangers, user_name, fields.raw("password")).await? {
        Outcome::In(token) => signed_in(&token, return_to),
        Outcome::MustChange(token) => {
            let back: String = form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
            signed_in(&token, &format!("/change-password?return_to={back}"))
        }
        Outcome::Refused(reference) => {
            let text = format!(
                "The user name or the password is not right, the account is disabled, or there were too many \
                 attempts. After several failures, wait a few minutes. An administrator finds which of them it was \
                 under the reference {reference}."
            );
            let banner = Banner::new(Tone::Danger, "You are not signed in", text);
            let shell = shell(&csrf, "Sign in").with(banner);
            render_with(StatusCode::FORBIDDEN, &SignInPage { shell, return_to, user_name })
        }
    })
}

/// POST /sign-out: ends the session here, then in the applications that it was signed on to.
async fn sign_out(
    State(directory): State<Directory>,
    headers: HeaderMap,
    _: Form,
) -> Result<Response, PageRefused> {
    let next = match directory.session_cookie.read(&headers) {
        Some(token) => saml_idp::sign_out(&directory, token).await?,
        None => None,
    };
    let cookie = AppendHeaders([(header::SET_COOKIE, directory.session_cookie.clear())]);
    Ok((cookie, Redirect::to(next.as_deref().unwrap_or("/sign-in"))).into_response())
}

/// GET /change-password
async fn show_change(
    State(directory): State<Directory>,
    headers: HeaderMap,
    csrf: Csrf,
    Query(back): Query<Back>,
) -> Response {
    if directory.session_cookie.read(&headers).is_none() {
        return redirect("/change-password");
    }
    let return_to = local_path(&back.return_to);
    render(&ChangePage { shell: shell(&csrf, "Change your password"), return_to })
}

/// POST /change-password
async fn submit_change(
    State(directory): State<Directory>,
    headers: HeaderMap,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let return_to = local_path(fields.text("return_to"));
    let Some(session) = directory.session_cookie.read(&headers) else {
        return redirect("/change-password");
    };
    let new = fields.raw("new_password");
    let outcome = if new == fields.raw("repeated") {
        password::change(&directory, &session, fields.raw("password"), new).await
    } else {
        Err(Refused::invalid("the repeated password", "the same as the new one", ""))
    };
    match outcome {
        Ok(token) => {
            let cookie = AppendHeaders([(header::SET_COOKIE, directory.session_cookie.set(&token))]);
            (cookie, Redirect::to(return_to)).into_response()
        }
        Err(Refused::NotFound { .. }) => redirect("/change-password"),
        Err(refused @ Refused::Store(_)) => PageRefused(refused).into_response(),
        Err(refused) => {
            let banner = Banner::new(Tone::Danger, "The password was not changed", refused.for_people());
            let shell = shell(&csrf, "Change your password").with(banner);
            render_with(refused.code().1, &ChangePage { shell, return_to })
        }
    }
}
