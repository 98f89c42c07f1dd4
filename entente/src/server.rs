//! Starting a half, or both: configuration, store, first start, and a clean end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;
use web::sealed::MasterKey;
use web::serve::{Bound, TlsFiles};
use web::{Clock, Random};

use crate::Failure;
use crate::output::Output;

/// Which half to run.
#[derive(Debug, Subcommand)]
pub enum ServeCommand {
    /// The directory: users, groups, applications, SAML identity provider, provisioning.
    Directory(ServeArguments),
    /// The center: SAML service provider, SCIM server, accounts, permission sets, access portal.
    Center(ServeArguments),
}

/// How to run one half.
#[derive(Debug, Clone, Args)]
pub struct ServeArguments {
    /// Where to listen.
    #[arg(long, env = "ENTENTE_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The origin that people and other systems use, for example https://id.example.com. Needed behind a
    /// proxy; it is in every URL that leaves the system.
    #[arg(long, env = "ENTENTE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Url>,
    /// The database: sqlite:PATH or postgres://user:password@host/name. By default a SQLite file in the
    /// data folder.
    #[arg(long, env = "ENTENTE_STORE", value_name = "URL", hide_env_values = true)]
    pub store: Option<String>,
    /// Folder for the database file and the master key.
    #[arg(long, env = "ENTENTE_DATA", default_value = "./entente-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Certificate chain (PEM) for HTTPS; read again when it changes.
    #[arg(long, env = "ENTENTE_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) for HTTPS.
    #[arg(long, env = "ENTENTE_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Directory, first start only: the domain of its user names.
    #[arg(long, default_value = "example.com", value_name = "DOMAIN")]
    pub domain: String,
    /// Center, first start only: the region in its ARNs.
    #[arg(long, default_value = "eu-central-1", value_name = "REGION")]
    pub region: String,
}

/// How to run both halves.
#[derive(Debug, Args)]
pub struct UpArguments {
    /// Folder for both databases, their master keys and the command's credentials.
    #[arg(long, env = "ENTENTE_DATA", default_value = "./entente-data", value_name = "DIR")]
    data: PathBuf,
    /// Where the directory listens.
    #[arg(long, default_value = "127.0.0.1:7001", value_name = "ADDRESS:PORT")]
    directory_listen: SocketAddr,
    /// Where the center listens.
    #[arg(long, default_value = "127.0.0.1:7002", value_name = "ADDRESS:PORT")]
    center_listen: SocketAddr,
    /// First start only: the domain of the directory's user names.
    #[arg(long, default_value = "example.com", value_name = "DOMAIN")]
    domain: String,
    /// First start only: the region in the center's ARNs.
    #[arg(long, default_value = "eu-central-1", value_name = "REGION")]
    region: String,
}

/// A half that serves.
pub struct Running {
    /// Its origin.
    pub origin: Url,
    /// The one-time set-up secret, while the set-up has not been done.
    pub secret: Option<String>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<Result<(), Failure>>>,
}

impl Running {
    /// Ends it cleanly.
    pub async fn stop(self) -> Result<(), Failure> {
        let _ = self.stop.send(true);
        for task in self.tasks {
            task.await.map_err(|e| Failure::new("ServeFailed", e.to_string()))??;
        }
        Ok(())
    }

    /// Waits until it ends by itself, which only happens when it fails.
    async fn ended(&mut self) -> Failure {
        let Some(task) = self.tasks.first_mut() else { return Failure::new("ServeFailed", "not serving") };
        match task.await {
            Ok(Err(failure)) => failure,
            Ok(Ok(())) => Failure::new("ServeFailed", "the server ended"),
            Err(error) => Failure::new("ServeFailed", error.to_string()),
        }
    }
}

/// What is the same for both halves on start.
struct Opened {
    bound: Bound,
    origin: Url,
    store: Store,
    master_key: MasterKey,
    clock: Clock,
    random: Random,
}

