//! The SAML identity provider: federation metadata, sign-on by HTTP-Redirect, HTTP-POST and from a tile,
//! and the record of every sign-on.
//!
//! A request goes through `http` to `sign_on`, where one dispatcher decides what comes next from what is
//! saved (`next_step`); `decide` makes the decision from facts alone, `issue` signs it. The test page runs
//! the same decision.

mod arrived;
mod attempt;
mod claims;
mod decide;
mod endpoint;
mod http;
mod issue;
mod keys;
mod loaded;
mod metadata;
mod next_step;
mod pages;
mod pending;
mod refusal;
mod running;
mod sign_ins;
mod sign_on;
mod sign_out;
pub(crate) mod store;
mod trace;
mod waiting;

pub(crate) use attempt::of_password;
pub use running::{Strangers, clear_away};
pub(crate) use sign_ins::record;
pub(crate) use sign_out::local as sign_out;

pub(crate) use claims::{NameId, core, groups_link, name_id};
pub use refusal::{AADSTS, Refusal};

use axum::Extension;
use axum::middleware::from_fn_with_state;
use web::form;
use web::routes::Routes;

use crate::{Directory, access};

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    let running = running::Running::default();
    let guard = || from_fn_with_state(directory.form_guard.clone(), form::guard);
    Routes::new("anyone")
        .get("/{tenant}/saml2", http::by_redirect)
        .post("/{tenant}/saml2", http::by_post)
        .get("/{tenant}/saml2/{service_principal}", http::instance_by_redirect)
        .post("/{tenant}/saml2/{service_principal}", http::instance_by_post)
        .get("/{tenant}/saml2/requests/{id}", http::back)
        .get("/{tenant}/saml2/sign-outs/{id}", http::sign_out_goes_on)
        .get("/{tenant}/federationmetadata/2007-06/federationmetadata.xml", metadata::show)
        .get("/{tenant}/FederationMetadata/2007-06/FederationMetadata.xml", metadata::show)
        .merge(
            Routes::new("person")
                .get("/my-apps/{app_id}", http::launch)
                .guarded(from_fn_with_state(directory.clone(), access::person)),
        )
        .merge(
            Routes::new("administrator")
                .get("/console/sign-ins", pages::list)
                .get("/console/sign-ins/{reference}", pages::one)
                .get("/console/applications/{id}/single-sign-on/test", pages::test)
                .guarded(from_fn_with_state(directory.clone(), access::administrator))
                .guarded(guard()),
        )
        .merge(
            Routes::new("api_client")
                .get("/api/sign-ins", pages::list_json)
                .get("/api/sign-ins/{reference}", pages::one_json)
                .guarded(from_fn_with_state(directory.clone(), access::api_client)),
        )
        .guarded(Extension(running))
}
