//! What the configured claims are for one user. The sign-on and the preview run the same evaluation; the
//! preview shows every step of it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::configuration::{Claim, ClaimValue, Configuration};
use super::function::{Call, apply};
use super::group_claim::{Found, GroupOutcome, Overage};
use super::names::ROLE;
use super::notation::{Function, Input, NotationError, Operand, Source};
use crate::users::User;

/// What is known of a user's groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships {
    /// Those of the conditions' groups that the user is in.
    pub scoped: BTreeSet<String>,
    /// All its groups; empty where no claim asks for them.
    pub all: Found,
    /// Its groups that are assigned to the application; empty where no claim asks for them.
    pub assigned: Found,
    /// The values of the enabled roles of the application that the user has, in person or through groups:
    /// sorted, none twice.
    pub roles: Vec<String>,
}

/// How a claim came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The attribute's name.
    pub name: String,
    /// The URI of its name format; none sends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_format: Option<&'static str>,
    /// Its values; none where it is left out.
    pub values: Vec<String>,
    /// Why it is left out; empty where it is not.
    pub omitted: String,
    /// Its values with their conditions, in the order in which they were looked at.
    pub considered: Vec<Considered>,
}

/// One value of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    /// Its source as it is written.
    pub source: String,
    /// Whether its condition holds for the user.
    pub matched: bool,
    /// Why, in words.
    pub because: &'static str,
    /// The functions, each with what it made of what.
    pub steps: Vec<Step>,
    /// What it gives.
    pub values: Vec<String>,
    /// Whether it is the one that counts.
    pub counts: bool,
}

/// A function at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The function as it is written.
    pub function: String,
    /// Its input; none where there was no value.
    pub input: Option<String>,
    /// Its result; none where there is no value.
    pub output: Option<String>,
}

impl Step {
    /// The input for people.
    pub fn input_shown(&self) -> &str {
        self.input.as_deref().unwrap_or("no value")
    }

    /// The result for people.
    pub fn output_shown(&self) -> &str {
        self.output.as_deref().unwrap_or("no value")
    }
}

/// Why nobody can be signed in with these claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A claim that has to have a value has none.
    RequiredMissing {
        /// Its name.
        claim: String,
        /// Where its value should have come from.
        sources: String,
    },
    /// A saved source cannot be read.
    Unreadable {
        /// The claim's name.
        claim: String,
        /// What is wrong.
        why: String,
    },
    /// Too many groups.
    Overage(Overage),
}

/// The claims and the group claim of a user. A problem is reported beside them, for the preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// The claims in their order.
    pub claims: Vec<Outcome>,
    /// The group claim, where there is one and it is not too long.
    pub groups: Option<GroupOutcome>,
    /// The first problem.
    pub problem: Option<Problem>,
}

/// Evaluates a configuration for a user; `link` is where the groups can be asked for. The role claim comes by
/// itself for whoever has a role with a value, unless groups are sent as roles (Entra, "Configure group claims").
pub fn evaluate(configuration: &Configuration, user: &User, groups: &Memberships, link: &str) -> Evaluated {
    let profile = user.profile.clone().with_values("assignedRoles", &groups.roles);
    let user = &User { profile, ..user.clone() };
    let (mut claims, mut problem) = (Vec::with_capacity(configuration.claims.len()), None);
    for claim in &configuration.claims {
        match outcome(claim, user, groups) {
            Ok(outcome) => {
                if claim.required && outcome.values.is_empty() {
                    problem.get_or_insert(missing(claim));
                }
                claims.push(outcome);
            }
            Err(error) => {
                let (claim, why) = (claim.full_name(), error.to_string());
                problem.get_or_insert(Problem::Unreadable { claim, why });
            }
        }
    }
    let group_claim = configuration.groups.as_ref();
    if !groups.roles.is_empty() && group_claim.is_none_or(|claim| !claim.as_roles) {
        claims.push(role_claim(&groups.roles));
    }
    let groups = match group_claim.map(|claim| claim.evaluate(&groups.all, &groups.assigned, link)) {
        None => None,
        Some(Ok(outcome)) => Some(outcome),
        Some(Err(overage)) => {
            problem.get_or_insert(Problem::Overage(overage));
            None
        }
    };
    Evaluated { claims, groups, problem }
}

fn role_claim(roles: &[String]) -> Outcome {
    let considered = Considered {
        source: "user.assignedroles".to_owned(),
        matched: true,
        because: "the user has roles of the application",
        steps: Vec::new(),
        values: roles.to_vec(),
        counts: true,
    };
    Outcome {
        name: ROLE.to_owned(),
        name_format: None,
        values: roles.to_vec(),
        omitted: String::new(),
        considered: vec![considered],
    }
}

