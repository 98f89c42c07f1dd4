//! Everything that the command prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this file is for")]

use serde_json::{Value as Json, json};

use crate::Failure;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// JSON instead of text for people.
    pub json: bool,
}

impl Output {
    /// A line for people; nothing under `--json`.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.json {
            println!("{}", line.as_ref());
        }
    }

    /// A line that stands as it is in both cases, for example a downloaded file.
    pub fn raw(&self, text: &str) {
        println!("{}", text.trim_end());
    }

    /// Data: as JSON under `--json`, else as a text of `name: value` lines and tables.
    pub fn data(&self, data: &Json) {
        if self.json {
            println!("{data:#}");
        } else {
            print!("{}", readable(data));
        }
    }

    /// A table of the given members of each element under `--json` the elements as they are.
    pub fn table(&self, rows: &[Json], columns: &[(&str, &str)]) {
        if self.json {
            println!("{:#}", Json::Array(rows.to_vec()));
            return;
        }
        if rows.is_empty() {
            println!("(none)");
            return;
        }
        let cells: Vec<Vec<String>> =
            rows.iter().map(|row| columns.iter().map(|(key, _)| cell(member(row, key))).collect()).collect();
        let width = |i: usize| {
            let widest = cells.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
            widest.max(columns[i].1.len())
        };
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        let line = |texts: Vec<&str>| {
            let padded: Vec<String> = texts.iter().zip(&widths).map(|(t, w)| format!("{t:<w$}")).collect();
            println!("{}", padded.join("  ").trim_end());
        };
        line(columns.iter().map(|(_, title)| *title).collect());
        for row in &cells {
            line(row.iter().map(String::as_str).collect());
        }
    }

    /// Why the command failed: to standard error.
    pub fn failure(&self, failure: &Failure) {
        if self.json {
            let error = json!({
                "code": failure.code, "message": failure.message,
                "expected": failure.expected, "found": failure.found, "fix": failure.fix,
            });
            eprintln!("{:#}", json!({ "error": error }));
            return;
        }
        eprintln!("error: {} [{}]", failure.message, failure.code);
        for (label, text) in
            [("expected", &failure.expected), ("found", &failure.found), ("fix", &failure.fix)]
        {
            if let Some(text) = text {
                eprintln!("  {label}: {text}");
            }
        }
    }
}

/// The member at a path such as `token.id`.
fn member<'a>(row: &'a Json, path: &str) -> &'a Json {
    path.split('.').fold(row, |value, key| &value[key])
}

fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Json::Object(_) => value.to_string(),
        other => other.to_string(),
    }
}

fn readable(data: &Json) -> String {
    let Json::Object(members) = data else { return format!("{}\n", cell(data)) };
    let mut text = String::new();
    for (name, value) in members {
        match value {
            Json::Object(_) => {
                text.push_str(&format!("{name}:\n"));
                readable(value).lines().for_each(|line| text.push_str(&format!("  {line}\n")));
            }
            Json::Array(items) if items.iter().any(|i| i.is_object()) => {
                text.push_str(&format!("{name}:\n"));
                for item in items {
                    let inner = readable(item);
                    inner.lines().enumerate().for_each(|(i, line)| {
                        text.push_str(&format!("  {}{line}\n", if i == 0 { "- " } else { "  " }));
                    });
                }
            }
            _ => text.push_str(&format!("{name}: {}\n", cell(value))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_data_is_indented() {
        let data = json!({ "a": 1, "b": { "c": ["x", "y"] }, "d": [{ "e": true, "f": null }] });
        assert_eq!(readable(&data), "a: 1\nb:\n  c: x, y\nd:\n  - e: true\n    f: \n");
    }
}
