//! `entente center identity-source`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value as Json, json};

use crate::Failure;
use crate::client::{Body, Center, encode};
use crate::commands::{read_text, value};
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
    /// The identity provider's signing certificates.
    #[command(subcommand)]
    Certificates(CertificatesCommand),
    /// The URL at which the identity provider's metadata is read again and again.
    #[command(subcommand)]
    MetadataUrl(MetadataUrlCommand),
    /// Forget the proposal.
    Discard,
    /// Go back to the source before the last change.
    Restore {
        /// Must be ACCEPT.
        #[arg(long, value_name = "ACCEPT")]
        confirm: String,
    },
}

/// What to do with the identity provider's signing certificates. All of them count.
#[derive(Debug, Subcommand)]
pub enum CertificatesCommand {
    /// Each with its validity, how it came here, and when it verified a response last.
    List,
    /// Add a certificate, or the new ones of a metadata file.
    Add {
        /// The certificate (PEM).
        #[arg(value_name = "FILE", required_unless_present = "idp_metadata")]
        certificate: Option<PathBuf>,
        /// The identity provider's metadata file.
        #[arg(long, value_name = "FILE", conflicts_with = "certificate")]
        idp_metadata: Option<PathBuf>,
    },
    /// Remove a certificate. Without --confirm it only says what would happen.
    Remove {
        /// Its thumbprint.
        thumbprint: String,
        /// Must be DELETE.
        #[arg(long, value_name = "DELETE")]
        confirm: Option<String>,
    },
}

async fn certificates(command: CertificatesCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    let path = "/api/identity-source/certificates";
    let listed = match command {
        CertificatesCommand::List => center.http.get(path).await?,
        CertificatesCommand::Add { certificate: Some(file), .. } => {
            center.http.post(path, &json!({ "certificatePem": read_text(&file)? })).await?
        }
        CertificatesCommand::Add { idp_metadata: Some(file), .. } => {
            center.http.post(path, &json!({ "metadataXml": read_text(&file)? })).await?
        }
        CertificatesCommand::Add { .. } => return Ok(()),
        CertificatesCommand::Remove { thumbprint, confirm: None } => {
            output.data(&center.http.get(&format!("{path}/{}", encode(&thumbprint))).await?);
            return Ok(());
        }
        CertificatesCommand::Remove { thumbprint, confirm: Some(word) } => {
            let path = format!("{path}/{}?confirm={}", encode(&thumbprint), encode(&word));
            center.http.call(Method::DELETE, &path, Body::Empty).await?;
            output.say("Removed.");
            return Ok(());
        }
    };
    let columns = [
        ("thumbprint", "THUMBPRINT"),
        ("status", "STATUS"),
        ("notAfter", "VALID UNTIL"),
        ("origin", "ORIGIN"),
        ("addedAt", "ADDED"),
        ("lastUsedAt", "LAST USED"),
    ];
    output.table(&value(listed), &columns);
    Ok(())
}

/// What to do with the metadata URL.
#[derive(Debug, Subcommand)]
pub enum MetadataUrlCommand {
    /// The URL, its last reading, and what waits for an administrator.
    Show,
    /// Read this URL from now on. New certificates in it are added by themselves.
    Set {
        /// The URL (https).
        url: String,
        /// Seconds between readings, from 3600 to 2592000; once a day where it is left out.
        #[arg(long, value_name = "SECONDS")]
        every: Option<i64>,
        /// It may be in a private network.
        #[arg(long)]
        allow_private: bool,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// Read it now.
    Refresh,
    /// Take over addresses and missing certificates.
    Apply {
        /// Must be ACCEPT.
        #[arg(long, value_name = "ACCEPT")]
        confirm: String,
    },
    /// Read it no more.
    Remove,
}

async fn metadata_url(command: MetadataUrlCommand, center: &Center) -> Result<Json, Failure> {
    let path = "/api/identity-source/metadata-url";
    match command {
        MetadataUrlCommand::Show => center.http.get(path).await,
        MetadataUrlCommand::Set { url, every, allow_private, dry_run } => {
            let body = json!({ "url": url, "everySeconds": every, "allowPrivate": allow_private });
            let path = format!("{path}?dryRun={dry_run}");
            center.http.call(Method::PUT, &path, Body::Json(&body)).await
        }
        MetadataUrlCommand::Refresh => {
            center.http.call(Method::POST, &format!("{path}/refresh"), Body::Empty).await
        }
        MetadataUrlCommand::Apply { confirm } => {
            center.http.post(&format!("{path}/apply"), &json!({ "confirm": confirm })).await
        }
        MetadataUrlCommand::Remove => center.http.call(Method::DELETE, path, Body::Empty).await,
    }
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
        IdentitySourceCommand::Certificates(command) => return certificates(command, center, output).await,
        IdentitySourceCommand::MetadataUrl(command) => metadata_url(command, center).await?,
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
