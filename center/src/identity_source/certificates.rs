//! The signing certificates of the identity provider in use. All of them count, so that one can follow another without
//! an outage: add the new one here, switch there, remove the old one.
//!
//! In SAML a certificate only carries a key: an expired one still verifies, as in IAM Identity Center. Its end is
//! announced, and one that is valid always remains.

use ::store::{StoreError, Tx};
use saml::certificate::Certificate;
use serde_json::{Value as Json, json};
use web::Timestamp;

use super::certificate_rows::{self as rows, Known};
use super::error::SourceError;
use super::external::usable;
use super::source::{ExternalIdp, Source};
use super::store::{self, State};
use crate::Center;
use crate::instance::{Author, Subject};
use crate::saml_sp;

/// For how many days before the end, and at the end, an event announces it.
pub const ANNOUNCED: [i64; 4] = [60, 30, 7, 0];
/// The word that confirms a removal, as in AWS.
pub const CONFIRM_REMOVAL: &str = "DELETE";
const DAY: i64 = 86_400 * 1_000_000;

/// How a certificate came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// With the identity source.
    IdentitySource,
    /// An administrator gave it alone.
    Upload,
    /// An administrator gave a metadata file.
    Metadata,
    /// The metadata URL had it.
    Refresh,
}

impl Origin {
    /// The word in rows and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::IdentitySource => "identity-source",
            Self::Upload => "upload",
            Self::Metadata => "metadata",
            Self::Refresh => "refresh",
        }
    }

    /// From the word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::IdentitySource, Self::Upload, Self::Metadata, Self::Refresh];
        all.into_iter().find(|origin| origin.word() == word)
    }
}

/// A certificate with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The certificate.
    pub certificate: Certificate,
    /// How it came here, when, and by whom.
    pub known: Known,
    /// When it verified a response last, as far as sign-in attempts are kept.
    pub last_used: Option<Timestamp>,
    /// Whole days until its end; negative from the moment of its end on.
    pub days: i64,
}

impl Listed {
    /// `expired`, `expires-soon` from 90 days before (AWS colours it yellow then), or `valid`.
    pub fn status(&self) -> &'static str {
        match self.days {
            ..0 => "expired",
            0..=90 => "expires-soon",
            _ => "valid",
        }
    }

    /// Its end.
    pub fn not_after(&self) -> Timestamp {
        Timestamp::from(self.certificate.not_after())
    }

    /// As the API shows it.
    pub fn to_json(&self) -> Json {
        json!({
            "thumbprint": self.certificate.thumbprint(),
            "subject": self.certificate.subject(),
            "notBefore": Timestamp::from(self.certificate.not_before()).rfc3339(),
            "notAfter": self.not_after().rfc3339(),
            "status": self.status(),
            "origin": self.known.origin.word(),
            "addedAt": self.known.added_at.rfc3339(),
            "addedBy": self.known.added_by,
            "lastUsedAt": self.last_used.map(Timestamp::rfc3339),
            "missingSince": self.known.missing_since.map(Timestamp::rfc3339),
        })
    }

    /// What its removal does, for people.
    pub fn removal(&self, all: &[Self]) -> Vec<String> {
        let thumbprint = self.certificate.thumbprint();
        let mut says = vec![format!(
            "Responses signed with the key of {thumbprint} are refused from then on. Nobody is signed out."
        )];
        let others = all.iter().filter(|other| other.certificate != self.certificate);
        match self.last_used {
            None => says.push("No sign-in that is still recorded was verified by it.".to_owned()),
            Some(at) if others.clone().any(|other| other.last_used > Some(at)) => says.push(format!(
                "It verified a sign-in last {}; another certificate did so later.",
                at.readable()
            )),
            Some(at) => says.push(format!(
                "It verified the newest sign-in, {}: the identity provider probably still signs with it, and then \
                 nobody can sign in any more.",
                at.readable()
            )),
        }
        says
    }

    fn due(&self) -> Option<i64> {
        let due = ANNOUNCED.into_iter().rev().find(|within| self.days < *within)?;
        self.known.announced_days.is_none_or(|before| before > due).then_some(due)
    }
}

/// The certificates of the identity provider in use; none where people sign in here.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub fn list(tx: &mut Tx<'_>, instance_id: &str, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
    let stored = store::find(tx, instance_id, State::Active)?.ok_or(StoreError::NoRow)?;
    let Source::External(idp) = stored.source else { return Ok(Vec::new()) };
    let mut known = rows::all(tx, instance_id)?;
    let mut listed = Vec::new();
    for certificate in idp.certificates {
        let thumbprint = certificate.thumbprint();
        let end = Timestamp::from(certificate.not_after()).micros();
        listed.push(Listed {
            known: known.remove(&thumbprint).unwrap_or_else(|| Known::with_source(stored.changed_at)),
            last_used: saml_sp::store::last_used(tx, instance_id, &thumbprint)?,
            days: end.saturating_sub(now.micros()).div_euclid(DAY),
            certificate,
        });
    }
    Ok(listed)
}

