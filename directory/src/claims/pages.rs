//! /console/applications/{id}/claims: the claims of an application and the preview for a chosen user.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use web::form::{Csrf, Form};
use web::page::{Banner, Crumb, Shell, Tone, render_with};
use web::routes::Routes;

use super::configuration::{Configuration, UserType};
use super::forms::{GroupForm, group_claim};
use super::names::add_aws_session_tags;
use super::{CORE, Preview, pages_edit, preview, store};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, Application, IdpValues};
use crate::console::{self, Look};
use crate::refused::{PageRefused, Refused};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/applications/{id}/claims", show)
        .get("/console/applications/{id}/claims/edit", pages_edit::edit)
        .post("/console/applications/{id}/claims/edit", pages_edit::save)
        .post("/console/applications/{id}/claims/name-id", save_name_id)
        .post("/console/applications/{id}/claims/advanced", save_advanced)
        .post("/console/applications/{id}/claims/move", reorder)
        .post("/console/applications/{id}/claims/delete", delete)
        .post("/console/applications/{id}/claims/groups", save_groups)
        .post("/console/applications/{id}/claims/aws-session-tags", add_session_tags)
        .get("/console/applications/{id}/claims/preview", show_preview)
}

#[derive(Template)]
#[template(path = "claims/claims.html")]
struct ClaimsPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    base: String,
    core: [&'static str; 5],
    configuration: Configuration,
    transformation: String,
    audience: String,
    issuer: String,
    groups: GroupForm,
}

#[derive(Template)]
#[template(path = "claims/preview.html")]
struct PreviewPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    base: String,
    user: String,
    preview: Option<Preview>,
}

pub(super) fn base(application: &str) -> String {
    format!("/console/applications/{application}/claims")
}

pub(super) fn shell(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    application: &Application,
    title: &str,
) -> Shell {
    let mut shell = console::application_shell(directory, caller, csrf, application, title);
    let href = format!("/console/applications/{}/single-sign-on", application.id);
    shell.crumbs.push(Crumb { label: "Single sign-on".to_owned(), href });
    if title != LIST {
        shell.crumbs.push(Crumb { label: LIST.to_owned(), href: base(&application.id) });
    }
    shell
}

const LIST: &str = "Attributes & claims";
pub(super) const TAB: &str = "single-sign-on";

pub(super) async fn loaded(directory: &Directory, id: &str) -> Result<(Application, Configuration), Refused> {
    let id = id.to_owned();
    directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let configuration = store::configuration(tx, tenant, &application.id)?;
            Ok((application, configuration))
        })
        .await
}

/// Changes the configuration in one transaction.
pub(super) async fn change(
    directory: &Directory,
    caller: &Caller,
    id: &str,
    wanted: impl Fn(Configuration) -> Result<Configuration, Refused> + Send + 'static,
) -> Result<Application, Refused> {
    let id = id.to_owned();
    directory
        .write(caller, move |tx, change| {
            let application = applications::by_any_id(tx, &change.tenant, &id)?;
            store::update(tx, change, &application, &wanted)?;
            Ok(application)
        })
        .await
}

async fn list(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    banner: Option<Banner>,
    status: StatusCode,
) -> Result<Response, PageRefused> {
    let (application, configuration) = loaded(directory, id).await?;
    let mut shell = shell(directory, caller, csrf, &application, LIST);
    shell.banners.extend(banner);
    let page = ClaimsPage {
        shell,
        tab: TAB,
        base: base(&application.id),
        core: CORE,
        transformation: configuration.name_id_transformation.clone().unwrap_or_default(),
        audience: configuration.audience_override.clone().unwrap_or_default(),
        issuer: IdpValues::new(directory, &application, &configuration).entity_id,
        groups: GroupForm::of(configuration.groups.as_ref()),
        application,
        configuration,
    };
    Ok(render_with(status, &page))
}

/// GET …/claims
async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    list(&directory, &caller, &csrf, &id, look.banner(), StatusCode::OK).await
}

