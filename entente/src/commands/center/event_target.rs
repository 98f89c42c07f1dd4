//! `entente center event-target`

use clap::Subcommand;
use http::Method;
use serde_json::json;

use crate::Failure;
use crate::client::{Body, Center, encode};
use crate::commands::value;
use crate::output::Output;

/// What to do with systems that are told of changes.
#[derive(Debug, Subcommand)]
pub enum EventTargetCommand {
    /// List them: what they accepted last, what waits, since when and why they fail.
    List,
    /// Add one (five at most); prints its secret, which is shown this once. It hears of what happens from now on.
    Add {
        /// Where Security Event Tokens are sent, https.
        url: String,
        /// It may be in a private network, and http on loopback.
        #[arg(long)]
        allow_private: bool,
    },
    /// Remove one. What waits for it is not told any more.
    Remove {
        /// Its id.
        id: String,
        /// Do it; without this, nothing is removed.
        #[arg(long)]
        yes: bool,
    },
    /// Send a verification token now and say what came back.
    Test {
        /// Its id.
        id: String,
    },
    /// Send nothing until it is resumed; what happens meanwhile waits.
    Pause {
        /// Its id.
        id: String,
    },
    /// Send what waits.
    Resume {
        /// Its id.
        id: String,
    },
}

/// `entente center event-target`
pub async fn run(command: EventTargetCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    let path = |id: &str, verb: &str| format!("/api/event-targets/{}{verb}", encode(id));
    let none = json!({});
    match command {
        EventTargetCommand::List => {
            let found = value(center.http.get("/api/event-targets").await?);
            let columns = [
                ("id", "ID"),
                ("url", "URL"),
                ("state", "STATE"),
                ("deliveredAt", "LAST ACCEPTED"),
                ("waiting", "WAITING"),
                ("failingSince", "FAILING SINCE"),
                ("failure", "REASON"),
            ];
            output.table(&found, &columns);
        }
        EventTargetCommand::Add { url, allow_private } => {
            let body = json!({ "url": url, "allowPrivate": allow_private });
            output.data(&center.http.post("/api/event-targets", &body).await?);
        }
        EventTargetCommand::Remove { id, yes: true } => {
            center.http.call(Method::DELETE, &path(&id, ""), Body::Empty).await?;
            output.say(format!("{id} is removed."));
        }
        EventTargetCommand::Remove { id, yes: false } => {
            let message = format!("{id} would be removed, and what waits for it would not be told any more");
            return Err(Failure::new("NotConfirmed", message).with_fix("Add --yes, or pause it."));
        }
        EventTargetCommand::Test { id } => {
            let tested = center.http.post(&path(&id, "/test"), &none).await?;
            output.data(&tested);
            if tested["accepted"] != true {
                let reason = tested["reason"].as_str().unwrap_or_default();
                return Err(Failure::new("NotAccepted", format!("the token was not accepted: {reason}"))
                    .with_fix("Look at the target: does it verify HS256 with the secret that was shown?"));
            }
        }
        EventTargetCommand::Pause { id } => {
            output.data(&center.http.post(&path(&id, "/pause"), &none).await?);
        }
        EventTargetCommand::Resume { id } => {
            output.data(&center.http.post(&path(&id, "/resume"), &none).await?);
        }
    }
    Ok(())
}
