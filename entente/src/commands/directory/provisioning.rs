//! `entente directory app provisioning`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};

pub use super::settle::settle;
use super::{comparison, plan, provenance};
use crate::Failure;
use crate::client::{Directory, encode};
use crate::credentials::secret;
use crate::output::Output;

/// What to do with an application's provisioning. APP is a display name, app id or object id.
#[derive(Debug, Subcommand)]
pub enum ProvisioningCommand {
    /// Say where the SCIM endpoint is and how to get in, then test the connection.
    Configure(ConfigureArguments),
    /// Test the connection with the saved target.
    Test {
        /// The application.
        app: String,
    },
    /// Start, or go on after a pause.
    Start {
        /// The application.
        app: String,
        /// Wait, with progress, until everything known by now has arrived.
        #[arg(long)]
        wait: bool,
    },
    /// Stop after what is being sent.
    Pause {
        /// The application.
        app: String,
    },
    /// Compare everything anew; also leaves quarantine.
    Restart {
        /// The application.
        app: String,
        /// Let the staged deletions happen.
        #[arg(long)]
        allow_deletes: bool,
    },
    /// State, counts and progress.
    Status {
        /// The application.
        app: String,
    },
    /// Follow, with progress, until everything known by now has arrived.
    Watch {
        /// The application.
        app: String,
    },
    /// Say whom AWS IAM Identity Center would refuse, and why, before anything is sent. Fails where there is anything.
    Lint {
        /// The application.
        app: String,
    },
    /// A dry run: print what would be sent, object by object and attribute by attribute, and keep it under an id.
    Plan {
        /// The application.
        app: String,
    },
    /// Send exactly what a plan shows; nothing where either side has moved since.
    Approve {
        /// The application.
        app: String,
        /// The plan's id.
        plan: String,
    },
    /// Read everything that the target has, print what others changed there, and have it repaired. What this
    /// application did not bring is listed, and never touched.
    Compare {
        /// The application.
        app: String,
        /// Change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Make so many missing objects again, whatever the limit: the number that a refusal names.
        #[arg(long, default_value_t = 0)]
        allow_missing: i64,
    },
    /// Provision one person or group now and print each step.
    OnDemand {
        /// The application.
        app: String,
        /// User principal name.
        #[arg(long, conflicts_with = "group", required_unless_present = "group")]
        user: Option<String>,
        /// The group's id.
        #[arg(long)]
        group: Option<String>,
    },
    /// Why somebody is in scope, or a member of a provisioned group: every reason, with the way through groups in groups.
    Why {
        /// The application.
        app: String,
        /// User principal name or id.
        user: String,
        /// The name or id of a group: why they are its member in the target.
        #[arg(long)]
        group: Option<String>,
    },
    /// The newest entries of the provisioning log.
    Logs(LogsArguments),
}

/// Who is kept in step.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Scope {
    /// Assigned people and groups.
    Assigned,
    /// Everybody and every group.
    All,
}

/// What the target is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Personality {
    /// What the tenant URL says.
    Automatic,
    /// AWS IAM Identity Center.
    Aws,
    /// Any SCIM service.
    Generic,
}

/// The target.
#[derive(Debug, Args)]
pub struct ConfigureArguments {
    /// The application.
    app: String,
    /// The SCIM endpoint.
    #[arg(long, value_name = "URL")]
    tenant_url: String,
    /// File with the access token; without it, it is asked for or read from standard input.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Who is kept in step.
    #[arg(long, value_enum, default_value = "assigned")]
    scope: Scope,
    /// The target may be in a private network.
    #[arg(long)]
    allow_private_network: bool,
    /// What the target is; without it, that stays as it is: automatic at first.
    #[arg(long, value_enum)]
    personality: Option<Personality>,
    /// Compare the whole target so often, in hours; 0 for never. Without it, that stays as it is: 24 at first.
    #[arg(long, value_name = "HOURS")]
    compare_every: Option<u32>,
}

