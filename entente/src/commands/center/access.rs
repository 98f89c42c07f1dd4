//! `entente center organization`, `permission-set`, `assignment` and `user`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};

use crate::Failure;
use crate::client::{Body, Center, encode};
use crate::commands::{read_text, value};
use crate::credentials::secret;
use crate::output::Output;

/// What to do with the organization.
#[derive(Debug, Subcommand)]
pub enum OrganizationCommand {
    /// The tree of organizational units and accounts.
    Show,
    /// Import accounts (account_id, name, email, ou_path), all or nothing.
    Import {
        /// The CSV file.
        accounts: PathBuf,
    },
    /// List the accounts.
    Accounts,
}

/// What to do with permission sets.
#[derive(Debug, Subcommand)]
pub enum PermissionSetCommand {
    /// List them.
    List,
    /// Make one.
    Create {
        /// Its name.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
        /// ISO 8601, from PT1H to PT12H.
        #[arg(long, default_value = "PT1H")]
        session_duration: String,
        /// ARN of an AWS managed policy; may be given several times.
        #[arg(long, value_name = "ARN")]
        managed_policy: Vec<String>,
    },
    /// Import them (name, description, session_duration, managed_policies), all or nothing.
    Import {
        /// The CSV file.
        permission_sets: PathBuf,
    },
}

/// What to do with assignments.
#[derive(Debug, Subcommand)]
pub enum AssignmentCommand {
    /// List those of an account.
    List {
        /// The account's id.
        account: String,
    },
    /// Give a permission set in an account to a user or group.
    Create(AssignmentArguments),
    /// Take it away.
    Delete(AssignmentArguments),
    /// Import them (principal_kind, principal, permission_set, account_id), all or nothing.
    Import {
        /// The CSV file.
        assignments: PathBuf,
    },
}

/// Which assignment.
#[derive(Debug, Args)]
pub struct AssignmentArguments {
    /// The account's id.
    #[arg(long)]
    account: String,
    /// The permission set's name.
    #[arg(long)]
    permission_set: String,
    /// Whether PRINCIPAL is a user or a group.
    #[arg(long, value_enum, default_value = "group")]
    kind: PrincipalKind,
    /// User name, or group name.
    principal: String,
}

/// User or group.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PrincipalKind {
    /// A user.
    User,
    /// A group.
    Group,
}

/// What to do with people in the identity store.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List them.
    List,
    /// Add one by hand.
    Create {
        /// User name: what the identity provider sends as NameID.
        user: String,
        /// Given name.
        #[arg(long)]
        given_name: String,
        /// Family name.
        #[arg(long)]
        family_name: String,
    },
    /// Set a password for signing in with the center's own directory.
    SetPassword {
        /// User name.
        user: String,
        /// File with the password.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

/// `entente center organization`
pub async fn organization(
    command: OrganizationCommand,
    center: &Center,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        OrganizationCommand::Show => output.data(&center.http.get("/api/organization").await?),
        OrganizationCommand::Import { accounts } => {
            output.data(&center.import("organization", "accounts", &read_text(&accounts)?).await?);
        }
        OrganizationCommand::Accounts => {
            let accounts = list(center, "/api/accounts").await?;
            output.table(
                &accounts,
                &[
                    ("accountId", "ACCOUNT"),
                    ("accountName", "NAME"),
                    ("emailAddress", "E-MAIL"),
                    ("status", "STATUS"),
                ],
            );
        }
    }
    Ok(())
}

/// `entente center permission-set`
pub async fn permission_set(
    command: PermissionSetCommand,
    center: &Center,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        PermissionSetCommand::List => {
            let sets = value(center.http.get("/api/permission-sets").await?);
            output.table(
                &sets,
                &[("name", "NAME"), ("sessionDuration", "SESSION"), ("description", "DESCRIPTION")],
            );
        }
        PermissionSetCommand::Create { name, description, session_duration, managed_policy } => {
            let set = json!({
                "name": name, "description": description, "sessionDuration": session_duration,
                "managedPolicies": managed_policy,
            });
            output.data(&center.http.post("/api/permission-sets", &set).await?);
        }
        PermissionSetCommand::Import { permission_sets } => {
            let csv = read_text(&permission_sets)?;
            output.data(&center.import("permission-sets", "permissionSets", &csv).await?);
        }
    }
    Ok(())
}

/// `entente center assignment`
pub async fn assignment(command: AssignmentCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    match command {
        AssignmentCommand::List { account } => {
            let path = format!("/api/assignments?accountId={}", encode(&account));
            let columns =
                [("principalType", "KIND"), ("principal", "PRINCIPAL"), ("permissionSet", "PERMISSION SET")];
            output.table(&value(center.http.get(&path).await?), &columns);
        }
        AssignmentCommand::Create(arguments) => {
            output.data(&center.http.post("/api/assignments", &named(&arguments)).await?);
        }
        AssignmentCommand::Delete(arguments) => {
            center.http.call(Method::DELETE, "/api/assignments", Body::Json(&named(&arguments))).await?;
            output.say("The assignment is deleted.");
        }
        AssignmentCommand::Import { assignments } => {
            output.data(&center.import("assignments", "assignments", &read_text(&assignments)?).await?);
        }
    }
    Ok(())
}

fn named(arguments: &AssignmentArguments) -> Json {
    let kind = match arguments.kind {
        PrincipalKind::User => "USER",
        PrincipalKind::Group => "GROUP",
    };
    json!({
        "accountId": arguments.account, "permissionSet": arguments.permission_set,
        "principalType": kind, "principal": arguments.principal,
    })
}

/// `entente center user`
pub async fn user(command: UserCommand, center: &Center, output: &Output) -> Result<(), Failure> {
    match command {
        UserCommand::List => {
            let users = list(center, "/api/users").await?;
            output.table(
                &users,
                &[("userName", "USER"), ("displayName", "NAME"), ("active", "ACTIVE"), ("id", "ID")],
            );
        }
        UserCommand::Create { user, given_name, family_name } => {
            let body = json!({
                "userName": user, "givenName": given_name, "familyName": family_name,
                "displayName": format!("{given_name} {family_name}"), "email": user,
            });
            output.data(&center.http.post("/api/users", &body).await?);
        }
        UserCommand::SetPassword { user, password_file } => {
            let password = secret(password_file.as_deref(), &format!("New password of {user}"))?;
            let body = json!({ "password": password.expose_secret() });
            let path = format!("/api/users/{}/password", encode(&user));
            center.http.call(Method::PUT, &path, Body::Json(&body)).await?;
            output.say(format!("{user} has a new password."));
        }
    }
    Ok(())
}

/// Every element of a list whose answer names the `next` token.
async fn list(center: &Center, path: &str) -> Result<Vec<Json>, Failure> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let page = center.http.get(&format!("{path}?limit=1000{next}")).await?;
        let token = page["next"].as_str().map(ToOwned::to_owned);
        all.extend(value(page));
        match token {
            Some(token) => next = format!("&next={}", encode(&token)),
            None => return Ok(all),
        }
    }
}
