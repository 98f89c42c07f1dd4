//! Applications as rows.

use saml::names::FORMAT_EMAIL;
use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use super::key_credentials::encryption_key;
use super::store_save::save;
use super::{
    Application, NameId, NewCertificate, ReplyUrl, RequestSignatureVerification, SamlChange,
    SigningAlgorithm, SigningOption, WeakAlgorithm, add_certificate, certificates,
};
use crate::change::Change;
use crate::refused::Refused;
use crate::users::{self, Page, Query, checked_display_name, key};

const COLUMNS: &str = "id, app_id, service_principal_id, display_name, account_enabled, assignment_required, \
     visible, single_sign_on_mode, sign_on_url, logout_url, relay_state, name_id_source, name_id_format, \
     signing_option, created_at, signing_algorithm, signed_request_required, allow_rsa_sha1, \
     token_encryption_key_id, transitive_groups";

fn read(tx: &mut Tx<'_>, tenant: &str, row: &Row) -> Result<Application, StoreError> {
    let id = row.text(0)?;
    let option = SigningOption::from_name(&row.text(13)?);
    let algorithm = SigningAlgorithm::from_name(&row.text(15)?);
    let saml = match row.opt_text(7)?.as_deref() {
        None => false,
        Some("saml") => true,
        Some(_) => return Err(StoreError::BadRow { column: 7, why: "saml expected" }),
    };
    Ok(Application {
        app_id: row.text(1)?,
        service_principal_id: row.text(2)?,
        display_name: row.text(3)?,
        account_enabled: row.bool(4)?,
        assignment_required: row.bool(5)?,
        visible: row.bool(6)?,
        saml,
        sign_on_url: row.opt_text(8)?,
        logout_url: row.opt_text(9)?,
        relay_state: row.opt_text(10)?,
        name_id: NameId { source: row.text(11)?, format: row.text(12)? },
        signing_option: option
            .ok_or(StoreError::BadRow { column: 13, why: "assertion, response or both expected" })?,
        signing_algorithm: algorithm
            .ok_or(StoreError::BadRow { column: 15, why: "an RSA signature algorithm expected" })?,
        request_signature_verification: RequestSignatureVerification {
            is_signed_request_required: row.bool(16)?,
            allowed_weak_algorithms: row.bool(17)?.then_some(WeakAlgorithm::RsaSha1),
        },
        token_encryption_key_id: row.opt_text(18)?,
        transitive_groups: row.opt_int(19)?.map(|transitive| transitive == 1),
        identifiers: identifiers(tx, tenant, &id)?,
        reply_urls: reply_urls(tx, tenant, &id)?,
        created_date_time: Timestamp(row.int(14)?).rfc3339(),
        id,
    })
}

fn identifiers(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT identifier FROM application_identifiers WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY position";
    tx.rows(sql, &[tenant.into(), id.into()])?.iter().map(|row| row.text(0)).collect()
}

fn reply_urls(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Vec<ReplyUrl>, StoreError> {
    let sql = "SELECT url, acs_index, is_default FROM application_reply_urls \
               WHERE tenant_id = ?1 AND application_id = ?2 ORDER BY position";
    let read = |row: &Row| {
        let wrong = |_| StoreError::BadRow { column: 1, why: "0 to 65535 expected" };
        let index = row.opt_int(1)?.map(u16::try_from).transpose().map_err(wrong)?;
        Ok(ReplyUrl { url: row.text(0)?, index, is_default: row.bool(2)? })
    };
    tx.rows(sql, &[tenant.into(), id.into()])?.iter().map(read).collect()
}

/// The application with this object id, if there is one.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Option<Application>, StoreError> {
    one(tx, tenant, &IDS[..1], id)
}

/// The application with this application object id, application (client) id or service principal id.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn by_any_id(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<Application, Refused> {
    let found = one(tx, tenant, &IDS, id)?;
    found.ok_or_else(|| Refused::not_found("application", id))
}

/// The application whose service principal has this object id.
///
/// # Errors
/// The engine's.
pub fn by_service_principal(
    tx: &mut Tx<'_>,
    tenant: &str,
    id: &str,
) -> Result<Option<Application>, StoreError> {
    one(tx, tenant, &["service_principal_id"], id)
}

