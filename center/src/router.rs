//! Every route of this half, from the folders that serve them.

use web::routes::{Listed, Routes};
use web::serve::Hardened;

use crate::{
    Center, access_control, admin_api, console, event_targets, identity_source, portal, recycle_bin, saml_sp,
    scim_server, setup,
};

/// The router of this half with its state and the layers around every answer, and the list of its
/// routes for the access test.
pub fn router(center: &Center) -> (Hardened, Vec<Listed>) {
    let (router, listed) = all(center).finish();
    let router = scim_server::around(router.with_state(center.clone()), center);
    (Hardened::new(router, &center.origin), listed)
}

fn all(center: &Center) -> Routes<Center> {
    Routes::new("anyone")
        .get(web::assets::ROUTE, web::assets::serve)
        .merge(access_control::routes(center))
        .merge(admin_api::routes(center))
        .merge(console::routes(center))
        .merge(event_targets::routes(center))
        .merge(identity_source::routes(center))
        .merge(portal::routes(center))
        .merge(recycle_bin::routes(center))
        .merge(saml_sp::routes(center))
        .merge(scim_server::routes(center))
        .merge(setup::routes(center))
}
