//! The access portal.

mod session;

use web::routes::Routes;

use crate::Center;

pub use session::start_session;

/// The routes of this folder.
pub fn routes(_: &Center) -> Routes<Center> {
    Routes::new("anyone")
}
