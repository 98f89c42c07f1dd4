//! The part of the Microsoft Graph API (v1.0) that drives users, groups and enterprise applications, and
//! the token endpoint in front of it.

mod app_role_assignments;
mod application_objects;
mod applications;
mod deleted_items;
mod error;
mod groups;
mod key_credentials;
mod object;
mod query;
mod service_principals;
mod token;
mod users;

use axum::middleware::from_fn_with_state;
use web::routes::Routes;

pub(crate) use error::stamp;
pub use error::{GraphError, unauthorized};

use crate::{Directory, access};

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    let objects = Routes::new("api_client")
        .merge(users::routes())
        .merge(groups::routes())
        .merge(deleted_items::routes())
        .merge(applications::routes())
        .merge(service_principals::routes())
        .merge(app_role_assignments::routes())
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
        .guarded(from_fn_with_state(directory.clone(), error::stamp));
    Routes::new("anyone").post("/{tenant}/oauth2/v2.0/token", token::issue).merge(objects)
}