/// The application that a request names as its Issuer: by an entity ID, or by its application id, which
/// Entra takes as well.
///
/// # Errors
/// The engine's.
pub fn by_identifier(
    tx: &mut Tx<'_>,
    tenant: &str,
    identifier: &str,
) -> Result<Option<Application>, StoreError> {
    match owner_of_identifier(tx, tenant, identifier)? {
        Some(id) => find(tx, tenant, &id),
        None => one(tx, tenant, &["app_id"], identifier.strip_prefix("spn:").unwrap_or(identifier)),
    }
}

/// The object id of the application that has this entity ID.
///
/// # Errors
/// The engine's.
pub fn owner_of_identifier(
    tx: &mut Tx<'_>,
    tenant: &str,
    identifier: &str,
) -> Result<Option<String>, StoreError> {
    if identifier.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT application_id FROM application_identifiers WHERE tenant_id = ?1 AND identifier = ?2";
    tx.row(sql, &[tenant.into(), identifier.into()])?.map(|row| row.text(0)).transpose()
}

fn one(
    tx: &mut Tx<'_>,
    tenant: &str,
    columns: &[&str],
    value: &str,
) -> Result<Option<Application>, StoreError> {
    // PostgreSQL takes no NUL in a text, and no id has one.
    if value.contains('\0') {
        return Ok(None);
    }
    let row = tx.row(&with_id(columns), &[tenant.into(), value.into()])?;
    row.map(|row| read(tx, tenant, &row)).transpose()
}

/// The ids of an application.
pub(super) const IDS: [&str; 3] = ["id", "app_id", "service_principal_id"];

/// SQLite uses the index of each column where the tenant is named beside each.
pub(super) fn with_id(columns: &[&str]) -> String {
    let each: Vec<String> =
        columns.iter().map(|column| format!("(tenant_id = ?1 AND {column} = ?2)")).collect();
    format!("SELECT {COLUMNS} FROM applications WHERE {}", each.join(" OR "))
}

/// A page of the applications in the order of their names. Filters are those of users with the columns
/// `id`, `app_id`, `service_principal_id` and `display_name_key`.
///
/// # Errors
/// [`Refused::Query`]; the engine's.
pub fn list(tx: &mut Tx<'_>, tenant: &str, query: &Query) -> Result<Page<Application>, Refused> {
    let (filters, texts) = users::conditions(query, |filter| match filter {
        users::Filter::Is(..) | users::Filter::StartsWith(..) => true,
        users::Filter::Contains(_) | users::Filter::Enabled(_) => false,
    });
    let contains = query.filters.iter().find_map(|f| match f {
        users::Filter::Contains(text) => Some(users::like(text)),
        _ => None,
    });
    let (after_key, after_id) = query.after.as_deref().map_or(Ok(Default::default()), users::open)?;
    let n = texts.len() + 2;
    let search = if contains.is_some() {
        format!(" AND display_name_key LIKE ?{} ESCAPE '!'", n + 3)
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT {COLUMNS}, display_name_key FROM applications WHERE tenant_id = ?1{filters}{search} \
         AND (display_name_key, id) > (?{n}, ?{}) ORDER BY display_name_key, id LIMIT ?{}",
        n + 1,
        n + 2
    );
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut params: Vec<Val<'_>> = vec![tenant.into()];
    params.extend(texts.iter().map(Val::from));
    params.extend([Val::from(&after_key), Val::from(&after_id), Val::from(limit)]);
    params.extend(contains.as_ref().map(Val::from));
    let rows = tx.rows(&sql, &params)?;
    let page = users::page(&rows, query.limit, |row| Ok((row.clone(), row.text(20)?, row.text(0)?)))?;
    let items: Result<Vec<Application>, StoreError> =
        page.items.iter().map(|row| read(tx, tenant, row)).collect();
    Ok(Page { items: items?, next: page.next })
}