async fn open(
    half: &str,
    port: u16,
    arguments: &ServeArguments,
    migrations: &'static [store::Migration],
) -> Result<Opened, Failure> {
    if let Some(url) = arguments.public_url.as_ref().filter(|url| !web::serve::is_origin(url)) {
        let message = format!("--public-url {url} is not an origin");
        return Err(Failure::new("PublicUrlInvalid", message)
            .with_fix("Give https://host or https://host:port, without a path; http:// only on loopback."));
    }
    let data = &arguments.data;
    let failed = |e: std::io::Error| Failure::new("DataFolder", format!("{}: {e}", data.display()));
    std::fs::create_dir_all(data).map_err(failed)?;
    let random = Random::system();
    let key_file = data.join(format!("{half}.key"));
    let master_key = MasterKey::load_or_create(&key_file, random.bytes())
        .map_err(|e| Failure::new("MasterKey", e.to_string()))?;
    let file = || format!("sqlite:{}", data.join(format!("{half}.db")).display());
    let url = arguments.store.clone().unwrap_or_else(file);
    let store =
        Store::open(&url, migrations).await.map_err(|e| Failure::new("StoreUnusable", e.to_string()))?;
    let tls = arguments.tls_cert.clone().zip(arguments.tls_key.clone());
    let tls = tls.map(|(certificate, key)| TlsFiles { certificate, key });
    let listen = arguments.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port)));
    let bound = Bound::new(listen, tls, arguments.public_url.as_ref())
        .await
        .map_err(|e| Failure::new("ListenFailed", e.to_string()))?;
    let origin = arguments.public_url.clone().unwrap_or_else(|| bound.origin());
    Ok(Opened { bound, origin, store, master_key, clock: Clock::system(), random })
}

/// Starts a directory.
pub async fn start_directory(arguments: &ServeArguments) -> Result<Running, Failure> {
    let opened = open("directory", 7001, arguments, directory::MIGRATIONS).await?;
    let started =
        directory::setup::first_start(&opened.store, &opened.clock, &opened.random, &arguments.domain)
            .await
            .map_err(|e| Failure::new("FirstStart", e.to_string()))?;
    let half = directory::Directory::new(
        opened.store,
        opened.clock,
        opened.random,
        opened.master_key,
        opened.origin.clone(),
        started.tenant_id,
    );
    let (router, _) = directory::router::router(&half);
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve_until(opened.bound, router, stopped.clone()));
    let purging = tokio::spawn(purge(half.clone(), stopped.clone()));
    let provisioning = tokio::spawn(async move {
        directory::provisioning::run(half, until(stopped)).await;
        Ok(())
    });
    let tasks = vec![serving, provisioning, purging];
    Ok(Running { origin: opened.origin, secret: started.secret, stop, tasks })
}

/// What is done once an hour: who was deleted more than 30 days ago is removed for good, certificates that are
/// about to expire are announced, and records of sign-ins that are kept no longer are cleared away.
async fn purge(half: directory::Directory, stopped: watch::Receiver<bool>) -> Result<(), Failure> {
    let hourly = async {
        let mut hours = tokio::time::interval(std::time::Duration::from_secs(3600));
        loop {
            hours.tick().await;
            match directory::users::purge_due(&half).await {
                Ok(0) => {}
                Ok(purged) => tracing::info!(purged, "removed users who were deleted more than 30 days ago"),
                Err(error) => {
                    tracing::warn!(%error, "deleted users could not be removed; next try in an hour")
                }
            }
            match directory::applications::announce_expiry(&half).await {
                Ok(0) => {}
                Ok(announced) => {
                    tracing::warn!(
                        announced,
                        "signing certificates are about to expire; the event log names them"
                    )
                }
                Err(error) => tracing::warn!(%error, "expiring certificates could not be announced"),
            }
            if let Err(error) = directory::saml_idp::clear_away(&half).await {
                tracing::warn!(%error, "old sign-ins could not be cleared away; next try in an hour");
            }
        }
    };
    tokio::select! {
        () = hourly => {}
        () = until(stopped) => {}
    }
    Ok(())
}

/// Starts a center.
pub async fn start_center(arguments: &ServeArguments) -> Result<Running, Failure> {
    let opened = open("center", 7002, arguments, center::MIGRATIONS).await?;
    let started = center::setup::first_start(&opened.store, &opened.clock, &opened.random, &arguments.region)
        .await
        .map_err(|e| Failure::new("FirstStart", e.to_string()))?;
    let half = center::Center::new(
        opened.store,
        opened.clock,
        opened.random,
        opened.master_key,
        opened.origin.clone(),
        started.instance_id,
    );
    let (router, _) = center::router::router(&half);
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve_until(opened.bound, router, stopped.clone()));
    let watching = tokio::spawn(watch_over(half, stopped));
    Ok(Running { origin: opened.origin, secret: started.secret, stop, tasks: vec![serving, watching] })
}

/// What the center does by itself: it reads the identity provider's metadata URL when that is due, and once an hour it
/// announces certificates and tokens that are about to expire and removes for good what was deleted more than 30 days
/// ago; all the time it tells event targets what changes.
async fn watch_over(half: center::Center, stopped: watch::Receiver<bool>) -> Result<(), Failure> {
    let minutely = async {
        let mut minutes = tokio::time::interval(std::time::Duration::from_secs(60));
        for minute in 0_u32.. {
            minutes.tick().await;
            if minute.is_multiple_of(60) {
                hourly(&half).await;
            }
            if let Err(error) = center::identity_source::refresh::refresh_due(&half).await {
                tracing::warn!(%error, "the outcome of reading the metadata URL could not be saved");
            }
        }
    };
    tokio::select! {
        () = minutely => {}
        () = center::event_targets::run(half.clone(), until(stopped)) => {}
    }
    Ok(())
}

