//! The `entente` command: runs either half or both, does the whole set-up, and explains what is wrong.

pub mod client;
pub mod commands;
pub mod credentials;
pub mod output;
pub mod server;
pub mod signin;
pub mod tour;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// People sign in to their cloud accounts with the account that they have at work.
///
/// Entente is both sides of that: a directory (users, groups, SAML identity provider, provisioning
/// service) and a center (SAML service provider, SCIM server, accounts, permission sets, access
/// portal). `entente tour` shows the whole journey; `entente up` starts both halves to work with.
#[derive(Debug, Parser)]
#[command(name = "entente", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print data as JSON.
    #[arg(long, global = true)]
    json: bool,
    /// File with the addresses and credentials of both halves, written by `entente setup`.
    #[arg(long, global = true, env = "ENTENTE_CREDENTIALS", value_name = "FILE")]
    credentials: Option<std::path::PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start both halves, with their data in one folder.
    Up(server::UpArguments),
    /// Run one half as a server.
    #[command(subcommand)]
    Serve(server::ServeCommand),
    /// Walk the whole road on fresh data: set-up, sign-in, provisioning, step by step with checks.
    Tour(tour::TourArguments),
    /// Sign in to the access portal over HTTP as a person does, and print what can be opened there.
    Signin(signin::SigninArguments),
    /// Use a half's one-time set-up secret: makes its first administrator and this command's credentials.
    #[command(subcommand)]
    Setup(commands::setup::SetupCommand),
    /// Work with a directory: people, groups, applications, provisioning.
    #[command(subcommand)]
    Directory(commands::directory::DirectoryCommand),
    /// Work with a center: identity source, provisioning tokens, accounts, permission sets, assignments.
    #[command(subcommand)]
    Center(commands::center::CenterCommand),
}

/// Reads the command line and does what it says; the process's exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("ENTENTE_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let output = output::Output { json: arguments.json };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments.command, &output, arguments.credentials.as_deref())),
        Err(error) => Err(Failure::new("RuntimeFailed", error.to_string())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn run(
    command: Command,
    output: &output::Output,
    credentials: Option<&std::path::Path>,
) -> Result<(), Failure> {
    match command {
        Command::Up(arguments) => server::up(arguments, output).await,
        Command::Serve(command) => server::serve(command, output).await,
        Command::Tour(arguments) => tour::run(arguments, output).await,
        Command::Signin(arguments) => signin::run(arguments, output, credentials).await,
        Command::Setup(command) => commands::setup::run(command, output, credentials).await,
        Command::Directory(command) => commands::directory::run(command, output, credentials).await,
        Command::Center(command) => commands::center::run(command, output, credentials).await,
    }
}

/// Why a command ended without doing what it was asked for.
#[derive(Debug, Clone)]
pub struct Failure {
    /// A stable code.
    pub code: String,
    /// What happened, with the values that matter.
    pub message: String,
    /// What was expected there, where that is known.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// What to do, where that is known.
    pub fix: Option<String>,
}

impl Failure {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), expected: None, found: None, fix: None }
    }

    fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl From<web::outbound::OutboundError> for Failure {
    fn from(error: web::outbound::OutboundError) -> Self {
        Self::new("NoAnswer", error.to_string()).with_fix("Is the server running at that address?")
    }
}