/// Creates an application that is not in a gallery: enabled, visible, assignment required, no single
/// sign-on mode yet.
///
/// # Errors
/// [`Refused::Invalid`]; the engine's.
pub fn create(tx: &mut Tx<'_>, change: &Change, display_name: &str) -> Result<Application, Refused> {
    let application = Application {
        id: change.id(),
        app_id: change.random.uuid(),
        service_principal_id: change.id(),
        display_name: checked_display_name(display_name)?,
        account_enabled: true,
        assignment_required: true,
        visible: true,
        saml: false,
        sign_on_url: None,
        logout_url: None,
        relay_state: None,
        name_id: NameId { source: "userPrincipalName".to_owned(), format: FORMAT_EMAIL.to_owned() },
        signing_option: SigningOption::Assertion,
        signing_algorithm: SigningAlgorithm::RsaSha256,
        request_signature_verification: RequestSignatureVerification::default(),
        token_encryption_key_id: None,
        transitive_groups: None,
        identifiers: Vec::new(),
        reply_urls: Vec::new(),
        created_date_time: change.now.rfc3339(),
    };
    tx.exec(
        "INSERT INTO applications (tenant_id, id, app_id, service_principal_id, display_name, \
         display_name_key, account_enabled, assignment_required, visible, name_id_source, name_id_format, \
         signing_option, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 1, 1, ?7, ?8, 'assertion', ?9, ?9)",
        &[
            (&change.tenant).into(),
            (&application.id).into(),
            (&application.app_id).into(),
            (&application.service_principal_id).into(),
            (&application.display_name).into(),
            (&key(&application.display_name)).into(),
            (&application.name_id.source).into(),
            (&application.name_id.format).into(),
            change.now.micros().into(),
        ],
    )?;
    let subject = ("application", application.id.as_str());
    change.record(tx, "application.created", subject, None, Some(&application.to_json()))?;
    Ok(application)
}

/// Changes the properties that `wanted` changes in a copy; what it is now.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::Invalid`] for the name; the engine's.
pub fn update(
    tx: &mut Tx<'_>,
    change: &Change,
    id: &str,
    wanted: impl Fn(&mut Application),
) -> Result<Application, Refused> {
    let before = by_any_id(tx, &change.tenant, id)?;
    let mut after = before.clone();
    wanted(&mut after);
    after.display_name = checked_display_name(&after.display_name)?;
    save(tx, change, &before, &after)?;
    Ok(after)
}

/// Changes the SAML settings; what it is now.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::Invalid`], [`Refused::IdentifierTaken`]; the engine's.
pub fn update_saml(
    tx: &mut Tx<'_>,
    change: &Change,
    id: &str,
    wanted: &SamlChange,
) -> Result<Application, Refused> {
    let before = by_any_id(tx, &change.tenant, id)?;
    let after = before.with_saml(wanted)?;
    if let Some(key) = &after.token_encryption_key_id
        && before.token_encryption_key_id != after.token_encryption_key_id
    {
        encryption_key(tx, &change.tenant, &after.id, key)?;
    }
    save(tx, change, &before, &after)?;
    Ok(after)
}

/// Chooses single sign-on with SAML. `first` becomes the signing certificate where there is none, and is
/// made before, because making a key takes long.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn choose_saml(
    tx: &mut Tx<'_>,
    change: &Change,
    id: &str,
    first: &NewCertificate,
) -> Result<Application, Refused> {
    let before = by_any_id(tx, &change.tenant, id)?;
    let after = Application { saml: true, ..before.clone() };
    save(tx, change, &before, &after)?;
    if certificates(tx, &change.tenant, &after.id)?.is_empty() {
        add_certificate(tx, change, &after.id, first)?;
    }
    Ok(after)
}

/// Deletes an application, after its assignments, each with an event.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn delete(tx: &mut Tx<'_>, change: &Change, id: &str) -> Result<(), Refused> {
    let before = by_any_id(tx, &change.tenant, id)?;
    super::assignments::unassign_everyone(tx, change, &before.id)?;
    for sql in [
        "DELETE FROM application_identifiers WHERE tenant_id = ?1 AND application_id = ?2",
        "DELETE FROM application_reply_urls WHERE tenant_id = ?1 AND application_id = ?2",
        "DELETE FROM app_roles WHERE tenant_id = ?1 AND application_id = ?2",
        "DELETE FROM application_claims WHERE tenant_id = ?1 AND application_id = ?2",
        "DELETE FROM application_certificates WHERE tenant_id = ?1 AND application_id = ?2",
        "DELETE FROM application_key_credentials WHERE tenant_id = ?1 AND application_id = ?2",
        "DELETE FROM session_applications WHERE tenant_id = ?1 AND application_id = ?2",
        "DELETE FROM applications WHERE tenant_id = ?1 AND id = ?2",
    ] {
        tx.exec(sql, &[(&change.tenant).into(), (&before.id).into()])?;
    }
    let subject = ("application", before.id.as_str());
    change.record(tx, "application.deleted", subject, Some(&before.to_json()), None)?;
    Ok(())
}
