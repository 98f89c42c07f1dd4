//! The pages that change a job: connectivity, settings.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;
use web::form::Form;
use web::page::{Banner, Shell, Tone, render};

use super::job::{COMPARE_EVERY, Job, OutOfScope, ProvisioningError, removal_limit};
use super::links;
use super::pages::{PageError, Subject, TAB, Tab, Visit, back, error_banner};
use super::personality::PersonalityChoice;
use super::settings::{self, Change};
use crate::Directory;
use crate::applications::Application;

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    done: String,
}

impl Said {
    fn onto(&self, shell: Shell) -> Shell {
        if self.done == "saved" { shell.with(Banner::new(Tone::Success, "Saved", "")) } else { shell }
    }
}

#[derive(Template)]
#[template(path = "provisioning/connectivity.html")]
struct Connectivity {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    action: String,
    base_url: String,
    has_token: bool,
    allow_private: bool,
}

pub(super) async fn connectivity(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    let shell = said.onto(subject.shell(&directory, "Connectivity", &caller, &csrf));
    let (url, private) = subject
        .job
        .as_ref()
        .map_or((String::new(), false), |j| (j.base_url.clone().unwrap_or_default(), j.allow_private));
    Ok(render(&connectivity_page(&subject, shell, url, private)))
}

fn connectivity_page(subject: &Subject, shell: Shell, base_url: String, allow_private: bool) -> Connectivity {
    Connectivity {
        shell,
        tab: TAB,
        application: subject.application.clone(),
        tabs: subject.tabs("connectivity"),
        action: subject.path("connectivity"),
        base_url,
        has_token: subject.job.as_ref().is_some_and(|j| j.token_sealed.is_some()),
        allow_private,
    }
}

/// Saves or tests, as the button says.
pub(super) async fn save_connectivity(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let token = Some(fields.text("secret_token")).filter(|t| !t.is_empty()).map(SecretString::from);
    let change = Change {
        base_url: Some(fields.text("tenant_url").to_owned()),
        token,
        allow_private: Some(fields.has("allow_private")),
        ..Change::default()
    };
    let (url, private) = (fields.text("tenant_url").to_owned(), fields.has("allow_private"));
    let shell = subject.shell(&directory, "Connectivity", &caller, &csrf);
    let job = settings::create(&directory, &caller.actor, &subject.id, false).await?;
    let banner = if fields.text("what") == "test" {
        tested(&directory, &job, &change).await
    } else {
        match settings::change(&directory, &caller.actor, &subject.id, change).await {
            Ok(_) => return Ok(back(&subject, "connectivity", "saved")),
            Err(error @ ProvisioningError::Store(_)) => return Err(error.into()),
            Err(error) => error_banner("Nothing was saved", &error),
        }
    };
    Ok(render(&connectivity_page(&subject, shell.with(banner), url, private)))
}

async fn tested(directory: &Directory, job: &Job, change: &Change) -> Banner {
    match settings::test_connection(directory, job, change).await {
        Ok(exchange) => Banner::new(
            Tone::Success,
            "The connection works",
            format!(
                "Tried: {}. Came back: {} and an empty list, as it should.",
                exchange.request, exchange.status
            ),
        ),
        Err(error) => error_banner("The connection does not work", &error),
    }
}

#[derive(Template)]
#[template(path = "provisioning/settings.html")]
struct SettingsPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    action: String,
    sync_all: bool,
    out_of_scope: OutOfScope,
    limit: String,
    default_limit: i64,
    personality: &'static str,
    automatic: &'static str,
    compare_every: String,
}

pub(super) async fn settings(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    let shell = said.onto(subject.shell(&directory, "Settings", &caller, &csrf));
    let entered = subject.job.as_ref().map_or_else(Entered::fresh, |j| Entered {
        sync_all: j.sync_all,
        out_of_scope: j.out_of_scope,
        limit: j.removal_limit.map(|l| l.to_string()).unwrap_or_default(),
        personality: j.personality,
        compare_every: j.compare_every.unwrap_or(0).to_string(),
    });
    settings_page(&directory, &subject, shell, entered).await
}

/// What the form of settings holds.
#[derive(Default)]
struct Entered {
    sync_all: bool,
    out_of_scope: OutOfScope,
    limit: String,
    personality: PersonalityChoice,
    compare_every: String,
}

impl Entered {
    fn fresh() -> Self {
        Self { compare_every: COMPARE_EVERY.to_string(), ..Self::default() }
    }
}

async fn settings_page(
    directory: &Directory,
    subject: &Subject,
    shell: Shell,
    Entered { sync_all, out_of_scope, limit, personality, compare_every }: Entered,
) -> Result<Response, PageError> {
    let default_limit = match subject.job.clone() {
        Some(job) => {
            let counts = directory.store.read(move |tx| links::counts(tx, &job)).await?;
            removal_limit(None, counts.users + counts.groups)
        }
        None => removal_limit(None, 0),
    };
    let url = subject.job.as_ref().and_then(|job| job.base_url.as_deref());
    let automatic = PersonalityChoice::Automatic.of(url).label();
    let personality = personality.as_str();
    let (tabs, action) = (subject.tabs("settings"), subject.path("settings"));
    let application = subject.application.clone();
    Ok(render(&SettingsPage {
        shell,
        tab: TAB,
        application,
        tabs,
        action,
        sync_all,
        out_of_scope,
        limit,
        default_limit,
        personality,
        automatic,
        compare_every,
    }))
}

pub(super) async fn save_settings(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Settings", &caller, &csrf);
    let sync_all = fields.text("scope") == "all";
    let limit = fields.text("removal_limit").to_owned();
    let out_of_scope = OutOfScope::parse(fields.text("out_of_scope")).unwrap_or_default();
    let personality = PersonalityChoice::parse(fields.text("personality")).unwrap_or_default();
    let compare_every = fields.text("compare_every").to_owned();
    let parsed = number(&limit, "removal limit").and_then(|limit| {
        let hours = number(&compare_every, "CompareEveryHours")?;
        Ok((limit, hours.filter(|hours| *hours != 0)))
    });
    let saved = match parsed {
        Ok((removal_limit, every)) => {
            settings::create(&directory, &caller.actor, &subject.id, false).await?;
            let change = Change {
                sync_all: Some(sync_all),
                out_of_scope: Some(out_of_scope),
                removal_limit: Some(removal_limit),
                personality: Some(personality),
                compare_every: Some(every),
                ..Change::default()
            };
            settings::change(&directory, &caller.actor, &subject.id, change).await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(back(&subject, "settings", "saved")),
        Err(error @ ProvisioningError::Store(_)) => Err(error.into()),
        Err(error) => {
            let shell = shell.with(error_banner("Nothing was saved", &error));
            let entered = Entered { sync_all, out_of_scope, limit, personality, compare_every };
            settings_page(&directory, &subject, shell, entered).await
        }
    }
}

/// A number of a form; nothing where the field is empty.
fn number(text: &str, field: &'static str) -> Result<Option<i64>, ProvisioningError> {
    let parsed = (!text.is_empty()).then(|| text.parse()).transpose();
    parsed.map_err(|_| ProvisioningError::Invalid { field, why: format!("{text:?} is not a number") })
}
