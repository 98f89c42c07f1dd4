//! provisioning

pub mod expression;
pub mod scoping_filter;

use web::routes::Routes;

use crate::Directory;

/// The routes of this folder.
pub fn routes(_: &Directory) -> Routes<Directory> {
    Routes::new("anyone")
}
