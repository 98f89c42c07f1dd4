//! The console page *Settings → Automatic provisioning → Schemas*.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use scim::schema::custom::Definition;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, Tone, render_with};

use super::{MOST_SCHEMAS, store};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::ApiError;
use crate::console::{self, PageError};

const PAGE: &str = "/console/settings/automatic-provisioning/schemas";

/// What the field for a new schema has at first.
const EXAMPLE: &str = r#"{
  "id": "urn:example:scim:schemas:extension:badge:2.0:User",
  "name": "Badge",
  "resourceType": "User",
  "attributes": [
    { "name": "badgeNumber", "type": "string", "required": true, "uniqueness": "server" },
    { "name": "validUntil", "type": "dateTime" }
  ]
}"#;

#[derive(Template)]
#[template(path = "scim_server/schemas.html")]
struct Schemas {
    shell: Shell,
    schemas: Vec<(Definition, i64)>,
    may_add: bool,
    definition: String,
}

/// `GET`: the schemas, and a field for another.
pub async fn show(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Result<Response, PageError> {
    answer(&center, &caller, &csrf, EXAMPLE.to_owned(), None).await
}

/// `POST`: adds one.
pub async fn add(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let text = fields.text("definition").to_owned();
    let done = match serde_json::from_str::<Definition>(&text) {
        Ok(definition) => {
            let author = center.author(&caller);
            let write = center.store.write(move |tx| store::add(tx, &author, &definition));
            write.await.map_err(ApiError::from)
        }
        Err(error) => {
            Err(ApiError::invalid("definition", format!("the definition cannot be read: {error}"), ""))
        }
    };
    match done {
        Ok(()) => Ok(Redirect::to(PAGE).into_response()),
        Err(error) => answer(&center, &caller, &csrf, text, Some(error)).await,
    }
}

/// `POST …/remove`, with REMOVE typed, and the number that the page showed.
pub async fn remove(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let done = if fields.text("confirm") == "REMOVE" {
        let (urn, count) = (fields.text("urn").to_owned(), fields.text("count").parse().ok());
        let author = center.author(&caller);
        center.store.write(move |tx| store::remove(tx, &author, &urn, count)).await.map_err(ApiError::from)
    } else {
        Err(ApiError::invalid("confirm", "type REMOVE in capital letters to confirm", ""))
    };
    match done {
        Ok(_) => Ok(Redirect::to(PAGE).into_response()),
        Err(error) => answer(&center, &caller, &csrf, EXAMPLE.to_owned(), Some(error)).await,
    }
}

async fn answer(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    definition: String,
    error: Option<ApiError>,
) -> Result<Response, PageError> {
    let instance = center.instance_id.clone();
    let schemas = center.store.read(move |tx| store::list(tx, &instance)).await?;
    let mut shell = console::shell(caller, csrf, "Extension schemas", "/console/settings");
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let banner = |error: ApiError| Banner::new(Tone::Danger, "Nothing was changed", error.for_people());
    shell.banners.extend(error.map(banner));
    let may_add = schemas.len() < MOST_SCHEMAS;
    Ok(render_with(status, &Schemas { shell, schemas, may_add, definition }))
}
