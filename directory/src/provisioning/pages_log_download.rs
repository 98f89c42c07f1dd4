//! The provisioning log as a file, as Entra's page of logs gives it: CSV for people, JSON as Graph has it.

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use serde_json::Value as Json;

use super::graph_logs::entry_json;
use super::log::{self, Entry};
use super::pages::{PageError, Visit};
use super::pages_logs::Look;

/// Most entries of one file.
const MOST: i64 = 10_000;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    format: String,
}

/// GET …/provisioning/logs/download: the newest entries that the search finds.
pub(super) async fn download(
    Visit { directory, subject, .. }: Visit,
    Query(wanted): Query<Wanted>,
    Query(look): Query<Look>,
) -> Result<Response, PageError> {
    let entries = match subject.job.clone() {
        Some(job) => {
            let search = look.search(MOST);
            directory.store.read(move |tx| log::search(tx, &job, &search)).await?
        }
        None => Vec::new(),
    };
    Ok(match (wanted.format.as_str(), &subject.job) {
        ("json", Some(job)) => {
            let all: Vec<Json> = entries.iter().map(|entry| entry_json(&directory, job, entry)).collect();
            file("application/json", "json", format!("{:#}", Json::Array(all)))
        }
        ("json", None) => file("application/json", "json", "[]".to_owned()),
        _ => file("text/csv; charset=utf-8", "csv", csv(&entries)),
    })
}

fn file(kind: &'static str, ending: &str, text: String) -> Response {
    let name = format!("attachment; filename=\"provisioning-logs.{ending}\"");
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, text).into_response()
}

const COLUMNS: [&str; 13] = [
    "Date",
    "Identity",
    "Identity type",
    "Source ID",
    "Target ID",
    "Action",
    "Status",
    "Error code",
    "Reason",
    "Recommended action",
    "Modified properties",
    "Cycle ID",
    "Entry ID",
];

/// RFC 4180, with the names of the columns.
fn csv(entries: &[Entry]) -> String {
    let mut text = line(COLUMNS.map(str::to_owned));
    for entry in entries {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let modified = entry.modified.as_array().filter(|all| !all.is_empty());
        text.push_str(&line([
            entry.at.rfc3339(),
            entry.source_name.clone(),
            entry.kind.type_name().to_owned(),
            entry.source_id.clone(),
            or_empty(&entry.target_id),
            entry.action.to_owned(),
            entry.status.to_owned(),
            or_empty(&entry.code),
            or_empty(&entry.reason),
            or_empty(&entry.fix),
            modified.map(|all| Json::from(all.clone()).to_string()).unwrap_or_default(),
            entry.cycle_id.clone(),
            entry.id.clone(),
        ]));
    }
    text
}

fn line<const N: usize>(cells: [String; N]) -> String {
    cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
}

/// A name can begin like a formula, which a spreadsheet would carry out; after an apostrophe it is text.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula_begins() {
        let cells = ["a,b", "say \"x\"", "=HYPERLINK(\"http://x\")", "-1", "two\nlines"].map(str::to_owned);
        assert_eq!(
            line(cells),
            "\"a,b\",\"say \"\"x\"\"\",\"'=HYPERLINK(\"\"http://x\"\")\",\"'-1\",\"two\nlines\"\r\n"
        );
    }
}
