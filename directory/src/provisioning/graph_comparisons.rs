//! Comparisons with the target for programs: ask for one, read what came of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value as Json_, json};
use store::StoreError;
use web::Timestamp;
use web::routes::Routes;

use super::comparison::{self, Comparison, Difference, Fate, Wish, store as comparisons};
use super::graph::{Answer, GraphError, named, parse};
use super::job::ProvisioningError;
use crate::Directory;
use crate::access::{self, Caller};

/// The routes for programs.
pub(super) fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/comparisons", list)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/comparisons", make)
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/comparisons/{comparison}", show)
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

/// A comparison without what it lists.
fn summary(one: &Comparison) -> Json_ {
    let (report, ended) = (&one.report, one.ended.as_ref());
    let why = ended.and_then(|(_, outcome)| outcome.why());
    json!({
        "id": one.id,
        "askedDateTime": one.asked_at.rfc3339(),
        "askedBy": one.asked_by,
        "dryRun": one.dry_run,
        "allowMissing": one.allowed,
        "startedDateTime": one.began_at.map(Timestamp::rfc3339),
        "endedDateTime": ended.map(|(at, _)| at.rfc3339()),
        "outcome": ended.map(|(_, outcome)| outcome.as_str()),
        "error": why.map(|(code, message)| json!({ "code": code, "message": message })),
        "usersRead": report.users_read,
        "groupsRead": report.groups_read,
        "membersRead": report.members_read,
        "compared": report.compared,
        "underWay": report.under_way,
        "differenceCount": report.difference_count,
        "missing": report.missing,
        "missingLimit": report.missing_limit,
        "foreignUsers": report.foreign_users,
        "foreignGroups": report.foreign_groups,
        "membersUntold": report.members_untold,
        "membersUntoldWhy": report.members_untold_why,
    })
}

fn whole(one: &Comparison, fates: &[Fate]) -> Json_ {
    let mut json = summary(one);
    let differences = one.report.differences.iter().zip(fates);
    json["differences"] = differences.map(|(one, fate)| difference(one, fate)).collect();
    json["foreign"] = json!(one.report.foreign);
    json
}

fn difference(one: &Difference, fate: &Fate) -> Json_ {
    let mut json = json!(one);
    json["state"] = json!(fate.as_str());
    json["why"] = json!(fate.why());
    json
}

async fn list(State(directory): State<Directory>, Path((id, job)): Path<(String, String)>) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let all =
        directory.store.read(move |tx| comparisons::list(tx, &job)).await.map_err(|e| fail(e.into()))?;
    Ok(Json(json!({ "value": all.iter().map(summary).collect::<Vec<_>>() })).into_response())
}

async fn make(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct New {
        #[serde(default)]
        dry_run: bool,
        #[serde(default)]
        allow_missing: i64,
    }
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let new: New = parse(&body).map_err(&fail)?;
    let wish = Wish { dry_run: new.dry_run, allowed: new.allow_missing };
    let asked = comparison::ask(&directory, &caller.actor, &job, wish).await.map_err(&fail)?;
    Ok((StatusCode::ACCEPTED, Json(whole(&asked, &[]))).into_response())
}

async fn show(
    State(directory): State<Directory>,
    Path((id, job, comparison)): Path<(String, String, String)>,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let wanted = comparison.clone();
    let found = directory.store.read(move |tx| {
        let Some(found) = comparisons::find(tx, &job, &wanted)? else { return Ok(None) };
        let fates = comparisons::fates(tx, &job, &found)?;
        Ok::<_, StoreError>(Some((found, fates)))
    });
    let found = found.await.map_err(|e| fail(e.into()))?;
    let (found, fates) = found.ok_or(ProvisioningError::NoComparison(comparison)).map_err(&fail)?;
    Ok(Json(whole(&found, &fates)).into_response())
}
