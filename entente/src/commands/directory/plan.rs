//! `entente directory app provisioning plan` and `approve`

use serde_json::{Value as Json, json};

use super::provisioning::job;
use crate::Failure;
use crate::client::{Directory, encode};
use crate::output::Output;

pub(super) async fn make(directory: &Directory, app: &str, output: &Output) -> Result<(), Failure> {
    let job = job(directory, app).await?;
    let plan = directory.job_action(&job.principal, &job.id, "plans", &json!({})).await?;
    if output.json {
        output.data(&plan);
    } else {
        plan_lines(&plan).iter().for_each(|line| output.say(line));
    }
    Ok(())
}

pub(super) async fn approve(
    directory: &Directory,
    app: &str,
    plan: &str,
    output: &Output,
) -> Result<(), Failure> {
    let job = job(directory, app).await?;
    let action = format!("plans/{}/approve", encode(plan));
    let done = directory.job_action(&job.principal, &job.id, &action, &json!({})).await?;
    if output.json {
        output.data(&done);
    }
    if done["failed"] != 0 {
        let why = format!("{} steps of the plan did not end well", done["failed"]);
        return Err(Failure::new("ObjectsFailed", why)
            .with_fix("`entente directory app provisioning logs APP` says why for each."));
    }
    output.say(format!("The plan was carried out: {} steps.", done["done"]));
    Ok(())
}

/// A plan as a diff for people.
fn plan_lines(plan: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let mut lines = Vec::new();
    for change in plan["changes"].as_array().into_iter().flatten() {
        lines.push(format!(
            "{} {} {}",
            text(&change["action"]),
            text(&change["kind"]),
            text(&change["name"])
        ));
        for attribute in change["attributes"].as_array().into_iter().flatten() {
            for (sign, side) in [("-", &attribute["from"]), ("+", &attribute["to"])] {
                if !side.is_null() {
                    lines.push(format!("  {sign} {}: {}", text(&attribute["path"]), text(side)));
                }
            }
        }
        let sign = if change["action"] == "removeMembers" { "-" } else { "+" };
        let members = change["members"].as_array().into_iter().flatten();
        lines.extend(members.map(|member| format!("  {sign} {}", text(member))));
        if let Some(problem) = change["problem"].as_str() {
            lines.push(format!("  ! {problem}"));
        }
    }
    let more = if plan["truncated"] == true { " There are more than are shown." } else { "" };
    lines.push(format!(
        "{} changes, {} removals ({} pass without asking), {} objects looked at.{more}",
        plan["changeCount"], plan["removals"], plan["removalLimit"], plan["lookedAt"]
    ));
    lines.push(format!(
        "Plan {}. `entente directory app provisioning approve APP {0}` sends it.",
        text(&plan["id"])
    ));
    lines
}
