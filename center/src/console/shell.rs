use web::form::Csrf;
use web::page::{Crumb, NavItem, Shell};

use crate::PRODUCT;
use crate::access::Caller;

const NAV: [(&str, &str); 9] = [
    ("Dashboard", "/console"),
    ("Users", "/console/users"),
    ("Groups", "/console/groups"),
    ("Recycle bin", "/console/recycle-bin"),
    ("AWS accounts", "/console/accounts"),
    ("Permission sets", "/console/permission-sets"),
    ("Settings", "/console/settings"),
    ("Sign-in attempts", "/console/sign-in-attempts"),
    ("Events", "/console/events"),
];

/// The shell of a console page with this title. `here` is the entry of the side navigation that it is in,
/// by its path, for example `/console/settings`; a page below that entry gets it as a breadcrumb.
pub fn shell(caller: &Caller, csrf: &Csrf, title: &str, here: &'static str) -> Shell {
    let nav = NAV.iter().map(|(label, href)| NavItem { label, href, current: *href == here });
    let entry = NAV.iter().find(|(_, href)| *href == here);
    let crumbs = entry
        .filter(|(label, _)| *label != title)
        .map(|(label, href)| Crumb { label: (*label).to_owned(), href: (*href).to_owned() });
    Shell {
        product: PRODUCT,
        title: title.to_owned(),
        nav: nav.collect(),
        crumbs: crumbs.into_iter().collect(),
        person: Some(caller.name.clone()),
        sign_out: "/console/sign-out",
        csrf: csrf.0.clone(),
        banners: Vec::new(),
    }
}
