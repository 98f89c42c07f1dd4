//! The console for Global Administrators.

mod app_roles;
mod application;
mod applications;
mod assignments;
mod basic_saml;
mod certificates;
mod dashboard;
mod events;
mod groups;
mod import;
mod key_credentials;
mod picker;
mod single_sign_on;
mod tenant;
mod user;
mod users;

use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use web::form::{self, Csrf};
use web::page::{Banner, Crumb, NavItem, Shell, Tone};
use web::routes::Routes;

use crate::Directory;
use crate::access::{self, Caller};
use crate::refused::{PageRefused, Refused};

/// Most rows on a page.
const ON_PAGE: usize = 50;

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console", dashboard::show)
        .merge(users::routes())
        .merge(user::routes())
        .merge(groups::routes())
        .merge(import::routes())
        .merge(applications::routes())
        .merge(application::routes())
        .merge(app_roles::routes())
        .merge(assignments::routes())
        .merge(single_sign_on::routes())
        .merge(certificates::routes())
        .merge(key_credentials::routes())
        .get("/console/events", events::show)
        .get("/console/tenant", tenant::show)
        .post("/console/tenant", tenant::save)
        .guarded(from_fn_with_state(directory.clone(), access::administrator))
        .guarded(from_fn_with_state(directory.form_guard.clone(), form::guard))
}

/// The side navigation; `section` is the `href` of the entry that a page belongs to.
const NAV: &[(&str, &str)] = &[
    ("Overview", "/console"),
    ("Users", "/console/users"),
    ("Groups", "/console/groups"),
    ("Import", "/console/import"),
    ("Enterprise applications", "/console/applications"),
    ("Sign-ins", "/console/sign-ins"),
    ("Events", "/console/events"),
    ("Tenant", "/console/tenant"),
];

/// What stands around a page of the console.
pub fn shell(_: &Directory, caller: &Caller, csrf: &Csrf, title: &str, section: &str) -> Shell {
    let item =
        |(label, href): &(&'static str, &'static str)| NavItem { label, href, current: *href == section };
    Shell {
        product: "Entente directory",
        title: title.to_owned(),
        nav: NAV.iter().map(item).collect(),
        crumbs: Vec::new(),
        person: Some(caller.name.clone()),
        sign_out: "/sign-out",
        csrf: csrf.0.clone(),
        banners: Vec::new(),
    }
}

/// What stands around a page about one application: with the way to it.
pub fn application_shell(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    application: &crate::applications::Application,
    title: &str,
) -> Shell {
    let mut shell = shell(directory, caller, csrf, title, "/console/applications");
    shell.crumbs = vec![
        crumb("Enterprise applications", "/console/applications"),
        crumb(&application.display_name, &format!("/console/applications/{}", application.id)),
    ];
    shell
}

/// Who looks at which application.
struct At<'a> {
    directory: &'a Directory,
    caller: &'a Caller,
    csrf: &'a Csrf,
    id: &'a str,
}

fn crumb(label: &str, href: &str) -> Crumb {
    Crumb { label: label.to_owned(), href: href.to_owned() }
}

/// The query of every page: a search, a place in a list, and what was done before the page was shown.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Look {
    #[serde(default)]
    q: String,
    after: Option<String>,
    notice: Option<String>,
}

impl Look {
    /// A banner for what was done. The texts are ours: the query only chooses one.
    pub(crate) fn banner(&self) -> Option<Banner> {
        let title = match self.notice.as_deref()? {
            "created" => "Created",
            "saved" => "Saved",
            "deleted" => "Deleted",
            "restored" => "Restored",
            "password" => "The password was set",
            "members" => "The members were changed",
            "assigned" => "Assigned",
            "removed" => "The assignments were removed",
            "certificate" => "A new certificate was made. It is inactive until you make it active.",
            "role-enabled" => "The role is enabled",
            "role-disabled" => "The role is disabled",
            "credential" => "The certificate was added",
            "encrypting" => "Assertions are encrypted from now on",
            "clear" => "Assertions are not encrypted any more",
            "activated" => "The certificate is active",
            "claims" => "Saved. It counts from the next sign-on.",
            "claim-deleted" => "The claim was deleted",
            "session-tags" => "The claims for AWS session tags are there",
            _ => return None,
        };
        Some(Banner::new(Tone::Success, title, ""))
    }

    /// The link to the next page of a list at `path`.
    fn next(&self, path: &str, next: Option<String>) -> Option<String> {
        let next = next?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        query.append_pair("after", &next);
        Some(format!("{path}?{}", query.finish()))
    }
}

/// Adds a banner where there is one.
fn with(shell: Shell, banner: Option<Banner>) -> Shell {
    match banner {
        Some(banner) => shell.with(banner),
        None => shell,
    }
}

/// A refusal as a banner on the page where it happened.
pub(crate) fn refused(refused: &Refused) -> Banner {
    refused.log();
    Banner::new(Tone::Danger, "This was not done", refused.for_people())
}

/// To a page after a change, with the banner that says so.
pub(crate) fn done(path: &str, notice: &str) -> Response {
    Redirect::to(&format!("{path}?notice={notice}")).into_response()
}

/// To `path` after a change, or the page that was changed with the refusal.
pub(crate) async fn answer<T, Shown>(
    outcome: Result<T, Refused>,
    path: &str,
    notice: &str,
    page: impl FnOnce(Banner, StatusCode) -> Shown,
) -> Response
where
    Shown: Future<Output = Result<Response, PageRefused>>,
{
    match outcome {
        Ok(_) => done(path, notice),
        Err(error) => page(refused(&error), error.code().1).await.unwrap_or_else(IntoResponse::into_response),
    }
}
