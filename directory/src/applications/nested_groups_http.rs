//! `/api/applications/{app}/nested-groups`

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use super::{Application, by_any_id, people_reached, transitive_groups, update};
use crate::Directory;
use crate::access::Caller;
use crate::body::ApiJson;
use crate::groups::{self, NestingCycles};
use crate::refused::Refused;

/// The setting, what counts by it, how many people the assignments reach either way, and circles among the groups.
fn shown(tx: &mut Tx<'_>, tenant: &str, application: &Application) -> Result<Value, Refused> {
    let NestingCycles { cycles, truncated } = groups::cycles_of_application(tx, tenant, &application.id)?;
    Ok(json!({
        "transitive": application.transitive_groups,
        "effective": transitive_groups(tx, tenant, &application.id)?,
        "people": {
            "direct": people_reached(tx, tenant, &application.id, false)?,
            "transitive": people_reached(tx, tenant, &application.id, true)?,
        },
        "cycles": cycles,
        "cyclesTruncated": truncated,
    }))
}

/// GET /api/applications/{app}/nested-groups
pub(super) async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let read = move |tx: &mut Tx<'_>, tenant: &str| {
        let application = by_any_id(tx, tenant, &id)?;
        shown(tx, tenant, &application)
    };
    Ok(Json(directory.read(read).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// Absent would be a guess, so null has to be written for the tenant's setting.
    #[serde(deserialize_with = "Option::deserialize")]
    transitive: Option<bool>,
}

/// PUT /api/applications/{app}/nested-groups: `{"transitive": true | false | null}`; null is the tenant's setting.
pub(super) async fn change(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    ApiJson(body): ApiJson<Body>,
) -> Result<Json<Value>, Refused> {
    let done = directory.write(&caller, move |tx, change| {
        let after = update(tx, change, &id, |application| application.transitive_groups = body.transitive)?;
        shown(tx, &change.tenant, &after)
    });
    Ok(Json(done.await?))
}
