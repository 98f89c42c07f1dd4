//! Reads what an administrator gives of an identity provider: its metadata file, or three values by hand.

use saml::certificate::Certificate;
use saml::metadata::{Binding, IdpMetadata, LONGEST_METADATA, MetadataSignature};
use url::{Host, Url};
use web::Timestamp;

use super::error::SourceError;
use super::source::ExternalIdp;

/// Longest certificate file in characters (quota of IAM Identity Center).
pub(super) const LONGEST_CERTIFICATE: usize = 2_500;
/// Most certificates of one identity provider. Each costs a verification of every response.
pub(super) const MOST_CERTIFICATES: usize = 10;
/// Longest entity ID (SAML Metadata 1.1 section 2.2.1).
const LONGEST_ENTITY_ID: usize = 1_024;
/// Longest sign-in URL.
const LONGEST_URL: usize = 2_048;

/// The three values that can be given by hand.
#[derive(Debug, Clone, Copy)]
pub struct Manual<'a> {
    /// Where people are sent to sign in.
    pub sign_in_url: &'a str,
    /// The entity ID.
    pub issuer: &'a str,
    /// One certificate, PEM or bare base64.
    pub certificate: &'a str,
}

/// Reads a metadata file of at most 75,000 characters. Expired certificates are kept beside valid ones, for the
/// administrator to see; one must be valid at `now`.
///
/// # Errors
/// [`SourceError::Metadata`] with the element that is wrong; [`SourceError::UrlNotAllowed`],
/// [`SourceError::NoUsableBinding`], [`SourceError::TooManyCertificates`],
/// [`SourceError::CertificatesExpired`], [`SourceError::MetadataExpired`].
pub fn read_metadata(xml: &[u8], now: Timestamp) -> Result<ExternalIdp, SourceError> {
    read_metadata_of(xml, &[], now)
}

/// The same of a file that one of the `signers` must have signed; where nobody is named, a signature is not looked at,
/// as in AWS.
///
/// # Errors
/// Those of [`read_metadata`]; [`SourceError::Metadata`] for the signature.
pub fn read_metadata_of(
    xml: &[u8],
    signers: &[Certificate],
    now: Timestamp,
) -> Result<ExternalIdp, SourceError> {
    // The reader has the same limit; this one comes before any look at the bytes.
    if xml.len() > 4 * LONGEST_METADATA {
        return Err(SourceError::MetadataTooLong { bytes: xml.len() });
    }
    let read =
        if signers.is_empty() { IdpMetadata::read(xml) } else { IdpMetadata::read_signed(xml, signers) };
    let metadata = read.map_err(SourceError::Metadata)?;
    if let Some(end) = metadata.valid_until.map(Timestamp::from).filter(|end| *end <= now) {
        return Err(SourceError::MetadataExpired { found: end });
    }
    let redirect = metadata.single_sign_on_url(&Binding::HttpRedirect);
    let post = metadata.single_sign_on_url(&Binding::HttpPost);
    if redirect.is_none() && post.is_none() {
        let found = metadata.single_sign_on_services.iter().map(|s| s.binding.uri()).collect::<Vec<_>>();
        return Err(SourceError::NoUsableBinding { found: found.join(", ") });
    }
    let location = "SingleSignOnService/@Location";
    let checked = |url: Option<&str>| url.map(|url| sign_in_url(location, url)).transpose();
    // A logout URL that is not safe is left out: people sign in without it.
    let mut logout = metadata.single_logout_services.iter();
    let logout = logout.find(|service| service.binding == Binding::HttpRedirect);
    let logout_url =
        logout.and_then(|found| sign_in_url("SingleLogoutService/@Location", &found.location).ok());
    Ok(ExternalIdp {
        redirect_url: checked(redirect)?,
        post_url: checked(post)?,
        logout_url,
        certificates: usable(metadata.signing_certificates, now)?,
        entity_id: metadata.entity_id,
        wants_signed_requests: metadata.want_authn_requests_signed,
        metadata_signature: metadata.signature,
    })
}

/// Reads values given by hand. The sign-in URL is used by HTTP-Redirect, the binding that every identity provider
/// offers at the URL that it shows to people.
///
/// # Errors
/// [`SourceError::ValueMissing`], [`SourceError::IssuerInvalid`], [`SourceError::UrlNotAllowed`],
/// [`SourceError::CertificateTooLong`], [`SourceError::Certificate`], [`SourceError::CertificatesExpired`].
pub fn read_manual(manual: &Manual<'_>, now: Timestamp) -> Result<ExternalIdp, SourceError> {
    let url = sign_in_url("signInUrl", required("signInUrl", manual.sign_in_url)?)?;
    let issuer = required("issuer", manual.issuer)?;
    let length = issuer.chars().count();
    if length > LONGEST_ENTITY_ID || issuer.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(SourceError::IssuerInvalid { found: issuer.chars().take(200).collect() });
    }
    let pem = required("certificatePem", manual.certificate)?;
    let characters = pem.chars().count();
    if characters > LONGEST_CERTIFICATE {
        return Err(SourceError::CertificateTooLong { characters });
    }
    let certificate = Certificate::from_text(pem).map_err(SourceError::Certificate)?;
    Ok(ExternalIdp {
        entity_id: issuer.to_owned(),
        redirect_url: Some(url),
        post_url: None,
        logout_url: None,
        certificates: usable(vec![certificate], now)?,
        wants_signed_requests: false,
        metadata_signature: MetadataSignature::Absent,
    })
}

fn required<'a>(target: &'static str, value: &'a str) -> Result<&'a str, SourceError> {
    let value = value.trim();
    if value.is_empty() { Err(SourceError::ValueMissing { target }) } else { Ok(value) }
}

/// `https`, or `http` on loopback: over plain HTTP anybody on the way could send people to a false sign-in page.
pub(super) fn sign_in_url(target: &'static str, text: &str) -> Result<String, SourceError> {
    let refuse = || SourceError::UrlNotAllowed { target, found: text.chars().take(300).collect() };
    let url = Url::parse(text).map_err(|_| refuse())?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    // A fragment would swallow the query that carries the request.
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if safe && bare && text.len() <= LONGEST_URL { Ok(text.to_owned()) } else { Err(refuse()) }
}

/// As AWS: several may be there, one valid one must be.
pub(super) fn usable(
    certificates: Vec<Certificate>,
    now: Timestamp,
) -> Result<Vec<Certificate>, SourceError> {
    if certificates.len() > MOST_CERTIFICATES {
        return Err(SourceError::TooManyCertificates { found: certificates.len(), most: MOST_CERTIFICATES });
    }
    if certificates.iter().all(|c| c.is_expired(now.to_offset())) {
        let newest = certificates.iter().map(Certificate::not_after).max();
        let found = newest.map(|end| Timestamp::from(end).readable()).unwrap_or_default();
        return Err(SourceError::CertificatesExpired { found });
    }
    Ok(certificates)
}
