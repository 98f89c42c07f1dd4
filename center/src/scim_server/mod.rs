//! The SCIM 2.0 server (RFC 7643, RFC 7644, RFC 9865) that an identity provider writes users and
//! groups to, and the switch and tokens of automatic provisioning.
//!
//! What a request means is decided by the crate `scim`; what is written, by `identity_store::store`.
//! This folder is what lies between: who may call, the message on the wire, filters as SQL.

mod answer;
mod api;
mod aws;
mod bulk;
mod call;
mod client;
mod condition;
mod discovery;
mod edge;
mod groups;
pub mod known;
mod list;
mod media_type;
mod message;
pub mod mode;
mod ownership;
mod pages;
pub mod rate;
mod refusal;
mod resource;
pub mod schemas;
mod search;
pub mod seen;
pub mod tokens;
mod users;
mod version;
mod view;

use axum::middleware::from_fn_with_state;
use web::routes::Routes;

pub use edge::around;

use crate::identity_store::{Group, StoredUser};
use crate::{Center, access};

/// The address of a tenant's SCIM root without a slash at its end. From the configured origin alone.
fn base(center: &Center, tenant: &str) -> String {
    center.url(&format!("/{tenant}/scim/v2"))
}

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    protocol(center).merge(admin_api(center)).merge(console(center))
}

/// What identity providers call. [`around`] makes `/scim/v2//Users` reach these too.
fn protocol(center: &Center) -> Routes<Center> {
    Routes::new("scim_client")
        .get("/{scim_tenant_id}/scim/v2/ServiceProviderConfig", discovery::service_provider_config)
        .get("/{scim_tenant_id}/scim/v2/ResourceTypes", discovery::resource_types)
        .get("/{scim_tenant_id}/scim/v2/ResourceTypes/{name}", discovery::resource_type)
        .get("/{scim_tenant_id}/scim/v2/Schemas", discovery::schemas)
        .get("/{scim_tenant_id}/scim/v2/Schemas/{urn}", discovery::schema)
        .post("/{scim_tenant_id}/scim/v2/.search", search::search)
        .post("/{scim_tenant_id}/scim/v2/Bulk", bulk::bulk)
        .get("/{scim_tenant_id}/scim/v2/Me", discovery::me)
        .post("/{scim_tenant_id}/scim/v2/Me", discovery::me)
        .put("/{scim_tenant_id}/scim/v2/Me", discovery::me)
        .patch("/{scim_tenant_id}/scim/v2/Me", discovery::me)
        .delete("/{scim_tenant_id}/scim/v2/Me", discovery::me)
        .get("/{scim_tenant_id}/scim/v2/Users", resource::list::<StoredUser>)
        .post("/{scim_tenant_id}/scim/v2/Users/.search", resource::search::<StoredUser>)
        .post("/{scim_tenant_id}/scim/v2/Users", users::create)
        .get("/{scim_tenant_id}/scim/v2/Users/{id}", resource::get::<StoredUser>)
        .put("/{scim_tenant_id}/scim/v2/Users/{id}", users::replace)
        .patch("/{scim_tenant_id}/scim/v2/Users/{id}", users::patch)
        .delete("/{scim_tenant_id}/scim/v2/Users/{id}", resource::delete::<StoredUser>)
        .get("/{scim_tenant_id}/scim/v2/Groups", resource::list::<Group>)
        .post("/{scim_tenant_id}/scim/v2/Groups/.search", resource::search::<Group>)
        .post("/{scim_tenant_id}/scim/v2/Groups", groups::create)
        .get("/{scim_tenant_id}/scim/v2/Groups/{id}", resource::get::<Group>)
        .put("/{scim_tenant_id}/scim/v2/Groups/{id}", groups::replace)
        .patch("/{scim_tenant_id}/scim/v2/Groups/{id}", groups::patch)
        .delete("/{scim_tenant_id}/scim/v2/Groups/{id}", resource::delete::<Group>)
        .guarded(from_fn_with_state(center.clone(), client::scim_client))
}

fn admin_api(center: &Center) -> Routes<Center> {
    Routes::new("api_key")
        .get("/api/scim", api::show)
        .put("/api/scim/mode", api::set_mode)
        .put("/api/scim/tokens/{id}/mode", api::set_token_mode)
        .post("/api/scim/enable", api::enable)
        .post("/api/scim/disable", api::disable)
        .post("/api/scim/tokens", api::create_token)
        .delete("/api/scim/tokens/{id}", api::delete_token)
        .post("/api/scim/tokens/finish-rotation", api::finish_rotation)
        .put("/api/scim/rate-limit", api::set_rate_limit)
        .get("/api/scim/schemas", schemas::http::list)
        .post("/api/scim/schemas", schemas::http::add)
        .delete("/api/scim/schemas/{urn}", schemas::http::remove)
        .get("/api/scim/ownership", ownership::http::list)
        .post("/api/scim/ownership/hand-over", ownership::http::hand_over)
        .post("/api/scim/ownership/take-back", ownership::http::take_back)
        .guarded(from_fn_with_state(center.clone(), access::api_key))
}

fn console(center: &Center) -> Routes<Center> {
    Routes::new("administrator")
        .get("/console/settings/automatic-provisioning", pages::show)
        .post("/console/settings/automatic-provisioning/mode", pages::set_mode)
        .post("/console/settings/automatic-provisioning/enable", pages::enable)
        .post("/console/settings/automatic-provisioning/disable", pages::disable)
        .post("/console/settings/automatic-provisioning/tokens", pages::create_token)
        .post("/console/settings/automatic-provisioning/tokens/{id}/delete", pages::delete_token)
        .post("/console/settings/automatic-provisioning/rate-limit", pages::set_rate_limit)
        .get("/console/settings/automatic-provisioning/schemas", schemas::pages::show)
        .post("/console/settings/automatic-provisioning/schemas", schemas::pages::add)
        .post("/console/settings/automatic-provisioning/schemas/remove", schemas::pages::remove)
        .get("/console/settings/automatic-provisioning/ownership", ownership::pages::show)
        .post("/console/settings/automatic-provisioning/ownership", ownership::pages::hand_over)
        .guarded(from_fn_with_state(center.form_guard.clone(), web::form::guard))
        .guarded(from_fn_with_state(center.clone(), access::administrator))
}
