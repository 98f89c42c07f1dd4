//! Our own names and addresses as a service provider. All are built from the configured origin.

use ::store::{StoreError, Tx};
use saml::certificate::Certificate;
use saml::metadata::{MetadataWriteError, SpCapabilities, WriteSpMetadata, write_sp_with};
use saml::names::FORMAT_EMAIL;

use super::keys::{self, Purpose};
use super::settings::{self, SamlSettings};
use crate::Center;
use crate::instance::{self, Instance};

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
}

/// What the metadata file says.
#[derive(Debug, Clone)]
pub struct Published {
    /// Names and addresses.
    pub sp: ServiceProvider,
    /// The choices that show in it.
    pub settings: SamlSettings,
    /// Certificates that verify what we sign: the active one, and those that may follow it.
    pub signing: Vec<Certificate>,
    /// The certificate to encrypt for.
    pub encryption: Vec<Certificate>,
}

impl Published {
    /// From the rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn load(tx: &mut Tx<'_>, center: &Center) -> Result<Self, StoreError> {
        let instance = instance::load(tx, &center.instance_id)?;
        let settings = settings::load(tx, &center.instance_id)?;
        let keys = keys::keys(tx, &center.instance_id)?;
        let of = |purpose: Purpose, all: bool| {
            let fitting = keys.iter().filter(move |key| key.purpose == purpose && (all || key.active));
            fitting.map(|key| key.certificate.clone()).collect::<Vec<_>>()
        };
        Ok(Self {
            sp: ServiceProvider::of(center, &instance),
            signing: of(Purpose::Signing, true),
            // Others encrypt for any that is listed; only the active one is meant.
            encryption: if settings.accept_encrypted { of(Purpose::Encryption, false) } else { Vec::new() },
            settings,
        })
    }

    /// The metadata file. Unless something else was chosen it is that of IAM Identity Center: requests are not
    /// signed, assertions must be, the NameID is an e-mail address, and there is no key.
    ///
    /// # Errors
    /// For an origin with a character that XML cannot carry, which no URL has.
    pub fn metadata(&self) -> Result<String, MetadataWriteError> {
        let metadata = WriteSpMetadata {
            entity_id: &self.sp.entity_id,
            assertion_consumer_service_urls: &[&self.sp.acs_url],
            name_id_format: FORMAT_EMAIL,
        };
        let capabilities = SpCapabilities {
            single_logout_url: None,
            authn_requests_signed: self.settings.sign_requests && !self.signing.is_empty(),
            signing_certificates: &self.signing,
            encryption_certificates: &self.encryption,
        };
        write_sp_with(&metadata, &capabilities)
    }
}

impl Center {
    /// What the metadata file of this instance says now.
    ///
    /// # Errors
    /// The store's.
    pub async fn published(&self) -> Result<Published, StoreError> {
        let center = self.clone();
        self.store.read(move |tx| Published::load(tx, &center)).await
    }
}
