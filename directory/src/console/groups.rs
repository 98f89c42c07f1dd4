//! /console/groups: the list, a new one, and one with its members.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, render, render_with};
use web::routes::Routes;

use super::picker::{self, Entry};
use super::{Look, ON_PAGE, crumb, done, refused, shell, with};
use crate::Directory;
use crate::access::Caller;
use crate::applications::Principal;
use crate::groups::{self, Group, GroupChange, NestingCycle, NewGroup};
use crate::refused::{PageRefused, Refused};
use crate::users::{self, Filter};

/// Most members of one form.
const MOST: usize = 1000;

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/groups", list)
        .get("/console/groups/new", new)
        .post("/console/groups/new", create)
        .get("/console/groups/{id}", show)
        .post("/console/groups/{id}", save)
        .post("/console/groups/{id}/members", add_members)
        .post("/console/groups/{id}/members/remove", remove_members)
        .post("/console/groups/{id}/delete", delete)
}

#[derive(Template)]
#[template(path = "console/groups.html")]
struct ListPage {
    shell: Shell,
    q: String,
    groups: Vec<(Group, i64)>,
    next: Option<String>,
}

/// GET /console/groups
async fn list(
    State(directory): State<Directory>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let filters = if look.q.trim().is_empty() { Vec::new() } else { vec![Filter::Contains(look.q.clone())] };
    let query = users::Query { filters, any: false, after: look.after.clone(), limit: ON_PAGE };
    let (groups, next) = directory
        .read(move |tx, tenant| {
            let page = groups::list(tx, tenant, &query)?;
            let mut counted = Vec::with_capacity(page.items.len());
            for group in page.items {
                let count = groups::member_count(tx, tenant, &group.id)?;
                counted.push((group, count));
            }
            Ok((counted, page.next))
        })
        .await?;
    let shell = with(shell(&directory, &caller, &csrf, "Groups", "/console/groups"), look.banner());
    let next = look.next("/console/groups", next);
    Ok(render(&ListPage { shell, q: look.q, groups, next }))
}

#[derive(Template)]
#[template(path = "console/group_new.html")]
struct NewPage {
    shell: Shell,
    display_name: String,
    description: String,
}

/// GET /console/groups/new
async fn new(State(directory): State<Directory>, caller: Caller, csrf: Csrf) -> Response {
    let mut shell = shell(&directory, &caller, &csrf, "New group", "/console/groups");
    shell.crumbs = vec![crumb("Groups", "/console/groups")];
    render(&NewPage { shell, display_name: String::new(), description: String::new() })
}

/// POST /console/groups/new
async fn create(
    State(directory): State<Directory>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let new = NewGroup {
        display_name: fields.text("display_name").to_owned(),
        description: fields.text("description").to_owned(),
        mail_nickname: String::new(),
    };
    match directory.write(&caller, move |tx, change| groups::create(tx, change, &new)).await {
        Ok(group) => done(&format!("/console/groups/{}", group.id), "created"),
        Err(error) => {
            let mut shell = shell(&directory, &caller, &csrf, "New group", "/console/groups");
            shell.crumbs = vec![crumb("Groups", "/console/groups")];
            let display_name = fields.text("display_name").to_owned();
            let description = fields.text("description").to_owned();
            let page = NewPage { shell: shell.with(refused(&error)), display_name, description };
            render_with(error.code().1, &page)
        }
    }
}

#[derive(Template)]
#[template(path = "console/group.html")]
struct Page {
    shell: Shell,
    group: Group,
    members: Vec<Entry>,
    count: usize,
    next: Option<String>,
    q: String,
    hits: Vec<Entry>,
    cycle: Option<NestingCycle>,
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
    let (id, wanted) = (id.to_owned(), look.clone());
    let mut page = directory
        .read(move |tx, tenant| {
            let group = groups::get(tx, tenant, &id)?;
            let all = groups::direct_members(tx, tenant, &id)?;
            let after = wanted.after.as_deref().unwrap_or("");
            let shown: Vec<_> = all.iter().filter(|m| m.id.as_str() > after).take(ON_PAGE + 1).collect();
            let mut members = Vec::with_capacity(shown.len());
            for member in shown.iter().take(ON_PAGE) {
                let principal = Principal { id: member.id.clone(), kind: member.kind };
                members.extend(picker::load(tx, tenant, &principal)?);
            }
            let next = shown.get(ON_PAGE - 1).filter(|_| shown.len() > ON_PAGE).map(|m| m.id.clone());
            let taken: HashSet<&str> = all.iter().map(|m| m.id.as_str()).collect();
            let free = |hit: &str| taken.contains(hit) || hit == id;
            let hits = picker::search(tx, tenant, &wanted.q, free)?;
            let count = all.len();
            let cycle = groups::cycle_of_group(tx, tenant, &id)?.cycles.pop();
            let (shell, q) = (Shell::default(), wanted.q.clone());
            Ok(Page { shell, group, members, count, next, q, hits, cycle })
        })
        .await?;
    page.next = look.next(&format!("/console/groups/{}", page.group.id), page.next);
    page.shell = with(shell(directory, caller, csrf, &page.group.display_name, "/console/groups"), banner);
    page.shell.crumbs = vec![crumb("Groups", "/console/groups")];
    Ok(render_with(status, &page))
}

/// GET /console/groups/{id}
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

async fn answer<T>(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    notice: &str,
    outcome: Result<T, Refused>,
) -> Response {
    let page = |banner, status| page(directory, caller, csrf, id, Look::default(), Some(banner), status);
    super::answer(outcome, &format!("/console/groups/{id}"), notice, page).await
}

/// POST /console/groups/{id}
async fn save(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let wanted = GroupChange {
        display_name: Some(fields.text("display_name").to_owned()),
        description: Some(fields.text("description").to_owned()),
        mail_nickname: None,
    };
    let group = id.clone();
    let outcome =
        directory.write(&caller, move |tx, change| groups::update(tx, change, &group, &wanted)).await;
    answer(&directory, &caller, &csrf, &id, "saved", outcome).await
}

/// POST /console/groups/{id}/members
async fn add_members(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let (group, members) = (id.clone(), fields.all("id").take(MOST).map(str::to_owned).collect::<Vec<_>>());
    let outcome = directory
        .write(&caller, move |tx, change| {
            for member in &members {
                match groups::add_member(tx, change, &group, member) {
                    Ok(_) | Err(Refused::AlreadyMember { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
            Ok(())
        })
        .await;
    answer(&directory, &caller, &csrf, &id, "members", outcome).await
}

/// POST /console/groups/{id}/members/remove
async fn remove_members(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let (group, members) = (id.clone(), fields.all("id").take(MOST).map(str::to_owned).collect::<Vec<_>>());
    let outcome = directory
        .write(&caller, move |tx, change| {
            for member in &members {
                groups::remove_member(tx, change, &group, member)?;
            }
            Ok(())
        })
        .await;
    answer(&directory, &caller, &csrf, &id, "members", outcome).await
}

/// POST /console/groups/{id}/delete
async fn delete(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    _: Form,
) -> Result<Response, PageRefused> {
    directory.write(&caller, move |tx, change| groups::delete(tx, change, &id)).await?;
    Ok(done("/console/groups", "deleted"))
}
