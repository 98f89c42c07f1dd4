//! `entente setup`: from the one-time secret to an administrator and this command's credentials.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::Failure;
use crate::client;
use crate::credentials::{Credentials, secret};
use crate::output::Output;

/// Which half to set up.
#[derive(Debug, Subcommand)]
pub enum SetupCommand {
    /// Make a directory's first Global Administrator.
    Directory(SetupArguments),
    /// Make a center's first administrator.
    Center(SetupArguments),
}

/// Secrets come from files, from the terminal, or line by line from standard input: first the set-up
/// secret, then the password.
#[derive(Debug, Args)]
pub struct SetupArguments {
    /// The server's origin.
    #[arg(long, value_name = "URL")]
    url: String,
    /// The administrator's user name; for a directory its domain is added where it has none.
    #[arg(long, default_value = "admin", value_name = "USER")]
    user: String,
    /// File with the one-time set-up secret.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// File with the password that the administrator is to have.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// `entente setup`
pub async fn run(command: SetupCommand, output: &Output, credentials: Option<&Path>) -> Result<(), Failure> {
    let mut known = Credentials::load(credentials)?;
    let (half, arguments) = match &command {
        SetupCommand::Directory(arguments) => ("directory", arguments),
        SetupCommand::Center(arguments) => ("center", arguments),
    };
    let one_time = secret(arguments.secret_file.as_deref(), "One-time set-up secret")?;
    let password = secret(arguments.password_file.as_deref(), &format!("Password for {}", arguments.user))?;
    let mut user = arguments.user.clone();
    if half == "directory" {
        if !user.contains('@') {
            let about = client::Http::new(&arguments.url)?.get("/api/about").await?;
            user = format!("{user}@{}", about["defaultDomain"].as_str().unwrap_or_default());
        }
        let made = client::Directory::setup(&arguments.url, &one_time, &user, &password).await?;
        known.directory = Some(made);
    } else {
        known.center = Some(client::Center::setup(&arguments.url, &one_time, &user, &password).await?);
    }
    let path = known.save(credentials)?;
    if output.json {
        output.data(&json!({ "half": half, "url": arguments.url, "userName": user, "credentials": path }));
    } else {
        output.say(format!("The {half} at {} is set up; {user} is its administrator.", arguments.url));
        output.say(format!("This command's credentials are in {}.", path.display()));
    }
    Ok(())
}
