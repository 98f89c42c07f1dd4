//! The console page *Settings → SAML settings*.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use saml::certificate::Certificate;
use serde_json::json;
use web::Timestamp;
use web::form::{Csrf, Fields, Form};
use web::page::{self, Banner, Shell, Tone};

use super::key_expiry;
use super::keys::{self, SpKey};
use super::settings::{SamlSettings, SettingsChange, split_certificates};
use super::settings_http::{add, apply, load};
use crate::access::Caller;
use crate::admin_api::ApiError;
use crate::console::PageError;
use crate::{Center, console};

const HERE: &str = "/console/settings/saml";

#[derive(Template)]
#[template(path = "saml_sp/settings.html")]
struct SettingsPage {
    shell: Shell,
    settings: SamlSettings,
    keys: Vec<SpKey>,
    now: Timestamp,
}

impl SettingsPage {
    fn signers(&self) -> Vec<Certificate> {
        self.settings.signers().unwrap_or_default()
    }
}

/// `GET`: how it stands.
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageError> {
    answer(&center, &caller, &csrf, Ok(())).await
}

/// `POST`: all settings as they were ticked.
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let done = match read(&fields) {
        Ok(change) => apply(&center, &caller, change).await.map(|_| ()),
        Err(error) => Err(error),
    };
    answer_or_back(&center, &caller, &csrf, done).await
}

/// `POST …/keys`: makes, activates or removes a key.
pub(super) async fn keys(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let (author, id) = (center.author(&caller), fields.text("id").to_owned());
    let done = match fields.text("action") {
        "make" => add(&center, &caller, fields.text("purpose")).await.map(|_| ()),
        "activate" => center.store.write(move |tx| keys::activate(tx, &author, &id).map(|_| ())).await,
        _ => center.store.write(move |tx| keys::remove(tx, &author, &id)).await,
    };
    answer_or_back(&center, &caller, &csrf, done.map_err(ApiError::from)).await
}

fn read(fields: &Fields) -> Result<SettingsChange, ApiError> {
    let number = |name: &'static str| {
        let text = fields.text(name);
        text.parse::<i64>().map_err(|_| ApiError::invalid(name, format!("{name} must be a number"), text))
    };
    let change = json!({
        "clockSkewSeconds": number("clockSkewSeconds")?,
        "attemptDays": number("attemptDays")?,
        "signRequests": fields.has("signRequests"),
        "acceptEncrypted": fields.has("acceptEncrypted"),
        "acceptSha1": fields.has("acceptSha1"),
        "acceptUnsolicited": fields.has("acceptUnsolicited"),
        "singleLogout": fields.has("singleLogout"),
        "justInTime": fields.has("justInTime"),
        // A form without the field, from a page of long ago, takes nobody's name away.
        "metadataSigners": fields.has("metadataSigners").then(|| split_certificates(fields.text("metadataSigners"))),
    });
    serde_json::from_value(change).map_err(|e| ApiError::invalid("settings", e.to_string(), ""))
}

async fn answer_or_back(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    done: Result<(), ApiError>,
) -> Result<Response, PageError> {
    match done {
        Ok(()) => Ok(Redirect::to(HERE).into_response()),
        refused => answer(center, caller, csrf, refused).await,
    }
}

async fn answer(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    done: Result<(), ApiError>,
) -> Result<Response, PageError> {
    let (settings, keys) = load(center).await?;
    let now = center.clock.now();
    let mut shell = console::shell(caller, csrf, "SAML settings", "/console/settings");
    if let Some(text) = key_expiry::warning(&keys, &settings, now) {
        shell = shell.with(Banner::new(Tone::Warning, "A key of the service provider ends", text));
    }
    if settings.accept_sha1 {
        let text = "SHA-1 is broken: whoever can make a collision can forge what it signs. Let the identity provider sign \
                    with SHA-256, then turn this off.";
        shell = shell.with(Banner::new(Tone::Warning, "Signatures with SHA-1 are taken", text));
    }
    let mut status = StatusCode::OK;
    if let Err(error) = done {
        status = error.status;
        shell = shell.with(Banner::new(Tone::Danger, "Nothing was changed", error.for_people()));
    }
    Ok(page::render_with(status, &SettingsPage { shell, settings, keys, now }))
}
