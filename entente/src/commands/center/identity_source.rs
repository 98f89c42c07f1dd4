//! `entente center identity-source`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value as Json, json};

use crate::Failure;
use crate::client::{Body, Center};
use crate::commands::read_text;
use crate::output::Output;

/// What to do with the identity source. A change is proposed, reviewed and then accepted.
#[derive(Debug, Subcommand)]
pub enum IdentitySourceCommand {
    /// The source in use, and the service provider's values.
    Show,
    /// Propose another source; prints the review: what changes and who loses access.
    Propose(ProposeArguments),
    /// The review of the source that is proposed.
    Review,
    /// Make the proposed source the one in use.
    Accept {
        /// Must be ACCEPT.
        #[arg(long, value_name = "ACCEPT")]
        confirm: String,
    },
    /// Forget the proposal.
    Discard,
    /// Go back to the source before the last change.
    Restore {
        /// Must be ACCEPT.
        #[arg(long, value_name = "ACCEPT")]
        confirm: String,
    },
}

/// The new source: an external identity provider by its metadata file or by its values, or the Identity
/// Center directory.
#[derive(Debug, Args)]
pub struct ProposeArguments {
    /// The identity provider's metadata file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sign_in_url", "internal"])]
    idp_metadata: Option<PathBuf>,
    /// The identity provider's sign-in URL.
    #[arg(long, value_name = "URL", requires = "issuer", requires = "certificate")]
    sign_in_url: Option<String>,
    /// The identity provider's issuer (entity ID).
    #[arg(long)]
    issuer: Option<String>,
    /// The identity provider's certificate (PEM).
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The center's own directory, with passwords here.
    #[arg(long, conflicts_with = "sign_in_url")]
    internal: bool,
}

/// `entente center identity-source`
pub async fn run(command: IdentitySourceCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    let proposal = "/api/identity-source/proposal";
    let answer = match command {
        IdentitySourceCommand::Show => center.http.get("/api/identity-source").await?,
        IdentitySourceCommand::Propose(arguments) => center.propose(&proposed(&arguments)?).await?,
        IdentitySourceCommand::Review => center.http.get(proposal).await?,
        IdentitySourceCommand::Discard => center.http.call(Method::DELETE, proposal, Body::Empty).await?,
        IdentitySourceCommand::Accept { confirm } => {
            center.http.post("/api/identity-source/accept", &json!({ "confirm": confirm })).await?
        }
        IdentitySourceCommand::Restore { confirm } => {
            center.http.post("/api/identity-source/restore", &json!({ "confirm": confirm })).await?
        }
    };
    if answer.is_null() {
        output.say("Done.");
    } else {
        output.data(&answer);
    }
    Ok(())
}

fn proposed(arguments: &ProposeArguments) -> Result<Json, Failure> {
    if arguments.internal {
        return Ok(json!({ "kind": "identity-center-directory" }));
    }
    if let Some(file) = &arguments.idp_metadata {
        return Ok(json!({ "kind": "external", "metadataXml": read_text(file)? }));
    }
    match (&arguments.sign_in_url, &arguments.issuer, &arguments.certificate) {
        (Some(url), Some(issuer), Some(certificate)) => Ok(json!({
            "kind": "external", "signInUrl": url, "issuer": issuer, "certificatePem": read_text(certificate)?,
        })),
        _ => Err(Failure::new("SourceNotNamed", "no identity source was named").with_fix(
            "Give --idp-metadata FILE, or --sign-in-url, --issuer and --certificate, or --internal.",
        )),
    }
}
