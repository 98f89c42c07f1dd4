//! Why the identity source was not changed, and the one place that says it on the wire.

use ::store::{Retryable, StoreError};
use http::StatusCode;
use saml::certificate::CertificateRefusal;
use saml::metadata::MetadataRefusal;
use thiserror::Error;
use web::Timestamp;

use crate::admin_api::ApiError;

/// Why the identity source was not changed.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A kind that does not exist.
    #[error("{0:?} is no kind of identity source that can be chosen")]
    KindUnknown(String),
    /// Active Directory, which exists in AWS and not here.
    #[error("Active Directory cannot be connected to this center")]
    ActiveDirectory,
    /// A metadata file together with values by hand, which could contradict each other.
    #[error("metadataXml and values given by hand exclude each other")]
    MetadataAndValues,
    /// A value by hand is missing.
    #[error("{target} is missing")]
    ValueMissing {
        /// Which.
        target: &'static str,
    },
    /// The file is too large to be looked at.
    #[error("the metadata file has {bytes} bytes")]
    MetadataTooLong {
        /// Its size.
        bytes: usize,
    },
    /// The metadata file is wrong.
    #[error("the identity provider's metadata cannot be used: {0}")]
    Metadata(MetadataRefusal),
    /// It offers neither HTTP-Redirect nor HTTP-POST.
    #[error("the identity provider offers neither HTTP-Redirect nor HTTP-POST for sign-in")]
    NoUsableBinding {
        /// What it offers.
        found: String,
    },
    /// A sign-in URL that is not safe.
    #[error("{target} must be an https URL")]
    UrlNotAllowed {
        /// Which value or element.
        target: &'static str,
        /// What was given.
        found: String,
    },
    /// An issuer that no entity ID can be.
    #[error("the issuer must have 1 to 1,024 characters without blanks")]
    IssuerInvalid {
        /// What was given.
        found: String,
    },
    /// The certificate is longer than AWS takes.
    #[error("the certificate has {characters} characters; 2,500 are the most")]
    CertificateTooLong {
        /// Its length.
        characters: usize,
    },
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(CertificateRefusal),
    /// More certificates than are verified with.
    #[error("{found} signing certificates are more than the {most} that are kept")]
    TooManyCertificates {
        /// How many there are.
        found: usize,
        /// How many may be.
        most: usize,
    },
    /// No certificate is valid any more.
    #[error("every signing certificate has expired")]
    CertificatesExpired {
        /// When the last one did.
        found: String,
    },
    /// The metadata may not be used any more (SAML Metadata 2.3.2).
    #[error("the metadata was valid until {}", .found.readable())]
    MetadataExpired {
        /// Its validUntil.
        found: Timestamp,
    },
    /// The source is the active one already.
    #[error("this is the identity source already")]
    SameSource,
    /// Nobody could get in after a mistake.
    #[error("there is no administrator who could still sign in after the change")]
    NoAdministrator,
    /// The word was not typed.
    #[error("the change must be confirmed by the word {expected}")]
    NotConfirmed {
        /// The word.
        expected: &'static str,
        /// What was typed.
        found: String,
    },
    /// People sign in here, and there is no identity provider.
    #[error("the identity source is no external identity provider")]
    SourceNotExternal,
    /// No such certificate.
    #[error("the identity provider has no certificate {0} here")]
    CertificateUnknown(String),
    /// It is there.
    #[error("the certificate is there already")]
    CertificateKnown {
        /// The first of them.
        found: String,
    },
    /// Nobody could sign in any more.
    #[error("one valid certificate must remain")]
    LastCertificate {
        /// The one that was to go.
        found: String,
    },
    /// The metadata of somebody else.
    #[error("this is the metadata of another identity provider")]
    OtherIdp {
        /// The entity ID of the one in use.
        expected: String,
        /// The one in the file.
        found: String,
    },
    /// The metadata URL gave no metadata.
    #[error("the metadata cannot be read from its URL: {found}")]
    MetadataUnreachable {
        /// What came instead.
        found: String,
    },
    /// Too often or too rarely.
    #[error("everySeconds must be from 3,600 to 2,592,000")]
    EveryOutOfRange {
        /// What was given.
        found: i64,
    },
    /// No URL is read.
    #[error("no metadata URL is set")]
    NoMetadataUrl,
    /// Nothing waits.
    #[error("the metadata says nothing that is not known")]
    NothingToApply,
    /// Nothing is proposed.
    #[error("no change of the identity source is proposed")]
    NoProposal,
    /// There is nothing to go back to.
    #[error("there is no previous identity source")]
    NoPrevious,
    /// What would happen is no longer what was reviewed.
    #[error("users or the identity source changed since the review")]
    ReviewOutdated,
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for SourceError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const CONFLICT: StatusCode = StatusCode::CONFLICT;

