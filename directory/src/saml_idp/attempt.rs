//! One sign-on while it is under way, and how its end is recorded and shown.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use store::StoreError;
use web::Timestamp;
use web::page::{Shell, render_with};

use super::refusal::Refusal;
use super::running::Running;
use super::sign_ins::{self, Record, SignIn};
use super::trace::Trace;
use crate::Directory;
use crate::applications::Application;
use crate::sign_in::PasswordRefusal;
use crate::users::User;

/// How a sign-on started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartedBy {
    /// A request in the query.
    Redirect,
    /// A request in a form.
    Post,
    /// A tile of My apps.
    Tile,
    /// A sign-out; what is recorded is its refusal.
    SignOut,
    /// A name and a password; what is recorded is the refusal.
    Password,
}

/// A sign-on under way.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What the person is shown: the correlation id.
    pub reference: String,
    /// When it came to this step.
    pub now: Timestamp,
    /// What was checked.
    pub trace: Trace,
    /// How it started.
    pub started_by: StartedBy,
    /// The request as it is kept, once its application is known.
    pub request_xml: Option<String>,
    /// The response as it is kept.
    pub response_xml: Option<String>,
    application: Option<(String, String)>,
    user: Option<(String, String)>,
}

impl Attempt {
    /// A fresh one, with a reference of its own.
    pub fn new(directory: &Directory, started_by: StartedBy) -> Self {
        let now = directory.clock.now();
        // By time: records stand beside each other on the disk.
        let reference = directory.random.id(now);
        Self {
            reference,
            now,
            trace: Trace::default(),
            started_by,
            request_xml: None,
            response_xml: None,
            application: None,
            user: None,
        }
    }

    /// Names the application.
    pub fn concerns(&mut self, application: &Application) {
        self.application = Some((application.id.clone(), application.display_name.clone()));
    }

    /// Names the user.
    pub fn by(&mut self, person: &User) {
        self.user = Some((person.id.clone(), person.user_principal_name.clone()));
    }

    /// As it is recorded when all went well.
    pub fn issued(&self) -> SignIn {
        let (application_id, application_name) = self.application.clone().unzip();
        let (user_id, user_principal_name) = self.user.clone().unzip();
        let started_by = match self.started_by {
            StartedBy::Redirect => "HTTP-Redirect",
            StartedBy::Post => "HTTP-POST",
            StartedBy::Tile => "IdP-initiated",
            StartedBy::SignOut => "sign-out",
            StartedBy::Password => "password",
        };
        SignIn {
            reference: self.reference.clone(),
            at: self.now.rfc3339(),
            outcome: "issued".to_owned(),
            started_by: started_by.to_owned(),
            code: None,
            aadsts: None,
            message: None,
            expected: None,
            found: None,
            who: None,
            fix: None,
            application_id,
            application_name,
            user_id,
            user_principal_name,
            checks: self.trace.checks.clone(),
            request_xml: self.request_xml.clone(),
            response_xml: self.response_xml.clone(),
        }
    }

    /// Records the refusal and shows it. It is never sent to the application: the reply URL may be what
    /// is wrong, and Entra shows its refusals too.
    ///
    /// # Errors
    /// The store's.
    pub async fn refuse(
        self,
        directory: &Directory,
        running: &Running,
        refusal: &Refusal,
    ) -> Result<Response, StoreError> {
        tracing::info!(reference = %self.reference, code = refusal.code(), "a sign-on was refused");
        let sign_in = self.issued().refused(refusal);
        if self.user.is_some() || running.strangers.may_record(self.now) {
            let (tenant, now, record) = (directory.tenant_id.clone(), self.now, sign_in.into());
            directory.store.write(move |tx| sign_ins::record(tx, &tenant, now, &record)).await?;
        }
        Ok(self.page(refusal))
    }

    fn page(&self, refusal: &Refusal) -> Response {
        let application = self.application.as_ref().map_or("", |(_, name)| name);
        let title = match application {
            _ if self.started_by == StartedBy::SignOut => "The sign-out did not end".to_owned(),
            "" => "You are not signed in".to_owned(),
            name => format!("You are not signed in to {name}"),
        };
        let shell = Shell { product: "Entente directory", title, ..Shell::default() };
        let page = RefusedPage { shell, refusal, attempt: self, application };
        render_with(status(refusal), &page)
    }
}

/// The record of a password that signed nobody in, and the reference that the person is shown.
pub fn of_password(directory: &Directory, user: Option<&User>, refusal: PasswordRefusal) -> (String, Record) {
    let mut attempt = Attempt::new(directory, StartedBy::Password);
    if let Some(user) = user {
        attempt.by(user);
    }
    let refusal = Refusal::Password(refusal);
    let _ = attempt.trace.step("Name and password", "", Err::<(), _>(refusal.clone()), |()| String::new());
    (attempt.reference.clone(), attempt.issued().refused(&refusal).into())
}

#[derive(Template)]
#[template(path = "saml_idp/refused.html")]
struct RefusedPage<'a> {
    shell: Shell,
    refusal: &'a Refusal,
    attempt: &'a Attempt,
    application: &'a str,
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::TenantNotFound { .. } => StatusCode::NOT_FOUND,
        Refusal::NotAssigned { .. } | Refusal::ApplicationDisabled { .. } | Refusal::UserDisabled { .. } => {
            StatusCode::FORBIDDEN
        }
        Refusal::NoSigningKey { .. } | Refusal::CustomSigningKeyMissing { .. } => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::BAD_REQUEST,
    }
}
