//! `entente tour`: the whole road on fresh data, step by step, over HTTP alone, each step with the check
//! that proves it.

mod organization;
mod report;
mod steps;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use web::Random;

use crate::Failure;
use crate::client;
use crate::credentials::Credentials;
use crate::output::Output;
use crate::server::{self, Running, ServeArguments};
use crate::signin;
use organization::Organization;
use report::Report;

/// How to walk.
#[derive(Debug, Args)]
pub struct TourArguments {
    /// Folder with users.csv, groups.csv, members.csv, accounts.csv, permission_sets.csv and
    /// assignments.csv, instead of the small organisation that is built in.
    #[arg(long, value_name = "DIR")]
    org: Option<PathBuf>,
    /// End after the last step instead of serving until Ctrl-C.
    #[arg(long)]
    exit: bool,
    /// Folder for the data; must be empty. By default a temporary one that is removed at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What the steps work with.
struct Tour {
    output: Output,
    report: Report,
    org: Organization,
    directory: client::Directory,
    center: client::Center,
    /// The password that every person of the tour who signs in gets.
    password: SecretString,
    app: Json,
    figures: serde_json::Map<String, Json>,
}

/// `entente tour`
pub async fn run(arguments: TourArguments, output: &Output) -> Result<(), Failure> {
    let org = Organization::load(arguments.org.as_deref())?;
    let data = DataFolder::new(arguments.data.clone())?;
    let outcome = tokio::select! {
        outcome = walk(&arguments, org, &data, output) => outcome,
        () = server::interrupted() => {
            output.say("\nStopped. Nothing is left behind.");
            Ok(())
        }
    };
    data.remove();
    outcome
}

async fn walk(
    arguments: &TourArguments,
    org: Organization,
    data: &DataFolder,
    output: &Output,
) -> Result<(), Failure> {
    let began = Instant::now();
    let halves = Halves::start(data, org.domain()).await?;
    let started = began.elapsed();
    let (mut tour, administrators) = set_up(&halves, data, org, *output).await?;
    tour.figures.insert("startMilliseconds".to_owned(), json!(started.as_millis()));
    let access = steps::all(&mut tour).await?;
    tour.figures.insert("totalSeconds".to_owned(), json!(began.elapsed().as_secs_f64()));
    finish(&tour, &halves, &administrators, &access);
    if !arguments.exit {
        output.say("\nBoth halves keep running. Ctrl-C ends them.");
        // The caller listens for Ctrl-C.
        std::future::pending::<()>().await;
    }
    halves.stop().await
}

struct Halves {
    directory: Running,
    center: Running,
}

impl Halves {
    async fn start(data: &DataFolder, domain: &str) -> Result<Self, Failure> {
        let arguments = ServeArguments {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            public_url: None,
            store: None,
            data: data.path.clone(),
            tls_cert: None,
            tls_key: None,
            domain: domain.to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let (directory, center) =
            tokio::try_join!(server::start_directory(&arguments), server::start_center(&arguments))?;
        Ok(Self { directory, center })
    }

    async fn stop(self) -> Result<(), Failure> {
        self.directory.stop().await?;
        self.center.stop().await
    }
}

/// The administrators' passwords, to print at the end.
struct Administrators {
    directory: (String, SecretString),
    center: (String, SecretString),
}

/// Step 0: the one-time secrets become administrators.
async fn set_up(
    halves: &Halves,
    data: &DataFolder,
    org: Organization,
    output: Output,
) -> Result<(Tour, Administrators), Failure> {
    let mut report = Report::new(output);
    let random = Random::system();
    report.step(
        "0",
        "Set up both halves with their one-time secrets",
        &[halves.directory.origin.as_str(), halves.center.origin.as_str()],
    );
    let secret = |running: &Running| {
        let secret = running.secret.clone().ok_or_else(|| Failure::new("SetupDone", "the data is not fresh"));
        secret.map(SecretString::from)
    };
    let (for_directory, for_center) = (secret(&halves.directory)?, secret(&halves.center)?);
    let admin = format!("admin@{}", org.domain());
    let passwords = (SecretString::from(random.token("")), SecretString::from(random.token("")));
    let directory =
        client::Directory::setup(halves.directory.origin.as_str(), &for_directory, &admin, &passwords.0)
            .await?;
    let center =
        client::Center::setup(halves.center.origin.as_str(), &for_center, "admin", &passwords.1).await?;
    let again =
        client::Center::setup(halves.center.origin.as_str(), &for_center, "intruder", &passwords.1).await;
    let code = again.err().map_or("accepted".to_owned(), |failure| failure.code);
    report.check("the center's one-time secret cannot be used again", "SetupDone", &code)?;
    let known = Credentials { directory: Some(directory.clone()), center: Some(center.clone()) };
    known.save(Some(&data.path.join("credentials.json")))?;
    let tour = Tour {
        output,
        report,
        org,
        directory: client::Directory::connect(&directory).await?,
        center: client::Center::connect(&center)?,
        password: SecretString::from(random.token("")),
        app: Json::Null,
        figures: serde_json::Map::new(),
    };
    let about = tour.directory.http.get("/api/about").await?;
    let mut tour = tour;
    tour.report.check("the directory says that it is set up", "true", &about["setUp"].to_string())?;
    Ok((tour, Administrators { directory: (admin, passwords.0), center: ("admin".to_owned(), passwords.1) }))
}

fn finish(tour: &Tour, halves: &Halves, administrators: &Administrators, access: &Json) {
    let person = access["userName"].as_str().unwrap_or_default();
    if tour.output.json {
        tour.output.data(&json!({
            "directory": halves.directory.origin.as_str(),
            "center": halves.center.origin.as_str(),
            "portal": format!("{}start", halves.center.origin),
            "person": person,
            "password": tour.password.expose_secret(),
            "access": access,
            "checks": tour.report.checks(),
            "figures": tour.figures,
        }));
        return;
    }
    let say = |line: String| tour.output.say(line);
    say(String::new());
    signin::describe(access).into_iter().for_each(say);
    say(format!("\n{} checks passed. To look around in a browser:", tour.report.checks().len()));
    let show = |what: &str, url: String, user: &str, password: &SecretString| {
        say(format!("  {what:<18} {url}\n  {:18} user {user}  password {}", "", password.expose_secret()));
    };
    show("access portal", format!("{}start", halves.center.origin), person, &tour.password);
    let (user, password) = &administrators.directory;
    show("directory console", format!("{}console", halves.directory.origin), user, password);
    let (user, password) = &administrators.center;
    show("center console", format!("{}console", halves.center.origin), user, password);
}

/// Where the tour's data is.
struct DataFolder {
    path: PathBuf,
    temporary: bool,
}

impl DataFolder {
    fn new(named: Option<PathBuf>) -> Result<Self, Failure> {
        let temporary = named.is_none();
        let path = named.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("entente-tour-{}", Random::system().hex::<6>()))
        });
        let failed = |e: std::io::Error| Failure::new("DataFolder", format!("{}: {e}", path.display()));
        std::fs::create_dir_all(&path).map_err(failed)?;
        if std::fs::read_dir(&path).map_err(failed)?.next().is_some() {
            return Err(Failure::new(
                "DataFolderNotEmpty",
                format!("{} holds files already", path.display()),
            )
            .with_fix("The tour works on fresh data: name an empty folder."));
        }
        Ok(Self { path, temporary })
    }

    fn remove(&self) {
        if self.temporary {
            // What cannot be removed now is in the folder for temporary files, which is emptied anyway.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
