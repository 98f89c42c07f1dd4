//! Identity provider metadata.

use time::OffsetDateTime;

use super::document::{Role, boolean, entity, parse, refuse, texts, valid_until};
use super::endpoint::{Binding, Endpoint, endpoints};
use super::keys::{certificates, write_key};
use super::reason::{MetadataReason, MetadataRefusal, Reason};
use crate::certificate::{Certificate, SigningKey, SigningKeyError};
use crate::dsig::{
    MessageSignature, Trust, VerifiedElement, message_signature, sign_enveloped, verify_enveloped,
};
use crate::names::{DSIG, HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL};
use crate::xml::{Document, Name, Writer};

/// How a metadata file is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataSignature {
    /// Not at all.
    Absent,
    /// Somehow; nobody was named whose signature it should be, so it proves nothing.
    Unverified,
    /// By the key of the certificate with this SHA-1 thumbprint, which was named.
    Verified {
        /// The thumbprint.
        thumbprint: String,
    },
}

/// What a service provider needs to know of an identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Its name; the Issuer of its assertions.
    pub entity_id: String,
    /// Until when the file may be used; the caller compares it with the time.
    pub valid_until: Option<OffsetDateTime>,
    /// Where to ask for a sign-in; at least one.
    pub single_sign_on_services: Vec<Endpoint>,
    /// Where to sign out.
    pub single_logout_services: Vec<Endpoint>,
    /// The certificates that verify its signatures; at least one. Expired ones are listed too: the caller shows and
    /// decides.
    pub signing_certificates: Vec<Certificate>,
    /// NameID formats that it offers.
    pub name_id_formats: Vec<String>,
    /// Does it demand signed requests?
    pub want_authn_requests_signed: bool,
    /// How the file is signed.
    pub signature: MetadataSignature,
}

impl IdpMetadata {
    /// Reads a metadata file.
    ///
    /// # Errors
    /// One reason per way in which the file is wrong; `expected` names the element.
    pub fn read(xml: &[u8]) -> Result<IdpMetadata, MetadataRefusal> {
        let document = parse(xml)?;
        let signed = document.root().children_named(DSIG, "Signature").next().is_some();
        let signature = if signed { MetadataSignature::Unverified } else { MetadataSignature::Absent };
        Self::of(&document, signature)
    }

    /// Reads a metadata file that one of the `signers` must have signed (SAML Metadata 3.1). What is read is what was
    /// verified.
    ///
    /// # Errors
    /// Those of [`IdpMetadata::read`]; `SignatureMissing`, `SignatureMisplaced`, `DuplicateId`, and those of the
    /// signature, `NoTrustedCertificate` where there are no signers.
    pub fn read_signed(xml: &[u8], signers: &[Certificate]) -> Result<IdpMetadata, MetadataRefusal> {
        let verified = verified(&parse(xml)?, signers)?;
        let thumbprint = verified.thumbprint().to_owned();
        Self::of(verified.document(), MetadataSignature::Verified { thumbprint })
    }

    fn of(document: &Document, signature: MetadataSignature) -> Result<IdpMetadata, MetadataRefusal> {
        let (entity_id, descriptor) = entity(document, Role::Idp)?;
        let single_sign_on_services = endpoints(descriptor, "SingleSignOnService")?;
        if single_sign_on_services.is_empty() {
            return Err(refuse(Reason::ServiceMissing, "SingleSignOnService in IDPSSODescriptor", "none"));
        }
        let signing_certificates = certificates(descriptor, "signing")?;
        if signing_certificates.is_empty() {
            let expected =
                "X509Certificate in KeyDescriptor (use=\"signing\" or without use) of IDPSSODescriptor";
            return Err(refuse(Reason::SigningCertificateMissing, expected, "none"));
        }
        Ok(IdpMetadata {
            entity_id,
            valid_until: valid_until(document, Role::Idp)?,
            single_sign_on_services,
            single_logout_services: endpoints(descriptor, "SingleLogoutService")?,
            signing_certificates,
            name_id_formats: texts(descriptor, "NameIDFormat")?,
            want_authn_requests_signed: boolean(descriptor, "WantAuthnRequestsSigned")?,
            signature,
        })
    }

