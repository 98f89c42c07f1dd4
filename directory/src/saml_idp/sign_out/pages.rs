//! The pages of a sign-out.

use askama::Template;
use axum::response::Response;
use http::{HeaderValue, header};
use web::page::{Shell, render};

/// An application as the last page lists it.
pub struct Visited {
    pub name: String,
    pub signed_out: bool,
}

#[derive(Template)]
#[template(path = "saml_idp/onward.html")]
struct OnwardPage<'a> {
    shell: Shell,
    url: &'a str,
    text: &'a str,
    skip: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "saml_idp/signed_out.html")]
struct SignedOutPage {
    shell: Shell,
    visited: Vec<Visited>,
}

fn shell(title: String) -> Shell {
    Shell { product: "Entente directory", title, ..Shell::default() }
}

/// To another site by a page of our own, not by a redirect: browsers hold redirects that follow a form
/// against the `form-action` of the form's page, and the sign-out of My Apps is a form. Where the browser
/// does not go on by itself there is the link; `skip` leads past an application that does not answer.
pub fn onward(title: String, url: &str, text: &str, skip: Option<&str>) -> Response {
    let mut response = render(&OnwardPage { shell: shell(title), url, text, skip });
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={url}")) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// The end of a sign-out that nobody waits for an answer of.
pub fn signed_out(visited: Vec<Visited>) -> Response {
    let all = visited.iter().all(|v| v.signed_out);
    let title = if all { "You are signed out" } else { "You are signed out here, but not everywhere" };
    render(&SignedOutPage { shell: shell(title.to_owned()), visited })
}
