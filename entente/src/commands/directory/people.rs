//! `entente directory user` and `entente directory group`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use http::Method;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::Failure;
use crate::client::{Body, Directory, encode};
use crate::credentials::secret;
use crate::output::Output;

/// What to do with people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List them.
    List {
        /// Only those whose user name starts so.
        #[arg(long, value_name = "TEXT")]
        starts_with: Option<String>,
    },
    /// Show one.
    Show {
        /// User principal name or id.
        user: String,
    },
    /// Add one. The password comes from a file, the terminal or standard input.
    Create(CreateArguments),
    /// Set a password.
    SetPassword {
        /// User principal name or id.
        user: String,
        /// File with the password.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Ask for another one at the next sign-in.
        #[arg(long)]
        must_change: bool,
    },
    /// Block sign-in; provisioning disables the account everywhere.
    Disable {
        /// User principal name or id.
        user: String,
    },
    /// Allow sign-in again.
    Enable {
        /// User principal name or id.
        user: String,
    },
    /// Delete; restorable for 30 days.
    Delete {
        /// User principal name or id.
        user: String,
    },
}

/// A new person.
#[derive(Debug, Args)]
pub struct CreateArguments {
    /// user@domain
    user: String,
    /// Full name; by default given and family name.
    #[arg(long)]
    display_name: Option<String>,
    /// Given name.
    #[arg(long)]
    given_name: String,
    /// Family name.
    #[arg(long)]
    family_name: String,
    /// E-mail address; by default the user name.
    #[arg(long)]
    email: Option<String>,
    /// File with the password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// What to do with groups.
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// List them.
    List,
    /// Add one.
    Create {
        /// Its name.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Add a person or group, by id or user principal name.
    AddMember {
        /// The group's id.
        group: String,
        /// Who is added.
        member: String,
    },
    /// Remove a person or group.
    RemoveMember {
        /// The group's id.
        group: String,
        /// Who is removed, by id.
        member: String,
    },
    /// Show its direct members.
    Members {
        /// The group's id.
        group: String,
    },
}

/// `entente directory user`
pub async fn user(command: UserCommand, directory: &Directory, output: &Output) -> Result<(), Failure> {
    let at = |user: &str| format!("/v1.0/users/{}", encode(user));
    match command {
        UserCommand::List { starts_with } => {
            let filter =
                starts_with.map(|t| format!("startswith(userPrincipalName,'{}')", t.replace('\'', "''")));
            let query = filter.map(|f| format!("&$filter={}", encode(&f))).unwrap_or_default();
            let users =
                directory.http.pages(&format!("/v1.0/users?$top=999{query}"), "@odata.nextLink").await?;
            output.table(
                &users,
                &[
                    ("userPrincipalName", "USER"),
                    ("displayName", "NAME"),
                    ("jobTitle", "TITLE"),
                    ("id", "ID"),
                ],
            );
        }
        UserCommand::Show { user } => output.data(&directory.http.get(&at(&user)).await?),
        UserCommand::Create(arguments) => create(&arguments, directory, output).await?,
        UserCommand::SetPassword { user, password_file, must_change } => {
            let password = secret(password_file.as_deref(), &format!("New password of {user}"))?;
            directory.set_password(&user, &password, must_change).await?;
            output.say(format!("{user} has a new password."));
        }
        UserCommand::Disable { user } => {
            directory.patch_user(&user, &json!({ "accountEnabled": false })).await?;
            output.say(format!("{user} cannot sign in any more."));
        }
        UserCommand::Enable { user } => {
            directory.patch_user(&user, &json!({ "accountEnabled": true })).await?;
            output.say(format!("{user} can sign in again."));
        }
        UserCommand::Delete { user } => {
            directory.http.call(Method::DELETE, &at(&user), Body::Empty).await?;
            output.say(format!("{user} is deleted and can be restored for 30 days."));
        }
    }
    Ok(())
}

async fn create(arguments: &CreateArguments, directory: &Directory, output: &Output) -> Result<(), Failure> {
    let password = secret(arguments.password_file.as_deref(), &format!("Password of {}", arguments.user))?;
    let full = format!("{} {}", arguments.given_name, arguments.family_name);
    let nickname = arguments.user.split('@').next().unwrap_or_default();
    let user = json!({
        "userPrincipalName": arguments.user,
        "displayName": arguments.display_name.as_ref().unwrap_or(&full),
        "givenName": arguments.given_name,
        "surname": arguments.family_name,
        "mail": arguments.email.as_ref().unwrap_or(&arguments.user),
        "mailNickname": nickname,
        "accountEnabled": true,
        "passwordProfile": { "password": password.expose_secret(), "forceChangePasswordNextSignIn": false },
    });
    output.data(&directory.http.post("/v1.0/users", &user).await?);
    Ok(())
}

/// `entente directory group`
pub async fn group(command: GroupCommand, directory: &Directory, output: &Output) -> Result<(), Failure> {
    match command {
        GroupCommand::List => {
            let groups = directory.http.pages("/v1.0/groups?$top=999", "@odata.nextLink").await?;
            output.table(&groups, &[("displayName", "NAME"), ("description", "DESCRIPTION"), ("id", "ID")]);
        }
        GroupCommand::Create { name, description } => {
            let nickname: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let group = json!({
                "displayName": name, "description": description, "mailNickname": nickname,
                "mailEnabled": false, "securityEnabled": true, "groupTypes": [],
            });
            output.data(&directory.http.post("/v1.0/groups", &group).await?);
        }
        GroupCommand::AddMember { group, member } => {
            let id = if member.contains('@') {
                let user = directory.http.get(&format!("/v1.0/users/{}", encode(&member))).await?;
                user["id"].as_str().unwrap_or_default().to_owned()
            } else {
                member.clone()
            };
            let reference = format!("{}/v1.0/directoryObjects/{id}", directory.http.origin);
            let body = json!({ "@odata.id": reference });
            directory.http.post(&format!("/v1.0/groups/{group}/members/$ref"), &body).await?;
            output.say(format!("{member} is a member."));
        }
        GroupCommand::RemoveMember { group, member } => {
            let path = format!("/v1.0/groups/{group}/members/{member}/$ref");
            directory.http.call(Method::DELETE, &path, Body::Empty).await?;
            output.say(format!("{member} is no member any more."));
        }
        GroupCommand::Members { group } => {
            let path = format!("/v1.0/groups/{group}/members?$top=999");
            let members = directory.http.pages(&path, "@odata.nextLink").await?;
            output.table(&members, &[("displayName", "NAME"), ("userPrincipalName", "USER"), ("id", "ID")]);
        }
    }
    Ok(())
}