/// Adds those of `certificates` that are not there yet; how many that were.
///
/// # Errors
/// [`SourceError::SourceNotExternal`]; [`SourceError::CertificateKnown`] where all are there;
/// [`SourceError::TooManyCertificates`], [`SourceError::CertificatesExpired`]; the store's.
pub fn add(
    tx: &mut Tx<'_>,
    author: &Author,
    certificates: &[Certificate],
    origin: Origin,
) -> Result<usize, SourceError> {
    let mut idp = external(tx, author)?;
    let mut added = Vec::new();
    for certificate in certificates {
        if !idp.certificates.contains(certificate) {
            idp.certificates.push(certificate.clone());
            added.push(certificate);
        }
    }
    if added.is_empty() {
        let found = certificates.first().map(Certificate::thumbprint).unwrap_or_default();
        return Err(SourceError::CertificateKnown { found });
    }
    idp.certificates = usable(idp.certificates, author.now)?;
    for certificate in &added {
        rows::save(tx, author, &certificate.thumbprint(), origin)?;
        record(tx, author, "idp_certificate.added", certificate, origin.word())?;
    }
    store::replace_active(tx, &author.instance_id, &Source::External(idp))?;
    Ok(added.len())
}

/// Those of `idp`, which must be the identity provider in use.
///
/// # Errors
/// [`SourceError::SourceNotExternal`]; [`SourceError::OtherIdp`]; those of [`add`].
pub fn add_from(tx: &mut Tx<'_>, author: &Author, idp: &ExternalIdp) -> Result<usize, SourceError> {
    let expected = external(tx, author)?.entity_id;
    if idp.entity_id != expected {
        return Err(SourceError::OtherIdp { expected, found: idp.entity_id.clone() });
    }
    add(tx, author, &idp.certificates, Origin::Metadata)
}

/// Removes a certificate: what it signs is refused from then on.
///
/// # Errors
/// [`SourceError::NotConfirmed`], [`SourceError::CertificateUnknown`], [`SourceError::LastCertificate`]; the store's.
pub fn remove(tx: &mut Tx<'_>, author: &Author, thumbprint: &str, confirm: &str) -> Result<(), SourceError> {
    if confirm != CONFIRM_REMOVAL {
        let found = confirm.chars().take(40).collect();
        return Err(SourceError::NotConfirmed { expected: CONFIRM_REMOVAL, found });
    }
    let idp = external(tx, author)?;
    let gone = certificate(&idp, thumbprint)?;
    save_without(tx, author, &idp, &gone, "removed")
}

/// The identity provider without one certificate. A valid one must remain where there was one.
pub(super) fn save_without(
    tx: &mut Tx<'_>,
    author: &Author,
    idp: &ExternalIdp,
    gone: &Certificate,
    why: &str,
) -> Result<(), SourceError> {
    let mut rest = idp.clone();
    rest.certificates.retain(|other| other != gone);
    let valid = |idp: &ExternalIdp| idp.certificates.iter().any(|c| !c.is_expired(author.now.to_offset()));
    if rest.certificates.is_empty() || (valid(idp) && !valid(&rest)) {
        return Err(SourceError::LastCertificate { found: gone.thumbprint() });
    }
    rows::remove(tx, &author.instance_id, &gone.thumbprint())?;
    store::replace_active(tx, &author.instance_id, &Source::External(rest))?;
    Ok(record(tx, author, "idp_certificate.removed", gone, why)?)
}

fn certificate(idp: &ExternalIdp, thumbprint: &str) -> Result<Certificate, SourceError> {
    let unknown = || SourceError::CertificateUnknown(thumbprint.chars().take(64).collect());
    idp.certificate(thumbprint).cloned().ok_or_else(unknown)
}

/// The identity provider in use.
pub(super) fn external(tx: &mut Tx<'_>, author: &Author) -> Result<ExternalIdp, SourceError> {
    match store::active(tx, &author.instance_id)? {
        Source::External(idp) => Ok(idp),
        Source::IdentityCenterDirectory => Err(SourceError::SourceNotExternal),
    }
}

fn record(
    tx: &mut Tx<'_>,
    author: &Author,
    action: &str,
    certificate: &Certificate,
    how: &str,
) -> Result<(), StoreError> {
    let thumbprint = certificate.thumbprint();
    let after = json!({
        "subject": certificate.subject(),
        "notAfter": Timestamp::from(certificate.not_after()).rfc3339(),
        "how": how,
    });
    author.record(tx, action, Subject { kind: "idp_certificate", id: &thumbprint }, None, Some(&after))
}

/// Records an event for each certificate whose end came nearer than the next of [`ANNOUNCED`]; how many. The row
/// remembers it, so that several processes and restarts make one of it.
///
/// # Errors
/// The store's.
pub async fn announce_expiry(center: &Center) -> Result<usize, StoreError> {
    let author = center.author_named("system");
    center
        .store
        .write(move |tx| {
            let mut announced = 0;
            for listed in list(tx, &author.instance_id, author.now)? {
                let Some(due) = listed.due() else { continue };
                rows::announced(tx, &author.instance_id, &listed, due)?;
                let expired = listed.days < 0;
                let action = if expired { "idp_certificate.expired" } else { "idp_certificate.expires_soon" };
                let how = format!("{} days left", listed.days.max(0));
                record(tx, &author, action, &listed.certificate, &how)?;
                announced += 1;
            }
            Ok(announced)
        })
        .await
}

/// What the dashboard says of certificates that have expired or do so within 60 days; nothing where all is well.
pub fn warning(all: &[Listed]) -> Option<String> {
    let near = all.iter().filter(|listed| listed.days < ANNOUNCED[0]).min_by_key(|listed| listed.days)?;
    let when = if near.days < 0 { "expired" } else { "expires" };
    let next = all.iter().any(|listed| listed.days >= ANNOUNCED[0]);
    let todo = if next {
        "Another one is there already: remove this one when the identity provider signs with the other."
    } else {
        "Make a new one at the identity provider, add it under Settings, Identity source, and then activate it there."
    };
    Some(format!("{} {when} {}. {todo}", near.certificate.thumbprint(), near.not_after().readable()))
}
