use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::{StoreError, Tx};
use web::form::{Csrf, Form};
use web::page::{self, Shell};

use super::notice::{back, with_done};
use super::{PageError, shell};
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::instance::{Instance, PORTAL_SESSION_MAX, PORTAL_SESSION_MIN, load, set_portal_session as save};
use crate::{Center, credentials};

const HERE: &str = "/console/settings";
/// Lengths that are offered, in seconds, as AWS's console offers them.
const LENGTHS: [(i64, &str); 9] = [
    (15 * 60, "15 minutes"),
    (3600, "1 hour"),
    (4 * 3600, "4 hours"),
    (8 * 3600, "8 hours"),
    (12 * 3600, "12 hours"),
    (24 * 3600, "1 day"),
    (7 * 24 * 3600, "7 days"),
    (30 * 24 * 3600, "30 days"),
    (90 * 24 * 3600, "90 days"),
];

struct Length {
    seconds: i64,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "console/settings.html")]
struct Settings {
    shell: Shell,
    instance: Instance,
    external: bool,
    portal_url: String,
    scim_url: String,
    lengths: Vec<Length>,
}

/// GET /console/settings
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let id = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        Ok((load(tx, &id)?, !credentials::directory_is_source(tx, &id)?))
    };
    let (instance, external) = center.store.read(read).await?;
    Ok(page::render(&Settings {
        shell: with_done(shell(&caller, &csrf, "Settings", HERE), &params),
        lengths: lengths(instance.portal_session_seconds),
        portal_url: center.url("/start"),
        scim_url: center.url(&format!("/{}/scim/v2/", instance.scim_tenant_id)),
        external,
        instance,
    }))
}

/// POST /console/settings/portal-session
pub(super) async fn set_portal_session(
    State(center): State<Center>,
    caller: Caller,
    Form(form): Form,
) -> Result<Response, PageError> {
    let text = form.text("seconds");
    let seconds = text.parse().ok().filter(|s| (PORTAL_SESSION_MIN..=PORTAL_SESSION_MAX).contains(s));
    let seconds = seconds.ok_or_else(|| {
        ApiError::invalid("seconds", "a portal session lasts between 15 minutes and 90 days", text)
    })?;
    let author = center.author(&caller);
    center.store.write(move |tx| save(tx, &author, seconds)).await?;
    Ok(back(HERE, "settings"))
}

/// What can be chosen; a length that was set otherwise is among it.
fn lengths(current: i64) -> Vec<Length> {
    let known = LENGTHS.iter().map(|(seconds, label)| (*seconds, (*label).to_owned()));
    let mut all: Vec<(i64, String)> = known.collect();
    if !all.iter().any(|(seconds, _)| *seconds == current) {
        all.push((current, format!("{} minutes", current / 60)));
        all.sort();
    }
    all.into_iter().map(|(seconds, label)| Length { seconds, label, chosen: seconds == current }).collect()
}
