//! The list of users, and new ones.

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
use crate::identity_store::{IdentityError, NewUser, User, resource_of};

pub(super) const HERE: &str = "/console/users";
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "console/users.html")]
struct Users {
    shell: Shell,
    search: String,
    users: Vec<User>,
    total: i64,
    next: Option<String>,
    managed: bool,
}

/// GET /console/users
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
        let users = identities::list_users(tx, &instance, page)?;
        Ok((users, identities::count_users(tx, &instance)?, identities::managed(tx, &instance)?))
    };
    let (users, total, managed) = center.store.read(read).await?;
    let full = i64::try_from(users.len()).unwrap_or(0) >= PAGE;
    let next = users.last().filter(|_| full).map(|u| caseless::key(&u.user_name));
    let shell = with_done(shell(&caller, &csrf, "Users", HERE), &params);
    Ok(page::render(&Users { shell, search: params.text("q").to_owned(), users, total, next, managed }))
}

#[derive(Template)]
#[template(path = "console/user_new.html")]
struct NewUserPage {
    shell: Shell,
    user_name: String,
    given_name: String,
    family_name: String,
    display_name: String,
    email: String,
}

/// GET /console/users/new
pub(super) async fn new(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageError> {
    let instance = center.instance_id.clone();
    center.store.read(move |tx| identities::check_editable(tx, &instance)).await?;
    let empty = String::new;
    Ok(page::render(&NewUserPage {
        shell: shell(&caller, &csrf, "Add user", HERE),
        user_name: empty(),
        given_name: empty(),
        family_name: empty(),
        display_name: empty(),
        email: empty(),
    }))
}

/// POST /console/users/new
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(form): Form,
) -> Result<Response, PageError> {
    let text = |name: &str| form.text(name).to_owned();
    let given = NewUserPage {
        shell: shell(&caller, &csrf, "Add user", HERE),
        user_name: text("user_name"),
        given_name: text("given_name"),
        family_name: text("family_name"),
        display_name: text("display_name"),
        email: text("email"),
    };
    match make(&center, &caller, &given).await {
        Ok(user) => Ok(back(&format!("{HERE}/{}", user.id), "user-created")),
        Err(error) => {
            let error = ApiError::from(error);
            let status = error.status;
            let given = NewUserPage { shell: given.shell.clone().with(refused(&error)), ..given };
            Ok(page::render_with(status, &given))
        }
    }
}

async fn make(center: &Center, caller: &Caller, given: &NewUserPage) -> Result<User, IdentityError> {
    let author = center.author(caller);
    let resource = resource_of(
        &given.user_name,
        &given.given_name,
        &given.family_name,
        &given.display_name,
        &given.email,
    );
    let new = NewUser { id: center.random.id(author.now), owner: "console".to_owned(), resource };
    center
        .store
        .write(move |tx| {
            identities::check_editable(tx, &author.instance_id)?;
            identities::create_user(tx, &author, &new)
        })
        .await
}