impl From<SourceError> for ApiError {
    #[expect(
        clippy::too_many_lines,
        reason = "one match with an arm per variant; split, it would hide a gap"
    )]
    fn from(error: SourceError) -> Self {
        use SourceError as E;
        let message = error.to_string();
        let say = |status, code, target: &str, expected: &str, found: &str, fix: &str| {
            let plain = Self::new(status, code, message.clone()).expected(expected).found(found).fix(fix);
            if target.is_empty() { plain } else { plain.target(target) }
        };
        let kinds = "identity-center-directory or external";
        match error {
            E::KindUnknown(found) => {
                say(BAD, "KindUnknown", "kind", kinds, &found, "choose one of the two kinds")
            }
            E::ActiveDirectory => {
                say(BAD, "ActiveDirectoryNotSupported", "kind", kinds, "active-directory", ACTIVE_DIRECTORY)
            }
            E::MetadataAndValues => say(
                BAD,
                "MetadataAndValues",
                "metadataXml",
                "metadataXml alone, or signInUrl, issuer and certificatePem",
                "both",
                "leave one of them out",
            ),
            E::ValueMissing { target } => say(
                BAD,
                "ValueMissing",
                target,
                "a value",
                "none",
                "give the value, or upload the identity provider's metadata file",
            ),
            E::MetadataTooLong { bytes } => say(
                BAD,
                "TooLong",
                "metadataXml",
                "at most 75,000 characters",
                &format!("{bytes} bytes"),
                "upload the metadata of this one application, not that of a whole federation",
            ),
            E::Metadata(refusal) => {
                say(BAD, refusal.code(), "metadataXml", refusal.expected(), refusal.found(), refusal.fix())
            }
            E::NoUsableBinding { found } => say(
                BAD,
                "NoUsableBinding",
                "SingleSignOnService/@Binding",
                "HTTP-Redirect or HTTP-POST",
                &found,
                "turn one of these bindings on at the identity provider and download its metadata again",
            ),
            E::UrlNotAllowed { target, found } => say(
                BAD,
                "UrlNotAllowed",
                target,
                "an absolute https URL (http on loopback alone), without user and fragment",
                &found,
                "use the identity provider's https address",
            ),
            E::IssuerInvalid { found } => say(
                BAD,
                "IssuerInvalid",
                "issuer",
                "1 to 1,024 characters without blanks",
                &found,
                "copy the issuer URL (entity ID) from the identity provider",
            ),
            E::CertificateTooLong { characters } => say(
                BAD,
                "CertificateTooLong",
                "certificatePem",
                "at most 2,500 characters",
                &characters.to_string(),
                "give the signing certificate alone, without its chain",
            ),
            E::Certificate(refusal) => {
                say(BAD, refusal.code(), "certificatePem", refusal.expected(), refusal.found(), refusal.fix())
            }
            E::TooManyCertificates { found, most } => say(
                BAD,
                "TooManyCertificates",
                "KeyDescriptor",
                &format!("at most {most}"),
                &found.to_string(),
                "remove old certificates at the identity provider and download its metadata again",
            ),
            E::CertificatesExpired { found } => say(
                BAD,
                "CertificatesExpired",
                "X509Certificate",
                "one certificate that is valid now",
                &format!("the last one ended {found}"),
                "activate a new signing certificate at the identity provider and give that",
            ),
            E::MetadataExpired { found } => say(
                BAD,
                "MetadataExpired",
                "validUntil",
                "a time that is not past",
                &found.rfc3339(),
                "let the identity provider write its metadata anew",
            ),
            E::SameSource => say(
                CONFLICT,
                "SameSource",
                "kind",
                "another source",
                "the active one",
                "nothing needs to be changed",
            ),
            E::NoAdministrator => say(
                CONFLICT,
                "NoAdministrator",
                "",
                "at least one administrator of the center",
                "none",
                "complete the set-up first: administrators keep a way in whatever the source is",
            ),
            E::NotConfirmed { expected, found } => {
                let fix = format!("type {expected}, in capital letters");
                say(BAD, "NotConfirmed", "confirm", expected, &found, &fix)
            }
            E::SourceNotExternal => say(
                CONFLICT,
                "SourceNotExternal",
                "",
                "an external identity provider",
                "Identity Center directory",
                "choose an external identity provider as identity source first",
            ),
            E::CertificateUnknown(found) => {
                Self::not_found("CertificateNotFound", message).target("thumbprint").found(&found)
            }
            E::CertificateKnown { found } => say(
                CONFLICT,
                "CertificateExists",
                "certificatePem",
                "a certificate that is not in the list",
                &found,
                "nothing needs to be changed",
            ),
            E::LastCertificate { found } => say(
                CONFLICT,
                "LastCertificate",
                "thumbprint",
                "another certificate that is valid",
                &found,
                "add the certificate that follows it first",
            ),
            E::OtherIdp { expected, found } => say(
                BAD,
                "OtherIdentityProvider",
                "entityID",
                &expected,
                &found,
                "give the metadata of the identity provider in use, or change the identity source to this one",
            ),
            E::MetadataUnreachable { found } => say(
                BAD,
                "MetadataUnreachable",
                "url",
                "the answer 200 with a metadata file, within 30 seconds and without a redirect",
                &found,
                "open the URL in a browser and give the one at which the file is; a private address must be allowed",
            ),
            E::EveryOutOfRange { found } => say(
                BAD,
                "InvalidValue",
                "everySeconds",
                "a number from 3600 to 2592000",
                &found.to_string(),
                "give a number in this range; 86400 is once a day",
            ),
            E::NoMetadataUrl => Self::not_found("NoMetadataUrl", message).fix("set one first"),
            E::NothingToApply => {
                say(CONFLICT, "NothingToApply", "", "a difference", "none", "nothing needs to be changed")
            }
            E::NoProposal => Self::not_found("NoProposal", message).fix("propose a change first"),
            E::NoPrevious => Self::not_found("NoPrevious", message).fix("propose the source that you want"),
            E::ReviewOutdated => say(
                CONFLICT,
                "ReviewOutdated",
                "",
                "the change as it was reviewed",
                "another effect on people",
                "look at the review again (through the API: put the proposal again), then accept",
            ),
            E::Store(error) => error.into(),
        }
    }
}

/// The honest statement about Active Directory.
pub const ACTIVE_DIRECTORY: &str = "This center does not connect to Active Directory. Let an identity provider that reads \
     your directory (for example Entra ID with Entra Connect, AD FS, Keycloak) sign people in over SAML, and \
     choose External identity provider.";
