//! What a sign-on reads: the tenant, the application with its certificates, the user, the assignment.

use saml::response::SignOption;
use store::{Row, StoreError, Tx};
use web::Timestamp;

use super::application::{Application, Assigned, Certificate};
use crate::users::{self, User};

/// How a caller names an application.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    /// By the object id of the application.
    Id(&'a str),
    /// By its application (client) id.
    AppId(&'a str),
    /// By an identifier (entity ID), as it stands in a request. Entra takes the application id as well.
    Identifier(&'a str),
}

/// The application, where there is one.
///
/// # Errors
/// The engine's.
pub fn application(tx: &mut Tx<'_>, tenant: &str, named: Named<'_>) -> Result<Option<Application>, StoreError> {
    let (condition, value) = match named {
        Named::Id(id) => ("id = ?2", id),
        Named::AppId(id) => ("app_id = ?2", id),
        Named::Identifier(identifier) => {
            let by_identifier = "id = (SELECT application_id FROM application_identifiers \
                                 WHERE tenant_id = ?1 AND identifier = ?2)";
            let own = identifier.strip_prefix("spn:").unwrap_or(identifier);
            match find(tx, tenant, by_identifier, identifier)? {
                None => ("app_id = ?2", own),
                found => return Ok(found),
            }
        }
    };
    find(tx, tenant, condition, value)
}

fn find(tx: &mut Tx<'_>, tenant: &str, condition: &str, value: &str) -> Result<Option<Application>, StoreError> {
    let sql = format!(
        "SELECT id, app_id, service_principal_id, display_name, account_enabled, assignment_required, \
         single_sign_on_mode, sign_on_url, relay_state, name_id_source, name_id_format, signing_option \
         FROM applications WHERE tenant_id = ?1 AND {condition}"
    );
    let Some(row) = tx.row(&sql, &[tenant.into(), value.into()])? else { return Ok(None) };
    let id = row.text(0)?;
    Ok(Some(Application {
        app_id: row.text(1)?,
        service_principal_id: row.text(2)?,
        display_name: row.text(3)?,
        enabled: row.bool(4)?,
        assignment_required: row.bool(5)?,
        is_saml: row.opt_text(6)?.as_deref() == Some("saml"),
        sign_on_url: filled(row.opt_text(7)?),
        relay_state: filled(row.opt_text(8)?),
        name_id_source: row.text(9)?,
        name_id_format: row.text(10)?,
        sign: sign_option(&row, 11)?,
        identifiers: identifiers(tx, tenant, &id)?,
        reply_urls: reply_urls(tx, tenant, &id)?,
        certificates: certificates(tx, tenant, &id)?,
        id,
    }))
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.is_empty())
}

fn sign_option(row: &Row, column: usize) -> Result<SignOption, StoreError> {
    match row.text(column)?.as_str() {
        "assertion" => Ok(SignOption::Assertion),
        "response" => Ok(SignOption::Response),
        "both" => Ok(SignOption::ResponseAndAssertion),
        _ => Err(StoreError::BadRow { column, why: "assertion, response or both expected" }),
    }
}

fn identifiers(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT identifier FROM application_identifiers WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY position";
    tx.rows(sql, &[tenant.into(), application.into()])?.iter().map(|row| row.text(0)).collect()
}

fn reply_urls(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT url FROM application_reply_urls WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY is_default DESC, position";
    tx.rows(sql, &[tenant.into(), application.into()])?.iter().map(|row| row.text(0)).collect()
}

fn certificates(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Vec<Certificate>, StoreError> {
    let sql = "SELECT key_id, thumbprint, certificate_der, not_before, not_after, active \
               FROM application_certificates WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY active DESC, not_after DESC, key_id";
    let read = |row: &Row| {
        Ok(Certificate {
            key_id: row.text(0)?,
            thumbprint: row.text(1)?,
            der: row.bytes(2)?,
            not_before: Timestamp(row.int(3)?),
            not_after: Timestamp(row.int(4)?),
            active: row.bool(5)?,
        })
    };
    tx.rows(sql, &[tenant.into(), application.into()])?.iter().map(read).collect()
}

/// The sealed private key of a certificate.
///
/// # Errors
/// [`StoreError::NoRow`] where it was deleted meanwhile; the engine's.
pub fn sealed_key(tx: &mut Tx<'_>, tenant: &str, application: &str, key: &str) -> Result<Vec<u8>, StoreError> {
    let sql = "SELECT private_key_sealed FROM application_certificates \
               WHERE tenant_id = ?1 AND application_id = ?2 AND key_id = ?3";
    tx.row(sql, &[tenant.into(), application.into(), key.into()])?.ok_or(StoreError::NoRow)?.bytes(0)
}

/// A user that is not deleted, by object id or by sign-in name.
///
/// # Errors
/// The engine's.
pub fn person(tx: &mut Tx<'_>, tenant: &str, id_or_name: &str) -> Result<Option<User>, StoreError> {
    match users::by_id(tx, tenant, id_or_name)? {
        None => users::by_name(tx, tenant, id_or_name),
        found => Ok(found),
    }
}

/// Whether the application's assignments reach the user, by the tenant's setting for nested groups.
///
/// # Errors
/// The engine's.
pub fn assigned(tx: &mut Tx<'_>, tenant: &str, application: &str, user: &str) -> Result<Assigned, StoreError> {
    let direct = "SELECT id FROM app_role_assignments WHERE tenant_id = ?1 AND application_id = ?2 \
                  AND (principal_id = ?3 OR principal_id IN \
                  (SELECT group_id FROM group_members WHERE tenant_id = ?1 AND member_id = ?3))";
    if tx.exists(direct, &[tenant.into(), application.into(), user.into()])? {
        return Ok(Assigned::Yes);
    }
    let nested = "WITH RECURSIVE above (id) AS ( \
                    SELECT group_id FROM group_members WHERE tenant_id = ?1 AND member_id = ?3 \
                    UNION \
                    SELECT m.group_id FROM above a JOIN group_members m ON m.member_id = a.id \
                    WHERE m.tenant_id = ?1) \
                  SELECT r.id FROM app_role_assignments r JOIN above a ON a.id = r.principal_id \
                  WHERE r.tenant_id = ?1 AND r.application_id = ?2";
    if !tx.exists(nested, &[tenant.into(), application.into(), user.into()])? {
        return Ok(Assigned::No);
    }
    let sql = "SELECT id FROM tenants WHERE id = ?1 AND transitive_groups = 1";
    Ok(if tx.exists(sql, &[tenant.into()])? { Assigned::Yes } else { Assigned::OnlyNested })
}

/// Whether the path names the tenant: by its id or by its domain, in any letter case.
///
/// # Errors
/// The engine's.
pub fn is_tenant(tx: &mut Tx<'_>, tenant: &str, named: &str) -> Result<bool, StoreError> {
    if named.eq_ignore_ascii_case(tenant) {
        return Ok(true);
    }
    let sql = "SELECT default_domain FROM tenants WHERE id = ?1";
    let row = tx.row(sql, &[tenant.into()])?;
    row.map_or(Ok(false), |row| Ok(row.text(0)?.eq_ignore_ascii_case(named)))
}
