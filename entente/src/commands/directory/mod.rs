//! `entente directory`

mod app_roles;
mod application;
mod claims;
mod comparison;
mod people;
mod plan;
mod provenance;
pub mod provisioning;
mod settle;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, json};

use super::{read_text, value};
use crate::Failure;
use crate::client;
use crate::credentials::Credentials;
use crate::output::Output;

/// What to do with a directory.
#[derive(Debug, Subcommand)]
pub enum DirectoryCommand {
    /// What the directory is and whether it has been set up.
    About,
    /// Import people, groups and memberships from CSV files, all or nothing.
    Import(ImportArguments),
    /// People.
    #[command(subcommand)]
    User(people::UserCommand),
    /// Groups.
    #[command(subcommand)]
    Group(people::GroupCommand),
    /// Enterprise applications.
    #[command(subcommand)]
    App(application::ApplicationCommand),
    /// The certificates that sign for applications, the first to expire first.
    Certificates,
    /// Sign-ins to applications, with every check and both messages.
    #[command(subcommand)]
    SignIns(SignInsCommand),
    /// What the assertions of an application say about people.
    #[command(subcommand)]
    Claims(claims::ClaimsCommand),
    /// The newest entries of the event log.
    Events {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum SignInsCommand {
    /// The newest.
    List {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// One, by the reference that the person was shown.
    Show {
        /// The reference.
        reference: String,
    },
}

const CERTIFICATE_COLUMNS: [(&str, &str); 5] = [
    ("application", "APPLICATION"),
    ("status", "STATUS"),
    ("days", "DAYS"),
    ("notAfter", "UNTIL"),
    ("thumbprint", "THUMBPRINT"),
];
const SIGN_IN_COLUMNS: [(&str, &str); 6] = [
    ("at", "TIME"),
    ("userPrincipalName", "USER"),
    ("applicationName", "APPLICATION"),
    ("outcome", "OUTCOME"),
    ("code", "CODE"),
    ("reference", "REFERENCE"),
];

/// Files with a header line: users (user_name, given_name, family_name, display_name, email, title,
/// department, manager, active), groups (name, description), members (group, kind, member).
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The people.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// The groups.
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// The memberships.
    #[arg(long, value_name = "FILE")]
    members: Option<PathBuf>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// `entente directory`
pub async fn run(
    command: DirectoryCommand,
    output: &Output,
    credentials: Option<&Path>,
) -> Result<(), Failure> {
    let directory = connect(credentials).await?;
    match command {
        DirectoryCommand::About => output.data(&directory.http.get("/api/about").await?),
        DirectoryCommand::Import(arguments) => import(&directory, &arguments, output).await?,
        DirectoryCommand::User(command) => people::user(command, &directory, output).await?,
        DirectoryCommand::Group(command) => people::group(command, &directory, output).await?,
        DirectoryCommand::App(command) => application::run(command, &directory, output).await?,
        DirectoryCommand::Certificates => {
            let certificates = value(directory.http.get("/api/certificates").await?);
            output.table(&certificates, &CERTIFICATE_COLUMNS);
        }
        DirectoryCommand::SignIns(SignInsCommand::List { limit }) => {
            let sign_ins = value(directory.http.get(&format!("/api/sign-ins?limit={limit}")).await?);
            output.table(&sign_ins, &SIGN_IN_COLUMNS);
        }
        DirectoryCommand::SignIns(SignInsCommand::Show { reference }) => {
            let path = format!("/api/sign-ins/{}", client::encode(&reference));
            output.data(&directory.http.get(&path).await?);
        }
        DirectoryCommand::Claims(command) => claims::run(command, &directory, output).await?,
        DirectoryCommand::Events { limit } => {
            let events = value(directory.http.get(&format!("/api/events?limit={limit}")).await?);
            output.table(&events, &super::center::EVENT_COLUMNS);
        }
    }
    Ok(())
}

async fn connect(credentials: Option<&Path>) -> Result<client::Directory, Failure> {
    let known = Credentials::load(credentials)?.directory.ok_or_else(|| {
        let path = Credentials::path(credentials);
        Failure::new("NotSetUp", format!("{} has no credentials for a directory", path.display()))
            .with_fix("Run `entente setup directory --url URL`, or name another file with --credentials.")
    })?;
    client::Directory::connect(&known).await
}

async fn import(
    directory: &client::Directory,
    arguments: &ImportArguments,
    output: &Output,
) -> Result<(), Failure> {
    let mut files = Map::new();
    for (key, path) in
        [("users", &arguments.users), ("groups", &arguments.groups), ("members", &arguments.members)]
    {
        if let Some(path) = path {
            files.insert(key.to_owned(), json!(read_text(path)?));
        }
    }
    if files.is_empty() {
        return Err(Failure::new("NothingToImport", "none of --users, --groups and --members was given"));
    }
    output.data(&directory.import(&files.into(), arguments.dry_run).await?);
    Ok(())
}