/// To the list after a change, or the list with the refusal.
async fn answer(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    notice: &str,
    outcome: Result<Application, Refused>,
) -> Response {
    let page = |banner, status| list(directory, caller, csrf, id, Some(banner), status);
    console::answer(outcome, &base(id), notice, page).await
}

/// POST …/claims/name-id: the transformation of the NameID.
async fn save_name_id(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let text = fields.text("transformation").to_owned();
    let outcome = change(&directory, &caller, &id, move |before| {
        Ok(Configuration { name_id_transformation: Some(text.clone()), ..before })
    });
    answer(&directory, &caller, &csrf, &id, "claims", outcome.await).await
}

/// POST …/claims/advanced: issuer and audience.
async fn save_advanced(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let with_id = fields.has("issuer_with_application_id");
    let audience = fields.text("audience_override").to_owned();
    let outcome = change(&directory, &caller, &id, move |before| {
        Ok(Configuration {
            issuer_with_application_id: with_id,
            audience_override: Some(audience.clone()),
            ..before
        })
    });
    answer(&directory, &caller, &csrf, &id, "claims", outcome.await).await
}

/// POST …/claims/groups
async fn save_groups(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let outcome = match group_claim(&fields) {
        Err(error) => Err(error),
        Ok(groups) => {
            change(&directory, &caller, &id, move |before| {
                Ok(Configuration { groups: groups.clone(), ..before })
            })
            .await
        }
    };
    answer(&directory, &caller, &csrf, &id, "claims", outcome).await
}

/// POST …/claims/aws-session-tags: the preset.
async fn add_session_tags(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let outcome = change(&directory, &caller, &id, |mut configuration| {
        add_aws_session_tags(&mut configuration);
        Ok(configuration)
    });
    answer(&directory, &caller, &csrf, &id, "session-tags", outcome.await).await
}

pub(super) fn position(configuration: &Configuration, name: &str) -> Result<usize, Refused> {
    let found = configuration.claims.iter().position(|claim| claim.full_name() == name);
    found.ok_or_else(|| Refused::not_found("claim", name))
}

/// POST …/claims/move: a claim one place up or down.
async fn reorder(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let (name, up) = (fields.text("claim").to_owned(), fields.text("to") == "up");
    let outcome = change(&directory, &caller, &id, move |mut configuration| {
        let at = position(&configuration, &name)?;
        let other = if up { at.checked_sub(1) } else { at.checked_add(1) };
        if let Some(other) = other.filter(|other| *other < configuration.claims.len()) {
            configuration.claims.swap(at, other);
        }
        Ok(configuration)
    });
    answer(&directory, &caller, &csrf, &id, "claims", outcome.await).await
}

/// POST …/claims/delete
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let name = fields.text("claim").to_owned();
    let outcome = change(&directory, &caller, &id, move |mut configuration| {
        let at = position(&configuration, &name)?;
        configuration.claims.remove(at);
        Ok(configuration)
    });
    answer(&directory, &caller, &csrf, &id, "claim-deleted", outcome.await).await
}

#[derive(Deserialize)]
struct ForUser {
    #[serde(default)]
    user: String,
}

/// GET …/claims/preview?user=
async fn show_preview(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(query): Query<ForUser>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let user = query.user.trim().to_owned();
    let (application, _) = loaded(&directory, &id).await?;
    let mut shell = shell(&directory, &caller, &csrf, &application, "Preview claims");
    let preview = match user.as_str() {
        "" => None,
        name => match preview(&directory, &id, name).await {
            Ok(preview) => Some(preview),
            Err(Refused::NotFound { .. }) => {
                shell = shell.with(Banner::new(Tone::Warning, "There is no such user to preview", ""));
                None
            }
            Err(other) => return Err(other.into()),
        },
    };
    let base = base(&application.id);
    Ok(render_with(StatusCode::OK, &PreviewPage { shell, tab: TAB, application, base, user, preview }))
}
