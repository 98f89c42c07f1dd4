//! PATCH, RFC 7644 §3.5.2, and what vendors make of it.
//!
//! A request goes through three steps: [`PatchRequest::read`] takes the
//! message apart, [`Changes::plan`] finds out which attributes it means, and
//! [`Changes::apply`] changes a copy of the resource. A refusal in any of them
//! leaves everything as it was.

mod apply;
mod elements;
mod expand;
mod members;
mod request;

use serde_json::Value;

pub use members::{GroupPatch, MemberChange, NetMembers, member_changes};
pub use request::{Op, Operation, PATCH_SCHEMA, PatchRequest};

use crate::Rules;
use crate::error::ScimError;
use crate::filter::BoundFilter;
use crate::schema::Target;

/// The resource as the request wants it, in canonical form.
///
/// # Errors
/// What is wrong with the request, or that it would break a rule of the resource.
pub fn apply(rules: &Rules, resource: &Value, request: &PatchRequest) -> Result<Value, ScimError> {
    Changes::plan(rules, request)?.apply(rules, resource)
}

/// The changes that a request asks for, one attribute each, in its order.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    steps: Vec<Step>,
}

/// One change of one attribute.
#[derive(Clone, Debug)]
struct Step {
    op: Op,
    target: Target,
    filter: Option<BoundFilter>,
    value: Option<Value>,
}

impl Changes {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The paths of the attributes that are changed, in canonical spelling.
    pub fn paths(&self) -> impl Iterator<Item = String> + '_ {
        self.steps.iter().map(|step| step.target.path())
    }
}
