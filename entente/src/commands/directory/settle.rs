//! Waiting until a provisioning job has sent all that is known, or saying why it does not.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value as Json;
use tokio::time::Instant;

use super::provisioning::Job;
use crate::Failure;
use crate::client::Directory;

/// How long trouble that may pass may last while nothing moves.
const PATIENCE: Duration = Duration::from_secs(180);
/// The same where the target refuses objects, and all others have arrived: the second and third attempt come within
/// it, as one object may be refused for want of another.
const REFUSED: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(150);

/// Waits, with a progress bar, until the job has sent all that is known; its status then.
///
/// # Errors
/// Why it will not: it is off, it waits for an administrator, the target refuses objects, or nothing moves any more.
pub async fn settle(directory: &Directory, job: &Job, quiet: bool) -> Result<Json, Failure> {
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) = ProgressStyle::with_template("  {bar:40} {pos}/{len} objects  {msg}  {elapsed}") {
        bar.set_style(style);
    }
    let mut standstill = Standstill::new();
    loop {
        let status = directory.job(&job.principal).await?["status"].take();
        for progress in status["progress"].as_array().into_iter().flatten() {
            bar.set_length(progress["totalUnits"].as_u64().unwrap_or_default());
            bar.set_position(progress["completedUnits"].as_u64().unwrap_or_default());
            bar.set_message(status["phase"].as_str().unwrap_or_default().to_owned());
        }
        if status["upToDate"] == true && escrowed(&status) == 0 {
            bar.finish_and_clear();
            return Ok(status);
        }
        if is_hopeless(&status) || standstill.is_over(&status) {
            bar.abandon();
            return Err(why(&status));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// How long nothing has moved. An object that is tried again and fails again moves nothing.
struct Standstill {
    since: Instant,
    counts: Json,
    refused: bool,
}

impl Standstill {
    fn new() -> Self {
        Self { since: Instant::now(), counts: Json::Null, refused: false }
    }

    fn is_over(&mut self, status: &Json) -> bool {
        let counts = counts(status);
        if counts != self.counts {
            *self = Self { since: Instant::now(), counts, refused: false };
        }
        self.refused |= status["upToDate"] == true;
        self.since.elapsed() >= if self.refused { REFUSED } else { PATIENCE }
    }
}

/// What changes when something arrives.
fn counts(status: &Json) -> Json {
    let waiting = status["pending"].as_i64().unwrap_or_default() + escrowed(status);
    Json::from(vec![Json::from(waiting), status["synchronizedEntryCountByType"].clone()])
}

fn escrowed(status: &Json) -> i64 {
    status["lastExecution"]["countEscrowed"].as_i64().unwrap_or_default()
}

/// Whether only an administrator can help.
fn is_hopeless(status: &Json) -> bool {
    match status["code"].as_str() {
        Some("Paused" | "NotConfigured") => true,
        Some("Quarantine") => status["quarantine"]["reason"] == "TooManyDeletes",
        _ => false,
    }
}

fn why(status: &Json) -> Failure {
    match status["code"].as_str() {
        Some("Paused") => {
            return Failure::new("Paused", "provisioning is paused, so nothing is sent")
                .with_fix("`entente directory app provisioning start APP` goes on.");
        }
        Some("NotConfigured") => {
            return Failure::new("NotConfigured", "provisioning has no target yet")
                .with_fix("`entente directory app provisioning configure APP` says where it is.");
        }
        Some("Quarantine") => {
            let quarantine = &status["quarantine"];
            let code = quarantine["reason"].as_str().unwrap_or("Quarantine");
            let reason = quarantine["error"]["message"].as_str().unwrap_or("no reason given");
            return Failure::new(code, format!("provisioning stopped: {reason}"));
        }
        _ => {}
    }
    let failed = escrowed(status);
    if failed == 0 {
        let (phase, waiting) = (status["phase"].as_str().unwrap_or("unknown"), &status["pending"]);
        let seconds = PATIENCE.as_secs();
        let message = format!("nothing has moved for {seconds} s: phase \"{phase}\", {waiting} objects wait");
        return Failure::new("Standstill", message).with_fix("The directory's log says what it is doing.");
    }
    let first: Vec<String> = status["escrows"].as_array().into_iter().flatten().take(3).map(escrow).collect();
    let more = if i64::try_from(first.len()).is_ok_and(|shown| shown < failed) { "; …" } else { "" };
    let message =
        format!("{failed} objects could not be sent and are tried again: {}{more}", first.join("; "));
    Failure::new("ObjectsFailed", message).with_fix(
        "Correct them, or leave them out of scope. `entente directory app provisioning logs APP` has all.",
    )
}

/// `user 0192…: Attribute "name.givenName" is required (InvalidValue)`
fn escrow(escrow: &Json) -> String {
    let text = |name: &str| escrow[name].as_str().unwrap_or("unknown").to_owned();
    format!("{} {}: {} ({})", text("type"), text("id"), text("reason"), text("code"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(code: &str, pending: i64, escrowed: i64) -> Json {
        json!({ "code": code, "pending": pending, "upToDate": false, "phase": "Sending people",
            "lastExecution": { "countEscrowed": escrowed },
            "escrows": [{ "type": "user", "id": "7", "code": "Refused", "reason": "no given name" }] })
    }

    #[tokio::test]
    async fn another_attempt_that_fails_is_no_movement() {
        let mut standstill = Standstill::new();
        let (before, mut again) = (status("Active", 0, 1), status("Active", 0, 1));
        again["upToDate"] = json!(true);
        assert!(!standstill.is_over(&before));
        let since = standstill.since;
        assert!(!standstill.is_over(&again) && !standstill.is_over(&before));
        assert!(standstill.since == since && standstill.refused, "the target refuses it, whatever is tried");
        standstill.since -= REFUSED;
        assert!(standstill.is_over(&before));
        assert!(!standstill.is_over(&status("Active", 1, 1)), "something came");
        standstill.since -= REFUSED;
        assert!(!standstill.is_over(&status("Active", 1, 1)), "this may pass");
        standstill.since -= PATIENCE;
        assert!(standstill.is_over(&status("Active", 1, 1)));
    }

    #[test]
    fn every_end_says_why() {
        for (code, escrowed, expected, word) in [
            ("Paused", 0, "Paused", "paused"),
            ("NotConfigured", 0, "NotConfigured", "no target"),
            ("Active", 2, "ObjectsFailed", "user 7: no given name (Refused); …"),
            ("Active", 0, "Standstill", "3 objects wait"),
        ] {
            let failure = why(&status(code, 3, escrowed));
            assert_eq!(failure.code, expected);
            assert!(failure.message.contains(word) && failure.fix.is_some(), "{failure:?}");
        }
    }
}
