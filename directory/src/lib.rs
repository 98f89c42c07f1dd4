//! The directory: users, groups, enterprise applications, SAML identity provider, provisioning.

pub mod access;
pub mod applications;
pub mod body;
pub mod change;
pub mod claims;
pub mod console;
pub mod credentials;
pub mod graph;
pub mod groups;
pub mod import;
pub mod my_apps;
pub mod provisioning;
pub mod refused;
pub mod router;
pub mod saml_idp;
mod schema;
pub mod setup;
pub mod sign_in;
pub mod tenant;
#[cfg(feature = "testing")]
pub mod testing;
pub mod users;

use std::sync::Arc;

use store::Store;
use url::Url;
use web::cookie::Cookie;
use web::form::FormGuard;
use web::sealed::MasterKey;
use web::{Clock, Random};

pub use schema::MIGRATIONS;

/// The running half: what every handler works with. Clones share it.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

/// What [`Directory`] shares.
pub struct Inner {
    /// Its rows.
    pub store: Store,
    /// Its clock.
    pub clock: Clock,
    /// Its source of ids and secrets.
    pub random: Random,
    /// The key over what is encrypted in the rows.
    pub master_key: MasterKey,
    /// The origin in every URL that leaves the system, never taken from a request.
    pub origin: Url,
    /// The tenant that this process serves.
    pub tenant_id: String,
    /// The cookie of a signed-in browser.
    pub session_cookie: Cookie,
    /// What stands before every page's forms.
    pub form_guard: FormGuard,
}

impl std::ops::Deref for Directory {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Directory {
    /// A half over an open store, for the tenant `tenant_id` in it.
    pub fn new(
        store: Store,
        clock: Clock,
        random: Random,
        master_key: MasterKey,
        origin: Url,
        tenant_id: String,
    ) -> Self {
        let session_cookie = Cookie::new("entente_directory_session", &origin);
        let form_guard = FormGuard::new("entente_directory_form", &origin, random.clone());
        Self(Arc::new(Inner {
            store,
            clock,
            random,
            master_key,
            origin,
            tenant_id,
            session_cookie,
            form_guard,
        }))
    }

    /// The absolute URL of `path`, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin.as_str().trim_end_matches('/'))
    }
}
