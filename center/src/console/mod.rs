//! The administrator's console.

mod shell;

use axum::middleware::from_fn_with_state;
use web::form;
use web::routes::Routes;

pub use shell::shell;

use crate::{Center, access};

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    guarded(center, Routes::new("administrator"))
}

/// Puts the checks for an administrator's session and for our own forms before `routes`, whose audience
/// should be `administrator`.
pub fn guarded(center: &Center, routes: Routes<Center>) -> Routes<Center> {
    routes
        .guarded(from_fn_with_state(center.form_guard.clone(), form::guard))
        .guarded(from_fn_with_state(center.clone(), access::administrator))
}
