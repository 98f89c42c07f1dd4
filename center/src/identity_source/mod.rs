//! The identity source: where the people of this instance sign in. Either the Identity Center directory
//! with its passwords, or an external identity provider over SAML.
//!
//! A change has two steps, as in AWS: a proposal that is reviewed by name ([`impact`]), and an acceptance
//! that is typed. The source that was active is kept and can be restored in one step.

mod certificate_rows;
pub mod certificates;
mod certificates_http;
mod certificates_pages;
mod change;
mod error;
mod external;
mod http;
pub mod impact;
pub mod metadata_url;
mod metadata_url_http;
mod metadata_url_pages;
mod metadata_url_rows;
mod pages;
pub mod refresh;
mod source;
pub mod store;

use web::routes::Routes;

pub use certificate_rows::Known;
pub use change::{Review, accept, propose, restore, review_proposal, review_restore, withdraw};
pub use error::SourceError;
pub use external::{Manual, read_manual, read_metadata, read_metadata_of};
pub use source::{ExternalIdp, Kind, Source};

use crate::{Center, admin_api, console};

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    Routes::new("anyone").merge(api(center)).merge(wizard(center))
}

fn api(center: &Center) -> Routes<Center> {
    let routes = Routes::new("api_key")
        .get("/api/identity-source", http::show)
        .get("/api/identity-source/sp-metadata", http::sp_metadata)
        .get("/api/identity-source/certificates", certificates_http::list)
        .post("/api/identity-source/certificates", certificates_http::add)
        .get("/api/identity-source/certificates/{thumbprint}", certificates_http::show)
        .delete("/api/identity-source/certificates/{thumbprint}", certificates_http::remove)
        .get("/api/identity-source/metadata-url", metadata_url_http::show)
        .put("/api/identity-source/metadata-url", metadata_url_http::set)
        .delete("/api/identity-source/metadata-url", metadata_url_http::remove)
        .post("/api/identity-source/metadata-url/refresh", metadata_url_http::refresh)
        .post("/api/identity-source/metadata-url/apply", metadata_url_http::apply)
        .get("/api/identity-source/proposal", http::show_proposal)
        .put("/api/identity-source/proposal", http::propose)
        .delete("/api/identity-source/proposal", http::withdraw)
        .post("/api/identity-source/accept", http::accept)
        .post("/api/identity-source/restore", http::restore);
    admin_api::guarded(center, routes)
}

fn wizard(center: &Center) -> Routes<Center> {
    let routes = Routes::new("administrator")
        .get("/console/settings/identity-source", pages::show)
        .get("/console/settings/identity-source/certificates", certificates_pages::list)
        .post("/console/settings/identity-source/certificates", certificates_pages::add)
        .get("/console/settings/identity-source/certificates/{thumbprint}", certificates_pages::review)
        .post("/console/settings/identity-source/certificates/{thumbprint}", certificates_pages::remove)
        .get("/console/settings/identity-source/metadata-url", metadata_url_pages::show)
        .post("/console/settings/identity-source/metadata-url", metadata_url_pages::change)
        .get("/console/settings/identity-source/change", pages::choose)
        .post("/console/settings/identity-source/change", pages::chosen)
        .get("/console/settings/identity-source/change/external", pages::external)
        .post("/console/settings/identity-source/change/external", pages::external_given)
        .get("/console/settings/identity-source/change/review", pages::review)
        .post("/console/settings/identity-source/change/accept", pages::accept)
        .post("/console/settings/identity-source/change/cancel", pages::cancel)
        .get("/console/settings/identity-source/change/done", pages::done)
        .get("/console/settings/identity-source/restore", pages::review_restore)
        .post("/console/settings/identity-source/restore", pages::restore);
    console::guarded(center, routes)
}
