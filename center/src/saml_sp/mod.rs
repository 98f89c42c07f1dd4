//! The SAML service provider: sends people to the identity provider, and takes what comes back.
//!
//! [`start`] writes the request and remembers it with the browser that it was given to. The answer arrives at
//! the assertion consumer service: the crate `saml` proves it, [`sign_in`] decides over the rows in one
//! transaction, and every attempt is kept with its checks for the administrator who is asked about it.

mod acs;
mod attempt;
mod http;
mod just_in_time;
pub mod key_expiry;
pub mod keys;
mod pages;
mod record;
mod refusal;
mod relay_state;
mod service_provider;
pub mod settings;
mod settings_http;
mod settings_pages;
mod sign_in;
pub mod sign_out;
mod sign_out_refused;
mod start;
pub mod store;

use web::routes::Routes;

pub use attempt::{Attempt, Check};
pub(crate) use http::metadata_file;
pub use refusal::SignInRefusal;
pub use service_provider::{Published, ServiceProvider};
pub use settings_http::metadata_signers;
pub use start::start;
pub use store::forget_requests;

use crate::{Center, admin_api, console};

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let api = Routes::new("api_key")
        .get("/api/sign-in-attempts", http::list)
        .get("/api/sign-in-attempts/{reference}", http::show)
        .get("/api/saml-settings", settings_http::show)
        .put("/api/saml-settings", settings_http::change)
        .get("/api/saml-keys", settings_http::list_keys)
        .post("/api/saml-keys", settings_http::make_key)
        .post("/api/saml-keys/{id}/activate", settings_http::activate_key)
        .delete("/api/saml-keys/{id}", settings_http::remove_key);
    let pages = Routes::new("administrator")
        .get("/console/sign-in-attempts", pages::list)
        .get("/console/sign-in-attempts/{reference}", pages::show)
        .get("/console/settings/saml", settings_pages::show)
        .post("/console/settings/saml", settings_pages::change)
        .post("/console/settings/saml/keys", settings_pages::keys);
    Routes::new("anyone")
        .get("/platform/saml/metadata/{identity_store_id}", http::metadata)
        // The response comes from the identity provider's page: no form token of ours can be in it. The
        // signature and the binding to the browser that started stand in its place.
        .post("/platform/saml/acs/{acs_id}", acs::consume)
        .get("/platform/saml/logout/{acs_id}", sign_out::take)
        .merge(admin_api::guarded(center, api))
        .merge(console::guarded(center, pages))
}