fn missing(claim: &Claim) -> Problem {
    let sources: Vec<&str> = claim.values.iter().map(|value| value.source.as_str()).collect();
    Problem::RequiredMissing { claim: claim.full_name(), sources: sources.join(" or ") }
}

/// Entra: "Microsoft Entra ID first evaluates all conditions with source Attribute and then evaluates all
/// conditions with source Transformation … Conditions with the same source are evaluated from top to
/// bottom. The last value, which matches the expression, is emitted." A value that is empty does not count.
fn outcome(claim: &Claim, user: &User, groups: &Memberships) -> Result<Outcome, NotationError> {
    let mut all = Vec::with_capacity(claim.values.len());
    for value in &claim.values {
        all.push((value, Source::read(&value.source)?));
    }
    let (second, first): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, s)| s.is_transformation());
    let mut considered: Vec<Considered> =
        first.iter().chain(&second).map(|(value, source)| consider(value, source, user, groups)).collect();
    let last = considered.iter_mut().rfind(|one| one.matched && !one.values.is_empty());
    let values = last.map_or_else(Vec::new, |one| {
        one.counts = true;
        one.values.clone()
    });
    let omitted = match (values.is_empty(), considered.iter().any(|one| one.matched)) {
        (false, _) => "",
        (true, true) => "the user has no value for it",
        (true, false) => "no condition holds for the user",
    };
    Ok(Outcome {
        name: claim.full_name(),
        name_format: claim.name_format.map(|format| format.words().1),
        values,
        omitted: omitted.to_owned(),
        considered,
    })
}

fn consider(value: &ClaimValue, source: &Source, user: &User, groups: &Memberships) -> Considered {
    let of_type = value.user_type.holds(user.property("userType").as_deref());
    let (matched, because) = match value.groups.as_slice() {
        _ if !of_type => (false, "the user is of another type"),
        [] => (true, "it is for everybody of this type"),
        scoped if scoped.iter().any(|group| groups.scoped.contains(group)) => {
            (true, "the user is in one of the groups")
        }
        _ => (false, "the user is in none of the groups"),
    };
    let (mut steps, mut values) = (Vec::new(), Vec::new());
    if matched {
        values = match source {
            Source::Constant(text) => vec![text.clone()],
            Source::Attribute(attribute) => attribute.values(user),
            Source::Transformation(functions) => transformed(functions, value.multivalued, user, &mut steps),
        };
        // Somebody's roles are told completely: which one comes first means nothing.
        let roles = matches!(source, Source::Attribute(attribute) if attribute.id == "assignedroles");
        if !value.multivalued && !roles {
            values.truncate(1);
        }
    }
    Considered { source: source.to_string(), matched, because, steps, values, counts: false }
}

fn transformed(functions: &[Function], multivalued: bool, user: &User, steps: &mut Vec<Step>) -> Vec<String> {
    let mut inputs = match functions.first().map(|f| &f.input) {
        Some(Input::Operand(Operand::Attribute(attribute))) => attribute.values(user),
        Some(Input::Operand(Operand::Text(text))) => vec![text.clone()],
        _ => Vec::new(),
    };
    if !multivalued {
        inputs.truncate(1);
    }
    if inputs.is_empty() {
        return chain(functions, None, user, steps).into_iter().collect();
    }
    let mut values: Vec<String> = Vec::new();
    for input in inputs {
        if let Some(value) = chain(functions, Some(input), user, steps)
            && !values.contains(&value)
        {
            values.push(value);
        }
    }
    values
}

/// The functions one after the other over a first input.
pub fn chain(
    functions: &[Function],
    input: Option<String>,
    user: &User,
    steps: &mut Vec<Step>,
) -> Option<String> {
    functions.iter().fold(input, |input, function| {
        let output = one(function, input.as_deref(), user);
        steps.push(Step { function: function.to_string(), input, output: output.clone() });
        output
    })
}

fn one(function: &Function, input: Option<&str>, user: &User) -> Option<String> {
    let value = |operand: &Operand| match operand {
        Operand::Text(text) => Some(text.clone()),
        Operand::Attribute(attribute) => attribute.values(user).into_iter().next(),
    };
    let arguments: Vec<Option<String>> = function.arguments.iter().map(value).collect();
    let attributes: Vec<_> = function
        .arguments
        .iter()
        .map(|operand| match operand {
            Operand::Attribute(attribute) => Some(*attribute),
            Operand::Text(_) => None,
        })
        .collect();
    let otherwise = function.otherwise.as_ref().and_then(value);
    let call =
        Call { input, arguments: &arguments, attributes: &attributes, otherwise: otherwise.as_deref() };
    apply(function.name, &call)
}
