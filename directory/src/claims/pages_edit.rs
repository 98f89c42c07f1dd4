//! /console/applications/{id}/claims/edit: the editor of a claim.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use web::form::{Csrf, Fields, Form};
use web::page::{Banner, Shell, render_with};

use super::configuration::{Claim, ClaimValue, NameFormat, UserType};
use super::forms::Editor;
use super::function::{FUNCTIONS, FunctionName, Signature};
use super::pages::{TAB, base, change, loaded, position, shell};
use super::{ATTRIBUTES, Attribute};
use crate::access::Caller;
use crate::applications::{self, Application};
use crate::refused::{PageRefused, Refused};
use crate::{Directory, console, groups};

#[derive(Template)]
#[template(path = "claims/edit.html")]
struct EditPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    base: String,
    before: String,
    claim: Claim,
    rows: Vec<ClaimValue>,
    scoped: Vec<(String, String)>,
    user_types: [(UserType, &'static str, &'static str); 3],
    name_formats: [(NameFormat, &'static str, &'static str); 3],
    attributes: &'static [Attribute],
    functions: [(FunctionName, Signature); 18],
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    claim: String,
}

/// GET …/claims/edit?claim=: the editor; without a claim, of a new one.
pub(super) async fn edit(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let (_, configuration) = loaded(&directory, &id).await?;
    let claim = match which.claim.as_str() {
        "" => Claim::default(),
        name => configuration.claims[position(&configuration, name)?].clone(),
    };
    let editor = Editor { before: which.claim, claim };
    editor_page(&directory, &caller, &csrf, &id, editor, None, StatusCode::OK).await
}

async fn editor_page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    editor: Editor,
    banner: Option<Banner>,
    status: StatusCode,
) -> Result<Response, PageRefused> {
    let ids: Vec<String> = editor.claim.values.iter().flat_map(|value| value.groups.clone()).collect();
    let id = id.to_owned();
    let (application, scoped) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let mut names = Vec::new();
            for group in ids.iter().take(super::check::MOST_GROUPS) {
                names.extend(groups::by_id(tx, tenant, group)?.map(|g| (g.id, g.display_name)));
            }
            Ok((application, names))
        })
        .await?;
    let title = if editor.before.is_empty() { "New claim" } else { "Edit claim" };
    let mut shell = shell(directory, caller, csrf, &application, title);
    shell.banners.extend(banner);
    let page = EditPage {
        shell,
        tab: TAB,
        base: base(&application.id),
        application,
        rows: editor.rows(),
        before: editor.before,
        claim: editor.claim,
        scoped,
        user_types: UserType::ALL,
        name_formats: NameFormat::ALL,
        attributes: ATTRIBUTES,
        functions: FUNCTIONS,
    };
    Ok(render_with(status, &page))
}

/// POST …/claims/edit
pub(super) async fn save(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let outcome = save_claim(&directory, &caller, &id, &fields).await;
    let editor = Editor::sent(&fields)
        .unwrap_or(Editor { before: fields.text("before").to_owned(), claim: Claim::default() });
    let page = |banner, status| editor_page(&directory, &caller, &csrf, &id, editor, Some(banner), status);
    console::answer(outcome, &base(&id), "claims", page).await
}

async fn save_claim(
    directory: &Directory,
    caller: &Caller,
    id: &str,
    fields: &Fields,
) -> Result<Application, Refused> {
    let Editor { before, claim } = Editor::sent(fields)?;
    change(directory, caller, id, move |mut configuration| {
        match before.as_str() {
            "" => configuration.claims.push(claim.clone()),
            name => {
                let at = position(&configuration, name)?;
                configuration.claims[at] = claim.clone();
            }
        }
        Ok(configuration)
    })
    .await
}
