//! `entente center scim`

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value as Json, json};

use crate::Failure;
use crate::client::{Body, Center, encode};
use crate::commands::read;
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
    /// Change the token for another without a gap: makes a second one, shown this once; with --finish, deletes the
    /// first one once the second is in use.
    RotateToken {
        /// Delete the older of the two tokens.
        #[arg(long)]
        finish: bool,
        /// Also where no request came with the newer token so far.
        #[arg(long, requires = "finish")]
        even_if_unused: bool,
    },
    /// How many requests a second each token may send.
    SetRateLimit {
        /// From 1 to 100000.
        requests_per_second: i64,
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
    /// What automatic provisioning does not own: the identity provider's changes of it are refused.
    Foreign,
    /// Hand users and groups over to automatic provisioning.
    HandOver(Whom),
    /// Take users and groups back from automatic provisioning.
    TakeBack(Whom),
    /// Attributes of your own for users and groups.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Turn it off; people and groups stay.
    Disable,
}

/// What to do with extension schemas.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// The schemas, and how many users or groups have values of each.
    List,
    /// Add one.
    Add {
        /// A JSON file: a schema document of RFC 7643, section 7, with resourceType User or Group.
        file: std::path::PathBuf,
    },
    /// Remove one, with its values.
    Remove {
        /// Its URN.
        urn: String,
        /// How many users or groups lose values, where there are any.
        #[arg(long, value_name = "NUMBER")]
        confirm: Option<u64>,
    },
}

/// Which users and groups.
#[derive(Debug, Args)]
pub struct Whom {
    /// User name or id; may be given several times.
    #[arg(long, value_name = "USER")]
    user: Vec<String>,
    /// Group name or id; may be given several times.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// Everything that automatic provisioning does not own: first shows how much that is, and does it with --yes.
    #[arg(long, conflicts_with_all = ["user", "group"])]
    everything: bool,
    /// Do it.
    #[arg(long, requires = "everything")]
    yes: bool,
}

impl Whom {
    async fn body(&self, center: &Center, output: &Output) -> Result<Json, Failure> {
        if !self.everything {
            return Ok(json!({ "users": self.user, "groups": self.group }));
        }
        let foreign = center.http.get("/api/scim/ownership").await?;
        let count = &foreign["count"];
        if self.yes {
            return Ok(json!({ "everything": count }));
        }
        output.data(&foreign);
        let message = format!("{} users and {} groups would be handed over", count["users"], count["groups"]);
        Err(Failure::new("NotConfirmed", message)
            .with_fix("Look at the list (entente center scim foreign), then add --yes."))
    }
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
        ScimCommand::RotateToken { finish: false, .. } => {
            output.data(&center.http.post("/api/scim/tokens", &none).await?);
            output.say(
                "Enter this token at the identity provider, wait for its next cycle, then run `entente center scim \
                 rotate-token --finish`.",
            );
        }
        ScimCommand::RotateToken { finish: true, even_if_unused } => {
            let body = json!({ "evenIfUnused": even_if_unused });
            output.data(&center.http.post("/api/scim/tokens/finish-rotation", &body).await?);
        }
        ScimCommand::SetRateLimit { requests_per_second } => {
            let body = json!({ "requestsPerSecond": requests_per_second });
            output.data(&center.http.call(Method::PUT, "/api/scim/rate-limit", Body::Json(&body)).await?);
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
        ScimCommand::Foreign => output.data(&center.http.get("/api/scim/ownership").await?),
        ScimCommand::HandOver(whom) => {
            let body = whom.body(center, output).await?;
            output.data(&center.http.post("/api/scim/ownership/hand-over", &body).await?);
        }
        ScimCommand::TakeBack(whom) => {
            if whom.everything {
                return Err(Failure::new("NamesNeeded", "what is taken back is named")
                    .with_fix("Give --user and --group."));
            }
            let body = whom.body(center, output).await?;
            output.data(&center.http.post("/api/scim/ownership/take-back", &body).await?);
        }
        ScimCommand::Schema(command) => schema(command, center, output).await?,
        ScimCommand::Disable => {
            center.http.post("/api/scim/disable", &none).await?;
            output.say("Automatic provisioning is off.");
        }
    }
    Ok(())
}

async fn schema(command: SchemaCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    match command {
        SchemaCommand::List => output.data(&center.http.get("/api/scim/schemas").await?),
        SchemaCommand::Add { file } => {
            let body: Json = serde_json::from_slice(&read(&file)?).map_err(|error| {
                Failure::new("FileInvalid", format!("{} is not JSON: {error}", file.display()))
            })?;
            output.data(&center.http.post("/api/scim/schemas", &body).await?);
        }
        SchemaCommand::Remove { urn, confirm } => {
            let confirm = confirm.map(|number| format!("?confirm={number}")).unwrap_or_default();
            let path = format!("/api/scim/schemas/{}{confirm}", encode(&urn));
            output.data(&center.http.call(Method::DELETE, &path, Body::Empty).await?);
        }
    }
    Ok(())
}
