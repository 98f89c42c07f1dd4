//! `entente center saml-settings`, `saml-keys`, `access-control-attributes` and `sign-in-attempts`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Map, Value as Json, json};

use crate::Failure;
use crate::client::{Body, Center, encode};
use crate::commands::{read_text, value};
use crate::output::Output;

/// New values; what is not named stays.
#[derive(Debug, Args)]
pub struct SettingsArguments {
    /// How far the identity provider's clock may differ from ours, in seconds (0 to 300).
    #[arg(long, value_name = "SECONDS")]
    clock_skew: Option<i64>,
    /// Sign requests.
    #[arg(long)]
    sign_requests: Option<bool>,
    /// Accept encrypted assertions, and publish our encryption certificate.
    #[arg(long)]
    accept_encrypted: Option<bool>,
    /// Accept signatures with SHA-1, which is broken.
    #[arg(long)]
    accept_sha1: Option<bool>,
    /// Accept sign-ins that begin at the identity provider.
    #[arg(long)]
    accept_unsolicited: Option<bool>,
    /// Signing out here signs out at the identity provider, and the other way round.
    #[arg(long)]
    single_logout: Option<bool>,
    /// Make unknown people users when they sign in.
    #[arg(long)]
    just_in_time: Option<bool>,
    /// Days for which sign-in attempts are kept (1 to 365).
    #[arg(long, value_name = "DAYS")]
    attempt_days: Option<i64>,
    /// Certificate (PEM) of one who must have signed the identity provider's metadata. Given several times, any of them.
    #[arg(long, value_name = "FILE")]
    metadata_signer: Vec<PathBuf>,
    /// Nobody must have signed it.
    #[arg(long, conflicts_with = "metadata_signer")]
    no_metadata_signers: bool,
}

impl SettingsArguments {
    fn change(&self) -> Result<Map<String, Json>, Failure> {
        let signers: Vec<Json> = self
            .metadata_signer
            .iter()
            .map(|path| read_text(path).map(Json::from))
            .collect::<Result<_, _>>()?;
        let named = (!signers.is_empty() || self.no_metadata_signers).then_some(Json::Array(signers));
        let given = [
            ("clockSkewSeconds", self.clock_skew.map(Json::from)),
            ("signRequests", self.sign_requests.map(Json::from)),
            ("acceptEncrypted", self.accept_encrypted.map(Json::from)),
            ("acceptSha1", self.accept_sha1.map(Json::from)),
            ("acceptUnsolicited", self.accept_unsolicited.map(Json::from)),
            ("singleLogout", self.single_logout.map(Json::from)),
            ("justInTime", self.just_in_time.map(Json::from)),
            ("attemptDays", self.attempt_days.map(Json::from)),
            ("metadataSigners", named),
        ];
        Ok(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }
}

/// Shows the settings; changes them first where something is given.
pub async fn settings(given: &SettingsArguments, center: &Center, output: &Output) -> Result<(), Failure> {
    let (path, change) = ("/api/saml-settings", given.change()?);
    let settings = if change.is_empty() {
        center.http.get(path).await?
    } else {
        center.http.call(Method::PUT, path, Body::Json(&Json::Object(change))).await?
    };
    output.data(&settings);
    Ok(())
}

/// `entente center portal-session`
pub async fn portal_session(seconds: Option<i64>, center: &Center, output: &Output) -> Result<(), Failure> {
    let path = "/api/portal-session";
    let shown = match seconds {
        None => center.http.get(path).await?,
        Some(seconds) => {
            center.http.call(Method::PUT, path, Body::Json(&json!({ "seconds": seconds }))).await?
        }
    };
    output.data(&shown);
    Ok(())
}

/// What to do with the service provider's own keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// All keys.
    List,
    /// Make a further key: it is published at once, and used when it is activated.
    Make {
        /// signing or encryption.
        purpose: String,
    },
    /// Use this key from now on.
    Activate {
        /// Its id.
        id: String,
    },
    /// Remove a key that is not active.
    Remove {
        /// Its id.
        id: String,
    },
}

/// `entente center saml-keys`
pub async fn keys(command: KeysCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    let path = "/api/saml-keys";
    match command {
        KeysCommand::List => {}
        KeysCommand::Make { purpose } => {
            center.http.post(path, &json!({ "purpose": purpose })).await?;
        }
        KeysCommand::Activate { id } => {
            let path = format!("{path}/{}/activate", encode(&id));
            center.http.call(Method::POST, &path, Body::Empty).await?;
        }
        KeysCommand::Remove { id } => {
            center.http.call(Method::DELETE, &format!("{path}/{}", encode(&id)), Body::Empty).await?;
        }
    }
    let columns = [
        ("id", "ID"),
        ("purpose", "PURPOSE"),
        ("active", "ACTIVE"),
        ("thumbprint", "THUMBPRINT"),
        ("notAfter", "VALID UNTIL"),
        ("status", "STATUS"),
    ];
    output.table(&value(center.http.get(path).await?), &columns);
    Ok(())
}

/// What to do with attributes for access control, which become session tags.
#[derive(Debug, Subcommand)]
pub enum AccessControlCommand {
    /// Whether they are enabled, the keys, and the sources that can be chosen.
    Show,
    /// Enable them with these keys in place of those before.
    Set {
        /// For example 'CostCenter=${path:enterprise.costCenter}'; none for those of the assertion alone.
        #[arg(value_name = "KEY=SOURCE")]
        attributes: Vec<String>,
    },
    /// Disable them. Sessions that have begun keep their tags.
    Disable,
}

/// `entente center access-control-attributes`
pub async fn access_control(
    command: AccessControlCommand,
    center: &Center,
    output: &Output,
) -> Result<(), Failure> {
    let path = "/api/access-control-attributes";
    let shown = match command {
        AccessControlCommand::Show => center.http.get(path).await?,
        AccessControlCommand::Set { attributes } => {
            let read =
                |text: &String| match text.split_once('=') {
                    Some((key, source)) => Ok(json!({ "key": key, "source": source })),
                    None => Err(Failure::new("AttributeInvalid", format!("{text} has no ="))
                        .with_fix("Give KEY=SOURCE.")),
                };
            let attributes = attributes.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            let body = json!({ "attributes": attributes });
            center.http.call(Method::PUT, path, Body::Json(&body)).await?
        }
        AccessControlCommand::Disable => {
            center.http.call(Method::DELETE, path, Body::Empty).await?;
            center.http.get(path).await?
        }
    };
    output.data(&shown);
    Ok(())
}

/// Which sign-ins to show.
#[derive(Debug, Args)]
pub struct AttemptsArguments {
    /// The reference that the person was shown: this one with every check and both messages.
    reference: Option<String>,
    /// accepted, refused, or the code of a refusal.
    #[arg(long, default_value = "")]
    outcome: String,
    /// Only this user name.
    #[arg(long, default_value = "")]
    user: String,
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// `entente center sign-in-attempts`
pub async fn attempts(given: &AttemptsArguments, center: &Center, output: &Output) -> Result<(), Failure> {
    let path = "/api/sign-in-attempts";
    if let Some(reference) = &given.reference {
        output.data(&center.http.get(&format!("{path}/{}", encode(reference))).await?);
        return Ok(());
    }
    let (limit, outcome, user) = (given.limit, encode(&given.outcome), encode(&given.user));
    let path = format!("{path}?limit={limit}&outcome={outcome}&userName={user}");
    let columns = [("at", "TIME"), ("reference", "REFERENCE"), ("outcome", "OUTCOME"), ("userName", "USER")];
    output.table(&value(center.http.get(&path).await?), &columns);
    Ok(())
}
