//! `entente center scim`

use clap::Subcommand;
use http::Method;
use serde_json::json;

use crate::Failure;
use crate::client::{Body, Center, encode};
use crate::output::Output;

/// What to do with automatic provisioning.
#[derive(Debug, Subcommand)]
pub enum ScimCommand {
    /// The endpoint and its tokens.
    Show,
    /// Turn it on; prints the endpoint and the first access token, which is shown this once.
    Enable,
    /// Make another access token (two at most, one year each); shown this once.
    CreateToken,
    /// Delete an access token.
    DeleteToken {
        /// Its id.
        id: String,
    },
    /// Choose how requests are judged: tolerant (the default), strict (the RFCs alone) or aws (as AWS IAM
    /// Identity Center does).
    SetMode {
        /// tolerant, strict or aws; with --token also "default", which follows the instance.
        mode: String,
        /// Only of the token with this id.
        #[arg(long)]
        token: Option<String>,
    },
    /// Turn it off; people and groups stay.
    Disable,
}

/// `entente center scim`
pub async fn run(command: ScimCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    let none = json!({});
    match command {
        ScimCommand::Show => output.data(&center.http.get("/api/scim").await?),
        ScimCommand::Enable => output.data(&center.http.post("/api/scim/enable", &none).await?),
        ScimCommand::CreateToken => output.data(&center.http.post("/api/scim/tokens", &none).await?),
        ScimCommand::DeleteToken { id } => {
            let path = format!("/api/scim/tokens/{}", encode(&id));
            center.http.call(Method::DELETE, &path, Body::Empty).await?;
            output.say(format!("Token {id} is deleted."));
        }
        ScimCommand::SetMode { mode, token } => {
            let path = match &token {
                Some(id) => format!("/api/scim/tokens/{}/mode", encode(id)),
                None => "/api/scim/mode".to_owned(),
            };
            let mode = Some(mode).filter(|mode| !(token.is_some() && mode == "default"));
            let body = json!({ "mode": mode });
            output.data(&center.http.call(Method::PUT, &path, Body::Json(&body)).await?);
        }
        ScimCommand::Disable => {
            center.http.post("/api/scim/disable", &none).await?;
            output.say("Automatic provisioning is off.");
        }
    }
    Ok(())
}
