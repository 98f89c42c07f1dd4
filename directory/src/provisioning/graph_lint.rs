//! "Would AWS accept this?" for programs, beside Graph's routes.

use axum::Json;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use serde_json::{Value as Json_, json};
use web::routes::Routes;

use super::graph::{Answer, GraphError, named};
use super::lint::Finding;
use super::lint_report::LintReport;
use crate::Directory;
use crate::access;

/// The routes for programs.
pub(super) fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/lint", lint)
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

async fn lint(State(directory): State<Directory>, Path((id, job)): Path<(String, String)>) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let report = LintReport::of(&directory, &job).await.map_err(&fail)?;
    let body = json!({
        "personality": report.personality.as_str(),
        "inScope": report.in_scope,
        "lookedAt": report.looked_at,
        "refusedUsers": report.refused_users,
        "refusedGroups": report.refused_groups,
        "findingCount": report.finding_count,
        "truncated": report.finding_count > report.findings.len() || report.in_scope > report.looked_at,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
    });
    Ok(Json(body).into_response())
}

fn finding(finding: &Finding) -> Json_ {
    json!({
        "kind": finding.kind.as_str(),
        "id": finding.id,
        "name": finding.name,
        "attribute": finding.attribute,
        "rule": finding.rule.as_str(),
        "found": finding.found,
        "fix": finding.fix,
        "refused": finding.refused,
    })
}
