//! The pages that show what was done: logs, one entry, and provisioning on demand.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value as Json;
use store::{StoreError, Tx};
use web::form::Form;
use web::page::{Shell, render};

use super::cycle::Engine;
use super::job::{Job, ProvisioningError};
use super::log::{self, Entry, Search};
use super::pages::{PageError, Subject, TAB, Tab, Visit, error_banner};
use super::{Kind, Pace};
use crate::Directory;
use crate::applications::Application;

const PAGE: i64 = 50;

#[derive(Deserialize, Default)]
pub(super) struct Look {
    #[serde(default)]
    q: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    before: String,
}

impl Look {
    /// No entry has a NUL, and PostgreSQL takes none.
    pub(super) fn search(&self, limit: i64) -> Search {
        let text = |text: &str| text.replace('\0', "");
        Search {
            text: text(self.q.trim()),
            action: text(&self.action),
            status: text(&self.status),
            before: Some(text(&self.before)).filter(|before| !before.is_empty()),
            limit,
        }
    }

    /// The query of another page with the same search, and `more`.
    fn query(&self, more: (&str, &str)) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &self.q)
            .append_pair("status", &self.status)
            .append_pair("action", &self.action)
            .append_pair(more.0, more.1)
            .finish()
    }
}

#[derive(Template)]
#[template(path = "provisioning/logs.html")]
struct Logs {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    look: Look,
    entries: Vec<Entry>,
    next: String,
    /// Each format and where it is.
    downloads: [(&'static str, String); 2],
}

pub(super) async fn list(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(look): Query<Look>,
) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Provisioning logs", &caller, &csrf);
    let mut entries = match subject.job.clone() {
        Some(job) => {
            let search = look.search(PAGE + 1);
            directory.store.read(move |tx| log::search(tx, &job, &search)).await?
        }
        None => Vec::new(),
    };
    let more = i64::try_from(entries.len()).is_ok_and(|n| n > PAGE);
    entries.truncate(usize::try_from(PAGE).unwrap_or(0));
    let (tabs, base) = (subject.tabs("logs"), subject.path("logs"));
    let next = entries.last().filter(|_| more).map(|e| format!("{base}?{}", look.query(("before", &e.id))));
    let next = next.unwrap_or_default();
    let downloads = ["CSV", "JSON"].map(|format| {
        let query = look.query(("format", &format.to_lowercase()));
        (format, format!("{base}/download?{query}"))
    });
    let application = subject.application;
    Ok(render(&Logs { shell, tab: TAB, application, tabs, base, look, entries, next, downloads }))
}

#[derive(Template)]
#[template(path = "provisioning/log.html")]
struct Detail {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    details: Vec<Shown>,
}

/// An entry with its JSON taken apart for the page.
struct Shown {
    entry: Entry,
    steps: Vec<[String; 3]>,
    modified: Vec<[String; 3]>,
}

impl Shown {
    fn of(entry: Entry) -> Self {
        let rows = |all: &Json, keys: [&str; 3]| -> Vec<[String; 3]> {
            let one = |row: &Json| keys.map(|key| text(&row[key]));
            all.as_array().map(|rows| rows.iter().map(one).collect()).unwrap_or_default()
        };
        Self {
            steps: rows(&entry.steps, ["name", "status", "description"]),
            modified: rows(&entry.modified, ["displayName", "oldValue", "newValue"]),
            entry,
        }
    }
}

fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) async fn show(
    Visit { directory, caller, csrf, subject }: Visit,
    Path((_, entry)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let job = subject.job.clone().ok_or(ProvisioningError::NoJob)?;
    let wanted = entry.clone();
    let found = directory.store.read(move |tx| log::find(tx, &job, &wanted)).await?;
    let found = found.ok_or(ProvisioningError::NoObject("log entry", entry))?;
    let shell = subject.shell(&directory, &found.source_name, &caller, &csrf);
    let (tabs, application) = (subject.tabs("logs"), subject.application);
    Ok(render(&Detail { shell, tab: TAB, application, tabs, details: vec![Shown::of(found)] }))
}

#[derive(Template)]
#[template(path = "provisioning/on_demand.html")]
struct OnDemand {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    action: String,
    name: String,
    group: bool,
    standing: String,
    details: Vec<Shown>,
}

pub(super) async fn on_demand(
    Visit { directory, caller, csrf, subject }: Visit,
) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Provision on demand", &caller, &csrf);
    Ok(render(&on_demand_page(&subject, shell, "", false)))
}

