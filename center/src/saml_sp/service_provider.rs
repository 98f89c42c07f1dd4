//! Our own names and addresses as a service provider. All are built from the configured origin.

use saml::metadata::{MetadataWriteError, WriteSpMetadata, write_sp};
use saml::names::FORMAT_EMAIL;

use crate::Center;
use crate::instance::Instance;

/// What an identity provider has to know of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// The entity ID ("issuer URL" in the console): the Issuer of requests and the Audience of assertions.
    pub entity_id: String,
    /// Where responses go.
    pub acs_url: String,
    /// Where people begin.
    pub sign_in_url: String,
    /// Where the metadata file is.
    pub metadata_url: String,
}

impl ServiceProvider {
    /// That of an instance.
    pub fn of(center: &Center, instance: &Instance) -> Self {
        let store_id = &instance.identity_store_id;
        Self {
            entity_id: center.url(&format!("/platform/saml/{store_id}")),
            acs_url: center.url(&format!("/platform/saml/acs/{}", instance.acs_id)),
            sign_in_url: center.url("/start"),
            metadata_url: center.url(&format!("/platform/saml/metadata/{store_id}")),
        }
    }

    /// The metadata file, as that of IAM Identity Center: requests are not signed, assertions must be, the
    /// NameID is an e-mail address, and there is no key.
    ///
    /// # Errors
    /// For an origin with a character that XML cannot carry, which no URL has.
    pub fn metadata(&self) -> Result<String, MetadataWriteError> {
        write_sp(&WriteSpMetadata {
            entity_id: &self.entity_id,
            assertion_consumer_service_urls: &[&self.acs_url],
            name_id_format: FORMAT_EMAIL,
        })
    }
}
