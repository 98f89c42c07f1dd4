//! The list of permission sets, and new ones.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::{StoreError, Tx};
use web::form::{Csrf, Fields as Sent, Form};
use web::page::{self, Shell};

use super::notice::{back, refused, with_done};
use super::{PageError, shell};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::store as assignments;
use crate::permission_sets::{Fields, PREDEFINED, PermissionSet, Predefined, store as sets};

pub(super) const HERE: &str = "/console/permission-sets";

#[derive(Template)]
#[template(path = "console/permission_sets.html")]
struct PermissionSets {
    shell: Shell,
    sets: Vec<(PermissionSet, i64)>,
}

/// GET /console/permission-sets
pub(super) async fn list(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let counts = assignments::counts_by_permission_set(tx, &instance)?;
        let count = |set: &PermissionSet| counts.get(&set.id).copied().unwrap_or(0);
        let all = sets::list(tx, &instance)?.into_iter();
        Ok(all
            .map(|set| {
                let n = count(&set);
                (set, n)
            })
            .collect())
    };
    let found = center.store.read(read).await?;
    let shell = with_done(shell(&caller, &csrf, "Permission sets", HERE), &params);
    Ok(page::render(&PermissionSets { shell, sets: found }))
}

#[derive(Template)]
#[template(path = "console/permission_set_new.html")]
struct NewSet {
    shell: Shell,
    predefined: &'static [Predefined],
    chosen: String,
    fields: Fields,
    policies: String,
}

/// GET /console/permission-sets/new
pub(super) async fn new(caller: Caller, csrf: Csrf) -> Response {
    let shell = shell(&caller, &csrf, "Create permission set", HERE);
    page::render(&new_page(shell, "AdministratorAccess", Fields::default()))
}

fn new_page(shell: Shell, chosen: &str, fields: Fields) -> NewSet {
    let policies = fields.managed_policies.join("\n");
    NewSet { shell, predefined: PREDEFINED, chosen: chosen.to_owned(), fields, policies }
}

/// POST /console/permission-sets/new
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(form): Form,
) -> Result<Response, PageError> {
    let sent = fields(&form);
    let predefined = PREDEFINED.iter().find(|p| p.name == form.text("kind"));
    let wanted = match predefined {
        None => sent.clone(),
        Some(set) => {
            let plain = set.fields();
            let name = if sent.name.is_empty() { plain.name } else { sent.name.clone() };
            Fields { name, session_duration: sent.session_duration.clone(), ..set.fields() }
        }
    };
    let (author, random) = (center.author(&caller), center.random.clone());
    match center.store.write(move |tx| sets::create(tx, &author, &random, &wanted)).await {
        Ok(set) => Ok(back(&format!("{HERE}/{}", set.id), "set-created")),
        Err(error) => {
            let error = ApiError::from(error);
            let shell = shell(&caller, &csrf, "Create permission set", HERE).with(refused(&error));
            Ok(page::render_with(error.status, &new_page(shell, form.text("kind"), sent)))
        }
    }
}

/// What the form says. Policies stand one in a line or between blanks.
pub(super) fn fields(form: &Sent) -> Fields {
    Fields {
        name: form.text("name").to_owned(),
        description: form.text("description").to_owned(),
        session_duration: form.text("session_duration").to_owned(),
        relay_state: Some(form.text("relay_state").to_owned()).filter(|r| !r.is_empty()),
        managed_policies: form.text("managed_policies").split_whitespace().map(str::to_owned).collect(),
        inline_policy: form.text("inline_policy").to_owned(),
    }
}
