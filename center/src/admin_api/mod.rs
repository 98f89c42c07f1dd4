//! The admin API: everything that the console does, for programs with an API key.

mod about;
mod assignments;
mod body;
mod counts;
mod error;
mod events;
mod groups;
mod organization;
mod permission_sets;
mod portal_session;
mod users;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use web::routes::Routes;

pub use body::{JsonBody, Params, paged};
pub use error::ApiError;
pub use groups::find as find_group;

use crate::{Center, access, csv_file};

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let imports = Routes::new("api_key")
        .post("/api/organization/import", organization::import)
        .post("/api/permission-sets/import", permission_sets::import)
        .post("/api/assignments/import", assignments::import)
        // JSON escapes line breaks and quotes, so a body is larger than its file.
        .guarded(DefaultBodyLimit::max(2 * csv_file::MAX_BYTES));
    let keyed = Routes::new("api_key")
        .get("/api/organization", organization::tree)
        .get("/api/accounts", organization::list)
        .put("/api/accounts/{account}/status", organization::set_status)
        .get("/api/permission-sets", permission_sets::list)
        .post("/api/permission-sets", permission_sets::create)
        .get("/api/permission-sets/{set}", permission_sets::get)
        .put("/api/permission-sets/{set}", permission_sets::update)
        .delete("/api/permission-sets/{set}", permission_sets::delete)
        .get("/api/assignments", assignments::list)
        .post("/api/assignments", assignments::create)
        .delete("/api/assignments", assignments::delete)
        .get("/api/users", users::list)
        .post("/api/users", users::create)
        .get("/api/users/{user}", users::get)
        .delete("/api/users/{user}", users::delete)
        .put("/api/users/{user}/active", users::set_active)
        .put("/api/users/{user}/password", users::set_password)
        .get("/api/users/{user}/access", users::access)
        .get("/api/groups", groups::list)
        .post("/api/groups", groups::create)
        .get("/api/groups/{group}", groups::get)
        .delete("/api/groups/{group}", groups::delete)
        .get("/api/groups/{group}/members", groups::members)
        .post("/api/groups/{group}/members", groups::add_members)
        .delete("/api/groups/{group}/members", groups::remove_members)
        .get("/api/portal-session", portal_session::show)
        .put("/api/portal-session", portal_session::change)
        .get("/api/counts", counts::counts)
        .get("/api/events", events::list);
    let open = Routes::new("anyone").get("/api/about", about::about);
    open.merge(guarded(center, keyed.merge(imports)))
}

/// Puts the check for an API key before `routes`, whose audience should be `api_key`.
pub fn guarded(center: &Center, routes: Routes<Center>) -> Routes<Center> {
    routes.guarded(from_fn_with_state(center.clone(), access::api_key))
}
