//! One account: who has which permission set in it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use store::Tx;
use web::form::{Csrf, Fields, Form};
use web::page::{self, Shell};

use super::accounts::HERE;
use super::notice::{back, refused, with_done};
use super::{PageError, shell};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::store::{self as assignments, Filter, Listed};
use crate::assignments::{Assignment, PrincipalType};
use crate::organization::{Account, AccountStatus, OrganizationError, Unit, store as organizations};

const ASSIGNMENTS: i64 = 5000;

#[derive(Template)]
#[template(path = "console/account.html")]
struct AccountPage {
    shell: Shell,
    account: Account,
    path: String,
    management: bool,
    assignments: Vec<Listed>,
}

impl AccountPage {
    /// What a box of the list stands for.
    fn key(listed: &Listed) -> String {
        let a = &listed.assignment;
        format!("{}/{}/{}", a.permission_set_id, a.principal_type.as_str(), a.principal_id)
    }
}

/// GET /console/accounts/{id}
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, PageError> {
    let mut page = load(&center, &caller, &csrf, id).await?;
    page.shell = with_done(page.shell, &params);
    Ok(page::render(&page))
}

async fn load(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    id: String,
) -> Result<AccountPage, OrganizationError> {
    let (instance, caller, csrf) = (center.instance_id.clone(), caller.clone(), csrf.clone());
    let read = move |tx: &mut Tx<'_>| -> Result<AccountPage, OrganizationError> {
        let account = organizations::account(tx, &instance, &id)?;
        let account = account.ok_or_else(|| OrganizationError::AccountNotFound(id.clone()))?;
        let organization = organizations::organization(tx, &instance)?;
        let of_account = Filter { account_id: &id, ..Filter::default() };
        Ok(AccountPage {
            shell: shell(&caller, &csrf, &account.name, HERE),
            path: path(&organizations::units(tx, &instance)?, &account.parent_id),
            management: organization.management_account_id == id,
            assignments: assignments::list(tx, &instance, of_account, ASSIGNMENTS)?,
            account,
        })
    };
    center.store.read(read).await
}

/// The names of the units from the root down.
fn path(units: &[Unit], parent_id: &str) -> String {
    let mut names = Vec::new();
    let mut at = parent_id;
    // Each step goes one unit up; a loop, which nothing writes, would end at the number of units.
    for _ in 0..units.len() {
        let Some(unit) = units.iter().find(|u| u.id == at) else { break };
        names.push(unit.name.as_str());
        at = &unit.parent_id;
    }
    names.push("Root");
    names.reverse();
    names.join(" / ")
}

/// POST /console/accounts/{id}
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    match carry_out(&center, &caller, &id, &form).await {
        Ok(done) => Ok(back(&format!("{HERE}/{id}"), done)),
        Err(error) => {
            let mut page = load(&center, &caller, &csrf, id).await?;
            page.shell = page.shell.with(refused(&error));
            Ok(page::render_with(error.status, &page))
        }
    }
}

async fn carry_out(
    center: &Center,
    caller: &Caller,
    id: &str,
    form: &Fields,
) -> Result<&'static str, ApiError> {
    let author = center.author(caller);
    let (id, status, done) = match form.text("action") {
        "remove" => return remove(center, caller, id, form).await,
        "suspend" => (id.to_owned(), AccountStatus::Suspended, "account-suspended"),
        "activate" => (id.to_owned(), AccountStatus::Active, "account-active"),
        other => return Err(ApiError::invalid("action", "there is no such action", other)),
    };
    center.store.write(move |tx| organizations::set_status(tx, &author, &id, status)).await?;
    Ok(done)
}

async fn remove(center: &Center, caller: &Caller, id: &str, form: &Fields) -> Result<&'static str, ApiError> {
    let gone: Option<Vec<Assignment>> = form.all("assignment").map(|key| assignment(id, key)).collect();
    let gone =
        gone.ok_or_else(|| ApiError::invalid("assignment", "the form does not name an assignment", ""))?;
    if gone.is_empty() {
        return Err(ApiError::invalid("assignment", "choose at least one assignment", ""));
    }
    let author = center.author(caller);
    let write = move |tx: &mut Tx<'_>| -> Result<(), store::StoreError> {
        gone.iter().try_for_each(|gone| assignments::unassign(tx, &author, gone).map(|_| ()))
    };
    center.store.write(write).await?;
    Ok("assignments-removed")
}

fn assignment(account_id: &str, key: &str) -> Option<Assignment> {
    let mut parts = key.splitn(3, '/');
    Some(Assignment {
        account_id: account_id.to_owned(),
        permission_set_id: parts.next()?.to_owned(),
        principal_type: PrincipalType::parse(parts.next()?)?,
        principal_id: parts.next()?.to_owned(),
    })
}
