//! A job in Graph's synchronization API (entra-id.md 5.4).

use serde_json::{Value as Json, json};
use web::Timestamp;

use super::job::{Job, OutOfScope, State as JobState};
use super::pending::Escrowed;
use super::status::Status;

/// Most objects that are named with what is wrong with them; the logs have all.
const ESCROWS: usize = 10;

/// A job as Graph shows it, with our own `phase`, `upToDate`, `pending` and `escrows` beside.
pub(super) fn job_json(status: &Status) -> Json {
    let job = &status.job;
    let moment = |t: Option<Timestamp>| t.map(Timestamp::rfc3339);
    let (code, schedule) = match &job.state {
        JobState::NotConfigured => ("NotConfigured", "Disabled"),
        JobState::Paused => ("Paused", "Paused"),
        JobState::Active if job.cycle_ended.is_none() && job.cycle_began.is_none() => ("NotRun", "Active"),
        JobState::Active => ("Active", "Active"),
        JobState::Quarantine(_) => ("Quarantine", "Active"),
    };
    let counts = status.counts;
    let quarantine = match &job.state {
        JobState::Quarantine(q) => json!({
            "reason": q.reason.as_str(), "currentBegan": q.since.rfc3339(), "seriesBegan": q.since.rfc3339(),
            "seriesCount": job.failures, "nextAttempt": q.next_attempt.rfc3339(),
            "error": { "code": q.reason.as_str(), "message": q.detail, "tenantActionable": true },
        }),
        _ => Json::Null,
    };
    let progress: Vec<Json> = status
        .progress()
        .map(|(done, all)| json!({ "completedUnits": done, "totalUnits": all, "units": "Objects", "phase": status.phase() }))
        .into_iter()
        .collect();
    let escrows: Vec<Json> = status.escrowed.iter().take(ESCROWS).map(escrow_json).collect();
    let execution = json!({
        "activityIdentifier": job.cycle_id, "timeBegan": moment(job.cycle_began), "timeEnded": moment(job.cycle_ended),
        "countEscrowed": status.waiting.escrowed,
        "state": if status.waiting.escrowed > 0 { "EntryLevelErrors" } else { "Succeeded" },
    });
    json!({
        "id": job.id,
        "templateId": "scim",
        "schedule": { "expiration": null, "interval": "PT5S", "state": schedule },
        "status": {
            "code": code,
            "countSuccessiveCompleteFailures": job.failures,
            "escrowsPruned": false,
            "lastExecution": if job.cycle_began.is_some() { execution } else { Json::Null },
            "progress": progress,
            "quarantine": quarantine,
            "steadyStateFirstAchievedTime": moment(job.steady),
            "steadyStateLastAchievedTime": moment(job.steady.and(job.cycle_ended)),
            "synchronizedEntryCountByType": [
                { "key": "User", "value": counts.users },
                { "key": "Group", "value": counts.groups },
                { "key": "Membership", "value": counts.members },
                { "key": "DisabledUser", "value": counts.disabled },
            ],
            "phase": status.phase(),
            "upToDate": status.up_to_date,
            "pending": status.waiting.users + status.waiting.groups + status.waiting.later,
            "escrows": escrows,
        },
        "synchronizationJobSettings": settings_json(job, status.limit),
    })
}

/// An object that failed: why, and when it is tried again.
fn escrow_json(escrow: &Escrowed) -> Json {
    json!({
        "type": escrow.kind.as_str(), "id": escrow.id, "code": escrow.code, "reason": escrow.reason,
        "attempts": escrow.attempts, "nextAttempt": escrow.due.rfc3339(),
    })
}

fn settings_json(job: &Job, limit: i64) -> Json {
    json!([
        { "name": "QuarantineTooManyDeletesThreshold", "value": limit.to_string() },
        { "name": "SyncAll", "value": job.sync_all.to_string() },
        { "name": "SkipOutOfScopeDeletions", "value": (job.out_of_scope == OutOfScope::Skip).to_string() },
        { "name": "OutOfScopeAction", "value": job.out_of_scope.as_str() },
        { "name": "AllowPrivateNetwork", "value": job.allow_private.to_string() },
        { "name": "Personality", "value": job.personality.as_str() },
        { "name": "CompareEveryHours", "value": job.compare_every.unwrap_or(0).to_string() },
        { "name": "PersonalityInUse", "value": job.target_personality().as_str() },
    ])
}
