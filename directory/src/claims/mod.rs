//! The claims of an application's assertions (Microsoft Entra, "Customize SAML token claims"): sources,
//! transformations and conditions of each claim, the group claim, and the policy form that Graph has for
//! them.
//!
//! `configuration` is what is saved, `check` what can be saved, `notation` how sources are written,
//! `evaluate` what they are for one user. Sign-on and preview run the same evaluation.

mod attribute;
mod check;
mod configuration;
mod evaluate;
mod forms;
mod function;
mod group_claim;
mod http;
mod mapping_policy;
mod mapping_policy_read;
mod names;
mod notation;
mod pages;
mod pages_edit;
mod preview;
pub(crate) mod store;

use axum::middleware::from_fn_with_state;
use web::form;
use web::routes::Routes;

pub use attribute::{ATTRIBUTES, Attribute};
pub use configuration::{Claim, ClaimValue, Configuration, NameFormat, UserType};
pub use evaluate::{Considered, Evaluated, Memberships, Outcome, Problem, Step, evaluate};
pub use function::{FUNCTIONS, FunctionName};
pub use group_claim::{
    Found, GroupClaim, GroupFilter, GroupOutcome, GroupValue, MatchOn, MemberGroup, Overage, Overflow, Which,
};
pub use names::CORE;
pub use notation::{NotationError, Source};
pub use preview::{Preview, preview};
pub use store::{configuration, memberships, update};

use crate::users::User;
use crate::{Directory, access};

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    http::routes()
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
        .merge(
            mapping_policy::routes()
                .guarded(from_fn_with_state(directory.clone(), access::api_client))
                .guarded(from_fn_with_state(directory.clone(), crate::graph::stamp)),
        )
        .merge(
            pages::routes()
                .guarded(from_fn_with_state(directory.clone(), access::administrator))
                .guarded(from_fn_with_state(directory.form_guard.clone(), form::guard)),
        )
}

/// The value of a NameID's source after its transformation; none where that gives none. `Join` works on
/// the part before the `@`, because another domain is what it is for.
///
/// # Errors
/// Why the transformation cannot be read.
pub(crate) fn transform_name_id(
    text: &str,
    source: &str,
    user: &User,
    steps: &mut Vec<Step>,
) -> Result<Option<String>, String> {
    let functions = Source::read_name_id(text).map_err(|error| error.to_string())?;
    let mut value = Some(source.to_owned());
    for function in &functions {
        if function.name == FunctionName::Join {
            value = value.map(|text| text.split('@').next().unwrap_or_default().to_owned());
        }
        value = evaluate::chain(std::slice::from_ref(function), value, user, steps);
    }
    Ok(value)
}
