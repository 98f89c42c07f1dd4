//! Enterprise applications: application and service principal in one, with their SAML settings, their
//! signing certificates, and who is assigned to them.

mod app_role_holders;
mod app_roles;
mod app_roles_http;
mod app_roles_store;
mod assign_http;
mod assignments;
mod certificates;
mod expiry;
mod http;
mod import_certificate;
mod key_credentials;
mod key_credentials_http;
mod nested_groups;
mod nested_groups_http;
#[cfg(test)]
mod plans;
mod reach;
mod settings;
mod signing;
mod sp_metadata;
mod store;
mod store_save;

use serde::Serialize;
use serde_json::{Value as Json, json};
use web::Timestamp;

pub use app_role_holders::{Holder, Holders, holders};
pub use app_roles::{AppRole, WantedRole};
pub use app_roles_store::{
    app_role, app_role_named, app_roles, assigned_by_role, delete_app_role, has_own_roles, roles_of_user,
    save_app_role, set_app_roles,
};
pub use assignments::{
    Assigned, Assignment, Principal, PrincipalKind, Via, assign, assigned_applications, by_role_assignment,
    is_assigned, list_assignments, roles_assigned, unassign, unassign_all, unassign_by_id,
};
pub use certificates::{
    Certificate, NewCertificate, activate, active_certificate, add_certificate, certificate, certificates,
    delete_certificate, make_certificate,
};
pub use expiry::{ANNOUNCED, Expiring, announce_expiry, expiring, expiring_of, in_use};
pub use http::routes;
pub(crate) use http::{IdpValues, save as save_saml};
pub use import_certificate::{import_certificate, import_pfx};
pub use key_credentials::{KeyCredential, Usage, add_key_credential, delete_key_credential, key_credentials};
pub use nested_groups::transitive_groups;
pub(crate) use nested_groups::{COUNTS, GROUPS_ABOVE};
pub use reach::{NotFollowed, Reach, people_reached, reach};
pub(crate) use settings::{FORMATS, PAIRWISE, name_id_sources};
pub use settings::{SamlChange, checked_url};
pub use signing::{RequestSignatureVerification, SigningAlgorithm, SigningOption, WeakAlgorithm};
pub use sp_metadata::{Proposal, read_sp_metadata};
pub use store::{
    by_any_id, by_identifier, by_service_principal, choose_saml, create, delete, find, list,
    owner_of_identifier, update, update_saml,
};

/// The role that everybody gets who is assigned without one. Its id is that of Entra's template for
/// applications that are not in the gallery.
pub const USER_ROLE: &str = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
/// Entra's second role of such applications, which its documentation says never to edit.
pub const MSIAM_ROLE: &str = "b9632174-c057-4f7e-951b-be3adc52bfe6";
/// What Graph calls an assignment without a role.
pub const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";
/// Entra's template for applications that are not in the gallery.
pub const NON_GALLERY_TEMPLATE: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

/// An enterprise application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// The application's object id.
    pub id: String,
    /// Its application (client) id.
    pub app_id: String,
    /// Its service principal's object id.
    pub service_principal_id: String,
    /// Its name.
    pub display_name: String,
    /// Whether people may sign in to it.
    pub account_enabled: bool,
    /// Whether only assigned people may sign in.
    pub assignment_required: bool,
    /// Whether it has a tile for those who are assigned.
    pub visible: bool,
    /// Whether single sign-on with SAML is chosen.
    pub saml: bool,
    /// Where its tile leads; none: the sign-on starts here.
    pub sign_on_url: Option<String>,
    /// Where it signs people out.
    pub logout_url: Option<String>,
    /// Sent along where the sign-on starts here.
    pub relay_state: Option<String>,
    /// The NameID.
    pub name_id: NameId,
    /// What is signed.
    pub signing_option: SigningOption,
    /// With what.
    pub signing_algorithm: SigningAlgorithm,
    /// Which signatures its requests must have.
    pub request_signature_verification: RequestSignatureVerification,
    /// The key credential that assertions are encrypted for; none: they are not encrypted.
    pub token_encryption_key_id: Option<String>,
    /// Whether members of groups inside assigned groups count; none: as the tenant has it.
    pub transitive_groups: Option<bool>,
    /// Its entity IDs, the default one first.
    pub identifiers: Vec<String>,
    /// Where responses may go.
    pub reply_urls: Vec<ReplyUrl>,
    /// When it was created, RFC 3339.
    pub created_date_time: String,
}

/// Where responses may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplyUrl {
    /// The URL.
    pub url: String,
    /// Its number in the service provider's metadata.
    #[serde(default)]
    pub index: Option<u16>,
    /// Whether it is used where a request names none; of exactly one.
    #[serde(default)]
    pub is_default: bool,
}

/// Where the NameID comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NameId {
    /// A property of the user, by Graph's name.
    pub source: String,
    /// A NameID format.
    pub format: String,
}

impl Application {
    /// As events have it.
    pub fn to_json(&self) -> Json {
        json!(self)
    }

    /// The reply URL for requests that name none.
    pub fn default_reply_url(&self) -> Option<&str> {
        let default = self.reply_urls.iter().find(|r| r.is_default).or(self.reply_urls.first());
        default.map(|r| r.url.as_str())
    }
}

/// When a certificate made at `from` ends: three years later, to the second, as Entra's do.
pub(crate) fn three_years_after(from: Timestamp) -> Timestamp {
    let start = from.to_offset();
    let year = start.year() + 3;
    let end = start.replace_year(year).or_else(|_| start.replace_day(28).and_then(|s| s.replace_year(year)));
    end.map_or(from, Timestamp::from)
}
