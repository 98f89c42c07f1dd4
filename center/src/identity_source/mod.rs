//! identity_source

use web::routes::Routes;

use crate::Center;

/// The routes of this folder.
pub fn routes(_: &Center) -> Routes<Center> {
    Routes::new("anyone")
}