fn on_demand_page(subject: &Subject, shell: Shell, name: &str, group: bool) -> OnDemand {
    OnDemand {
        shell,
        tab: TAB,
        application: subject.application.clone(),
        tabs: subject.tabs("on-demand"),
        action: subject.path("on-demand"),
        name: name.to_owned(),
        group,
        standing: String::new(),
        details: Vec::new(),
    }
}

pub(super) async fn run_on_demand(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let (name, group) = (fields.text("name"), fields.text("kind") == "group");
    let kind = if group { Kind::Group } else { Kind::User };
    let mut page = on_demand_page(
        &subject,
        subject.shell(&directory, "Provision on demand", &caller, &csrf),
        name,
        group,
    );
    match demand(&directory, subject.job.clone(), kind, name).await {
        Ok((standing, details)) => {
            page.standing = standing;
            page.details = details;
        }
        Err(error @ ProvisioningError::Store(_)) => return Err(error.into()),
        Err(error) => page.shell.banners.push(error_banner("It was not provisioned", &error)),
    }
    Ok(render(&page))
}

async fn demand(
    directory: &Directory,
    job: Option<Job>,
    kind: Kind,
    name: &str,
) -> Result<(String, Vec<Shown>), ProvisioningError> {
    let job = job.ok_or(ProvisioningError::NotConfigured)?;
    let (tenant, wanted) = (directory.tenant_id.clone(), name.to_owned());
    let found = directory.store.read(move |tx| resolve(tx, &tenant, kind, &wanted)).await?;
    let id = found.ok_or_else(|| ProvisioningError::NoObject(kind.as_str(), name.to_owned()))?;
    let (object, effects) = Engine::new(directory, Pace::default()).on_demand(job, kind, &id).await?;
    let details: Vec<Shown> = effects.into_iter().map(|e| Shown::of(e.entry)).collect();
    let what = if details.is_empty() { "Nothing had to be sent" } else { "Done" };
    Ok((format!("{what}: {} is {}.", object.name, object.standing.why()), details))
}

/// The object with this id, user principal name or group name.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    tenant: &str,
    kind: Kind,
    name: &str,
) -> Result<Option<String>, StoreError> {
    // No id and no name has a NUL, and PostgreSQL takes none.
    if name.contains('\0') {
        return Ok(None);
    }
    let key = name.to_lowercase();
    // One after the other: for an OR, SQLite would go through everybody.
    let tries: &[(&str, &str)] = match kind {
        Kind::User => &[
            ("users WHERE tenant_id = ?1 AND user_principal_name_key = ?2 AND deleted_at IS NULL", &key),
            ("users WHERE tenant_id = ?1 AND id = ?2", name),
            ("users WHERE tenant_id = ?1 AND user_principal_name_key = ?2 AND deleted_at IS NOT NULL", &key),
        ],
        Kind::Group => &[
            ("groups WHERE tenant_id = ?1 AND id = ?2", name),
            ("groups WHERE tenant_id = ?1 AND display_name_key = ?2", &key),
        ],
    };
    for (place, value) in tries {
        let sql = format!("SELECT id FROM {place} ORDER BY id LIMIT 1");
        if let Some(row) = tx.row(&sql, &[tenant.into(), (*value).into()])? {
            return row.text(0).map(Some);
        }
    }
    Ok(None)
}