    /// The sign-in URL for a binding.
    pub fn single_sign_on_url(&self, binding: &Binding) -> Option<&str> {
        self.single_sign_on_services.iter().find(|s| s.binding == *binding).map(|s| s.location.as_str())
    }
}

fn verified(document: &Document, signers: &[Certificate]) -> Result<VerifiedElement, MetadataRefusal> {
    let expected = "one ds:Signature directly in the root element";
    let signature = match message_signature(document) {
        MessageSignature::There(signature) => signature,
        MessageSignature::Missing => return Err(refuse(Reason::SignatureMissing, expected, "none")),
        MessageSignature::Misplaced(count) => {
            let found = format!("{count} signatures, or one elsewhere");
            return Err(refuse(Reason::SignatureMisplaced, expected, &found));
        }
        MessageSignature::DuplicateId(id) => {
            return Err(refuse(Reason::DuplicateId, "each ID once", id));
        }
    };
    verify_enveloped(document.root(), signature, Trust::usual(signers))
        .map_err(|e| e.under(MetadataReason::Signature))
}

/// What to write into identity provider metadata.
#[derive(Debug, Clone, Copy)]
pub struct WriteIdpMetadata<'a> {
    /// The ID of the document, `_` and a GUID, given by the caller.
    pub id: &'a str,
    /// The identity provider's entity ID.
    pub entity_id: &'a str,
    /// Where to sign in, by redirect and by post.
    pub single_sign_on_url: &'a str,
    /// Where to sign out, by redirect.
    pub single_logout_url: &'a str,
    /// Certificates beside that of the signing key, for a rollover: inactive ones that will sign later.
    pub further_certificates: &'a [Certificate],
}

/// Why metadata cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataWriteError {
    /// A value has a character that XML cannot carry.
    #[error("the value {0:?} has a character that XML cannot carry")]
    IllegalCharacter(String),
    /// The key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningKeyError),
}

/// Writes what Entra's federation metadata has of SAML, in its order: signature, keys, SingleLogoutService,
/// SingleSignOnService by redirect, then by post. Absent as there: WantAuthnRequestsSigned, NameIDFormat, validUntil. The
/// RoleDescriptors for WS-Federation are left out: nothing here speaks it.
///
/// # Errors
/// [`MetadataWriteError`].
pub fn write_idp(metadata: &WriteIdpMetadata<'_>, key: &SigningKey) -> Result<String, MetadataWriteError> {
    let mut writer = Writer::new();
    writer.open(md("EntityDescriptor"), &[("ID", Some(metadata.id)), ("entityID", Some(metadata.entity_id))]);
    let signature_position = writer.position();
    writer.open(md("IDPSSODescriptor"), &[("protocolSupportEnumeration", Some(PROTOCOL))]);
    write_key(&mut writer, "signing", key.certificate());
    for certificate in metadata.further_certificates.iter().filter(|c| *c != key.certificate()) {
        write_key(&mut writer, "signing", certificate);
    }
    for (service, binding, location) in [
        ("SingleLogoutService", HTTP_REDIRECT, metadata.single_logout_url),
        ("SingleSignOnService", HTTP_REDIRECT, metadata.single_sign_on_url),
        ("SingleSignOnService", HTTP_POST, metadata.single_sign_on_url),
    ] {
        writer.leaf(md(service), &[("Binding", Some(binding)), ("Location", Some(location))], "");
    }
    let xml = writer.finish().map_err(|e| MetadataWriteError::IllegalCharacter(e.value))?;
    Ok(sign_enveloped(&xml, signature_position, metadata.id, key)?)
}

pub(super) fn md(local: &'static str) -> Name {
    Name { prefix: "", uri: METADATA, local }
}
