//! The administrator's console.

mod account;
mod accounts;
mod assign;
mod dashboard;
mod events;
mod group;
mod groups;
mod notice;
mod permission_set;
mod permission_sets;
mod settings;
mod shell;
mod sign_in;
mod user;
mod users;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use web::form;
use web::routes::Routes;

pub use notice::{PageError, back, refused, with_done};
pub use shell::shell;

use crate::{Center, access, csv_file};

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let open = Routes::new("anyone")
        .get("/console/sign-in", sign_in::show)
        .post("/console/sign-in", sign_in::submit)
        .guarded(from_fn_with_state(center.form_guard.clone(), form::guard));
    let own = Routes::new("administrator")
        .post("/console/sign-out", sign_in::out)
        .get("/console", dashboard::show)
        .get("/console/settings", settings::show)
        .post("/console/settings/portal-session", settings::set_portal_session)
        .get("/console/users", users::list)
        .get("/console/users/new", users::new)
        .post("/console/users/new", users::create)
        .get("/console/users/{id}", user::show)
        .post("/console/users/{id}", user::change)
        .get("/console/groups", groups::list)
        .get("/console/groups/new", groups::new)
        .post("/console/groups/new", groups::create)
        .get("/console/groups/{id}", group::show)
        .post("/console/groups/{id}", group::change)
        .get("/console/accounts", accounts::list)
        .get("/console/accounts/assign", assign::start)
        .post("/console/accounts/assign", assign::step)
        .get("/console/accounts/{id}", account::show)
        .post("/console/accounts/{id}", account::change)
        .get("/console/permission-sets", permission_sets::list)
        .get("/console/permission-sets/new", permission_sets::new)
        .post("/console/permission-sets/new", permission_sets::create)
        .get("/console/permission-sets/{id}", permission_set::show)
        .post("/console/permission-sets/{id}", permission_set::change)
        .get("/console/events", events::list);
    let uploads = Routes::new("administrator")
        .post("/console/accounts/import", accounts::import)
        // Three files, and what stands around them.
        .guarded(DefaultBodyLimit::max(4 * csv_file::MAX_BYTES));
    open.merge(guarded(center, own.merge(uploads)))
}

/// Puts the checks for an administrator's session and for our own forms before `routes`, whose audience
/// should be `administrator`.
pub fn guarded(center: &Center, routes: Routes<Center>) -> Routes<Center> {
    routes
        .guarded(from_fn_with_state(center.form_guard.clone(), form::guard))
        .guarded(from_fn_with_state(center.clone(), access::administrator))
}
