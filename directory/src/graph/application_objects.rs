//! What the two objects of an application, application and service principal, have in common.

use axum::response::Response;
use serde_json::Value;
use store::Tx;

use super::GraphError;
use super::object::{self, Object};
use super::query::Options;
use crate::Directory;
use crate::applications::{self, Application, WantedRole};
use crate::refused::Refused;
use crate::users::Page;

/// The objects of one of the two kinds.
#[derive(Clone, Copy)]
pub(super) struct Objects {
    /// Its collection below `/v1.0`.
    pub set: &'static str,
    /// The column that a property is looked for and sorted by.
    pub column: fn(&str) -> Option<&'static str>,
    /// The object; with the certificates themselves, where they are asked for.
    pub read: fn(&mut Tx<'_>, &str, &Application, bool) -> Result<Value, Refused>,
}

impl Objects {
    /// A page of them. The certificates themselves are not in it, as with Graph.
    pub(super) async fn list(self, directory: &Directory, options: &Options) -> Result<Response, GraphError> {
        let query = options.query(self.column)?;
        let select = options.select.clone();
        let read = directory.read(move |tx, tenant| {
            let page = applications::list(tx, tenant, &query)?;
            let mut items = Vec::with_capacity(page.items.len());
            for application in &page.items {
                items.push(object::picked((self.read)(tx, tenant, application, false)?, &select)?);
            }
            Ok(Page { items, next: page.next })
        });
        Ok(object::many(directory, self.set, &format!("/v1.0/{}", self.set), options, read.await?))
    }

    /// The one with this id.
    pub(super) async fn get(
        self,
        directory: &Directory,
        id: String,
        options: &Options,
    ) -> Result<Response, GraphError> {
        let with_keys = options.select.iter().any(|name| name == "keyCredentials");
        let read = directory.read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            (self.read)(tx, tenant, &application, with_keys)
        });
        let json = object::picked(read.await?, &options.select)?;
        Ok(object::one(directory, &format!("{}/$entity", self.set), json))
    }
}

/// Takes `appRoles`, the whole collection of roles; `None` where it is absent.
pub(super) fn wanted_roles(object: &mut Object) -> Result<Option<Vec<WantedRole>>, Refused> {
    let Some(value) = object.0.remove("appRoles") else { return Ok(None) };
    let expected =
        "a list of roles with id, displayName, description, value, isEnabled and allowedMemberTypes";
    serde_json::from_value(value)
        .map(Some)
        .map_err(|error| Refused::invalid("appRoles", expected, &error.to_string()))
}

pub(super) fn tags(application: &Application) -> Vec<&'static str> {
    let mut tags = vec![
        "WindowsAzureActiveDirectoryIntegratedApp",
        "WindowsAzureActiveDirectoryCustomSingleSignOnApplication",
    ];
    if !application.visible {
        tags.push("HideApp");
    }
    tags
}
