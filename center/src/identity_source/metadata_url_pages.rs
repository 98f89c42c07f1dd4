//! The console page *Identity source → Metadata URL*.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use web::form::{Csrf, Fields, Form};
use web::page::{self, Banner, Crumb, Shell, Tone};

use super::error::SourceError;
use super::metadata_url::{Diff, EVERY_DEFAULT, Given, MetadataUrl};
use super::metadata_url_http::standing;
use super::refresh as work;
use crate::access::Caller;
use crate::admin_api::ApiError;
use crate::console::PageError;
use crate::{Center, console};

const HERE: &str = "/console/settings/identity-source/metadata-url";
const SOURCE: &str = "/console/settings/identity-source";
const HOUR: i64 = 3_600;

type Page = Result<Response, PageError>;

#[derive(Template)]
#[template(path = "identity_source/metadata_url.html")]
struct UrlPage {
    shell: Shell,
    given: Given,
    saved: Option<MetadataUrl>,
    diff: Diff,
    /// The differences of a URL that is not saved yet.
    preview: Option<Diff>,
}

impl UrlPage {
    fn hours(&self) -> i64 {
        self.given.every_seconds / HOUR
    }
}

/// `GET …/metadata-url`
pub(super) async fn show(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    page_of(&center, &caller, &csrf, None, Ok(None)).await
}

/// `POST …/metadata-url`: preview, save, refresh, apply or stop.
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Page {
    let given = given(&fields);
    let done = match fields.text("action") {
        "preview" => {
            let preview = work::preview(&center, &given).await.map(|(_, diff)| Some(diff));
            return page_of(&center, &caller, &csrf, Some(given), preview).await;
        }
        "save" => work::choose(&center, &caller, given.clone()).await,
        "refresh" => work::refresh(&center, &caller).await,
        "apply" => work::apply(&center, &caller, fields.raw("confirm")).await,
        _ => work::stop(&center, &caller).await,
    };
    match done {
        Ok(()) => Ok(Redirect::to(HERE).into_response()),
        Err(error) => {
            let typed = fields.has("url").then_some(given);
            page_of(&center, &caller, &csrf, typed, Err(error)).await
        }
    }
}

fn given(fields: &Fields) -> Given {
    let hours: i64 = fields.text("hours").parse().unwrap_or(0);
    Given {
        url: fields.text("url").to_owned(),
        allow_private: fields.has("allow_private"),
        every_seconds: hours.saturating_mul(HOUR),
    }
}

async fn page_of(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    typed: Option<Given>,
    preview: Result<Option<Diff>, SourceError>,
) -> Page {
    let (saved, diff) = standing(center).await?.unzip();
    let mut shell =
        console::shell(caller, csrf, "Metadata URL of the identity provider", "/console/settings");
    shell.crumbs.push(Crumb { label: "Identity source".to_owned(), href: SOURCE.to_owned() });
    let (status, preview) = match preview {
        Ok(preview) => (StatusCode::OK, preview),
        Err(error) => {
            let error = ApiError::from(error);
            shell = shell.with(Banner::new(Tone::Danger, "Nothing was changed", error.for_people()));
            (error.status, None)
        }
    };
    let fresh = || Given { url: String::new(), allow_private: false, every_seconds: EVERY_DEFAULT };
    let given = typed.or_else(|| saved.as_ref().map(|saved| saved.given.clone())).unwrap_or_else(fresh);
    let diff = diff.flatten().unwrap_or_default();
    Ok(page::render_with(status, &UrlPage { shell, given, saved, diff, preview }))
}
