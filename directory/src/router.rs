//! Every route of this half, from the folders that serve them.

use web::routes::{Listed, Routes};
use web::serve::Hardened;

use crate::{
    Directory, applications, claims, console, graph, import, my_apps, provisioning, saml_idp, setup, sign_in,
    tenant,
};

/// The router of this half with its state and the layers around every answer, and the list of its
/// routes for the access test.
pub fn router(directory: &Directory) -> (Hardened, Vec<Listed>) {
    let (router, listed) = all(directory).finish();
    (Hardened::new(router.with_state(directory.clone()), &directory.origin), listed)
}

fn all(directory: &Directory) -> Routes<Directory> {
    Routes::new("anyone")
        .get(web::assets::ROUTE, web::assets::serve)
        .merge(applications::routes(directory))
        .merge(claims::routes(directory))
        .merge(console::routes(directory))
        .merge(graph::routes(directory))
        .merge(import::routes(directory))
        .merge(my_apps::routes(directory))
        .merge(provisioning::routes(directory))
        .merge(saml_idp::routes(directory))
        .merge(setup::routes(directory))
        .merge(sign_in::routes(directory))
        .merge(tenant::routes(directory))
}
