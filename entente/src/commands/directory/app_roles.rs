//! `entente directory app roles`

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value as Json, json};

use super::application::app_id;
use crate::Failure;
use crate::client::{Body, Directory};
use crate::output::Output;

/// What to do with the roles of an application.
///
/// People and groups are assigned in a role (`entente directory app assign APP --user USER --role ROLE`). The
/// application hears the values of the enabled roles that a person has: in assertions as the role claim, and by
/// provisioning where a mapping reads [appRoleAssignments]. APP is a display name, app id or object id; ROLE is a
/// role's value, display name or id.
#[derive(Debug, Subcommand)]
pub enum AppRolesCommand {
    /// List them, with how many users and groups are assigned to each.
    List {
        /// The application.
        app: String,
    },
    /// Show one, and who has it.
    Show(RoleArguments),
    /// Make a role.
    Add(AddArguments),
    /// Change a role, disable it or enable it. What is not named stays.
    ///
    /// Whoever has a disabled role keeps the assignment and can sign in; assertions and provisioning leave the
    /// role out until it is enabled again, and nobody else can be assigned to it.
    Set(SetArguments),
    /// Delete a role with the assignments to it. While it is enabled and somebody has it, this is refused:
    /// disable it first (`set APP ROLE --disable`).
    Remove(RemoveArguments),
}

/// The application and the role.
#[derive(Debug, Args)]
pub struct RoleArguments {
    /// The application.
    app: String,
    /// The role.
    role: String,
}

/// A new role.
#[derive(Debug, Args)]
pub struct AddArguments {
    /// The application.
    app: String,
    /// Its display name.
    name: String,
    /// Its name for the application: at most 120 letters, digits and marks, different for each role. Without one
    /// the application does not hear of it.
    #[arg(long)]
    value: Option<String>,
    /// What it allows.
    #[arg(long)]
    description: Option<String>,
    /// Make it disabled: it cannot be assigned yet.
    #[arg(long)]
    disabled: bool,
    /// Its id, a GUID, where it must be a certain one.
    #[arg(long)]
    id: Option<String>,
}

/// What to change.
#[derive(Debug, Args)]
pub struct SetArguments {
    #[command(flatten)]
    role: RoleArguments,
    /// Another display name.
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Another value: the application hears it in place of the old one from the next sign-in and cycle on; an
    /// empty one takes the value away.
    #[arg(long)]
    value: Option<String>,
    /// Another description; an empty one takes it away.
    #[arg(long)]
    description: Option<String>,
    /// Leave it out of assertions and provisioning.
    #[arg(long)]
    disable: bool,
    /// Give it again to whoever has it.
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Only show who has it and what it would become.
    #[arg(long)]
    dry_run: bool,
}

/// What to delete.
#[derive(Debug, Args)]
pub struct RemoveArguments {
    #[command(flatten)]
    role: RoleArguments,
    /// Only show who has it.
    #[arg(long)]
    dry_run: bool,
}

const COLUMNS: [(&str, &str); 6] = [
    ("displayName", "NAME"),
    ("value", "VALUE"),
    ("description", "DESCRIPTION"),
    ("isEnabled", "ENABLED"),
    ("assigned", "ASSIGNED"),
    ("id", "ID"),
];

pub(super) async fn run(
    command: AppRolesCommand,
    directory: &Directory,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        AppRolesCommand::List { app } => {
            let path = Directory::app_roles_path(&app_id(directory, &app).await?, None);
            let mut answer = directory.http.get(&path).await?;
            let Json::Array(roles) = answer["appRoles"].take() else { return Ok(()) };
            output.table(&roles, &COLUMNS);
        }
        AppRolesCommand::Show(role) => output.data(&show(directory, &role).await?.1),
        AppRolesCommand::Add(arguments) => {
            let path = Directory::app_roles_path(&app_id(directory, &arguments.app).await?, None);
            let body = json!({
                "id": arguments.id, "displayName": arguments.name, "value": arguments.value,
                "description": arguments.description, "isEnabled": !arguments.disabled,
            });
            output.data(&directory.http.post(&path, &body).await?);
        }
        AppRolesCommand::Set(arguments) => set(&arguments, directory, output).await?,
        AppRolesCommand::Remove(arguments) => {
            let (path, role) = show(directory, &arguments.role).await?;
            if arguments.dry_run {
                output.data(&role);
                return Ok(());
            }
            directory.http.call(Method::DELETE, &path, Body::Empty).await?;
            output.data(&json!({ "removed": role["displayName"], "assignmentsRemoved": role["assigned"] }));
        }
    }
    Ok(())
}

/// The path of a role by its id, and the role with who has it.
async fn show(directory: &Directory, role: &RoleArguments) -> Result<(String, Json), Failure> {
    let app = app_id(directory, &role.app).await?;
    let found = directory.http.get(&Directory::app_roles_path(&app, Some(&role.role))).await?;
    Ok((Directory::app_roles_path(&app, found["id"].as_str()), found))
}

async fn set(arguments: &SetArguments, directory: &Directory, output: &Output) -> Result<(), Failure> {
    let (path, mut role) = show(directory, &arguments.role).await?;
    let mut wanted = json!({});
    for key in ["displayName", "value", "description", "isEnabled"] {
        wanted[key] = role[key].clone();
    }
    let texts = [
        ("displayName", &arguments.display_name),
        ("value", &arguments.value),
        ("description", &arguments.description),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            wanted[key] = json!(text);
        }
    }
    if arguments.disable || arguments.enable {
        wanted["isEnabled"] = json!(arguments.enable);
    }
    if arguments.dry_run {
        role["becomes"] = wanted;
        output.data(&role);
        return Ok(());
    }
    output.data(&directory.http.call(Method::PUT, &path, Body::Json(&wanted)).await?);
    Ok(())
}
