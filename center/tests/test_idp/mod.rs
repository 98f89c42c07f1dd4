//! An identity provider for tests: keys, certificates and metadata.

use std::sync::OnceLock;

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};
use saml::certificate::SigningKey;
use saml::metadata::{WriteIdpMetadata, write_idp};

/// The entity ID of the identity provider.
pub const ENTITY_ID: &str = "https://sts.idp.example/tenant-1/";
/// Where it takes requests.
pub const SIGN_IN_URL: &str = "https://login.idp.example/tenant-1/saml2";

/// A key of an identity provider.
pub struct Key {
    /// It signs, and has the certificate.
    pub signing: SigningKey,
}

impl Key {
    /// A certificate for a new key, valid between two years' beginnings.
    pub fn valid(from: i32, until: i32) -> Self {
        Self::of(&KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap(), from, until)
    }

    /// The same for a key that is there.
    pub fn of(pair: &KeyPair, from: i32, until: i32) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.self_signed(pair).unwrap();
        let signing = SigningKey::new(&pair.serialize_der(), certificate.der()).unwrap();
        Self { signing }
    }

    /// The key in use.
    pub fn current() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| Self::valid(2026, 2030))
    }

    /// The key that follows it, and that of a stranger where only one is trusted.
    pub fn next() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| Self::valid(2026, 2031))
    }

    /// Metadata signed by this key, with the certificates of others beside it.
    pub fn metadata(&self, others: &[&Self]) -> String {
        let further: Vec<_> = others.iter().map(|key| key.signing.certificate().clone()).collect();
        let metadata = WriteIdpMetadata {
            id: "_7c1c9e2e-0000-4000-8000-000000000001",
            entity_id: ENTITY_ID,
            single_sign_on_url: SIGN_IN_URL,
            single_logout_url: SIGN_IN_URL,
            further_certificates: &further,
        };
        write_idp(&metadata, &self.signing).unwrap()
    }
}
