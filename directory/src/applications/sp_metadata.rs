//! What a service provider's metadata says about an application, before anything is saved.

use saml::metadata::{Binding, SpMetadata};
use saml::names::{FORMAT_EMAIL, FORMAT_PERSISTENT, FORMAT_UNSPECIFIED, FORMAT_WINDOWS};
use serde::Serialize;

use super::settings::FORMATS;
use super::{Application, NameId, ReplyUrl, SamlChange, checked_url};
use crate::refused::Refused;

/// What the metadata proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Its entity ID.
    pub identifiers: Vec<String>,
    /// Its assertion consumer services with HTTP-POST.
    pub reply_urls: Vec<ReplyUrl>,
    /// Metadata has no place for it: always absent, as with Entra's upload.
    pub sign_on_url: Option<String>,
    /// Where it signs people out.
    pub logout_url: Option<String>,
    /// The first NameID format that it asks for and that can be configured.
    pub name_id_format: Option<String>,
    /// Its certificates.
    pub certificates: Vec<SpCertificate>,
    /// Whether it was saved.
    pub saved: bool,
    /// What an administrator should know.
    pub warnings: Vec<String>,
}

/// A certificate of the service provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpCertificate {
    /// SHA-1 in upper-case hexadecimal.
    pub thumbprint: String,
    /// `signing` or `encryption`.
    pub usage: &'static str,
}

/// Reads a service provider's metadata file.
///
/// # Errors
/// [`Refused::Metadata`] with the element that is wrong; [`Refused::Invalid`] for a reply URL that a
/// browser must not be sent to.
pub fn read_sp_metadata(xml: &[u8]) -> Result<Proposal, Refused> {
    let metadata = SpMetadata::read(xml)?;
    let default = metadata.default_assertion_consumer_service();
    let services = metadata.assertion_consumer_services.iter();
    let reply_urls: Vec<ReplyUrl> = services
        .filter(|service| service.binding == Binding::HttpPost)
        .map(|service| {
            let url = checked_url("AssertionConsumerService/@Location", &service.location)?;
            Ok(ReplyUrl { url, index: Some(service.index), is_default: Some(service) == default })
        })
        .collect::<Result<_, Refused>>()?;
    let logout = metadata.single_logout_services.iter().map(|s| s.location.clone()).next();
    let known = |format: &&String| FORMATS.iter().any(|(known, _)| known == format);
    Ok(Proposal {
        identifiers: vec![metadata.entity_id.clone()],
        reply_urls,
        sign_on_url: None,
        logout_url: logout.filter(|url| checked_url("logoutUrl", url).is_ok()),
        name_id_format: metadata.name_id_formats.iter().find(known).cloned(),
        certificates: certificates(&metadata),
        saved: false,
        warnings: warnings(&metadata),
    })
}

fn certificates(metadata: &SpMetadata) -> Vec<SpCertificate> {
    let of =
        |usage| move |c: &saml::certificate::Certificate| SpCertificate { thumbprint: c.thumbprint(), usage };
    let signing = metadata.signing_certificates.iter().map(of("signing"));
    signing.chain(metadata.encryption_certificates.iter().map(of("encryption"))).collect()
}

fn warnings(metadata: &SpMetadata) -> Vec<String> {
    let mut warnings = Vec::new();
    let others =
        metadata.assertion_consumer_services.iter().filter(|s| s.binding != Binding::HttpPost).count();
    if others > 0 {
        warnings.push(format!(
            "{others} of its assertion consumer services use a binding other than HTTP-POST; responses are \
             only posted, so these are left out."
        ));
    }
    let known = [FORMAT_EMAIL, FORMAT_PERSISTENT, FORMAT_UNSPECIFIED, FORMAT_WINDOWS];
    let formats = &metadata.name_id_formats;
    if !formats.is_empty() && !formats.iter().any(|f| known.contains(&f.as_str())) {
        warnings.push(format!(
            "It asks for the NameID format {}, which cannot be configured here; the configured one stays.",
            formats[0]
        ));
    }
    if metadata.authn_requests_signed {
        warnings.push(
            "It signs its requests. A signature in a request is not needed and not checked.".to_owned(),
        );
    }
    if !metadata.encryption_certificates.is_empty() {
        warnings.push("It offers a certificate for encryption. Assertions are sent unencrypted.".to_owned());
    }
    warnings
}

impl Proposal {
    /// The change that saves it. What the metadata does not name stays.
    pub fn change(&self, application: &Application) -> SamlChange {
        let name_id = self
            .name_id_format
            .as_ref()
            .map(|format| NameId { source: application.name_id.source.clone(), format: format.clone() });
        SamlChange {
            identifiers: Some(self.identifiers.clone()),
            reply_urls: Some(self.reply_urls.clone()),
            logout_url: self.logout_url.clone().map(Some),
            name_id,
            ..SamlChange::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let path = format!("{}/testdata/sp-metadata/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    }

    #[test]
    fn iam_identity_center_is_read_completely() {
        let proposal = read_sp_metadata(&fixture("iam-identity-center.xml")).unwrap();
        assert_eq!(proposal.identifiers, ["https://eu-central-1.signin.aws/platform/saml/d-99672f8b24"]);
        let urls: Vec<(&str, Option<u16>, bool)> =
            proposal.reply_urls.iter().map(|r| (r.url.as_str(), r.index, r.is_default)).collect();
        assert_eq!(
            urls,
            [
                ("https://eu-central-1.signin.aws/platform/saml/acs/1", Some(0), true),
                ("https://eu-central-1.sso.signin.aws/platform/saml/acs/2", Some(1), false),
            ]
        );
        assert_eq!(proposal.name_id_format.as_deref(), Some(FORMAT_EMAIL));
        assert_eq!(proposal.warnings, [""; 0]);
    }

    #[test]
    fn what_will_not_be_as_asked_is_said() {
        let proposal = read_sp_metadata(&fixture("demanding.xml")).unwrap();
        assert_eq!(proposal.reply_urls.len(), 1);
        assert_eq!(proposal.logout_url.as_deref(), Some("https://sp.example/slo"));
        assert_eq!(proposal.warnings.len(), 3, "{:?}", proposal.warnings);
    }

    #[test]
    fn other_files_are_refused() {
        for name in ["idp.xml", "javascript.xml", "entity.xml", "http.xml"] {
            let refused = read_sp_metadata(&fixture(name)).unwrap_err();
            assert_eq!(refused.code().1, http::StatusCode::BAD_REQUEST, "{name}: {refused}");
        }
    }
}
