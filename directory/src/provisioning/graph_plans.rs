//! Dry runs for programs, beside Graph's routes.

use axum::Json;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use http::StatusCode;
use serde_json::{Value as Json_, json};
use web::routes::Routes;

use super::Pace;
use super::cycle::Engine;
use super::dry_run::{DryRun, store as runs};
use super::effect::Outcome;
use super::graph::{Answer, GraphError, named};
use super::graph_logs::entry_json;
use super::job::ProvisioningError;
use crate::Directory;
use crate::access::{self, Caller};

/// The routes for programs.
pub(super) fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans", list)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans", make)
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans/{plan}", show)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/plans/{plan}/approve", approve)
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

/// A dry run without its changes.
fn summary(run: &DryRun) -> Json_ {
    let approved = run.approved.as_ref();
    json!({
        "id": run.id,
        "madeDateTime": run.made_at.rfc3339(),
        "madeBy": run.made_by,
        "expirationDateTime": run.expires_at.rfc3339(),
        "approvedDateTime": approved.map(|(at, _)| at.rfc3339()),
        "approvedBy": approved.map(|(_, by)| by),
        "changeCount": run.changes.changes.len(),
        "removals": run.changes.removals,
        "removalLimit": run.changes.removal_limit,
        "lookedAt": run.changes.looked_at,
        "truncated": run.changes.truncated,
    })
}

fn whole(run: &DryRun) -> Json_ {
    let mut json = summary(run);
    json["changes"] = json!(run.changes.changes);
    json
}

async fn list(State(directory): State<Directory>, Path((id, job)): Path<(String, String)>) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let all = directory.store.read(move |tx| runs::list(tx, &job)).await.map_err(|e| fail(e.into()))?;
    Ok(Json(json!({ "value": all.iter().map(summary).collect::<Vec<_>>() })).into_response())
}

async fn make(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let run = Engine::new(&directory, Pace::default()).dry_run(job, &caller.actor).await.map_err(&fail)?;
    Ok((StatusCode::CREATED, Json(whole(&run))).into_response())
}

async fn show(
    State(directory): State<Directory>,
    Path((id, job, plan)): Path<(String, String, String)>,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let wanted = plan.clone();
    let found = directory.store.read(move |tx| runs::find(tx, &job, &wanted)).await;
    let run = found.map_err(|e| fail(e.into()))?.ok_or(ProvisioningError::NoPlan(plan)).map_err(&fail)?;
    Ok(Json(whole(&run)).into_response())
}

async fn approve(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job, plan)): Path<(String, String, String)>,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let engine = Engine::new(&directory, Pace::default());
    let effects = engine.approve(job.clone(), &plan, &caller.actor).await.map_err(&fail)?;
    let failed = effects.iter().filter(|e| e.outcome != Outcome::Done).count();
    let entries: Vec<Json_> = effects.iter().map(|e| entry_json(&directory, &job, &e.entry)).collect();
    let body = json!({ "id": plan, "done": effects.len() - failed, "failed": failed, "entries": entries });
    Ok(Json(body).into_response())
}
