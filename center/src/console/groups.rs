//! The list of groups, and new ones.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use scim::caseless;
use store::{StoreError, Tx};
use web::form::{Csrf, Form};
use web::page::{self, Shell};

use super::notice::{back, refused, with_done};
use super::{PageError, shell};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::identity_store::store::{self as identities, Page};
use crate::identity_store::{Group, GroupFields, IdentityError};

pub(super) const HERE: &str = "/console/groups";
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "console/groups.html")]
struct Groups {
    shell: Shell,
    search: String,
    groups: Vec<(Group, i64)>,
    total: i64,
    next: Option<String>,
    managed: bool,
}

/// GET /console/groups
pub(super) async fn list(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let (instance, wanted) = (center.instance_id.clone(), params.clone());
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let after = caseless::key(wanted.text("after"));
        let page = Page { search: wanted.text("q"), after: &after, limit: PAGE };
        let mut groups = Vec::new();
        for group in identities::list_groups(tx, &instance, page)? {
            let members = identities::count_members(tx, &instance, &group.id)?;
            groups.push((group, members));
        }
        Ok((groups, identities::count_groups(tx, &instance)?, identities::managed(tx, &instance)?))
    };
    let (groups, total, managed) = center.store.read(read).await?;
    let full = i64::try_from(groups.len()).unwrap_or(0) >= PAGE;
    let next = groups.last().filter(|_| full).map(|(g, _)| caseless::key(&g.fields.display_name));
    let shell = with_done(shell(&caller, &csrf, "Groups", HERE), &params);
    Ok(page::render(&Groups { shell, search: params.text("q").to_owned(), groups, total, next, managed }))
}

#[derive(Template)]
#[template(path = "console/group_new.html")]
struct NewGroup {
    shell: Shell,
    display_name: String,
    description: String,
}

/// GET /console/groups/new
pub(super) async fn new(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageError> {
    let instance = center.instance_id.clone();
    center.store.read(move |tx| identities::check_editable(tx, &instance)).await?;
    let shell = shell(&caller, &csrf, "Create group", HERE);
    Ok(page::render(&NewGroup { shell, display_name: String::new(), description: String::new() }))
}

/// POST /console/groups/new
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(form): Form,
) -> Result<Response, PageError> {
    let fields = GroupFields {
        display_name: form.text("display_name").to_owned(),
        external_id: None,
        description: form.text("description").to_owned(),
    };
    let (author, new) = (center.author(&caller), fields.clone());
    let id = center.random.id(author.now);
    let write = move |tx: &mut Tx<'_>| -> Result<Group, IdentityError> {
        identities::check_editable(tx, &author.instance_id)?;
        identities::create_group(tx, &author, &id, "console", &new)
    };
    match center.store.write(write).await {
        Ok(group) => Ok(back(&format!("{HERE}/{}", group.id), "group-created")),
        Err(error) => {
            let error = ApiError::from(error);
            let shell = shell(&caller, &csrf, "Create group", HERE).with(refused(&error));
            let GroupFields { display_name, description, .. } = fields;
            Ok(page::render_with(error.status, &NewGroup { shell, display_name, description }))
        }
    }
}
