//! The end of our own keys' certificates. An identity provider that looks at it refuses what an expired one signed, or
//! encrypts for it no more; so it is announced in the event log and on the dashboard, as that of its certificates is.

use ::store::{StoreError, Tx};
use serde_json::json;
use web::Timestamp;

use super::keys::{self, Purpose, SpKey};
use super::settings::{self, SamlSettings};
use crate::Center;
use crate::identity_source::certificates::ANNOUNCED;
use crate::instance::{Author, Subject};

const DAY: i64 = 86_400 * 1_000_000;

impl SpKey {
    /// Whole days until the end of its certificate; negative from its end on.
    pub fn days(&self, now: Timestamp) -> i64 {
        let end = Timestamp::from(self.certificate.not_after());
        end.micros().saturating_sub(now.micros()).div_euclid(DAY)
    }

    /// `expired`, `expires-soon` or `valid`, as of the identity provider's certificates.
    pub fn status(&self, now: Timestamp) -> &'static str {
        match self.days(now) {
            ..0 => "expired",
            0..=90 => "expires-soon",
            _ => "valid",
        }
    }
}

/// The active keys that the settings make use of.
fn in_use<'a>(all: &'a [SpKey], settings: &SamlSettings) -> impl Iterator<Item = &'a SpKey> {
    let signs = settings.sign_requests || settings.single_logout;
    let decrypts = settings.accept_encrypted;
    all.iter().filter(move |key| {
        key.active
            && match key.purpose {
                Purpose::Signing => signs,
                Purpose::Encryption => decrypts,
            }
    })
}

/// What the dashboard says of keys in use that have expired or do so within 60 days; nothing where all is well.
pub fn warning(all: &[SpKey], settings: &SamlSettings, now: Timestamp) -> Option<String> {
    let near = in_use(all, settings).filter(|key| key.days(now) < ANNOUNCED[0]);
    let near = near.min_by_key(|key| key.days(now))?;
    let when = if near.days(now) < 0 { "expired" } else { "expires" };
    let lasts = |key: &&SpKey| key.purpose == near.purpose && key.days(now) >= ANNOUNCED[0];
    let todo = if all.iter().any(|key| lasts(&key)) {
        "Another one is there: give the identity provider the service provider metadata again, then activate it under \
         Settings, SAML settings."
    } else {
        "Make another one under Settings, SAML settings, give the identity provider the service provider metadata \
         again, and then activate it."
    };
    let (purpose, thumbprint) = (near.purpose.word(), near.certificate.thumbprint());
    let end = Timestamp::from(near.certificate.not_after()).readable();
    Some(format!("The {purpose} key {thumbprint} {when} {end}. {todo}"))
}

/// Records an event for each key in use whose end came nearer than the next of [`ANNOUNCED`]; how many. The event log
/// remembers it, so that several processes and restarts make one of it.
///
/// # Errors
/// The store's.
pub async fn announce_expiry(center: &Center) -> Result<usize, StoreError> {
    let author = center.author_named("system");
    let announce = move |tx: &mut Tx<'_>| -> Result<usize, StoreError> {
        let settings = settings::load(tx, &author.instance_id)?;
        let mut announced = 0;
        for key in in_use(&keys::keys(tx, &author.instance_id)?, &settings) {
            let days = key.days(author.now);
            let Some(due) = ANNOUNCED.into_iter().rev().find(|within| days < *within) else { continue };
            if announced_before(tx, &author, key, due)? {
                continue;
            }
            let action = if days < 0 { "saml_key.expired" } else { "saml_key.expires_soon" };
            let after = json!({
                "purpose": key.purpose.word(),
                "thumbprint": key.certificate.thumbprint(),
                "notAfter": Timestamp::from(key.certificate.not_after()).rfc3339(),
                "withinDays": due,
            });
            author.record(tx, action, Subject { kind: "saml_key", id: &key.id }, None, Some(&after))?;
            announced += 1;
        }
        Ok(announced)
    };
    center.store.write(announce).await
}

fn announced_before(tx: &mut Tx<'_>, author: &Author, key: &SpKey, due: i64) -> Result<bool, StoreError> {
    let sql = "SELECT after FROM events WHERE realm = ?1 AND subject_id = ?2 \
               AND action IN ('saml_key.expires_soon', 'saml_key.expired')";
    for row in tx.rows(sql, &[(&author.instance_id).into(), (&key.id).into()])? {
        if row.json(0)?["withinDays"].as_i64().is_some_and(|before| before <= due) {
            return Ok(true);
        }
    }
    Ok(false)
}
