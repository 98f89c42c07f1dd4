//! What an assertion says about a person: the name, the fixed claims in the order in which Entra sends
//! them, and the configured ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::names::{FORMAT_EMAIL, FORMAT_TRANSIENT, FORMAT_WINDOWS};
use saml::response::Attribute;

use super::decide::Facts;
use super::refusal::Refusal;
use crate::Directory;
use crate::applications::{Application, PAIRWISE};
use crate::claims::{self, CORE, Evaluated, Problem, Step};
use crate::users::User;

const BY_PASSWORD: &str = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password";

/// The NameID of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    /// The name.
    pub value: String,
    /// Its format.
    pub format: String,
}

/// The five claims of every assertion with their values. A display name is never empty.
pub fn core(tenant: &str, idp_entity_id: &str, person: &User) -> Vec<(&'static str, String)> {
    let values = [tenant, &person.id, &person.display_name, idp_entity_id, BY_PASSWORD];
    CORE.into_iter().zip(values.map(str::to_owned)).collect()
}

/// Where an application can ask for a person's groups that did not fit.
pub fn groups_link(directory: &Directory, person: &str) -> String {
    directory.url(&format!("/v1.0/users/{person}/getMemberObjects"))
}

/// The attributes about a person: the fixed ones, the configured ones that have a value, the groups.
///
/// # Errors
/// [`Refusal::ClaimMissing`], [`Refusal::ClaimInvalid`], [`Refusal::GroupOverage`].
pub fn attributes(facts: &Facts<'_>) -> Result<Vec<Attribute>, Refusal> {
    let application = facts.application.map_or("", |a| a.display_name.as_str());
    let evaluated = claims::evaluate(facts.claims, facts.person, facts.memberships, facts.groups_link);
    if let Some(problem) = evaluated.problem {
        return Err(Refusal::of_claims(problem, facts.person, application));
    }
    let fixed = core(facts.tenant, facts.idp_entity_id, facts.person).into_iter();
    let fixed = fixed.map(|(name, value)| Attribute {
        name: name.to_owned(),
        name_format: None,
        values: vec![value],
    });
    Ok(fixed.chain(configured(evaluated)).collect())
}

fn configured(evaluated: Evaluated) -> impl Iterator<Item = Attribute> {
    let claims = evaluated.claims.into_iter().map(|claim| Attribute {
        name: claim.name,
        name_format: claim.name_format.map(ToOwned::to_owned),
        values: claim.values,
    });
    let groups = evaluated.groups.map(|g| Attribute { name: g.name, name_format: None, values: g.values });
    claims.chain(groups).filter(|attribute| !attribute.values.is_empty())
}

impl Refusal {
    /// The refusal for claims that cannot be issued.
    pub(crate) fn of_claims(problem: Problem, person: &User, application: &str) -> Self {
        let (user, application) = (person.user_principal_name.clone(), application.to_owned());
        match problem {
            Problem::RequiredMissing { claim, sources } => {
                Self::ClaimMissing { user, application, claim, sources }
            }
            Problem::Unreadable { claim, why } => Self::ClaimInvalid { application, claim, why },
            Problem::Overage(overage) => Self::GroupOverage {
                user,
                application,
                found: overage.found,
                assigned: overage.assigned,
                limit: overage.limit,
            },
        }
    }
}

/// The NameID. The configured source and its transformation decide the value, the request the format
/// (Entra: "NameIDPolicy overrides the configured format"). A transient name is fresh for each sign-on
/// (SAML Core 8.3.8). `steps` gets what the transformation did.
///
/// # Errors
/// [`Refusal::NameIdMissing`] and [`Refusal::NameIdTransformation`] where there is no name and the format
/// promises an address or a domain name. For an opaque format the name is then one that only this
/// application knows, as Entra's is. [`Refusal::ClaimInvalid`].
pub fn name_id(
    application: &Application,
    transformation: Option<&str>,
    person: &User,
    requested_format: Option<&str>,
    transient_id: &str,
    steps: &mut Vec<Step>,
) -> Result<NameId, Refusal> {
    let format = requested_format.unwrap_or(&application.name_id.format).to_owned();
    if format == FORMAT_TRANSIENT {
        return Ok(NameId { value: transient_id.to_owned(), format });
    }
    let user = person.user_principal_name.clone();
    let shown = application.display_name.clone();
    let source = match application.name_id.source.as_str() {
        // It is no address, and an application that was promised one would not take it.
        PAIRWISE => (!promises(&format)).then(|| pairwise(application, person)),
        property => person.property(property).filter(|v| !v.trim().is_empty()),
    };
    let value =
        match (&source, transformation) {
            (Some(source), Some(text)) => {
                claims::transform_name_id(text, source, person, steps).map_err(|why| {
                    Refusal::ClaimInvalid { application: shown.clone(), claim: "NameID".to_owned(), why }
                })?
            }
            _ => source.clone(),
        };
    match (value, source) {
        (Some(value), _) => Ok(NameId { value, format }),
        (None, None) if promises(&format) => Err(Refusal::NameIdMissing {
            user,
            application: shown,
            source_property: application.name_id.source.clone(),
        }),
        (None, Some(input)) if promises(&format) => Err(Refusal::NameIdTransformation {
            user,
            application: shown,
            transformation: transformation.unwrap_or_default().to_owned(),
            input,
        }),
        (None, _) => Ok(NameId { value: pairwise(application, person), format }),
    }
}

/// Whether a format says what kind of name it is.
fn promises(format: &str) -> bool {
    [FORMAT_EMAIL, FORMAT_WINDOWS].contains(&format)
}

/// A name of this person for this application alone: it tells nothing to two applications that compare.
/// Both ids are random, so that the hash cannot be searched.
fn pairwise(application: &Application, person: &User) -> String {
    let text = format!("pairwise {} {}", application.service_principal_id, person.id);
    STANDARD.encode(web::token::hash(&text))
}
