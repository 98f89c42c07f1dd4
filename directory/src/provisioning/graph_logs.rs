//! Microsoft Graph's provisioning logs: `GET /auditLogs/provisioning` (entra-id.md 5.4).

use axum::Json;
use axum::extract::{Query, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value as Json_, json};
use store::{StoreError, Tx};
use web::routes::Routes;

use super::graph::GraphError;
use super::job::{Job, ProvisioningError};
use super::log::{self, Entry, Search};
use super::store as jobs;
use crate::{Directory, access};

const MOST: i64 = 999;

/// The route for programs.
pub(super) fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/auditLogs/provisioning", list)
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

#[derive(Deserialize)]
struct Options {
    #[serde(rename = "$filter", default)]
    filter: String,
    #[serde(rename = "$top")]
    top: Option<i64>,
    #[serde(rename = "$skiptoken")]
    skip: Option<String>,
}

async fn list(
    State(directory): State<Directory>,
    Query(options): Query<Options>,
) -> Result<Response, GraphError> {
    let fail = GraphError::of(&directory);
    let wanted = Wanted::parse(&options.filter).map_err(&fail)?;
    let limit = options.top.unwrap_or(100).clamp(1, MOST);
    let tenant = directory.tenant_id.clone();
    let found = directory.store.read(move |tx| {
        let mut found = Vec::new();
        for job in all_jobs(tx, &tenant)? {
            if wanted.job.as_ref().is_none_or(|id| *id == job.id) {
                let search =
                    Search { before: options.skip.clone(), limit: limit + 1, ..wanted.search.clone() };
                found.extend(log::search(tx, &job, &search)?.into_iter().map(|e| (job.clone(), e)));
            }
        }
        Ok::<_, StoreError>(found)
    });
    let mut found = found.await.map_err(|e| fail(e.into()))?;
    found.sort_by(|(_, a), (_, b)| b.id.cmp(&a.id));
    let more = i64::try_from(found.len()).is_ok_and(|n| n > limit);
    found.truncate(usize::try_from(limit).unwrap_or(0));
    let value: Vec<Json_> = found.iter().map(|(job, entry)| entry_json(&directory, job, entry)).collect();
    let mut body = json!({ "value": value });
    if let Some((_, last)) = found.last().filter(|_| more) {
        let filter: String = form_urlencoded::byte_serialize(options.filter.as_bytes()).collect();
        let next =
            format!("/v1.0/auditLogs/provisioning?$filter={filter}&$top={limit}&$skiptoken={}", last.id);
        body["@odata.nextLink"] = json!(directory.url(&next));
    }
    Ok(Json(body).into_response())
}

fn all_jobs(tx: &mut Tx<'_>, tenant: &str) -> Result<Vec<Job>, StoreError> {
    let sql = "SELECT application_id FROM provisioning_jobs WHERE tenant_id = ?1";
    let mut found = Vec::new();
    for row in tx.rows(sql, &[tenant.into()])? {
        found.extend(jobs::find(tx, tenant, &row.text(0)?)?);
    }
    Ok(found)
}

/// A filter, understood: `eq` comparisons joined by `and`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wanted {
    job: Option<String>,
    search: Search,
}

impl Wanted {
    fn parse(filter: &str) -> Result<Self, ProvisioningError> {
        let mut wanted = Self::default();
        for part in joined(filter).into_iter().map(str::trim).filter(|p| !p.is_empty()) {
            let invalid = || ProvisioningError::Invalid {
                field: "$filter",
                why: format!(
                    "{part:?} is not understood; known are jobId, provisioningAction, provisioningStatusInfo/status, \
                     sourceIdentity/id and sourceIdentity/displayName, each with eq and a text in single quotes"
                ),
            };
            let (name, value) = part.split_once(" eq ").ok_or_else(invalid)?;
            let value =
                value.trim().strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).ok_or_else(invalid)?;
            let value = value.replace("''", "'");
            match name.trim() {
                "jobId" => wanted.job = Some(value),
                "provisioningAction" => wanted.search.action = value,
                "provisioningStatusInfo/status" => wanted.search.status = value.to_lowercase(),
                "sourceIdentity/id" | "sourceIdentity/displayName" => wanted.search.text = value,
                _ => return Err(invalid()),
            }
        }
        Ok(wanted)
    }
}

/// What `and` joins; one between quotes belongs to a text.
fn joined(filter: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, and) in filter.match_indices(" and ") {
        if filter[start..at].matches('\'').count().is_multiple_of(2) {
            parts.push(&filter[start..at]);
            start = at + and.len();
        }
    }
    parts.push(&filter[start..]);
    parts
}

/// An entry as Graph shows it.
pub(super) fn entry_json(directory: &Directory, job: &Job, entry: &Entry) -> Json_ {
    let error = entry.code.as_ref().map(|code| {
        json!({
            "errorCode": code, "reason": entry.reason, "recommendedAction": entry.fix,
            "errorCategory": if entry.status == "failure" { "failure" } else { "nonServiceFailure" },
        })
    });
    json!({
        "id": entry.id,
        "activityDateTime": entry.at.rfc3339(),
        "tenantId": directory.tenant_id,
        "jobId": job.id,
        "cycleId": entry.cycle_id,
        "changeId": entry.id,
        "provisioningAction": entry.action,
        "durationInMilliseconds": entry.micros / 1000,
        "provisioningStatusInfo": { "status": entry.status, "errorInformation": error },
        "provisioningSteps": entry.steps,
        "modifiedProperties": entry.modified,
        "sourceIdentity": {
            "id": entry.source_id, "displayName": entry.source_name, "identityType": entry.kind.type_name(),
        },
        "targetIdentity": {
            "id": entry.target_id, "displayName": entry.source_name, "identityType": entry.kind.type_name(),
        },
        "sourceSystem": { "id": directory.tenant_id, "displayName": "Entente directory" },
        "targetSystem": { "id": job.application_id, "displayName": job.base_url },
        "servicePrincipal": { "id": job.application_id },
        "initiatedBy": { "id": "", "displayName": "Entente provisioning", "initiatorType": "system" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_understood_or_named() {
        let wanted = Wanted::parse("jobId eq 'scim.x' and sourceIdentity/displayName eq 'o''neil'").unwrap();
        assert_eq!((wanted.job.as_deref(), wanted.search.text.as_str()), (Some("scim.x"), "o'neil"));
        let wanted = Wanted::parse("sourceIdentity/displayName eq 'a and b' and jobId eq 'x'").unwrap();
        assert_eq!((wanted.job.as_deref(), wanted.search.text.as_str()), (Some("x"), "a and b"));
        assert_eq!(Wanted::parse("").unwrap(), Wanted::default());
        for bad in ["jobId ne 'x'", "jobId eq x", "color eq 'red'"] {
            assert!(Wanted::parse(bad).is_err(), "{bad}");
        }
    }
}
