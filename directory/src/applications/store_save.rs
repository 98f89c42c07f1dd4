//! Writing what changed in an application.

use store::{StoreError, Tx};

use super::Application;
use super::store::{find, owner_of_identifier};
use crate::change::Change;
use crate::refused::Refused;
use crate::users::key;

/// Writes what is different, and the event.
pub(super) fn save(
    tx: &mut Tx<'_>,
    change: &Change,
    before: &Application,
    after: &Application,
) -> Result<(), Refused> {
    if before == after {
        return Ok(());
    }
    let verification = after.request_signature_verification;
    let (display_key, mode) = (key(&after.display_name), after.saml.then_some("saml"));
    tx.exec(
        "UPDATE applications SET display_name = ?3, display_name_key = ?4, account_enabled = ?5, \
         assignment_required = ?6, visible = ?7, single_sign_on_mode = ?8, sign_on_url = ?9, \
         logout_url = ?10, relay_state = ?11, name_id_source = ?12, name_id_format = ?13, \
         signing_option = ?14, updated_at = ?15, signing_algorithm = ?16, signed_request_required = ?17, \
         allow_rsa_sha1 = ?18, token_encryption_key_id = ?19, transitive_groups = ?20 WHERE tenant_id = ?1 AND id = ?2",
        &[
            (&change.tenant).into(),
            (&after.id).into(),
            (&after.display_name).into(),
            (&display_key).into(),
            after.account_enabled.into(),
            after.assignment_required.into(),
            after.visible.into(),
            mode.into(),
            (&after.sign_on_url).into(),
            (&after.logout_url).into(),
            (&after.relay_state).into(),
            (&after.name_id.source).into(),
            (&after.name_id.format).into(),
            after.signing_option.as_str().into(),
            change.now.micros().into(),
            after.signing_algorithm.as_str().into(),
            verification.is_signed_request_required.into(),
            verification.allowed_weak_algorithms.is_some().into(),
            (&after.token_encryption_key_id).into(),
            after.transitive_groups.into(),
        ],
    )?;
    if before.identifiers != after.identifiers {
        save_identifiers(tx, change, after)?;
    }
    if before.reply_urls != after.reply_urls {
        save_reply_urls(tx, change, after)?;
    }
    let subject = ("application", after.id.as_str());
    change.record(tx, "application.updated", subject, Some(&before.to_json()), Some(&after.to_json()))?;
    Ok(())
}

fn save_identifiers(tx: &mut Tx<'_>, change: &Change, after: &Application) -> Result<(), Refused> {
    let sql = "DELETE FROM application_identifiers WHERE tenant_id = ?1 AND application_id = ?2";
    tx.exec(sql, &[(&change.tenant).into(), (&after.id).into()])?;
    for (position, identifier) in after.identifiers.iter().enumerate() {
        if let Some(owner) = owner_of_identifier(tx, &change.tenant, identifier)? {
            let owner = find(tx, &change.tenant, &owner)?.map_or(owner, |owner| owner.display_name);
            return Err(Refused::IdentifierTaken { identifier: identifier.clone(), application: owner });
        }
        tx.exec(
            "INSERT INTO application_identifiers (tenant_id, identifier, application_id, position) \
             VALUES (?1, ?2, ?3, ?4)",
            &[
                (&change.tenant).into(),
                identifier.into(),
                (&after.id).into(),
                i64::try_from(position).unwrap_or(i64::MAX).into(),
            ],
        )?;
    }
    Ok(())
}

fn save_reply_urls(tx: &mut Tx<'_>, change: &Change, after: &Application) -> Result<(), StoreError> {
    let sql = "DELETE FROM application_reply_urls WHERE tenant_id = ?1 AND application_id = ?2";
    tx.exec(sql, &[(&change.tenant).into(), (&after.id).into()])?;
    for (position, reply) in after.reply_urls.iter().enumerate() {
        tx.exec(
            "INSERT INTO application_reply_urls (tenant_id, application_id, position, url, acs_index, is_default) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                (&change.tenant).into(),
                (&after.id).into(),
                i64::try_from(position).unwrap_or(i64::MAX).into(),
                (&reply.url).into(),
                reply.index.map(i64::from).into(),
                reply.is_default.into(),
            ],
        )?;
    }
    Ok(())
}
