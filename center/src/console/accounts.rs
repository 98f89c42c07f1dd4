//! The organization as a tree, for choosing accounts; and files to import.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::{Retryable, StoreError, Tx};
use thiserror::Error;
use web::form::{Csrf, Upload};
use web::page::{self, Shell};

use super::notice::{back, refused, with_done};
use super::{PageError, shell};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::{self, AssignmentError};
use crate::organization::{self, Account, Node, OrganizationError, store as organizations};
use crate::permission_sets::{self, PermissionSetError};

pub(super) const HERE: &str = "/console/accounts";

/// Everything that the tree shows.
struct Loaded {
    root: Node,
    management: String,
    counts: Arc<HashMap<String, i64>>,
}

#[derive(Template)]
#[template(path = "console/accounts.html")]
struct Accounts {
    shell: Shell,
    search: String,
    total: usize,
    tree: String,
    found: Vec<(Account, i64)>,
    user: String,
    group: String,
}

/// A unit with all below it. It is written by itself for each unit in it: templates cannot recurse.
#[derive(Template)]
#[template(path = "console/account_node.html")]
struct Branch<'a> {
    node: &'a Node,
    counts: &'a HashMap<String, i64>,
    management: &'a str,
    root: bool,
}

impl Branch<'_> {
    fn below(&self, node: &Node) -> String {
        let branch = Branch { node, root: false, counts: self.counts, management: self.management };
        branch.render().unwrap_or_default()
    }

    fn assignments(&self, account: &Account) -> i64 {
        self.counts.get(&account.id).copied().unwrap_or(0)
    }
}

/// GET /console/accounts. `user` or `group` is carried on into the wizard, for pages that begin with a
/// person.
pub(super) async fn list(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let shell = with_done(shell(&caller, &csrf, "AWS accounts", HERE), &params);
    Ok(page::render(&load_page(&center, shell, &params).await?))
}

async fn load_page(center: &Center, shell: Shell, params: &Params) -> Result<Accounts, StoreError> {
    let instance = center.instance_id.clone();
    let loaded = center.store.read(move |tx| load(tx, &instance)).await?;
    let search = params.text("q").to_owned();
    let branch =
        Branch { node: &loaded.root, counts: &loaded.counts, management: &loaded.management, root: true };
    let tree = if search.is_empty() { branch.render().unwrap_or_default() } else { String::new() };
    let wanted = search.to_lowercase();
    let fits = |a: &Account| [&a.id, &a.name, &a.email].iter().any(|t| t.to_lowercase().contains(&wanted));
    let found = loaded.root.all_accounts().into_iter().filter(|a| !search.is_empty() && fits(a));
    let found = found.map(|a| (a.clone(), branch.assignments(a))).collect();
    Ok(Accounts {
        shell,
        total: loaded.root.count(),
        tree,
        found,
        user: params.text("user").to_owned(),
        group: params.text("group").to_owned(),
        search,
    })
}

fn load(tx: &mut Tx<'_>, instance: &str) -> Result<Loaded, StoreError> {
    let organization = organizations::organization(tx, instance)?;
    let (units, accounts) = (organizations::units(tx, instance)?, organizations::accounts(tx, instance)?);
    Ok(Loaded {
        root: organization::tree(&organization, &units, &accounts),
        management: organization.management_account_id,
        counts: Arc::new(assignments::store::counts_by_account(tx, instance)?),
    })
}

/// Why none of the files was imported.
#[derive(Debug, Error)]
enum ImportError {
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    #[error(transparent)]
    PermissionSets(#[from] PermissionSetError),
    #[error(transparent)]
    Assignments(#[from] AssignmentError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for ImportError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Organization(error) => error.store_error(),
            Self::PermissionSets(error) => error.store_error(),
            Self::Assignments(error) => error.store_error(),
            Self::Store(error) => Some(error),
        }
    }
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Organization(error) => error.into(),
            ImportError::PermissionSets(error) => error.into(),
            ImportError::Assignments(error) => error.into(),
            ImportError::Store(error) => error.into(),
        }
    }
}

/// POST /console/accounts/import: up to three files in one transaction.
pub(super) async fn import(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    upload: Upload,
) -> Result<Response, PageError> {
    match import_files(&center, &caller, &upload).await {
        Ok(()) => Ok(back(HERE, "imported")),
        Err(error) => {
            let shell = shell(&caller, &csrf, "AWS accounts", HERE).with(refused(&error));
            let page = load_page(&center, shell, &Params::default()).await?;
            Ok(page::render_with(error.status, &page))
        }
    }
}

async fn import_files(center: &Center, caller: &Caller, upload: &Upload) -> Result<(), ApiError> {
    let accounts = text(upload, "accounts")?.map(organization::parse).transpose()?;
    let sets = text(upload, "permission_sets")?.map(permission_sets::parse).transpose()?;
    let assigned = text(upload, "assignments")?.map(assignments::parse).transpose()?;
    if accounts.is_none() && sets.is_none() && assigned.is_none() {
        return Err(ApiError::invalid("file", "choose at least one file", ""));
    }
    let (author, random) = (center.author(caller), center.random.clone());
    let write = move |tx: &mut Tx<'_>| -> Result<(), ImportError> {
        if let Some(rows) = &accounts {
            organization::import(tx, &author, &random, rows, false)?;
        }
        if let Some(rows) = &sets {
            permission_sets::import(tx, &author, &random, rows, false)?;
        }
        if let Some(rows) = &assigned {
            assignments::import(tx, &author, rows, false)?;
        }
        Ok(())
    };
    Ok(center.store.write(write).await?)
}

fn text<'a>(upload: &'a Upload, field: &str) -> Result<Option<&'a str>, ApiError> {
    let Some(file) = upload.file(field) else { return Ok(None) };
    let text = std::str::from_utf8(&file.bytes);
    text.map(Some).map_err(|_| ApiError::invalid(field, "the file is not UTF-8 text", ""))
}
