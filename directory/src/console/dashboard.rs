//! /console: what there is, and what to do first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use web::form::Csrf;
use web::page::{Shell, render};

use super::shell;
use crate::access::Caller;
use crate::applications::{self, Expiring};
use crate::refused::PageRefused;
use crate::{Directory, tenant};

#[derive(Template)]
#[template(path = "console/dashboard.html")]
struct Page {
    shell: Shell,
    tenant: tenant::Tenant,
    users: i64,
    groups: i64,
    applications: i64,
    expiring: Vec<Expiring>,
}

/// GET /console
pub(super) async fn show(
    State(directory): State<Directory>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let now = directory.clock.now();
    let (tenant, users, groups, applications, expiring) = directory
        .read(move |tx, tenant| {
            let mut count = |sql: &str| tx.int(sql, &[tenant.into()]);
            let users = count("SELECT count(*) FROM users WHERE tenant_id = ?1 AND deleted_at IS NULL")?;
            let groups = count("SELECT count(*) FROM groups WHERE tenant_id = ?1")?;
            let applications = count("SELECT count(*) FROM applications WHERE tenant_id = ?1")?;
            let expiring = applications::expiring(tx, tenant, now)?;
            Ok((tenant::get(tx, tenant)?, users, groups, applications, expiring))
        })
        .await?;
    let shell = shell(&directory, &caller, &csrf, "Overview", "/console");
    Ok(render(&Page { shell, tenant, users, groups, applications, expiring }))
}
