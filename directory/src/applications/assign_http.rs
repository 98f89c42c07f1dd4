//! Assigning many users and groups at once.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use super::{USER_ROLE, app_role_named, assign, by_any_id, reach, unassign};
use crate::access::Caller;
use crate::body::ApiJson;
use crate::refused::Refused;
use crate::{Directory, groups, users};

/// Most principals of one request.
const MOST: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    principals: Vec<Named>,
    /// A role by its id, value or display name.
    #[serde(default)]
    app_role: Option<String>,
}

/// How a principal is named: by exactly one of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Named {
    user_principal_name: Option<String>,
    group_display_name: Option<String>,
    id: Option<String>,
}

fn checked(body: &Body) -> Result<(), Refused> {
    let found = body.principals.len();
    if found > MOST {
        return Err(Refused::TooMany { target: "principals", limit: MOST, found });
    }
    for (n, named) in body.principals.iter().enumerate() {
        let all = [&named.user_principal_name, &named.group_display_name, &named.id];
        let given: Vec<&String> = all.into_iter().flatten().collect();
        if given.len() != 1 || given[0].chars().any(char::is_control) {
            let expected = "one of userPrincipalName, groupDisplayName and id";
            return Err(Refused::invalid(format!("principals[{n}]"), expected, ""));
        }
    }
    Ok(())
}

fn id_of(tx: &mut Tx<'_>, tenant: &str, named: &Named) -> Result<String, Refused> {
    if let Some(name) = &named.user_principal_name {
        let found = users::by_name(tx, tenant, name)?;
        return found.map(|user| user.id).ok_or_else(|| Refused::not_found("user", name));
    }
    if let Some(name) = &named.group_display_name {
        return Ok(groups::by_name(tx, tenant, name)?.id);
    }
    Ok(named.id.clone().unwrap_or_default())
}

fn role_of(tx: &mut Tx<'_>, tenant: &str, application: &str, body: &Body) -> Result<Option<String>, Refused> {
    body.app_role.as_deref().map(|named| app_role_named(tx, tenant, application, named)).transpose()
}

/// POST /api/applications/{app}/assignments: with the role `appRole`, or User where none is named.
pub(super) async fn add(
    State(directory): State<Directory>,
    Path(application): Path<String>,
    caller: Caller,
    ApiJson(body): ApiJson<Body>,
) -> Result<Json<Value>, Refused> {
    checked(&body)?;
    let answer = directory
        .write(&caller, move |tx, change| {
            let application = by_any_id(tx, &change.tenant, &application)?;
            let role = role_of(tx, &change.tenant, &application.id, &body)?;
            let role = role.as_deref().unwrap_or(USER_ROLE);
            let (mut assigned, mut already) = (0, 0);
            for named in &body.principals {
                let id = id_of(tx, &change.tenant, named)?;
                match assign(tx, change, &application, &id, role) {
                    Ok(_) => assigned += 1,
                    Err(Refused::AlreadyAssigned { .. }) => already += 1,
                    Err(other) => return Err(other),
                }
            }
            let reach = reach(tx, &change.tenant, &application.id)?;
            Ok(json!({
                "assigned": assigned,
                "already": already,
                "reachesPeople": reach.people,
                "notReached": reach.not_followed,
            }))
        })
        .await?;
    Ok(Json(answer))
}

/// DELETE /api/applications/{app}/assignments: those with the role `appRole`, or all where none is named.
pub(super) async fn remove(
    State(directory): State<Directory>,
    Path(application): Path<String>,
    caller: Caller,
    ApiJson(body): ApiJson<Body>,
) -> Result<Json<Value>, Refused> {
    checked(&body)?;
    let answer = directory
        .write(&caller, move |tx, change| {
            let application = by_any_id(tx, &change.tenant, &application)?;
            let role = role_of(tx, &change.tenant, &application.id, &body)?;
            let (mut removed, mut absent) = (0, 0);
            for named in &body.principals {
                let id = id_of(tx, &change.tenant, named)?;
                match unassign(tx, change, &application.id, &id, role.as_deref())? {
                    0 => absent += 1,
                    _ => removed += 1,
                }
            }
            let reach = reach(tx, &change.tenant, &application.id)?;
            Ok(json!({
                "removed": removed,
                "absent": absent,
                "reachesPeople": reach.people,
                "notReached": reach.not_followed,
            }))
        })
        .await?;
    Ok(Json(answer))
}
