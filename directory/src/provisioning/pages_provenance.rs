//! The page that says why somebody is in scope, or in a provisioned group.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use web::page::{Banner, Shell, Tone, render};

use super::pages::{PageError, TAB, Tab, Visit};
use super::provenance::{Provenance, Reason};
use crate::Directory;
use crate::applications::Application;
use crate::refused::Refused;

#[derive(Template)]
#[template(path = "provisioning/provenance.html")]
struct ProvenancePage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    action: String,
    asked: Asked,
    provenance: Option<Provenance>,
}

#[derive(Deserialize, Default, Clone)]
pub(super) struct Asked {
    #[serde(default)]
    user: String,
    #[serde(default)]
    group: String,
}

/// GET /console/applications/{id}/provisioning/provenance
pub(super) async fn show(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let mut shell = subject.shell(&directory, "Why in scope", &caller, &csrf);
    let provenance = match find(&directory, &subject.id, asked.clone()).await {
        Ok(provenance) => provenance,
        Err(Refused::Store(error)) => return Err(error.into()),
        Err(refused) => {
            shell.banners.push(Banner::new(Tone::Danger, "That cannot be answered", refused.for_people()));
            None
        }
    };
    let (tabs, action) = (subject.tabs("provenance"), subject.path("provenance"));
    let application = subject.application;
    Ok(render(&ProvenancePage { shell, tab: TAB, application, tabs, action, asked, provenance }))
}

async fn find(directory: &Directory, application: &str, asked: Asked) -> Result<Option<Provenance>, Refused> {
    let user = asked.user.trim().to_owned();
    if user.is_empty() {
        return Ok(None);
    }
    let group = Some(asked.group.trim().to_owned()).filter(|group| !group.is_empty());
    let application = application.to_owned();
    let read =
        directory.read(move |tx, tenant| Provenance::of(tx, tenant, &application, &user, group.as_deref()));
    read.await.map(Some)
}
