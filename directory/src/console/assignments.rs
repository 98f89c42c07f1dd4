//! /console/applications/{id}/users-and-groups: who is assigned, and whom that reaches.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use store::Tx;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, Tone, render_with};
use web::routes::Routes;

use super::picker::{self, Entry};
use super::{Look, ON_PAGE, application_shell, with};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, AppRole, Application, DEFAULT_ACCESS, Reach, USER_ROLE};
use crate::groups::{self, NestingCycles};
use crate::refused::{PageRefused, Refused};

/// Most principals of one form.
const MOST: usize = 1000;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/applications/{id}/users-and-groups", show)
        .post("/console/applications/{id}/users-and-groups", assign)
        .post("/console/applications/{id}/users-and-groups/remove", remove)
}

/// An assignment as the page shows it.
struct Assigned {
    id: String,
    entry: Entry,
    role: String,
    since: String,
}

#[derive(Template)]
#[template(path = "console/users_and_groups.html")]
struct Page {
    shell: Shell,
    tab: &'static str,
    application: Application,
    reach: Reach,
    cycles: NestingCycles,
    assigned: Vec<Assigned>,
    next: Option<String>,
    q: String,
    hits: Vec<Hit>,
    /// Those that can be chosen.
    roles: Vec<AppRole>,
}

/// A user or group that was found, and the roles that it has already.
struct Hit {
    entry: Entry,
    has: Vec<String>,
    /// Whether it has every role that can be chosen.
    has_all: bool,
}

fn role_name(roles: &[AppRole], id: &str) -> String {
    match roles.iter().find(|role| role.id == id) {
        Some(role) if role.is_enabled => role.display_name.clone(),
        Some(role) => format!("{} (disabled)", role.display_name),
        None if id == DEFAULT_ACCESS => "Default Access".to_owned(),
        None => "other".to_owned(),
    }
}

fn load(tx: &mut Tx<'_>, tenant: &str, id: &str, look: &Look) -> Result<Page, Refused> {
    let application = applications::by_any_id(tx, tenant, id)?;
    // The page token is the last assignment's id; no id has a NUL, and PostgreSQL takes none.
    let after = look.after.as_deref().filter(|a| !a.contains('\0'));
    let page = applications::list_assignments(tx, tenant, &application.id, after, ON_PAGE)?;
    let mut roles = applications::app_roles(tx, tenant, &application.id)?;
    let mut assigned = Vec::with_capacity(page.items.len());
    for assignment in page.items {
        let Some(entry) = picker::load(tx, tenant, &assignment.principal)? else { continue };
        let role = role_name(&roles, &assignment.app_role_id);
        assigned.push(Assigned { id: assignment.id, entry, role, since: assignment.created_at.readable() });
    }
    let mut hits = Vec::new();
    for entry in picker::search(tx, tenant, &look.q, |_| false)? {
        let has = applications::roles_assigned(tx, tenant, &application.id, &entry.id)?;
        let has_all = roles.iter().filter(|role| role.is_enabled).all(|role| has.contains(&role.id));
        hits.push(Hit { entry, has: has.iter().map(|id| role_name(&roles, id)).collect(), has_all });
    }
    let reach = applications::reach(tx, tenant, &application.id)?;
    let cycles = groups::cycles_of_application(tx, tenant, &application.id)?;
    let next = look.next(&format!("/console/applications/{}/users-and-groups", application.id), page.next);
    let (shell, tab) = (Shell::default(), "users-and-groups");
    roles.retain(|role| role.is_enabled);
    Ok(Page { shell, tab, application, reach, cycles, assigned, next, q: look.q.clone(), hits, roles })
}

async fn page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    look: Look,
    banner: Option<Banner>,
    status: StatusCode,
) -> Result<Response, PageRefused> {
    let id = id.to_owned();
    let mut page = directory.read(move |tx, tenant| load(tx, tenant, &id, &look)).await?;
    let shell = application_shell(directory, caller, csrf, &page.application, "Users and groups");
    page.shell = with(with(shell, banner), not_followed(&page.reach));
    Ok(render_with(status, &page))
}

/// What an administrator should know about nested groups.
fn not_followed(reach: &Reach) -> Option<Banner> {
    if reach.not_followed.is_empty() {
        return None;
    }
    let named: Vec<String> = reach
        .not_followed
        .iter()
        .take(10)
        .map(|group| format!("{} (in {})", group.display_name, group.inside))
        .collect();
    let more = reach.not_followed.len().saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!(
        "{}{more}. {} people are in such groups alone and have no access. Assign these groups as well, or let \
         nested groups count on the page Tenant.",
        named.join(", "),
        reach.people_not_reached
    );
    Some(Banner::new(Tone::Warning, "Members of nested groups are not included", text))
}

/// GET /console/applications/{id}/users-and-groups
async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let banner = look.banner();
    page(&directory, &caller, &csrf, &id, look, banner, StatusCode::OK).await
}

async fn answer(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    notice: &str,
    outcome: Result<(), Refused>,
) -> Response {
    let page = |banner, status| page(directory, caller, csrf, id, Look::default(), Some(banner), status);
    super::answer(outcome, &format!("/console/applications/{id}/users-and-groups"), notice, page).await
}

/// POST /console/applications/{id}/users-and-groups
async fn assign(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let role = match fields.text("role") {
        "" => USER_ROLE.to_owned(),
        role => role.to_owned(),
    };
    let chosen: Vec<String> = fields.all("id").take(MOST).map(str::to_owned).collect();
    let application = id.clone();
    let outcome = directory
        .write(&caller, move |tx, change| {
            let application = applications::by_any_id(tx, &change.tenant, &application)?;
            let mut already = 0;
            for principal in &chosen {
                match applications::assign(tx, change, &application, principal, &role) {
                    Ok(_) => {}
                    Err(Refused::AlreadyAssigned { .. }) if already + 1 < chosen.len() => already += 1,
                    Err(refused) => return Err(refused),
                }
            }
            Ok(())
        })
        .await;
    answer(&directory, &caller, &csrf, &id, "assigned", outcome).await
}

/// POST /console/applications/{id}/users-and-groups/remove
async fn remove(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let chosen: Vec<String> = fields.all("assignment").take(MOST).map(str::to_owned).collect();
    let application = id.clone();
    let outcome = directory
        .write(&caller, move |tx, change| {
            for assignment in &chosen {
                applications::unassign_by_id(tx, change, &application, assignment)?;
            }
            Ok(())
        })
        .await;
    answer(&directory, &caller, &csrf, &id, "removed", outcome).await
}
