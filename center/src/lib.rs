//! The center: identity source, SAML service provider, SCIM server, organization, permission sets,
//! assignments, access portal.

pub mod access;
pub mod access_control;
pub mod admin_api;
pub mod assignments;
pub mod console;
pub mod credentials;
pub mod csv_file;
pub mod event_targets;
pub mod identity_source;
pub mod identity_store;
pub mod instance;
pub mod organization;
pub mod permission_sets;
pub mod portal;
pub mod recycle_bin;
pub mod router;
pub mod saml_sp;
mod schema;
pub mod scim_server;
pub mod setup;
#[cfg(feature = "testing")]
pub mod testing;

use std::sync::Arc;

use store::Store;
use url::Url;
use web::cookie::Cookie;
use web::form::FormGuard;
use web::sealed::MasterKey;
use web::{Clock, Random, RequestIds};

pub use schema::MIGRATIONS;

/// What the top bar of every page of this half says.
pub const PRODUCT: &str = "Entente Center";

/// The running half: what every handler works with. Clones share it.
#[derive(Clone)]
pub struct Center(Arc<Inner>);

/// What [`Center`] shares.
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
    /// The instance that this process serves.
    pub instance_id: String,
    /// The cookie of an administrator's browser.
    pub session_cookie: Cookie,
    /// The cookie of a user's browser in the access portal.
    pub portal_cookie: Cookie,
    /// Names for requests.
    pub request_ids: RequestIds,
    /// What SCIM clients were seen to be.
    pub scim_seen: scim_server::seen::Memory,
    /// SCIM tokens that were looked up a moment ago.
    pub scim_known: scim_server::known::Memory,
    /// How many requests SCIM clients may still send.
    pub scim_rate: scim_server::rate::Limiter,
    /// What stands before every page's forms.
    pub form_guard: FormGuard,
}

impl std::ops::Deref for Center {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Center {
    /// A half over an open store, for the instance `instance_id` in it.
    pub fn new(
        store: Store,
        clock: Clock,
        random: Random,
        master_key: MasterKey,
        origin: Url,
        instance_id: String,
    ) -> Self {
        let session_cookie = Cookie::new("entente_center_session", &origin);
        let portal_cookie = Cookie::new("entente_portal_session", &origin);
        let form_guard = FormGuard::new("entente_center_form", &origin, random.clone());
        let request_ids = RequestIds::new(&random);
        Self(Arc::new(Inner {
            store,
            clock,
            random,
            master_key,
            origin,
            instance_id,
            session_cookie,
            portal_cookie,
            form_guard,
            request_ids,
            scim_seen: scim_server::seen::Memory::default(),
            scim_known: scim_server::known::Memory::default(),
            scim_rate: scim_server::rate::Limiter::default(),
        }))
    }

    /// The absolute URL of `path`, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin.as_str().trim_end_matches('/'))
    }
}
