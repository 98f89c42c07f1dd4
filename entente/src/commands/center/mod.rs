//! `entente center`

mod access;
mod event_target;
mod identity_source;
mod recycle_bin;
mod saml;
mod scim;

use std::path::Path;

use clap::Subcommand;

use super::value;
use crate::Failure;
use crate::client;
use crate::credentials::Credentials;
use crate::output::Output;

/// The columns of event lists of both halves.
pub const EVENT_COLUMNS: [(&str, &str); 4] =
    [("at", "TIME"), ("actor", "ACTOR"), ("action", "ACTION"), ("subjectId", "SUBJECT")];

/// What to do with a center.
#[derive(Debug, Subcommand)]
pub enum CenterCommand {
    /// What the center is and whether it has been set up.
    About,
    /// Where people sign in: show, propose, review, accept, restore.
    #[command(subcommand)]
    IdentitySource(identity_source::IdentitySourceCommand),
    /// Print the service provider's metadata file, which the identity provider wants.
    SpMetadata,
    /// Automatic provisioning: endpoint and access tokens.
    #[command(subcommand)]
    Scim(scim::ScimCommand),
    /// The organization: accounts in organizational units.
    #[command(subcommand)]
    Organization(access::OrganizationCommand),
    /// Permission sets.
    #[command(subcommand)]
    PermissionSet(access::PermissionSetCommand),
    /// Who has which permission set in which account.
    #[command(subcommand)]
    Assignment(access::AssignmentCommand),
    /// People in the identity store.
    #[command(subcommand)]
    User(access::UserCommand),
    /// Deleted users and groups: list, restore, remove for good.
    #[command(subcommand)]
    RecycleBin(recycle_bin::RecycleBinCommand),
    /// Other systems that are told of changes of users and groups.
    #[command(subcommand)]
    EventTarget(event_target::EventTargetCommand),
    /// What a person can open, and why.
    Access {
        /// User name.
        user: String,
    },
    /// Sign-ins, good and bad: all, or one by its reference with every check.
    SignInAttempts(saml::AttemptsArguments),
    /// How the service provider behaves: shows it, and changes what is given.
    SamlSettings(saml::SettingsArguments),
    /// How long people stay signed in to the access portal: shows it, and changes it where something is given.
    PortalSession {
        /// From 900 (15 minutes) to 7776000 (90 days).
        #[arg(long)]
        seconds: Option<i64>,
    },
    /// The service provider's own keys.
    #[command(subcommand)]
    SamlKeys(saml::KeysCommand),
    /// Attributes for access control: what becomes session tags.
    #[command(subcommand)]
    AccessControlAttributes(saml::AccessControlCommand),
    /// The newest entries of the event log.
    Events {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
}

/// `entente center`
pub async fn run(command: CenterCommand, output: &Output, credentials: Option<&Path>) -> Result<(), Failure> {
    let center = connect(credentials)?;
    match command {
        CenterCommand::About => output.data(&center.http.get("/api/about").await?),
        CenterCommand::IdentitySource(command) => identity_source::run(command, &center, output).await?,
        CenterCommand::SpMetadata => output.raw(&center.sp_metadata().await?),
        CenterCommand::Scim(command) => scim::run(command, &center, output).await?,
        CenterCommand::Organization(command) => access::organization(command, &center, output).await?,
        CenterCommand::PermissionSet(command) => access::permission_set(command, &center, output).await?,
        CenterCommand::Assignment(command) => access::assignment(command, &center, output).await?,
        CenterCommand::User(command) => access::user(command, &center, output).await?,
        CenterCommand::RecycleBin(command) => recycle_bin::run(command, &center, output).await?,
        CenterCommand::EventTarget(command) => event_target::run(command, &center, output).await?,
        CenterCommand::Access { user } => output.data(&center.access(&user).await?),
        CenterCommand::SignInAttempts(given) => saml::attempts(&given, &center, output).await?,
        CenterCommand::SamlSettings(given) => saml::settings(&given, &center, output).await?,
        CenterCommand::PortalSession { seconds } => saml::portal_session(seconds, &center, output).await?,
        CenterCommand::SamlKeys(command) => saml::keys(command, &center, output).await?,
        CenterCommand::AccessControlAttributes(command) => {
            saml::access_control(command, &center, output).await?
        }
        CenterCommand::Events { limit } => {
            let events = value(center.http.get(&format!("/api/events?limit={limit}")).await?);
            output.table(&events, &EVENT_COLUMNS);
        }
    }
    Ok(())
}

fn connect(credentials: Option<&Path>) -> Result<client::Center, Failure> {
    let known = Credentials::load(credentials)?.center.ok_or_else(|| {
        let path = Credentials::path(credentials);
        Failure::new("NotSetUp", format!("{} has no credentials for a center", path.display()))
            .with_fix("Run `entente setup center --url URL`, or name another file with --credentials.")
    })?;
    client::Center::connect(&known)
}
