//! Commands that talk to running servers over their APIs.

pub mod center;
pub mod directory;
pub mod setup;

use std::path::Path;

use serde_json::Value as Json;

use crate::Failure;

/// The content of a file that was named on the command line.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::new("FileUnreadable", format!("{}: {e}", path.display())))
}

/// The same, as text.
fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::new("FileNotUtf8", format!("{} is not UTF-8 (byte {at})", path.display()))
            .with_fix("Save the file as UTF-8.")
    })
}

/// The elements of a `{"value": […]}` answer.
fn value(mut answer: Json) -> Vec<Json> {
    match answer["value"].take() {
        Json::Array(items) => items,
        _ => Vec::new(),
    }
}
