//! The rows behind a decision, read in one snapshot.

use saml::authn_request::AuthnRequest;
use store::Tx;
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
#[derive(Debug, Default)]
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
            within(tx, &half, application, person)
        })
        .await
}

/// What a decision over an application and a user needs beside them.
///
/// # Errors
/// The store's.
pub fn within(
    tx: &mut Tx<'_>,
    directory: &Directory,
    application: Option<Application>,
    person: Option<User>,
) -> Result<Loaded, Refused> {
    let tenant = directory.tenant_id.as_str();
    let mut loaded = Loaded::default();
    if let Some(application) = &application {
        loaded.certificates = applications::certificates(tx, tenant, &application.id)?;
        if application.token_encryption_key_id.is_some() {
            loaded.key_credentials = applications::key_credentials(tx, tenant, &application.id)?;
        }
        loaded.idp_entity_id = IdpValues::of_tenant(directory);
    }
    if let (Some(application), Some(person)) = (&application, &person) {
        loaded.claims = claims::configuration(tx, tenant, &application.id)?;
        loaded.memberships = claims::memberships(tx, tenant, application, &loaded.claims, &person.id)?;
        loaded.assigned = applications::is_assigned(tx, tenant, application, &person.id)?;
        loaded.only_nested =
            loaded.assigned.is_none() && rows::is_nested(tx, tenant, &application.id, &person.id)?;
        loaded.groups_link = groups_link(directory, &person.id);
    }
    Ok(Loaded { application, person, ..loaded })
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
