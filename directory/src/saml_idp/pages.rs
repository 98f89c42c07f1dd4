//! Sign-ons for administrators: the list, one with every check, and the test of an application. The same
//! look-ups as JSON.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::{Extension, Json};
use http::StatusCode;
use saml::response::Attribute;
use serde::Deserialize;
use serde_json::{Value, json};
use web::Timestamp;
use web::form::Csrf;
use web::page::{Crumb, Shell, render};

use super::issue::Occasion;
use super::loaded::{Loaded, load};
use super::refusal::{Refusal, meaning};
use super::running::Running;
use super::sign_ins::{self, SignIn};
use super::sign_on::{self, Ended};
use super::trace::{Check, Trace};
use super::waiting::can_be_looked_up;
use crate::access::Caller;
use crate::refused::{PageRefused, Refused};
use crate::{Directory, console};

/// Where the pages of sign-ons are.
const SECTION: &str = "/console/sign-ins";
/// Most sign-ons of one look.
const MOST: i64 = 500;

/// How many.
#[derive(Debug, Deserialize)]
pub struct Limit {
    limit: Option<i64>,
}

impl Limit {
    fn rows(&self) -> i64 {
        self.limit.unwrap_or(100).clamp(1, MOST)
    }
}

/// GET /api/sign-ins?limit
pub async fn list_json(
    State(directory): State<Directory>,
    Query(limit): Query<Limit>,
) -> Result<Json<Value>, Refused> {
    Ok(Json(json!({ "value": newest(&directory, &limit).await? })))
}

/// GET /api/sign-ins/{reference}
pub async fn one_json(
    State(directory): State<Directory>,
    Path(reference): Path<String>,
) -> Result<Json<SignIn>, Refused> {
    let found = find(&directory, &reference).await?;
    found.map(Json).ok_or_else(|| Refused::not_found("sign-in that is still kept", &reference))
}

/// GET /console/sign-ins
pub async fn list(
    State(directory): State<Directory>,
    Query(limit): Query<Limit>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let sign_ins = newest(&directory, &limit).await?;
    let shell = console::shell(&directory, &caller, &csrf, "Sign-ins", SECTION);
    Ok(render(&SignInsPage { shell, sign_ins }))
}

/// GET /console/sign-ins/{reference}
pub async fn one(
    State(directory): State<Directory>,
    Path(reference): Path<String>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    Ok(match find(&directory, &reference).await? {
        Some(sign_in) => {
            let mut shell = console::shell(&directory, &caller, &csrf, "Sign-in", SECTION);
            shell.crumbs.push(Crumb { label: "Sign-ins".to_owned(), href: SECTION.to_owned() });
            render(&SignInPage { shell, sign_in })
        }
        None => web::page::message(
            StatusCode::NOT_FOUND,
            "No such sign-in",
            "No sign-in that is still kept has this reference.",
        ),
    })
}

async fn newest(directory: &Directory, limit: &Limit) -> Result<Vec<SignIn>, Refused> {
    let (tenant, limit) = (directory.tenant_id.clone(), limit.rows());
    Ok(directory.store.read(move |tx| sign_ins::newest(tx, &tenant, limit)).await?)
}

async fn find(directory: &Directory, reference: &str) -> Result<Option<SignIn>, Refused> {
    if !can_be_looked_up(reference) {
        return Ok(None);
    }
    let (tenant, reference) = (directory.tenant_id.clone(), reference.trim().to_owned());
    Ok(directory.store.read(move |tx| sign_ins::find(tx, &tenant, &reference)).await?)
}

/// Whom to test as.
#[derive(Debug, Deserialize)]
pub struct As {
    #[serde(default)]
    user: String,
}

/// GET /console/applications/{id}/single-sign-on/test?user=: the decision for a chosen user; nothing is
/// issued to anybody.
pub async fn test(
    State(directory): State<Directory>,
    Extension(running): Extension<Running>,
    Path(id): Path<String>,
    Query(wanted): Query<As>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let readable = can_be_looked_up(&id) && can_be_looked_up(&wanted.user);
    let user = if readable { wanted.user.trim() } else { "" };
    let id = if readable { id.as_str() } else { "" };
    let loaded = load(&directory, id, user).await?;
    let Some(application) = &loaded.application else {
        let text = "No application of this directory has this id.";
        return Ok(web::page::message(StatusCode::NOT_FOUND, "No such application", text));
    };
    let result = if user.is_empty() { None } else { Some(tried(&directory, &running, &loaded, user).await?) };
    let mut shell = console::application_shell(&directory, &caller, &csrf, application, "Test");
    let href = format!("/console/applications/{}/single-sign-on", application.id);
    shell.crumbs.push(Crumb { label: "Single sign-on".to_owned(), href });
    let (name, app_id) = (&application.display_name, &application.app_id);
    Ok(render(&TestPage { shell, name, app_id, user, result }))
}

/// What a test shows.
struct Tried {
    checks: Vec<Check>,
    refusal: Option<Refusal>,
    reply_url: String,
    claims: Vec<Attribute>,
}

async fn tried(
    directory: &Directory,
    running: &Running,
    loaded: &Loaded,
    user: &str,
) -> Result<Tried, PageRefused> {
    let (mut trace, now) = (Trace::default(), directory.clock.now());
    let person = loaded.person.as_ref().ok_or_else(|| Refusal::user_not_found(user));
    let person = trace.step("User", "a user of this tenant", person, |p| p.display_name.clone());
    let outcome = match person {
        Err(refusal) => Err(Ended::Refused(refusal)),
        Ok(person) => {
            let facts = loaded.facts(directory, None, false, person, now, "fresh for each sign-on");
            let occasion = Occasion { in_response_to: None, signed_in_at: now, now };
            sign_on::grant(directory, running, &facts, occasion, &mut trace).await
        }
    };
    let checks = trace.checks;
    match outcome {
        Ok((grant, _)) => {
            let (reply_url, claims) = (grant.reply_url, grant.attributes);
            Ok(Tried { checks, refusal: None, reply_url, claims })
        }
        Err(Ended::Refused(refusal)) => {
            Ok(Tried { checks, refusal: Some(refusal), reply_url: String::new(), claims: Vec::new() })
        }
        Err(Ended::Failed(refused)) => Err(PageRefused(refused)),
    }
}

#[derive(Template)]
#[template(path = "saml_idp/sign_ins.html")]
struct SignInsPage {
    shell: Shell,
    sign_ins: Vec<SignIn>,
}

#[derive(Template)]
#[template(path = "saml_idp/sign_in.html")]
struct SignInPage {
    shell: Shell,
    sign_in: SignIn,
}

#[derive(Template)]
#[template(path = "saml_idp/test.html")]
struct TestPage<'a> {
    shell: Shell,
    name: &'a str,
    app_id: &'a str,
    user: &'a str,
    result: Option<Tried>,
}

/// For the templates: a record's time as people read it.
fn readable(at: &str) -> String {
    let parsed = time::OffsetDateTime::parse(at, &time::format_description::well_known::Rfc3339);
    parsed.map_or_else(|_| at.to_owned(), |t| Timestamp::from(t).readable())
}
