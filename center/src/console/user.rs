//! One user: profile, groups, access and why, password, enable, disable, delete.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use store::{StoreError, Tx};
use web::form::{Csrf, Form};
use web::page::{self, Banner, Shell};

use super::notice::{back, refused, with_done};
use super::users::HERE;
use super::{PageError, shell};
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::{AccountAccess, access_of, store as assignments};
use crate::identity_store::store as identities;
use crate::identity_store::{Group, IdentityError, IdentityKind, Owner, User};
use crate::instance::Author;
use crate::{Center, credentials};

/// More groups than AWS evaluates for a person.
const MAX_GROUPS: i64 = 1000;

struct Profile {
    user: User,
    groups: Vec<Group>,
    access: Vec<AccountAccess>,
    direct: usize,
    managed: bool,
    password: Password,
}

/// What the page says about the password.
#[derive(PartialEq, Eq)]
enum Password {
    Elsewhere,
    Missing,
    Set,
}

#[derive(Template)]
#[template(path = "console/user.html")]
struct UserPage {
    shell: Shell,
    p: Profile,
}

impl UserPage {
    fn elsewhere(&self) -> bool {
        self.p.password == Password::Elsewhere
    }

    fn has_password(&self) -> bool {
        self.p.password == Password::Set
    }

    fn profile(&self) -> Vec<(&'static str, &str)> {
        let user = &self.p.user;
        let enterprise = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department";
        let all = [
            ("Given name", user.text("/name/givenName")),
            ("Family name", user.text("/name/familyName")),
            ("E-mail address", user.email().unwrap_or_default()),
            ("Title", user.text("/title")),
            ("Department", user.text(enterprise)),
            ("External ID", user.external_id.as_deref().unwrap_or_default()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// GET /console/users/{id}
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, PageError> {
    let p = load(&center, id).await?;
    let shell = with_done(shell(&caller, &csrf, &p.user.display_name, HERE), &params);
    Ok(page::render(&UserPage { shell, p }))
}

async fn load(center: &Center, id: String) -> Result<Profile, IdentityError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, IdentityError> {
        let user =
            identities::user(tx, &instance, &id)?.ok_or_else(|| IdentityError::UserNotFound(id.clone()))?;
        let of_user = assignments::Filter { principal_id: &id, ..assignments::Filter::default() };
        Ok(Profile {
            groups: identities::groups_of(tx, &instance, &id, MAX_GROUPS)?,
            access: access_of(tx, &instance, &id)?,
            direct: assignments::list(tx, &instance, of_user, 10_000)?.len(),
            managed: identities::managed(tx, &instance)? && user.made_by().is_provisioning(),
            password: password(tx, &instance, &id)?,
            user,
        })
    };
    center.store.read(read).await
}

fn password(tx: &mut Tx<'_>, instance: &str, id: &str) -> Result<Password, StoreError> {
    if !credentials::directory_is_source(tx, instance)? {
        return Ok(Password::Elsewhere);
    }
    Ok(if credentials::has_password(tx, instance, id)? { Password::Set } else { Password::Missing })
}

/// POST /console/users/{id}
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    let path = format!("{HERE}/{id}");
    let done = match form.text("action") {
        "disable" => set_active(&center, &caller, &id, false).await.map(|()| back(&path, "user-disabled")),
        "enable" => set_active(&center, &caller, &id, true).await.map(|()| back(&path, "user-enabled")),
        "hand-over" => {
            own(&center, &caller, &id, Owner::Provisioning).await.map(|()| back(&path, "handed-over"))
        }
        "take-back" => own(&center, &caller, &id, Owner::Console).await.map(|()| back(&path, "taken-back")),
        "delete" => delete(&center, &caller, &id).await.map(|()| back(HERE, "user-deleted")),
        "password" => {
            let password = form.raw("password").into();
            let set = credentials::set_password(&center, center.author(&caller), id.clone(), password).await;
            set.map(|_| back(&path, "password")).map_err(ApiError::from)
        }
        other => Err(ApiError::invalid("action", "there is no such action", other)),
    };
    match done {
        Ok(response) => Ok(response),
        Err(error) => again(&center, &caller, &csrf, id, &error).await,
    }
}

/// The page again, with what was refused.
async fn again(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    id: String,
    error: &ApiError,
) -> Result<Response, PageError> {
    let p = load(center, id).await?;
    let banner: Banner = refused(error);
    let shell = shell(caller, csrf, &p.user.display_name, HERE).with(banner);
    Ok(page::render_with(error.status, &UserPage { shell, p }))
}

async fn set_active(center: &Center, caller: &Caller, id: &str, active: bool) -> Result<(), ApiError> {
    let (author, id) = (center.author(caller), id.to_owned());
    let write = move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
        let mut resource = editable(tx, &author, &id)?.resource;
        resource["active"] = active.into();
        identities::update_user(tx, &author, &id, &resource).map(|_| ())
    };
    Ok(center.store.write(write).await?)
}

fn editable(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<User, IdentityError> {
    let user = identities::user(tx, &author.instance_id, id)?;
    let user = user.ok_or_else(|| IdentityError::UserNotFound(id.to_owned()))?;
    identities::check_editable_of(tx, &author.instance_id, &user.owner)?;
    Ok(user)
}

async fn own(center: &Center, caller: &Caller, id: &str, to: Owner) -> Result<(), ApiError> {
    let (author, id) = (center.author(caller), id.to_owned());
    let set =
        center.store.write(move |tx| identities::set_owner(tx, &author, IdentityKind::User, &id, to)).await;
    Ok(set.map(drop)?)
}

async fn delete(center: &Center, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let (author, id) = (center.author(caller), id.to_owned());
    let write = move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
        editable(tx, &author, &id)?;
        identities::delete_user(tx, &author, &id).map(|_| ())
    };
    Ok(center.store.write(write).await?)
}
