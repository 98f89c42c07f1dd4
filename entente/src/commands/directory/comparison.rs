//! `entente directory app provisioning compare`

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::provisioning::{Job, job};
use crate::Failure;
use crate::client::{Directory, encode};
use crate::output::Output;

const POLL: Duration = Duration::from_millis(200);

/// Compares the target with what was sent, waits for the end, and prints what others changed there.
///
/// # Errors
/// `ComparisonIncomplete` and `TooManyMissing`, where nothing was changed.
pub async fn compare(
    directory: &Directory,
    app: &str,
    dry_run: bool,
    allow_missing: i64,
    output: &Output,
) -> Result<(), Failure> {
    let job = job(directory, app).await?;
    let body = json!({ "dryRun": dry_run, "allowMissing": allow_missing });
    let asked = directory.job_action(&job.principal, &job.id, "comparisons", &body).await?;
    let id = asked["id"].as_str().unwrap_or_default();
    output.say("The target is being read.");
    let ended = ended(directory, &job, id).await?;
    if output.json {
        output.data(&ended);
    } else {
        lines(&ended, dry_run).iter().for_each(|line| output.say(line));
    }
    let why = |fallback: &str| ended["error"]["message"].as_str().unwrap_or(fallback).to_owned();
    match ended["outcome"].as_str() {
        Some("done") => Ok(()),
        Some("refused") => Err(Failure::new("TooManyMissing", why("too much is missing"))
            .with_fix(format!("`--allow-missing {}` lets these be made again.", ended["missing"]))),
        _ => Err(Failure::new("ComparisonIncomplete", why("the target was not read completely"))
            .with_fix("Nothing was changed. Put right what the message names, and compare again.")),
    }
}

async fn ended(directory: &Directory, job: &Job, id: &str) -> Result<Json, Failure> {
    loop {
        let found = directory.comparison(&job.principal, &job.id, &encode(id)).await?;
        if !found["endedDateTime"].is_null() {
            return Ok(found);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A comparison for people.
fn lines(ended: &Json, dry_run: bool) -> Vec<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let mut lines = Vec::new();
    for one in ended["differences"].as_array().into_iter().flatten() {
        let what = match one["what"].as_str() {
            Some("attribute") => format!(
                "{} is {} there, {} here",
                text(&one["path"]),
                if one["there"].is_null() { "nothing".to_owned() } else { one["there"].to_string() },
                if one["here"].is_null() { "nothing".to_owned() } else { one["here"].to_string() },
            ),
            Some("missing") => "deleted there".to_owned(),
            Some("memberRemoved") => format!("{} removed there", text(&one["member"]["name"])),
            _ => format!("{} added there", text(&one["member"]["name"])),
        };
        let why = one["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
        let state = text(&one["state"]);
        lines.push(format!("{} {}: {what} [{state}{why}]", text(&one["kind"]), text(&one["name"])));
    }
    for one in ended["foreign"].as_array().into_iter().flatten() {
        let matches = one["matches"]["name"].as_str();
        let matches = matches.map(|name| format!(", would match {name}")).unwrap_or_default();
        lines.push(format!("foreign {} {}{matches}", text(&one["kind"]), text(&one["name"])));
    }
    if ended["membersUntold"].as_u64().is_some_and(|n| n > 0) {
        lines.push(format!(
            "The target does not tell the members of {} groups: {}",
            ended["membersUntold"],
            text(&ended["membersUntoldWhy"])
        ));
    }
    let end = if dry_run { "Nothing was changed." } else { "The next cycle repairs what is due." };
    lines.push(format!(
        "{} differences, {} missing; {} users and {} groups there are not of this job. Read: {} users, {} groups, {} \
         memberships. {end}",
        ended["differenceCount"],
        ended["missing"],
        ended["foreignUsers"],
        ended["foreignGroups"],
        ended["usersRead"],
        ended["groupsRead"],
        ended["membersRead"]
    ));
    lines
}
