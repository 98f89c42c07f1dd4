//! `entente center recycle-bin`

use clap::Subcommand;
use http::Method;
use serde_json::json;

use crate::Failure;
use crate::client::{Body, Center, encode};
use crate::commands::value;
use crate::output::Output;

/// What to do with deleted users and groups.
#[derive(Debug, Subcommand)]
pub enum RecycleBinCommand {
    /// List them, the last deleted first.
    List,
    /// One of them, with what is kept aside with it.
    Show {
        /// Its id.
        id: String,
    },
    /// Restore it with the same id, memberships and assignments.
    Restore {
        /// Its id.
        id: String,
    },
    /// Remove it for good.
    Remove {
        /// Its id.
        id: String,
        /// Do it; without this, only what would be removed is shown.
        #[arg(long)]
        yes: bool,
    },
    /// Whether what automatic provisioning creates again comes back from the bin.
    SetRestoreReturning {
        /// true or false.
        #[arg(action = clap::ArgAction::Set)]
        restore: bool,
    },
}

/// `entente center recycle-bin`
pub async fn run(command: RecycleBinCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    let path = |id: &str| format!("/api/recycle-bin/{}", encode(id));
    match command {
        RecycleBinCommand::List => {
            let found = value(center.http.get("/api/recycle-bin?limit=1000").await?);
            let columns = [
                ("id", "ID"),
                ("kind", "KIND"),
                ("name", "NAME"),
                ("deletedAt", "DELETED"),
                ("deletedBy", "BY"),
                ("removedAt", "REMOVED FOR GOOD"),
            ];
            output.table(&found, &columns);
        }
        RecycleBinCommand::Show { id } => output.data(&center.http.get(&path(&id)).await?),
        RecycleBinCommand::Restore { id } => {
            let restore = format!("{}/restore", path(&id));
            output.data(&center.http.post(&restore, &json!({})).await?);
        }
        RecycleBinCommand::Remove { id, yes: true } => {
            center.http.call(Method::DELETE, &path(&id), Body::Empty).await?;
            output.say(format!("{id} is removed for good."));
        }
        RecycleBinCommand::Remove { id, yes: false } => {
            output.data(&center.http.get(&path(&id)).await?);
            return Err(Failure::new("NotConfirmed", "this would be removed for good")
                .with_fix("Add --yes, or leave it: it is removed after 30 days."));
        }
        RecycleBinCommand::SetRestoreReturning { restore } => {
            let body = json!({ "restoreReturning": restore });
            let path = "/api/recycle-bin/settings";
            output.data(&center.http.call(Method::PUT, path, Body::Json(&body)).await?);
        }
    }
    Ok(())
}
