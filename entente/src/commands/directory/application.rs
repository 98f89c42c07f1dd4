//! `entente directory app`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde_json::{Value as Json, json};

use super::app_roles::{self, AppRolesCommand};
use super::provisioning::{self, ProvisioningCommand};
use crate::Failure;
use crate::client::{Body, Directory};
use crate::commands::read;
use crate::output::Output;

/// What to do with enterprise applications. APP is a display name, app id or object id.
#[derive(Debug, Subcommand)]
pub enum ApplicationCommand {
    /// List them.
    List,
    /// Make one that is in no gallery, ready for SAML, with a signing certificate for three years.
    Create {
        /// Its display name.
        name: String,
    },
    /// Show its SAML settings, or take over the service provider's metadata file.
    Saml(SamlArguments),
    /// Print its Federation Metadata XML, which the service provider wants.
    Metadata {
        /// The application.
        app: String,
    },
    /// Assign people and groups, in a role; who has another role already gets this one besides.
    Assign(AssignArguments),
    /// Take assignments away: those in one role, or all of them.
    Unassign(AssignArguments),
    /// Show or choose whether members of groups inside assigned groups count, and how many people that reaches.
    NestedGroups(NestedGroupsArguments),
    /// The roles in which people and groups are assigned.
    #[command(subcommand, visible_alias = "role")]
    Roles(AppRolesCommand),
    /// Automatic provisioning to the application by SCIM.
    #[command(subcommand)]
    Provisioning(ProvisioningCommand),
}

/// The application and, to set it up, the service provider's file.
#[derive(Debug, Args)]
pub struct SamlArguments {
    /// The application.
    app: String,
    /// The service provider's metadata file.
    #[arg(long, value_name = "FILE")]
    sp_metadata: Option<PathBuf>,
    /// With --sp-metadata: only say what the file holds.
    #[arg(long, requires = "sp_metadata")]
    dry_run: bool,
}

/// The application and what counts.
#[derive(Debug, Args)]
pub struct NestedGroupsArguments {
    /// The application.
    app: String,
    /// What to choose; without it the setting is shown.
    #[arg(long, value_enum)]
    mode: Option<NestedGroups>,
}

/// Whether members of nested groups count.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum NestedGroups {
    /// They do not, as in Entra.
    Direct,
    /// They do.
    Transitive,
    /// As the tenant has it.
    Tenant,
}

/// The application and who.
#[derive(Debug, Args)]
pub struct AssignArguments {
    /// The application.
    app: String,
    /// A user principal name; may be given several times.
    #[arg(long, value_name = "USER")]
    user: Vec<String>,
    /// A group's name; may be given several times.
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// A role by its value, display name or id. Without it, `User` is assigned, and every role is taken away.
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
}

/// `entente directory app`
pub async fn run(command: ApplicationCommand, directory: &Directory, output: &Output) -> Result<(), Failure> {
    match command {
        ApplicationCommand::List => {
            let apps = directory.http.pages("/v1.0/servicePrincipals", "@odata.nextLink").await?;
            let columns =
                [("displayName", "NAME"), ("appId", "APP ID"), ("preferredSingleSignOnMode", "SIGN-ON")];
            output.table(&apps, &columns);
        }
        ApplicationCommand::Create { name } => {
            let made = directory.create_application(&name).await?;
            let principal = &made["servicePrincipal"];
            output.data(&json!({
                "displayName": name, "appId": principal["appId"], "servicePrincipalId": principal["id"],
            }));
        }
        ApplicationCommand::Saml(arguments) => saml(&arguments, directory, output).await?,
        ApplicationCommand::Metadata { app } => {
            let app = app_id(directory, &app).await?;
            output.raw(&directory.federation_metadata(&app).await?);
        }
        ApplicationCommand::Assign(arguments) => assign(&arguments, false, directory, output).await?,
        ApplicationCommand::Unassign(arguments) => assign(&arguments, true, directory, output).await?,
        ApplicationCommand::NestedGroups(arguments) => {
            let path =
                format!("/api/applications/{}/nested-groups", app_id(directory, &arguments.app).await?);
            let transitive = match arguments.mode {
                None => {
                    output.data(&directory.http.get(&path).await?);
                    return Ok(());
                }
                Some(NestedGroups::Direct) => json!(false),
                Some(NestedGroups::Transitive) => json!(true),
                Some(NestedGroups::Tenant) => Json::Null,
            };
            let body = json!({ "transitive": transitive });
            output.data(&directory.http.call(Method::PUT, &path, Body::Json(&body)).await?);
        }
        ApplicationCommand::Roles(command) => app_roles::run(command, directory, output).await?,
        ApplicationCommand::Provisioning(command) => provisioning::run(command, directory, output).await?,
    }
    Ok(())
}

pub(super) async fn app_id(directory: &Directory, app: &str) -> Result<String, Failure> {
    Ok(directory.application(app).await?["appId"].as_str().unwrap_or_default().to_owned())
}

async fn saml(arguments: &SamlArguments, directory: &Directory, output: &Output) -> Result<(), Failure> {
    let app = app_id(directory, &arguments.app).await?;
    let answer = match &arguments.sp_metadata {
        Some(file) => directory.sp_metadata(&app, read(file)?, !arguments.dry_run).await?,
        None => directory.saml(&app).await?,
    };
    output.data(&answer);
    Ok(())
}

async fn assign(
    arguments: &AssignArguments,
    remove: bool,
    directory: &Directory,
    output: &Output,
) -> Result<(), Failure> {
    let users = arguments.user.iter().map(|user| json!({ "userPrincipalName": user }));
    let groups = arguments.group.iter().map(|group| json!({ "groupDisplayName": group }));
    let principals: Vec<Json> = users.chain(groups).collect();
    if principals.is_empty() {
        return Err(Failure::new("NobodyNamed", "neither --user nor --group was given"));
    }
    let app = app_id(directory, &arguments.app).await?;
    let answer = directory.assign_role(&app, &principals, arguments.role.as_deref(), remove).await?;
    output.data(&answer);
    Ok(())
}
