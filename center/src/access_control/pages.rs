//! The console page *Settings → Attributes for access control*.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use web::form::{Csrf, Form};
use web::page::{self, Banner, Shell, Tone};

use super::http::load;
use super::{AccessControl, MOST_KEYS, Mapping, PREFIX, SOURCES, store as rows};
use crate::access::Caller;
use crate::console::PageError;
use crate::{Center, console};

const HERE: &str = "/console/settings/access-control-attributes";
/// Empty lines for further attributes.
const FREE_LINES: usize = 3;

#[derive(Template)]
#[template(path = "access_control/attributes.html")]
struct Attributes {
    shell: Shell,
    enabled: bool,
    lines: Vec<Mapping>,
    sources: &'static [&'static str],
    prefix: &'static str,
}

/// `GET`: how it stands.
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageError> {
    let config = load(&center).await?;
    let enabled = config.is_some();
    Ok(answer(&caller, &csrf, StatusCode::OK, None, enabled, config.unwrap_or_default()))
}

/// `POST`: the table as it was filled in.
pub(super) async fn save(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let enabled = fields.has("enabled");
    let pairs = fields.all("key").zip(fields.all("source"));
    let filled = pairs.filter(|(key, _)| !key.is_empty());
    let attributes = filled.map(|(key, source)| Mapping { key: key.to_owned(), source: source.to_owned() });
    let new = AccessControl { attributes: attributes.collect() };
    if let Err(error) = new.check() {
        let banner = Banner::new(Tone::Danger, "Nothing was changed", error.for_people());
        return Ok(answer(&caller, &csrf, error.status, Some(banner), enabled, new));
    }
    let author = center.author(&caller);
    center.store.write(move |tx| rows::save(tx, &author, enabled.then_some(&new))).await?;
    Ok(Redirect::to(HERE).into_response())
}

fn answer(
    caller: &Caller,
    csrf: &Csrf,
    status: StatusCode,
    banner: Option<Banner>,
    enabled: bool,
    config: AccessControl,
) -> Response {
    let mut shell = console::shell(caller, csrf, "Attributes for access control", "/console/settings");
    shell.banners.extend(banner);
    let mut lines = config.attributes;
    let free = FREE_LINES.min(MOST_KEYS.saturating_sub(lines.len()));
    lines.extend((0..free).map(|_| Mapping { key: String::new(), source: SOURCES[0].to_owned() }));
    page::render_with(status, &Attributes { shell, enabled, lines, sources: &SOURCES, prefix: PREFIX })
}