async fn hourly(half: &center::Center) {
    match center::recycle_bin::remove_due(half).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed what was deleted more than 30 days ago"),
        Err(error) => tracing::warn!(%error, "the recycle bin could not be emptied; next try in an hour"),
    }
    announced("SCIM access tokens", center::scim_server::tokens::announce_expiry(half).await);
    let certificates = center::identity_source::certificates::announce_expiry(half).await;
    announced("certificates of the identity provider", certificates);
    announced("keys of the service provider", center::saml_sp::key_expiry::announce_expiry(half).await);
}

fn announced(what: &str, outcome: Result<usize, store::StoreError>) {
    match outcome {
        Ok(0) => {}
        Ok(announced) => {
            tracing::warn!(announced, "{what} are about to expire or have expired; the event log names them")
        }
        Err(error) => tracing::warn!(%error, "the end of {what} could not be announced"),
    }
}

async fn serve_until(
    bound: Bound,
    router: web::serve::Hardened,
    stopped: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let served = bound.serve(router, until(stopped)).await;
    served.map_err(|e| Failure::new("ServeFailed", e.to_string()))
}

/// Ends when the half is told to stop, or nobody is left to tell it.
async fn until(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// `entente serve`
pub async fn serve(command: ServeCommand, output: &Output) -> Result<(), Failure> {
    let (half, mut running) = match &command {
        ServeCommand::Directory(arguments) => ("directory", start_directory(arguments).await?),
        ServeCommand::Center(arguments) => ("center", start_center(arguments).await?),
    };
    say_started(output, &[(half, &running)]);
    tokio::select! {
        () = interrupted() => {}
        failure = running.ended() => return Err(failure),
    }
    output.say("Stopping.");
    running.stop().await
}

/// `entente up`
pub async fn up(arguments: UpArguments, output: &Output) -> Result<(), Failure> {
    let half = |listen| ServeArguments {
        listen: Some(listen),
        public_url: None,
        store: None,
        data: arguments.data.clone(),
        tls_cert: None,
        tls_key: None,
        domain: arguments.domain.clone(),
        region: arguments.region.clone(),
    };
    let (directory, center) = tokio::try_join!(
        start_both(half(arguments.directory_listen), true),
        start_both(half(arguments.center_listen), false)
    )?;
    let (mut directory, mut center) = (directory, center);
    say_started(output, &[("directory", &directory), ("center", &center)]);
    if !output.json {
        say_next(output, &arguments.data, &directory, &center);
    }
    tokio::select! {
        () = interrupted() => {}
        failure = directory.ended() => return Err(failure),
        failure = center.ended() => return Err(failure),
    }
    output.say("Stopping.");
    directory.stop().await?;
    center.stop().await
}

async fn start_both(arguments: ServeArguments, directory: bool) -> Result<Running, Failure> {
    if directory { start_directory(&arguments).await } else { start_center(&arguments).await }
}

fn say_started(output: &Output, halves: &[(&str, &Running)]) {
    if output.json {
        let all: serde_json::Map<_, _> = halves
            .iter()
            .map(|(half, running)| {
                let said =
                    serde_json::json!({ "url": running.origin.as_str(), "setupSecret": running.secret });
                ((*half).to_owned(), said)
            })
            .collect();
        output.data(&all.into());
        return;
    }
    for (half, running) in halves {
        output.say(format!("The {half} is at {}", running.origin));
        if let Some(secret) = &running.secret {
            output.say(format!(
                "  Set it up once at {}setup with this secret (shown now only):",
                running.origin
            ));
            output.say(format!("  {secret}"));
        }
    }
}

fn say_next(output: &Output, data: &Path, directory: &Running, center: &Running) {
    output.say(format!("\nData is in {}. Ctrl-C stops both.", data.display()));
    if directory.secret.is_some() || center.secret.is_some() {
        output.say("To set up from the command line instead:");
        output.say(format!("  entente setup directory --url {}", directory.origin));
        output.say(format!("  entente setup center --url {}", center.origin));
    }
}

/// Ends on Ctrl-C, and on the signal that service supervisors send.
pub async fn interrupted() {
    let ctrl_c = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                () = ctrl_c => {}
                _ = terminate.recv() => {}
            },
            Err(_) => ctrl_c.await,
        }
    }
    #[cfg(not(unix))]
    ctrl_c.await;
}
