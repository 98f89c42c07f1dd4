//! What an application would be told of a chosen user, with every step on the way. Nothing is issued.

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::evaluate::{Evaluated, Memberships, Outcome, Step, evaluate};
use super::group_claim::GroupOutcome;
use super::{Configuration, store};
use crate::Directory;
use crate::applications::{self, Application, IdpValues};
use crate::refused::Refused;
use crate::saml_idp::{NameId, Refusal, core, groups_link, name_id};
use crate::users::{self, User};

/// What a preview shows.
#[derive(Debug)]
pub struct Preview {
    /// The application.
    pub application: Application,
    /// The user.
    pub user: User,
    /// The name, or why there is none.
    pub name_id: Result<NameId, Refusal>,
    /// The functions that made the name.
    pub name_id_steps: Vec<Step>,
    /// The fixed claims.
    pub core: Vec<(&'static str, String)>,
    /// The configured claims.
    pub claims: Vec<Outcome>,
    /// The group claim.
    pub groups: Option<GroupOutcome>,
    /// Why nobody could be signed in with these claims.
    pub refusal: Option<Refusal>,
}

/// Evaluates the claims of an application (by any of its ids) for a user (by id or name).
///
/// # Errors
/// [`Refused::NotFound`] for either; the store's.
pub async fn preview(directory: &Directory, application: &str, user: &str) -> Result<Preview, Refused> {
    let (id, named) = (application.to_owned(), user.to_owned());
    let (application, user, configuration, memberships) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let user = users::by_id_or_name(tx, tenant, &named)?;
            let configuration = store::configuration(tx, tenant, &application.id)?;
            let memberships = store::memberships(tx, tenant, &application, &configuration, &user.id)?;
            Ok((application, user, configuration, memberships))
        })
        .await?;
    Ok(of(directory, application, user, &configuration, &memberships))
}

fn of(
    directory: &Directory,
    application: Application,
    user: User,
    configuration: &Configuration,
    memberships: &Memberships,
) -> Preview {
    let mut name_id_steps = Vec::new();
    let transformation = configuration.name_id_transformation.as_deref();
    let fresh = "fresh for each sign-on";
    let name_id = name_id(&application, transformation, &user, None, fresh, &mut name_id_steps);
    let entity_id = IdpValues::of_tenant(directory);
    let link = groups_link(directory, &user.id);
    let Evaluated { claims, groups, problem } = evaluate(configuration, &user, memberships, &link);
    let refusal = problem.map(|problem| Refusal::of_claims(problem, &user, &application.display_name));
    let core = core(&directory.tenant_id, &entity_id, &user);
    Preview { application, user, name_id, name_id_steps, core, claims, groups, refusal }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fixed<'a> {
    name: &'a str,
    values: [&'a str; 1],
}

fn refusal_json(refusal: &Refusal) -> Json {
    json!({
        "code": refusal.code(),
        "aadsts": refusal.aadsts(),
        "message": refusal.to_string(),
        "expected": refusal.expected(),
        "found": refusal.found(),
        "fix": refusal.fix(),
    })
}

impl Preview {
    /// The reason why this user would not be signed in, if its name or claims are one.
    pub fn refused(&self) -> Option<&Refusal> {
        self.name_id.as_ref().err().or(self.refusal.as_ref())
    }

    /// As the API gives it.
    pub fn to_json(&self) -> Json {
        let name_id = self.name_id.as_ref().ok();
        let fixed: Vec<Fixed<'_>> =
            self.core.iter().map(|(name, value)| Fixed { name, values: [value] }).collect();
        json!({
            "application": { "id": self.application.id, "displayName": self.application.display_name },
            "user": { "id": self.user.id, "userPrincipalName": self.user.user_principal_name },
            "nameId": {
                "source": self.application.name_id.source,
                "value": name_id.map(|n| &n.value),
                "format": name_id.map_or(&self.application.name_id.format, |n| &n.format),
                "steps": self.name_id_steps,
            },
            "core": fixed,
            "claims": self.claims,
            "groups": self.groups,
            "refusal": self.refused().map(refusal_json),
        })
    }
}
