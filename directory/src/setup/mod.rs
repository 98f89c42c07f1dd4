//! The first start and the set-up: a one-time secret makes the first Global Administrator and the first
//! API client. Nothing has a default password.

mod http;

use serde_json::json;
use store::{Store, StoreError, Tx};
use web::{Clock, Random, throttle, token};

pub use http::routes;

use crate::change::Change;
use crate::refused::Refused;
use crate::users::{NewUser, Profile};
use crate::{Directory, credentials, tenant, users};

const THROTTLE: &str = "setup";

/// What the first start made.
#[derive(Clone)]
pub struct Started {
    /// The tenant.
    pub tenant_id: String,
    /// The one-time secret, until the set-up has been completed: each start draws a new one, because only
    /// its hash is stored.
    pub secret: Option<String>,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started").field("tenant_id", &self.tenant_id).finish_non_exhaustive()
    }
}

/// Finds the tenant of this store or creates it, and draws the set-up secret while it is needed.
///
/// # Errors
/// The store's.
pub async fn first_start(
    store: &Store,
    clock: &Clock,
    random: &Random,
    default_domain: &str,
) -> Result<Started, StoreError> {
    let (now, random, domain) = (clock.now(), random.clone(), default_domain.to_owned());
    let (fresh, secret) = (random.uuid(), random.token("entente_setup_"));
    store
        .write(move |tx| {
            let change =
                Change { tenant: fresh.clone(), actor: "system".to_owned(), now, random: random.clone() };
            let known = tx.row("SELECT id FROM tenants ORDER BY created_at, id LIMIT 1", &[])?;
            let tenant_id = match known {
                Some(row) => {
                    let id = row.text(0)?;
                    if tenant::is_set_up(tx, &id)? {
                        return Ok(Started { tenant_id: id, secret: None });
                    }
                    id
                }
                None => create_tenant(tx, &change, &domain)?,
            };
            keep_secret(tx, &tenant_id, &secret, now.micros())?;
            Ok(Started { tenant_id, secret: Some(secret.clone()) })
        })
        .await
}

fn create_tenant(tx: &mut Tx<'_>, change: &Change, domain: &str) -> Result<String, StoreError> {
    let id = &change.tenant;
    tx.exec(
        "INSERT INTO tenants (id, display_name, default_domain, transitive_groups, created_at) \
         VALUES (?1, ?2, ?2, 0, ?3)",
        &[id.into(), domain.into(), change.now.micros().into()],
    )?;
    let after = json!(tenant::get(tx, id)?);
    change.record(tx, "tenant.created", ("tenant", id), None, Some(&after))?;
    Ok(id.clone())
}

fn keep_secret(tx: &mut Tx<'_>, tenant: &str, secret: &str, at: i64) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO setup_secrets (tenant_id, secret_sha256, created_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (tenant_id) DO UPDATE SET secret_sha256 = ?2, created_at = ?3",
        &[tenant.into(), token::hash(secret)[..].into(), at.into()],
    )?;
    Ok(())
}

/// Who the first administrator is.
#[derive(Clone)]
pub struct Wanted {
    /// The one-time secret.
    pub secret: String,
    /// The sign-in name; a name without a domain gets the tenant's.
    pub user_principal_name: String,
    /// The name for people; the part before the `@` where it is empty.
    pub display_name: String,
    /// The password.
    pub password: String,
}

/// What the set-up made. The client's secret is shown this once.
#[derive(Clone)]
pub struct Done {
    /// The administrator's sign-in name.
    pub user_principal_name: String,
    /// The API client's id.
    pub client_id: String,
    /// The API client's secret.
    pub client_secret: String,
}

/// Completes the set-up. The secret is checked before anything costly, and again with the change.
///
/// # Errors
/// [`Refused::SetupDone`], [`Refused::SetupSecret`], [`Refused::Throttled`], and those of a new user.
pub async fn complete(directory: &Directory, wanted: Wanted) -> Result<Done, Refused> {
    check_secret(directory, &wanted.secret).await?;
    let hash = credentials::hash(directory, &wanted.password).await?;
    let change = Change::new(directory, "setup");
    let client_secret = directory.random.token("entente_client_");
    let (secret, name, display_name) =
        (wanted.secret.clone(), wanted.user_principal_name.clone(), wanted.display_name.clone());
    directory
        .store
        .write(move |tx| -> Result<Done, Refused> {
            if !secret_is(tx, &change.tenant, &secret)? {
                return Err(Refused::SetupSecret);
            }
            let user = first_administrator(tx, &change, &name, &display_name)?;
            credentials::set(tx, &change, &user.id, &hash, false)?;
            let client_id = credentials::create_client(tx, &change, "Set-up", &client_secret)?;
            tx.exec("DELETE FROM setup_secrets WHERE tenant_id = ?1", &[(&change.tenant).into()])?;
            throttle::succeeded(tx, &change.tenant, THROTTLE)?;
            Ok(Done {
                user_principal_name: user.user_principal_name,
                client_id,
                client_secret: client_secret.clone(),
            })
        })
        .await
}

fn first_administrator(
    tx: &mut Tx<'_>,
    change: &Change,
    name: &str,
    display_name: &str,
) -> Result<users::User, Refused> {
    let name = match name.contains('@') {
        true => name.to_owned(),
        false => format!("{name}@{}", tenant::get(tx, &change.tenant)?.default_domain),
    };
    let name = users::checked_name(&name)?;
    let before_at = name.split('@').next().unwrap_or_default();
    let display_name = if display_name.trim().is_empty() { before_at } else { display_name };
    let new = NewUser {
        user_principal_name: name.clone(),
        display_name: display_name.to_owned(),
        account_enabled: true,
        manager_id: None,
        profile: Profile::default().with("mailNickname", before_at)?,
    };
    let user = users::create(tx, change, &new)?;
    users::give_administrator(tx, change, &user.id)?;
    Ok(user)
}

/// Whether the secret is right, counting failures. The count is committed although the answer is no.
async fn check_secret(directory: &Directory, secret: &str) -> Result<(), Refused> {
    let (tenant, now, secret) = (directory.tenant_id.clone(), directory.clock.now(), secret.to_owned());
    directory
        .store
        .write(move |tx| -> Result<Result<(), Refused>, Refused> {
            if tenant::is_set_up(tx, &tenant)? {
                return Ok(Err(Refused::SetupDone));
            }
            if let Some(until) = throttle::blocked_until(tx, &tenant, THROTTLE, now)? {
                return Ok(Err(Refused::Throttled(until)));
            }
            if secret_is(tx, &tenant, &secret)? {
                return Ok(Ok(()));
            }
            throttle::failed(tx, &tenant, THROTTLE, now)?;
            Ok(Err(Refused::SetupSecret))
        })
        .await?
}

fn secret_is(tx: &mut Tx<'_>, tenant: &str, secret: &str) -> Result<bool, Refused> {
    let sql = "SELECT secret_sha256 FROM setup_secrets WHERE tenant_id = ?1";
    let stored = tx.row(sql, &[tenant.into()])?.ok_or(Refused::SetupDone)?.bytes(0)?;
    Ok(token::same(&stored, &token::hash(secret)))
}
