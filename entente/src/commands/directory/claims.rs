//! `entente directory claims`

use std::path::PathBuf;

use clap::Subcommand;
use http::Method;
use serde_json::{Value as Json, json};

use crate::Failure;
use crate::client::{Body, Directory, encode};
use crate::commands::read_text;
use crate::output::Output;

/// What to do with the claims of an application, which is given by its display name, app id or object id.
#[derive(Debug, Subcommand)]
pub enum ClaimsCommand {
    /// Print the configured claims as JSON; `set` takes the same.
    Show {
        /// The application.
        #[arg(long)]
        application: String,
    },
    /// Replace the configured claims by those of a JSON file.
    Set {
        /// The application.
        #[arg(long)]
        application: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Replace the claims by those of a claims mapping policy: the text of its `definition`.
    ImportPolicy {
        /// The application.
        #[arg(long)]
        application: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Say what an assertion would tell the application about a user, and why. Nothing is issued.
    Preview {
        /// The application.
        #[arg(long)]
        application: String,
        /// A user principal name or id.
        #[arg(long)]
        user: String,
    },
}

/// `entente directory claims`
pub async fn run(command: ClaimsCommand, directory: &Directory, output: &Output) -> Result<(), Failure> {
    match command {
        ClaimsCommand::Show { application } => {
            let path = path(directory, &application).await?;
            output.raw(&format!("{:#}", directory.http.get(&path).await?));
        }
        ClaimsCommand::Set { application, file } => {
            let wanted: Json = serde_json::from_str(&read_text(&file)?).map_err(|error| {
                Failure::new("FileInvalid", format!("{} is no JSON: {error}", file.display()))
            })?;
            let path = path(directory, &application).await?;
            output.data(&directory.http.call(Method::PUT, &path, Body::Json(&wanted)).await?);
        }
        ClaimsCommand::ImportPolicy { application, file } => {
            let definition = read_text(&file)?;
            let found = directory.application(&application).await?;
            let id = found["id"].as_str().unwrap_or_default();
            let policy = format!("/v1.0/servicePrincipals/{id}/claimsMappingPolicies");
            let body = json!({ "definition": [definition] });
            directory.http.call(Method::PUT, &policy, Body::Json(&body)).await?;
            output.data(&directory.http.get(&format!("/api/applications/{id}/claims")).await?);
        }
        ClaimsCommand::Preview { application, user } => {
            let path = path(directory, &application).await?;
            let preview = directory.http.get(&format!("{path}/preview?user={}", encode(&user))).await?;
            print(&preview, output);
        }
    }
    Ok(())
}

async fn path(directory: &Directory, application: &str) -> Result<String, Failure> {
    let found = directory.application(application).await?;
    Ok(format!("/api/applications/{}/claims", found["id"].as_str().unwrap_or_default()))
}

/// For people a table of claims, with the steps of each below; under `--json` the preview as it came.
fn print(preview: &Json, output: &Output) {
    if output.json {
        output.data(preview);
        return;
    }
    let rows = rows(preview);
    output.table(&rows, &[("claim", "CLAIM"), ("value", "VALUE"), ("how", "HOW")]);
    let refusal = &preview["refusal"];
    if let Some(message) = refusal["message"].as_str() {
        output.say(format!("The sign-in would be refused: {message} [{}]", text(&refusal["code"])));
        output.say(format!("  {}", text(&refusal["fix"])));
    }
}

fn rows(preview: &Json) -> Vec<Json> {
    let name = &preview["nameId"];
    let how = [text(&name["source"]), steps(&name["steps"])].join(" ");
    let mut rows = vec![json!({ "claim": "NameID", "value": text(&name["value"]), "how": how.trim_end() })];
    for claim in preview["core"].as_array().into_iter().flatten() {
        rows.push(json!({ "claim": claim["name"], "value": values(&claim["values"]), "how": "fixed" }));
    }
    for claim in preview["claims"].as_array().into_iter().flatten() {
        let omitted = text(&claim["omitted"]);
        let value =
            if omitted.is_empty() { values(&claim["values"]) } else { format!("(left out: {omitted})") };
        let counting = claim["considered"].as_array().into_iter().flatten().find(|one| one["counts"] == true);
        let how = counting.map(|one| format!("{} {}", text(&one["source"]), steps(&one["steps"])));
        let how = how.unwrap_or_default();
        rows.push(json!({ "claim": claim["name"], "value": value, "how": how.trim_end() }));
    }
    let groups = &preview["groups"];
    if groups.is_object() {
        let how =
            format!("{} groups, limit {} {}", groups["found"], groups["limit"], text(&groups["overflow"]));
        rows.push(
            json!({ "claim": groups["name"], "value": values(&groups["values"]), "how": how.trim_end() }),
        );
    }
    rows
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn values(list: &Json) -> String {
    list.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ")
}

/// What the functions did: `(input → output → output)`.
fn steps(list: &Json) -> String {
    let Some(all) = list.as_array().filter(|all| !all.is_empty()) else { return String::new() };
    let shown = |value: &Json| value.as_str().unwrap_or("no value").to_owned();
    let first = all.iter().take(1).map(|step| shown(&step["input"]));
    let chain: Vec<String> = first.chain(all.iter().map(|step| shown(&step["output"]))).collect();
    format!("({})", chain.join(" → "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_becomes_a_row_for_each_claim() {
        let preview = json!({
            "nameId": { "source": "mail", "value": "ana@x", "steps": [
                { "function": "ToLowercase(source)", "input": "Ana@x", "output": "ana@x" }] },
            "core": [{ "name": "tenantid", "values": ["t"] }],
            "claims": [
                { "name": "a", "values": ["1", "2"], "omitted": "", "considered": [
                    { "source": "user.mail", "counts": false, "steps": [] },
                    { "source": "user.othermail", "counts": true, "steps": [] }] },
                { "name": "b", "values": [], "omitted": "no value", "considered": [] }],
            "groups": { "name": "g", "values": ["x"], "found": 3, "limit": 2, "overflow": "link" },
        });
        let rows: Vec<String> = rows(&preview)
            .iter()
            .map(|row| format!("{}|{}|{}", text(&row["claim"]), text(&row["value"]), text(&row["how"])))
            .collect();
        let expected = [
            "NameID|ana@x|mail (Ana@x → ana@x)",
            "tenantid|t|fixed",
            "a|1, 2|user.othermail",
            "b|(left out: no value)|",
            "g|x|3 groups, limit 2 link",
        ];
        assert_eq!(rows, expected);
    }
}
