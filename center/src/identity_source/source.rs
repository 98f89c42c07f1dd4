//! The kinds of identity source, and how a row of `identity_sources` says them.

use ::store::StoreError;
use saml::certificate::Certificate;
use saml::metadata::MetadataSignature;
use serde_json::{Value as Json, json};

/// Which kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Users sign in here, with passwords of this instance.
    IdentityCenterDirectory,
    /// Users sign in at a SAML identity provider.
    External,
}

impl Kind {
    /// The word in rows, in the API and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::IdentityCenterDirectory => "identity-center-directory",
            Self::External => "external",
        }
    }

    /// The name that people read.
    pub fn title(self) -> &'static str {
        match self {
            Self::IdentityCenterDirectory => "Identity Center directory",
            Self::External => "External identity provider",
        }
    }
}

/// A source with what it needs to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Users sign in here, with passwords of this instance.
    IdentityCenterDirectory,
    /// Users sign in at this identity provider.
    External(ExternalIdp),
}

/// What is known of an external identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdp {
    /// Its entity ID: the Issuer of its assertions.
    pub entity_id: String,
    /// Where requests go by HTTP-Redirect, where it offers that.
    pub redirect_url: Option<String>,
    /// Where requests go by HTTP-POST, where it offers that.
    pub post_url: Option<String>,
    /// Where logout messages go by HTTP-Redirect, where it offers that.
    pub logout_url: Option<String>,
    /// The certificates that verify its signatures. All of them count, so that one can follow another.
    pub certificates: Vec<Certificate>,
    /// Whether its metadata demands signed requests. Ours are not signed unless the settings say so.
    pub wants_signed_requests: bool,
    /// How the metadata was signed that it is known from.
    pub metadata_signature: MetadataSignature,
}

impl ExternalIdp {
    /// The sign-in URL that is used: the one by redirect where there is one.
    pub fn sign_in_url(&self) -> &str {
        self.redirect_url.as_deref().or(self.post_url.as_deref()).unwrap_or_default()
    }

    /// The certificate with this SHA-1 thumbprint.
    pub fn certificate(&self, thumbprint: &str) -> Option<&Certificate> {
        self.certificates.iter().find(|certificate| certificate.thumbprint() == thumbprint)
    }

    /// What the signature of the metadata is worth, for people.
    pub fn metadata_trust(&self) -> String {
        match &self.metadata_signature {
            MetadataSignature::Absent => {
                "The metadata is not signed: trust comes from the TLS address, or from who uploaded it."
                    .to_owned()
            }
            MetadataSignature::Unverified => {
                "The metadata is signed, but by nobody that you named: trust comes from the \
                                              TLS address, or from who uploaded it."
                    .to_owned()
            }
            MetadataSignature::Verified { thumbprint } => {
                format!("The metadata is signed by {thumbprint}, which is named under SAML settings.")
            }
        }
    }

    pub(super) fn to_json(&self) -> Json {
        let certificates: Vec<String> = self.certificates.iter().map(Certificate::base64).collect();
        json!({
            "entityId": self.entity_id,
            "redirectUrl": self.redirect_url,
            "postUrl": self.post_url,
            "logoutUrl": self.logout_url,
            "certificates": certificates,
            "wantsSignedRequests": self.wants_signed_requests,
            "metadataSignature": signature_json(&self.metadata_signature),
        })
    }

    pub(super) fn from_json(settings: &Json) -> Option<Self> {
        let text = |name: &str| settings[name].as_str().map(ToOwned::to_owned);
        let certificates = settings["certificates"].as_array()?.iter();
        let certificates = certificates.map(|c| Certificate::from_text(c.as_str()?).ok());
        let source = Self {
            entity_id: text("entityId")?,
            redirect_url: text("redirectUrl"),
            post_url: text("postUrl"),
            logout_url: text("logoutUrl"),
            certificates: certificates.collect::<Option<Vec<_>>>()?,
            wants_signed_requests: settings["wantsSignedRequests"].as_bool()?,
            metadata_signature: match &settings["metadataSignature"] {
                Json::String(word) if word == UNVERIFIED => MetadataSignature::Unverified,
                Json::String(thumbprint) => MetadataSignature::Verified { thumbprint: thumbprint.clone() },
                _ => MetadataSignature::Absent,
            },
        };
        let usable = !source.certificates.is_empty() && !source.sign_in_url().is_empty();
        usable.then_some(source)
    }
}

/// The word in rows and in the API for a signature of which nothing is known.
const UNVERIFIED: &str = "unverified";

/// `null`, the word, or the thumbprint of who signed.
pub(super) fn signature_json(signature: &MetadataSignature) -> Json {
    match signature {
        MetadataSignature::Absent => Json::Null,
        MetadataSignature::Unverified => UNVERIFIED.into(),
        MetadataSignature::Verified { thumbprint } => thumbprint.as_str().into(),
    }
}

impl Source {
    /// Whether people would sign in the same way at both: how the metadata was signed changes nothing of that.
    pub fn is_same(&self, other: &Self) -> bool {
        let bare = |source: &Self| match source {
            Self::External(idp) => {
                Self::External(ExternalIdp { metadata_signature: MetadataSignature::Absent, ..idp.clone() })
            }
            Self::IdentityCenterDirectory => Self::IdentityCenterDirectory,
        };
        bare(self) == bare(other)
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::IdentityCenterDirectory => Kind::IdentityCenterDirectory,
            Self::External(_) => Kind::External,
        }
    }

    /// The identity provider, where it is an external one.
    pub fn external(&self) -> Option<&ExternalIdp> {
        match self {
            Self::IdentityCenterDirectory => None,
            Self::External(idp) => Some(idp),
        }
    }

    /// The column `settings`.
    pub fn settings(&self) -> Json {
        self.external().map_or_else(|| json!({}), ExternalIdp::to_json)
    }

    /// From the columns `kind` and `settings`.
    ///
    /// # Errors
    /// [`StoreError::BadRow`] for a row that is no source: nobody signs in by half of one.
    pub fn from_columns(kind: &str, settings: &Json) -> Result<Self, StoreError> {
        let bad = |why| StoreError::BadRow { column: 0, why };
        match kind {
            "identity-center-directory" => Ok(Self::IdentityCenterDirectory),
            "external" => ExternalIdp::from_json(settings)
                .map(Self::External)
                .ok_or_else(|| bad("settings of an external identity provider expected")),
            _ => Err(bad("a kind of identity source expected")),
        }
    }

    /// What events show of it. Certificates are named by thumbprint.
    pub fn for_event(&self) -> Json {
        let Some(idp) = self.external() else { return json!({ "kind": self.kind().word() }) };
        let thumbprints: Vec<String> = idp.certificates.iter().map(Certificate::thumbprint).collect();
        json!({
            "kind": self.kind().word(),
            "entityId": idp.entity_id,
            "signInUrl": idp.sign_in_url(),
            "certificates": thumbprints,
        })
    }
}
