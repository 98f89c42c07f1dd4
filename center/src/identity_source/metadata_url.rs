//! The URL at which the identity provider publishes its metadata, read again and again. What can harm nobody is taken
//! over by itself: new certificates. Everything else waits for an administrator: other addresses for sign-in, and the
//! removal of certificates that the file does not have any more, which happens by itself only after [`GRACE`].

use std::time::Duration;

use saml::certificate::Certificate;
use serde_json::{Value as Json, json};
use web::Timestamp;

use super::certificates::{Listed, Origin};
use super::error::SourceError;
use super::source::ExternalIdp;

/// How often it is read unless something else is chosen.
pub const EVERY_DEFAULT: i64 = 86_400;
/// Most often: once an hour.
pub const EVERY_LEAST: i64 = 3_600;
/// Most rarely: once in 30 days.
pub const EVERY_MOST: i64 = 30 * 86_400;
/// How long a certificate stays that the metadata does not have any more.
pub const GRACE: Duration = Duration::from_secs(7 * 86_400);

/// What an administrator gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The URL.
    pub url: String,
    /// Whether it may be in a private network.
    pub allow_private: bool,
    /// How often it is read.
    pub every_seconds: i64,
}

/// The URL with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataUrl {
    /// What an administrator gave.
    pub given: Given,
    /// When it is due.
    pub next_at: Timestamp,
    /// When it was read last.
    pub checked_at: Option<Timestamp>,
    /// When it was read last with success.
    pub succeeded_at: Option<Timestamp>,
    /// Why the last reading failed.
    pub failure: Option<String>,
    /// Since when readings fail.
    pub failed_since: Option<Timestamp>,
    /// What it said at the last reading that succeeded.
    pub found: Option<ExternalIdp>,
}

/// An address that the metadata says differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointChange {
    /// Which.
    pub name: &'static str,
    /// The one in use.
    pub current: Option<String>,
    /// The one in the metadata.
    pub found: Option<String>,
}

impl EndpointChange {
    /// For people.
    pub fn text(&self) -> String {
        let shown = |url: &Option<String>| url.clone().unwrap_or_else(|| "none".to_owned());
        format!("{}: {} in use, {} in the metadata", self.name, shown(&self.current), shown(&self.found))
    }
}

/// How the metadata differs from the identity provider as it is known here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// Certificates that are new and have not expired: they are added.
    pub added: Vec<Certificate>,
    /// Certificates that it lacks; those that were given one by one are none of its business.
    pub missing: Vec<Listed>,
    /// Addresses that are others.
    pub endpoints: Vec<EndpointChange>,
}

impl Diff {
    /// Compares; `listed` are the certificates of `current`.
    ///
    /// # Errors
    /// [`SourceError::OtherIdp`].
    pub fn of(
        current: &ExternalIdp,
        listed: &[Listed],
        found: &ExternalIdp,
        now: Timestamp,
    ) -> Result<Self, SourceError> {
        if found.entity_id != current.entity_id {
            let expected = current.entity_id.clone();
            return Err(SourceError::OtherIdp { expected, found: found.entity_id.clone() });
        }
        let new = |c: &&Certificate| !current.certificates.contains(c) && !c.is_expired(now.to_offset());
        let gone =
            |l: &&Listed| l.known.origin != Origin::Upload && !found.certificates.contains(&l.certificate);
        let endpoints = [
            ("HTTP-Redirect", &current.redirect_url, &found.redirect_url),
            ("HTTP-POST", &current.post_url, &found.post_url),
        ];
        let other = endpoints.into_iter().filter(|(_, current, found)| current != found);
        Ok(Self {
            added: found.certificates.iter().filter(new).cloned().collect(),
            missing: listed.iter().filter(gone).cloned().collect(),
            endpoints: other
                .map(|(name, current, found)| EndpointChange {
                    name,
                    current: current.clone(),
                    found: found.clone(),
                })
                .collect(),
        })
    }

    /// Whether something waits for an administrator.
    pub fn waits(&self) -> bool {
        !self.missing.is_empty() || !self.endpoints.is_empty()
    }

    /// As the API shows it.
    pub fn to_json(&self) -> Json {
        let missing = self.missing.iter().map(|listed| {
            json!({
                "thumbprint": listed.certificate.thumbprint(),
                "missingSince": listed.known.missing_since.map(Timestamp::rfc3339),
                "removedAt": listed.removed_at().map(Timestamp::rfc3339),
            })
        });
        let endpoints = self.endpoints.iter().map(
            |change| json!({ "binding": change.name, "current": change.current, "found": change.found }),
        );
        json!({
            "newCertificates": self.added.iter().map(Certificate::thumbprint).collect::<Vec<_>>(),
            "missingCertificates": missing.collect::<Vec<_>>(),
            "endpoints": endpoints.collect::<Vec<_>>(),
        })
    }
}

impl Listed {
    /// When it goes by itself, where the metadata lacks it.
    pub fn removed_at(&self) -> Option<Timestamp> {
        self.known.missing_since.map(|since| since.plus(GRACE))
    }
}

impl MetadataUrl {
    /// As the API shows it, with the differences that are left.
    pub fn to_json(&self, diff: Option<&Diff>) -> Json {
        json!({
            "url": self.given.url,
            "allowPrivate": self.given.allow_private,
            "everySeconds": self.given.every_seconds,
            "nextAt": self.next_at.rfc3339(),
            "checkedAt": self.checked_at.map(Timestamp::rfc3339),
            "succeededAt": self.succeeded_at.map(Timestamp::rfc3339),
            "failure": self.failure,
            "failedSince": self.failed_since.map(Timestamp::rfc3339),
            "changes": diff.map(Diff::to_json),
        })
    }

    /// What the dashboard says of it; nothing where all is well.
    pub fn warning(&self, diff: Option<&Diff>) -> Option<String> {
        if let (Some(failure), Some(since)) = (&self.failure, self.failed_since) {
            return Some(format!(
                "It cannot be read since {}: {failure}. Sign-ins go on with what is known. Correct it under Settings, \
                 Identity source, Metadata URL.",
                since.readable()
            ));
        }
        let waits = diff.is_some_and(Diff::waits);
        waits.then(|| {
            "It says something that is not taken over by itself. Compare it under Settings, Identity source, \
             Metadata URL."
                .to_owned()
        })
    }
}
