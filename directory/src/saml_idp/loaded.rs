//! The rows behind a decision, read in one snapshot.

use saml::authn_request::AuthnRequest;
use web::Timestamp;

use super::claims::groups_link;
use super::decide::Facts;
use super::store as rows;
use crate::Directory;
use crate::applications::{self, Application, Assigned, Certificate, IdpValues, KeyCredential};
use crate::claims::{self, Configuration, Memberships};
use crate::refused::Refused;
use crate::users::User;

/// The rows behind a decision.
#[derive(Debug)]
pub struct Loaded {
    /// The application.
    pub application: Option<Application>,
    /// The user.
    pub person: Option<User>,
    certificates: Vec<Certificate>,
    key_credentials: Vec<KeyCredential>,
    assigned: Option<Assigned>,
    only_nested: bool,
    idp_entity_id: String,
    claims: Configuration,
    memberships: Memberships,
    groups_link: String,
}

/// Loads an application (by any of its ids) and a user (by id or name) in one snapshot.
///
/// # Errors
/// The store's.
pub async fn load(directory: &Directory, application: &str, user: &str) -> Result<Loaded, Refused> {
    let half = directory.clone();
    let (id, user) = (application.to_owned(), user.to_owned());
    directory
        .read(move |tx, tenant| {
            let application = rows::application(tx, tenant, &id)?;
            let person = rows::person(tx, tenant, &user)?;
            let certificates = application
                .as_ref()
                .map_or(Ok(Vec::new()), |a| applications::certificates(tx, tenant, &a.id))?;
            let encrypts = application.as_ref().filter(|a| a.token_encryption_key_id.is_some());
            let key_credentials =
                encrypts.map_or(Ok(Vec::new()), |a| applications::key_credentials(tx, tenant, &a.id))?;
            let (mut assigned, mut only_nested) = (None, false);
            let (mut claims, mut memberships) = (Configuration::default(), Memberships::default());
            if let (Some(application), Some(person)) = (&application, &person) {
                claims = claims::configuration(tx, tenant, &application.id)?;
                memberships = claims::memberships(tx, tenant, application, &claims, &person.id)?;
                assigned = applications::is_assigned(tx, tenant, application, &person.id)?;
                only_nested = assigned.is_none() && rows::is_nested(tx, tenant, &application.id, &person.id)?;
            }
            let idp_entity_id =
                application.as_ref().map_or_else(String::new, |a| IdpValues::new(&half, a).entity_id);
            let groups_link = person.as_ref().map_or_else(String::new, |p| groups_link(&half, &p.id));
            Ok(Loaded {
                application,
                person,
                certificates,
                key_credentials,
                assigned,
                only_nested,
                idp_entity_id,
                claims,
                memberships,
                groups_link,
            })
        })
        .await
}

impl Loaded {
    /// The facts for a decision; `verified` says whether the request's signature was.
    pub fn facts<'a>(
        &'a self,
        directory: &'a Directory,
        request: Option<&'a AuthnRequest>,
        verified: bool,
        person: &'a User,
        now: Timestamp,
        transient_id: &'a str,
    ) -> Facts<'a> {
        Facts {
            tenant: &directory.tenant_id,
            idp_entity_id: &self.idp_entity_id,
            request,
            verified,
            application: self.application.as_ref(),
            person,
            certificates: &self.certificates,
            key_credentials: &self.key_credentials,
            assigned: self.assigned.as_ref(),
            only_nested: self.only_nested,
            now,
            transient_id,
            claims: &self.claims,
            memberships: &self.memberships,
            groups_link: &self.groups_link,
        }
    }
}
