//! /console/applications/{id}/app-roles: the application's roles, and each with who has it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use store::Tx;
use web::form::{Csrf, Fields, Form};
use web::page::{Banner, Shell, render_with};
use web::routes::Routes;

use super::{At, Look, application_shell, crumb, done, refused, with};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, AppRole, Application, Holders, WantedRole};
use crate::change::Change;
use crate::refused::{PageRefused, Refused};

const LIST: &str = "/console/applications/{id}/app-roles";
const ROLE: &str = "/console/applications/{id}/app-roles/{role}";

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get(LIST, list)
        .post(LIST, create)
        .get(ROLE, show)
        .post(ROLE, save)
        .post("/console/applications/{id}/app-roles/{role}/enable", enable)
        .post("/console/applications/{id}/app-roles/{role}/disable", disable)
        .post("/console/applications/{id}/app-roles/{role}/delete", delete)
}

/// A role as the list shows it.
struct Listed {
    role: AppRole,
    assigned: i64,
}

/// What the form has in its fields.
#[derive(Default)]
struct Typed {
    display_name: String,
    value: String,
    description: String,
}

impl Typed {
    fn new(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self { display_name: text("display_name"), value: text("value"), description: text("description") }
    }

    fn of(role: &AppRole) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let display_name = role.display_name.clone();
        Self { display_name, value: text(&role.value), description: text(&role.description) }
    }

    fn wanted(self, id: Option<String>, enabled: bool) -> WantedRole {
        WantedRole {
            id,
            allowed_member_types: None,
            display_name: self.display_name,
            description: Some(self.description),
            value: Some(self.value),
            is_enabled: Some(enabled),
            origin: None,
        }
    }
}

#[derive(Template)]
#[template(path = "console/app_roles.html")]
struct ListPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    roles: Vec<Listed>,
    typed: Typed,
}

#[derive(Template)]
#[template(path = "console/app_role.html")]
struct RolePage {
    shell: Shell,
    application: Application,
    role: AppRole,
    holders: Holders,
    typed: Typed,
}

impl At<'_> {
    fn path(&self) -> String {
        format!("/console/applications/{}/app-roles", self.id)
    }

    async fn list(
        &self,
        typed: Typed,
        banner: Option<Banner>,
        status: StatusCode,
    ) -> Result<Response, PageRefused> {
        let id = self.id.to_owned();
        let read = self.directory.read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let assigned = applications::assigned_by_role(tx, tenant, &application.id)?;
            let listed = |role: AppRole| Listed {
                assigned: assigned.get(&role.id).copied().unwrap_or_default(),
                role,
            };
            let roles = applications::app_roles(tx, tenant, &application.id)?;
            Ok((application, roles.into_iter().map(listed).collect()))
        });
        let (application, roles) = read.await?;
        let shell = application_shell(self.directory, self.caller, self.csrf, &application, "App roles");
        let shell = with(shell, banner);
        Ok(render_with(status, &ListPage { shell, tab: "app-roles", application, roles, typed }))
    }

    async fn role(
        &self,
        role: &str,
        typed: Option<Typed>,
        banner: Option<Banner>,
        status: StatusCode,
    ) -> Result<Response, PageRefused> {
        let (id, role) = (self.id.to_owned(), role.to_owned());
        let read = self.directory.read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let role = found(tx, tenant, &application, &role)?;
            let holders = applications::holders(tx, tenant, &application.id, &role.id)?;
            Ok((application, role, holders))
        });
        let (application, role, holders) = read.await?;
        let title = role.display_name.clone();
        let mut shell = application_shell(self.directory, self.caller, self.csrf, &application, &title);
        shell.crumbs.push(crumb("App roles", &self.path()));
        let (shell, typed) = (with(shell, banner), typed.unwrap_or_else(|| Typed::of(&role)));
        Ok(render_with(status, &RolePage { shell, application, role, holders, typed }))
    }

    /// Changes a role: to its page again, with the refusal where there is one.
    async fn change(
        &self,
        role: &str,
        typed: Option<Typed>,
        notice: &str,
        wanted: impl Fn(&AppRole) -> WantedRole + Send + Sync + 'static,
    ) -> Response {
        let (id, named) = (self.id.to_owned(), role.to_owned());
        let outcome = self.directory.write(self.caller, move |tx, change| {
            let application = applications::by_any_id(tx, &change.tenant, &id)?;
            let before = found(tx, &change.tenant, &application, &named)?;
            let role = wanted(&before).checked(String::new)?;
            applications::save_app_role(tx, change, &application.id, &role)
        });
        let page = |banner, status| self.role(role, typed, Some(banner), status);
        super::answer(outcome.await, &format!("{}/{role}", self.path()), notice, page).await
    }

    async fn set_enabled(&self, role: &str, enabled: bool) -> Response {
        let notice = if enabled { "role-enabled" } else { "role-disabled" };
        self.change(role, None, notice, move |role| Typed::of(role).wanted(Some(role.id.clone()), enabled))
            .await
    }
}

fn found(tx: &mut Tx<'_>, tenant: &str, application: &Application, id: &str) -> Result<AppRole, Refused> {
    let role = applications::app_role(tx, tenant, &application.id, id)?;
    role.ok_or_else(|| Refused::not_found("app role", id))
}

/// GET …/app-roles
async fn list(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.list(Typed::default(), look.banner(), StatusCode::OK).await
}

/// POST …/app-roles: a new role, enabled.
async fn create(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    let wanted = Typed::new(&fields).wanted(None, true);
    let application = id.clone();
    let outcome = directory.write(&caller, move |tx, change: &Change| {
        let application = applications::by_any_id(tx, &change.tenant, &application)?;
        let role = wanted.checked(|| change.id())?;
        applications::save_app_role(tx, change, &application.id, &role)
    });
    let page = |banner, status| at.list(Typed::new(&fields), Some(banner), status);
    super::answer(outcome.await, &at.path(), "created", page).await
}

/// GET …/app-roles/{role}: the role, who has it, and what disabling or deleting it does to them.
async fn show(
    State(directory): State<Directory>,
    Path((id, role)): Path<(String, String)>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.role(&role, None, look.banner(), StatusCode::OK).await
}

/// POST …/app-roles/{role}: its name, value and description.
async fn save(
    State(directory): State<Directory>,
    Path((id, role)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    let typed = Some(Typed::new(&fields));
    let wanted = move |role: &AppRole| Typed::new(&fields).wanted(Some(role.id.clone()), role.is_enabled);
    at.change(&role, typed, "saved", wanted).await
}

/// POST …/app-roles/{role}/enable
async fn enable(
    State(directory): State<Directory>,
    Path((id, role)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    At { directory: &directory, caller: &caller, csrf: &csrf, id: &id }.set_enabled(&role, true).await
}

/// POST …/app-roles/{role}/disable
async fn disable(
    State(directory): State<Directory>,
    Path((id, role)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    At { directory: &directory, caller: &caller, csrf: &csrf, id: &id }.set_enabled(&role, false).await
}

/// POST …/app-roles/{role}/delete
async fn delete(
    State(directory): State<Directory>,
    Path((id, role)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    let (application, gone) = (id.clone(), role.clone());
    let outcome = directory.write(&caller, move |tx, change| {
        let application = applications::by_any_id(tx, &change.tenant, &application)?;
        applications::delete_app_role(tx, change, &application.id, &gone)
    });
    match outcome.await {
        Ok(()) => done(&at.path(), "deleted"),
        Err(error) => {
            let page = at.role(&role, None, Some(refused(&error)), error.code().1).await;
            page.unwrap_or_else(IntoResponse::into_response)
        }
    }
}
