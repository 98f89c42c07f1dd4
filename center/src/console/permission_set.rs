//! One permission set: what it allows, and where it is assigned.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use store::Tx;
use web::form::{Csrf, Fields as Sent, Form};
use web::page::{self, Shell};

use super::notice::{back, refused, with_done};
use super::permission_sets::{HERE, fields};
use super::{PageError, shell};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::store::{self as assignments, Filter, Listed};
use crate::permission_sets::{PermissionSet, PermissionSetError, arn, store as sets};

const ASSIGNMENTS: i64 = 1000;

#[derive(Template)]
#[template(path = "console/permission_set.html")]
struct SetPage {
    shell: Shell,
    set: PermissionSet,
    arn: String,
    policies: String,
    assignments: Vec<Listed>,
}

/// GET /console/permission-sets/{id}
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
) -> Result<SetPage, PermissionSetError> {
    let (instance, caller, csrf) = (center.instance_id.clone(), caller.clone(), csrf.clone());
    let read = move |tx: &mut Tx<'_>| -> Result<SetPage, PermissionSetError> {
        let set = sets::by_id(tx, &instance, &id)?.ok_or_else(|| PermissionSetError::NotFound(id.clone()))?;
        let of_set = Filter { permission_set_id: &id, ..Filter::default() };
        Ok(SetPage {
            shell: shell(&caller, &csrf, &set.fields.name, HERE),
            arn: arn(&instance, &set.id),
            policies: set.fields.managed_policies.join("\n"),
            assignments: assignments::list(tx, &instance, of_set, ASSIGNMENTS)?,
            set,
        })
    };
    center.store.read(read).await
}

/// POST /console/permission-sets/{id}
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    match carry_out(&center, &caller, &id, &form).await {
        Ok("set-deleted") => Ok(back(HERE, "set-deleted")),
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
    form: &Sent,
) -> Result<&'static str, ApiError> {
    let (author, id) = (center.author(caller), id.to_owned());
    match form.text("action") {
        "save" => {
            let fields = fields(form);
            center.store.write(move |tx| sets::update(tx, &author, &id, &fields)).await?;
            Ok("set-saved")
        }
        "delete" => {
            center.store.write(move |tx| sets::delete(tx, &author, &id)).await?;
            Ok("set-deleted")
        }
        other => Err(ApiError::invalid("action", "there is no such action", other)),
    }
}
