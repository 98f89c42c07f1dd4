//! An enterprise application as single sign-on sees it.

use saml::response::SignOption;
use web::Timestamp;

/// The application with what signing people in to it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The application's object id.
    pub id: String,
    /// Its application (client) id.
    pub app_id: String,
    /// Its service principal's object id.
    pub service_principal_id: String,
    /// Its name.
    pub display_name: String,
    /// Enabled for users to sign in.
    pub enabled: bool,
    /// Only assigned people may sign in.
    pub assignment_required: bool,
    /// Single sign-on mode is SAML.
    pub is_saml: bool,
    /// Where its tile leads; none: the sign-on starts here.
    pub sign_on_url: Option<String>,
    /// Sent along where the sign-on starts here.
    pub relay_state: Option<String>,
    /// The property of the user that becomes the NameID.
    pub name_id_source: String,
    /// The NameID's format where the request asks for none.
    pub name_id_format: String,
    /// What is signed.
    pub sign: SignOption,
    /// Its identifiers in order.
    pub identifiers: Vec<String>,
    /// Its reply URLs, the default one first.
    pub reply_urls: Vec<String>,
    /// Its signing certificates, the active one first.
    pub certificates: Vec<Certificate>,
}

/// Whether an application's assignments reach a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigned {
    /// Directly or through a group that counts.
    Yes,
    /// Only through a group inside an assigned group, and those do not count here.
    OnlyNested,
    /// Not at all.
    No,
}

/// A signing certificate without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its id.
    pub key_id: String,
    /// SHA-1 in hexadecimal.
    pub thumbprint: String,
    /// The certificate.
    pub der: Vec<u8>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// Whether it is the one that signs.
    pub active: bool,
}