/// Which entries of the log.
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// The application.
    app: String,
    /// How many.
    #[arg(long, default_value_t = 20)]
    top: u32,
    /// Only those that ended so: success, failure, skipped or warning.
    #[arg(long)]
    status: Option<String>,
    /// Only this action: create, update, disable, delete, stagedDelete or other.
    #[arg(long)]
    action: Option<String>,
    /// Only people and groups whose names begin so, or the one with this id.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

impl LogsArguments {
    /// Graph's filter, beside the job.
    fn filter(&self) -> Vec<(&'static str, &str)> {
        let given = [
            ("provisioningStatusInfo/status", &self.status),
            ("provisioningAction", &self.action),
            ("sourceIdentity/displayName", &self.who),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}

/// An application's service principal and its job.
pub struct Job {
    /// The service principal's id.
    pub principal: String,
    /// The job's id.
    pub id: String,
}

/// The job of an application, made where there is none.
pub async fn job(directory: &Directory, app: &str) -> Result<Job, Failure> {
    let principal = directory.application(app).await?["id"].as_str().unwrap_or_default().to_owned();
    let id = directory.job(&principal).await?["id"].as_str().unwrap_or_default().to_owned();
    Ok(Job { principal, id })
}

/// `entente directory app provisioning`
pub async fn run(
    command: ProvisioningCommand,
    directory: &Directory,
    output: &Output,
) -> Result<(), Failure> {
    let none = json!({});
    match command {
        ProvisioningCommand::Configure(arguments) => configure(&arguments, directory, output).await?,
        ProvisioningCommand::Test { app } => {
            let job = job(directory, &app).await?;
            directory.test_connection(&job.principal, &job.id).await?;
            output.say("The connection works.");
        }
        ProvisioningCommand::Start { app, wait } => {
            let job = job(directory, &app).await?;
            directory.job_action(&job.principal, &job.id, "start", &none).await?;
            output.say("Provisioning is on.");
            if wait {
                output.data(&settle(directory, &job, output.json).await?);
            }
        }
        ProvisioningCommand::Pause { app } => {
            let job = job(directory, &app).await?;
            directory.job_action(&job.principal, &job.id, "pause", &none).await?;
            output.say("Provisioning is paused; changes are kept for later.");
        }
        ProvisioningCommand::Restart { app, allow_deletes } => {
            let job = job(directory, &app).await?;
            let reset =
                if allow_deletes { "Full, ForceDeletes" } else { "Watermark, Escrows, QuarantineState" };
            let body = json!({ "criteria": { "resetScope": reset } });
            directory.job_action(&job.principal, &job.id, "restart", &body).await?;
            output.say("Everything is compared anew.");
        }
        ProvisioningCommand::Status { app } => {
            let job = job(directory, &app).await?;
            output.data(&directory.job(&job.principal).await?["status"]);
        }
        ProvisioningCommand::Watch { app } => {
            let job = job(directory, &app).await?;
            output.data(&settle(directory, &job, output.json).await?);
        }
        ProvisioningCommand::Lint { app } => lint(directory, &app, output).await?,
        ProvisioningCommand::Plan { app } => plan::make(directory, &app, output).await?,
        ProvisioningCommand::Approve { app, plan } => plan::approve(directory, &app, &plan, output).await?,
        ProvisioningCommand::Compare { app, dry_run, allow_missing } => {
            comparison::compare(directory, &app, dry_run, allow_missing, output).await?;
        }
        ProvisioningCommand::OnDemand { app, user, group } => {
            on_demand(directory, &app, user, group, output).await?;
        }
        ProvisioningCommand::Why { app, user, group } => {
            provenance::why(directory, &app, &user, group.as_deref(), output).await?;
        }
        ProvisioningCommand::Logs(arguments) => logs(&arguments, directory, output).await?,
    }
    Ok(())
}

async fn logs(arguments: &LogsArguments, directory: &Directory, output: &Output) -> Result<(), Failure> {
    let job = job(directory, &arguments.app).await?;
    let entries = directory.provisioning_logs(&job.id, arguments.top, &arguments.filter()).await?;
    let columns = [
        ("activityDateTime", "TIME"),
        ("provisioningAction", "ACTION"),
        ("provisioningStatusInfo.status", "STATUS"),
        ("sourceIdentity.displayName", "WHO"),
        ("provisioningStatusInfo.errorInformation.reason", "REASON"),
    ];
    output.table(&entries, &columns);
    Ok(())
}

async fn configure(
    arguments: &ConfigureArguments,
    directory: &Directory,
    output: &Output,
) -> Result<(), Failure> {
    let job = job(directory, &arguments.app).await?;
    let token = secret(arguments.token_file.as_deref(), "Access token of the SCIM endpoint")?;
    let truth = |value: bool| if value { "True" } else { "False" };
    let mut secrets = vec![
        ("BaseAddress", arguments.tenant_url.as_str()),
        ("SecretToken", token.expose_secret()),
        ("SyncAll", truth(matches!(arguments.scope, Scope::All))),
        ("AllowPrivateNetwork", truth(arguments.allow_private_network)),
    ];
    secrets.extend(arguments.personality.map(|personality| {
        let name = match personality {
            Personality::Automatic => "Automatic",
            Personality::Aws => "Aws",
            Personality::Generic => "Generic",
        };
        ("Personality", name)
    }));
    let every = arguments.compare_every.map(|hours| hours.to_string());
    secrets.extend(every.as_deref().map(|hours| ("CompareEveryHours", hours)));
    directory.provisioning_secrets(&job.principal, &secrets).await?;
    directory.test_connection(&job.principal, &job.id).await?;
    output.say("Saved. The connection works.");
    Ok(())
}

async fn lint(directory: &Directory, app: &str, output: &Output) -> Result<(), Failure> {
    let job = job(directory, app).await?;
    let report = directory.lint(&job.principal, &job.id).await?;
    let columns = [
        ("kind", "KIND"),
        ("name", "WHO"),
        ("attribute", "ATTRIBUTE"),
        ("rule", "RULE"),
        ("found", "FOUND"),
        ("fix", "FIX"),
    ];
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    if output.json {
        output.data(&report);
    } else if !findings.is_empty() {
        output.table(&findings, &columns);
    }
    let count = |key: &str| report[key].as_u64().unwrap_or_default();
    let seen = format!("{} of {} objects in scope looked at", count("lookedAt"), count("inScope"));
    if count("findingCount") > 0 {
        let why = format!(
            "AWS would refuse {} people and {} groups; {} findings, {seen}",
            count("refusedUsers"),
            count("refusedGroups"),
            count("findingCount")
        );
        return Err(Failure::new("LintFindings", why).with_fix("Each finding says what to change."));
    }
    output.say(format!("AWS would accept everything: {seen}."));
    Ok(())
}

async fn on_demand(
    directory: &Directory,
    app: &str,
    user: Option<String>,
    group: Option<String>,
    output: &Output,
) -> Result<(), Failure> {
    let job = job(directory, app).await?;
    let (id, kind) = match (user, group) {
        (Some(user), _) => {
            let found = directory.http.get(&format!("/v1.0/users/{}", encode(&user))).await?;
            (found["id"].as_str().unwrap_or_default().to_owned(), "User")
        }
        (None, group) => (group.unwrap_or_default(), "Group"),
    };
    let subject = json!({ "objectId": id, "objectTypeName": kind });
    let body = json!({ "parameters": [{ "ruleId": kind, "subjects": [subject] }] });
    let answer = directory.job_action(&job.principal, &job.id, "provisionOnDemand", &body).await?;
    // Graph packs its answer into two texts that hold JSON.
    let inner = |key: &str| -> Json {
        answer[key].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    output.data(&json!({ "result": inner("key"), "details": inner("value") }));
    Ok(())
}
