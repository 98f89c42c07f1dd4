//! Saves a request while its person signs in, and finds it again for the same browser.

use axum::response::{AppendHeaders, IntoResponse, Response};
use http::{HeaderMap, header};
use web::cookie::Cookie;

use super::attempt::{Attempt, StartedBy};
use super::pending::{self, Found, Pending};
use super::refusal::Refusal;
use super::sign_on::Ended;
use crate::Directory;

/// How long the cookie lives that ties a waiting request to its browser, in seconds.
const COOKIE_SECONDS: u32 = 60 * 60;

/// Saves a request and answers with `next`, which gets the path that comes back to it.
///
/// # Errors
/// The store's.
pub async fn save(
    directory: &Directory,
    headers: &HeaderMap,
    pending: Pending,
    next: impl FnOnce(&str) -> Response,
) -> Result<Response, Ended> {
    let cookie = browser_cookie(directory);
    let browser = browser(&cookie, headers).unwrap_or_else(|| directory.random.token(""));
    let (tenant, kept) = (directory.tenant_id.clone(), browser.clone());
    let response = next(&path_of(directory, &pending.id));
    directory.store.write(move |tx| pending::save(tx, &tenant, &pending, &kept)).await?;
    let set = AppendHeaders([(header::SET_COOKIE, cookie.set_cross_site(&browser, COOKIE_SECONDS))]);
    Ok((set, response).into_response())
}

/// The request under `id`, if this browser brought it.
///
/// # Errors
/// [`Refusal::RequestGone`], [`Refusal::OtherBrowser`]; the store's.
pub async fn find(
    directory: &Directory,
    headers: &HeaderMap,
    id: &str,
    attempt: &mut Attempt,
) -> Result<Pending, Ended> {
    let browser = browser(&browser_cookie(directory), headers);
    let (tenant, now, id) = (directory.tenant_id.clone(), attempt.now, id.to_owned());
    let found =
        directory.store.read(move |tx| pending::find(tx, &tenant, &id, browser.as_deref(), now)).await?;
    let found = match found {
        Found::Waiting(pending) => Ok(*pending),
        Found::Gone => Err(Refusal::RequestGone),
        Found::OtherBrowser => Err(Refusal::OtherBrowser),
    };
    let shown = |p: &Pending| format!("request {} of {}", p.request.id, p.received_at.readable());
    let expected = "one of the last ten minutes, of this browser";
    let pending = attempt.trace.step("Waiting request", expected, found, shown)?;
    if pending.by_post {
        attempt.started_by = StartedBy::Post;
    }
    Ok(pending)
}

/// Where a browser comes back to a request.
pub fn path_of(directory: &Directory, id: &str) -> String {
    format!("/{}/saml2/requests/{id}", directory.tenant_id)
}

/// It has to come along when an application's page posts a second request, so that the first one, in
/// another tab, keeps its browser.
fn browser_cookie(directory: &Directory) -> Cookie {
    Cookie::new("entente_directory_saml", &directory.origin)
}

/// The cookie's value, if it is one that was drawn here: it is set again.
fn browser(cookie: &Cookie, headers: &HeaderMap) -> Option<String> {
    let drawn =
        |v: &String| v.len() == 43 && v.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    cookie.read(headers).filter(drawn)
}

/// Whether a text from a URL can be looked up at all: PostgreSQL takes no NUL in a text, and no id of ours
/// is longer.
pub fn can_be_looked_up(text: &str) -> bool {
    text.len() <= 1024 && !text.chars().any(char::is_control)
}
