use serde_json::json;
use store::{Row, StoreError, Tx};
use web::{Random, Timestamp};

use super::{Author, Instance, PORTAL_SESSION_DEFAULT, Subject};

const COLUMNS: &str = "id, identity_store_id, region, acs_id, scim_tenant_id, scim_enabled, \
                       portal_session_seconds, created_at";

/// Makes an instance with the Identity Center directory as its identity source.
///
/// # Errors
/// The engine's.
pub fn create(
    tx: &mut Tx<'_>,
    random: &Random,
    region: &str,
    now: Timestamp,
) -> Result<Instance, StoreError> {
    let instance = Instance {
        id: format!("ssoins-{}", random.hex::<8>()),
        identity_store_id: format!("d-{}", random.hex::<5>()),
        region: region.to_owned(),
        acs_id: random.uuid(),
        scim_tenant_id: random.uuid(),
        scim_enabled: false,
        portal_session_seconds: PORTAL_SESSION_DEFAULT,
        created_at: now,
    };
    insert(tx, &instance)?;
    tx.exec(
        "INSERT INTO identity_sources (instance_id, state, kind, settings, changed_at) \
         VALUES (?1, 'active', 'identity-center-directory', '{}', ?2)",
        &[(&instance.id).into(), now.micros().into()],
    )?;
    let author = Author { instance_id: instance.id.clone(), actor: "system".to_owned(), now };
    let after = json!({ "instanceArn": instance.arn(), "identityStoreId": instance.identity_store_id, "region": region });
    author.record(
        tx,
        "instance.created",
        Subject { kind: "instance", id: &instance.id },
        None,
        Some(&after),
    )?;
    Ok(instance)
}

fn insert(tx: &mut Tx<'_>, instance: &Instance) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO instances ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    tx.exec(
        &sql,
        &[
            (&instance.id).into(),
            (&instance.identity_store_id).into(),
            (&instance.region).into(),
            (&instance.acs_id).into(),
            (&instance.scim_tenant_id).into(),
            instance.scim_enabled.into(),
            instance.portal_session_seconds.into(),
            instance.created_at.micros().into(),
        ],
    )?;
    Ok(())
}

/// The instance with this id.
///
/// # Errors
/// [`StoreError::NoRow`] where there is none; the engine's.
pub fn load(tx: &mut Tx<'_>, id: &str) -> Result<Instance, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM instances WHERE id = ?1");
    read(&tx.row(&sql, &[id.into()])?.ok_or(StoreError::NoRow)?)
}

/// The oldest instance, which is the one that a process serves.
///
/// # Errors
/// The engine's.
pub fn first(tx: &mut Tx<'_>) -> Result<Option<Instance>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM instances ORDER BY created_at, id LIMIT 1");
    tx.row(&sql, &[])?.as_ref().map(read).transpose()
}

/// Sets how long portal sessions that begin from now on last.
///
/// # Errors
/// The engine's.
pub fn set_portal_session(tx: &mut Tx<'_>, author: &Author, seconds: i64) -> Result<(), StoreError> {
    let before = load(tx, &author.instance_id)?.portal_session_seconds;
    tx.exec(
        "UPDATE instances SET portal_session_seconds = ?1 WHERE id = ?2",
        &[seconds.into(), (&author.instance_id).into()],
    )?;
    author.record(
        tx,
        "instance.updated",
        Subject { kind: "instance", id: &author.instance_id },
        Some(&json!({ "portalSessionSeconds": before })),
        Some(&json!({ "portalSessionSeconds": seconds })),
    )
}

/// Whether a change of the identity source waits for its review.
///
/// # Errors
/// The engine's.
pub fn source_is_proposed(tx: &mut Tx<'_>, id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM identity_sources WHERE instance_id = ?1 AND state = 'proposed'";
    tx.exists(sql, &[id.into()])
}

/// When the first access token of automatic provisioning ends, if that is before `soon`.
///
/// # Errors
/// The engine's.
pub fn token_ending_before(
    tx: &mut Tx<'_>,
    id: &str,
    soon: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT expires_at FROM scim_tokens WHERE instance_id = ?1 AND expires_at < ?2 \
               ORDER BY expires_at LIMIT 1";
    let row = tx.row(sql, &[id.into(), soon.micros().into()])?;
    row.map(|row| row.int(0).map(Timestamp)).transpose()
}

fn read(row: &Row) -> Result<Instance, StoreError> {
    Ok(Instance {
        id: row.text(0)?,
        identity_store_id: row.text(1)?,
        region: row.text(2)?,
        acs_id: row.text(3)?,
        scim_tenant_id: row.text(4)?,
        scim_enabled: row.bool(5)?,
        portal_session_seconds: row.int(6)?,
        created_at: Timestamp(row.int(7)?),
    })
}
