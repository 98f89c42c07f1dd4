//! Service provider metadata.

use super::document::{Role, boolean, entity, parse, refuse, texts};
use super::endpoint::{Binding, Endpoint, IndexedEndpoint, endpoints, indexed};
use super::idp::{MetadataWriteError, md};
use super::keys::{certificates, write_key};
use super::reason::{MetadataRefusal, Reason};
use crate::certificate::Certificate;
use crate::names::{HTTP_POST, HTTP_REDIRECT, PROTOCOL};
use crate::xml::Writer;

/// What an identity provider needs to know of a service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpMetadata {
    /// Its name; the Issuer of its requests and the Audience of its assertions.
    pub entity_id: String,
    /// Where responses go, in the order of the file; at least one with HTTP-POST.
    pub assertion_consumer_services: Vec<IndexedEndpoint>,
    /// Where it signs people out.
    pub single_logout_services: Vec<Endpoint>,
    /// NameID formats that it takes.
    pub name_id_formats: Vec<String>,
    /// Does it want signed assertions?
    pub want_assertions_signed: bool,
    /// Does it sign its requests?
    pub authn_requests_signed: bool,
    /// Certificates that verify its requests.
    pub signing_certificates: Vec<Certificate>,
    /// Certificates to encrypt for it.
    pub encryption_certificates: Vec<Certificate>,
}

impl SpMetadata {
    /// Reads a metadata file.
    ///
    /// # Errors
    /// One reason per way in which the file is wrong; `expected` names the element.
    pub fn read(xml: &[u8]) -> Result<SpMetadata, MetadataRefusal> {
        let document = parse(xml)?;
        let (entity_id, descriptor) = entity(&document, Role::Sp)?;
        let assertion_consumer_services = indexed(descriptor, "AssertionConsumerService")?;
        if !assertion_consumer_services.iter().any(|service| service.binding == Binding::HttpPost) {
            let expected = "AssertionConsumerService with the HTTP-POST binding in SPSSODescriptor";
            let found = format!("{} with other bindings", assertion_consumer_services.len());
            return Err(refuse(Reason::ServiceMissing, expected, &found));
        }
        Ok(SpMetadata {
            entity_id,
            assertion_consumer_services,
            single_logout_services: endpoints(descriptor, "SingleLogoutService")?,
            name_id_formats: texts(descriptor, "NameIDFormat")?,
            want_assertions_signed: boolean(descriptor, "WantAssertionsSigned")?,
            authn_requests_signed: boolean(descriptor, "AuthnRequestsSigned")?,
            signing_certificates: certificates(descriptor, "signing")?,
            encryption_certificates: certificates(descriptor, "encryption")?,
        })
    }

    /// The reply URLs (HTTP-POST), the default first, the others in the order of the file.
    pub fn reply_urls(&self) -> Vec<&str> {
        let default = self.default_assertion_consumer_service();
        let post = || self.assertion_consumer_services.iter().filter(|s| s.binding == Binding::HttpPost);
        let others = post().filter(|s| Some(*s) != default);
        default.into_iter().chain(others).map(|s| s.location.as_str()).collect()
    }

    /// SAML Metadata 1.1 section 2.2.3: the first with isDefault, else the first; among those with HTTP-POST.
    pub fn default_assertion_consumer_service(&self) -> Option<&IndexedEndpoint> {
        let mut post = self.assertion_consumer_services.iter().filter(|s| s.binding == Binding::HttpPost);
        let first = post.clone().next();
        post.find(|s| s.is_default).or(first)
    }
}

/// What to write into service provider metadata.
#[derive(Debug, Clone, Copy)]
pub struct WriteSpMetadata<'a> {
    /// The service provider's entity ID.
    pub entity_id: &'a str,
    /// Where responses go; the first is the default.
    pub assertion_consumer_service_urls: &'a [&'a str],
    /// The NameID format that it takes.
    pub name_id_format: &'a str,
}

/// What service provider metadata says beyond the usual. The default says nothing more.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpCapabilities<'a> {
    /// Where to sign out, by redirect and by post.
    pub single_logout_url: Option<&'a str>,
    /// Are requests signed?
    pub authn_requests_signed: bool,
    /// Certificates that verify what the service provider signs.
    pub signing_certificates: &'a [Certificate],
    /// Certificates to encrypt assertions for.
    pub encryption_certificates: &'a [Certificate],
}

/// Writes metadata as IAM Identity Center's: requests are not signed, assertions must be, no keys.
///
/// # Errors
/// `IllegalCharacter` when a value has a control character.
pub fn write_sp(metadata: &WriteSpMetadata<'_>) -> Result<String, MetadataWriteError> {
    write_sp_with(metadata, &SpCapabilities::default())
}

/// Writes metadata with keys, signed requests and sign-out, each where it is given.
///
/// # Errors
/// `IllegalCharacter` when a value has a control character.
pub fn write_sp_with(
    metadata: &WriteSpMetadata<'_>,
    capabilities: &SpCapabilities<'_>,
) -> Result<String, MetadataWriteError> {
    let mut writer = Writer::new();
    writer.open(md("EntityDescriptor"), &[("entityID", Some(metadata.entity_id))]);
    let signed = if capabilities.authn_requests_signed { "true" } else { "false" };
    writer.open(
        md("SPSSODescriptor"),
        &[
            ("AuthnRequestsSigned", Some(signed)),
            ("WantAssertionsSigned", Some("true")),
            ("protocolSupportEnumeration", Some(PROTOCOL)),
        ],
    );
    write_capabilities(&mut writer, capabilities);
    writer.leaf(md("NameIDFormat"), &[], metadata.name_id_format);
    for (index, url) in metadata.assertion_consumer_service_urls.iter().enumerate() {
        let is_default = if index == 0 { "true" } else { "false" };
        writer.leaf(
            md("AssertionConsumerService"),
            &[
                ("Binding", Some(HTTP_POST)),
                ("Location", Some(url)),
                ("index", Some(&index.to_string())),
                ("isDefault", Some(is_default)),
            ],
            "",
        );
    }
    writer.finish().map_err(|e| MetadataWriteError::IllegalCharacter(e.value))
}

/// Keys, then SingleLogoutService, the order of the schema (SAML Metadata 1.1 section 2.4).
fn write_capabilities(writer: &mut Writer, capabilities: &SpCapabilities<'_>) {
    for certificate in capabilities.signing_certificates {
        write_key(writer, "signing", certificate);
    }
    for certificate in capabilities.encryption_certificates {
        write_key(writer, "encryption", certificate);
    }
    for binding in [HTTP_REDIRECT, HTTP_POST] {
        if let Some(url) = capabilities.single_logout_url {
            writer.leaf(
                md("SingleLogoutService"),
                &[("Binding", Some(binding)), ("Location", Some(url))],
                "",
            );
        }
    }
}
