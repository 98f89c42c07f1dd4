//! The application's own certificates: /verification, for its requests, and /token-encryption, for what it is
//! sent.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use web::form::{Csrf, Form, Upload};
use web::page::{Banner, Shell, render_with};
use web::routes::Routes;

use super::{At, Look, application_shell, crumb, with};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{
    self, Application, KeyCredential, RequestSignatureVerification, SamlChange, Usage, WeakAlgorithm,
};
use crate::refused::{PageRefused, Refused};

const VERIFICATION: &str = "/console/applications/{id}/single-sign-on/verification";

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get(VERIFICATION, show_verification)
        .post(VERIFICATION, save_verification)
        .post("/console/applications/{id}/single-sign-on/verification/certificates", add_verification)
        .get("/console/applications/{id}/single-sign-on/token-encryption", show_encryption)
        .post("/console/applications/{id}/single-sign-on/token-encryption", save_encryption)
        .post("/console/applications/{id}/single-sign-on/token-encryption/certificates", add_encryption)
        .post("/console/applications/{id}/single-sign-on/key-credentials/{key}/delete", delete)
}

/// A certificate as the pages list it.
struct Shown {
    key_id: String,
    thumbprint: String,
    expires: String,
    expired: bool,
    used: bool,
}

#[derive(Template)]
#[template(path = "console/verification.html")]
struct VerificationPage {
    shell: Shell,
    application: Application,
    certificates: Vec<Shown>,
}

#[derive(Template)]
#[template(path = "console/token_encryption.html")]
struct EncryptionPage {
    shell: Shell,
    application: Application,
    certificates: Vec<Shown>,
}

impl At<'_> {
    async fn page(
        &self,
        usage: Usage,
        banner: Option<Banner>,
        status: StatusCode,
    ) -> Result<Response, PageRefused> {
        let id = self.id.to_owned();
        let (application, credentials) = self
            .directory
            .read(move |tx, tenant| {
                let application = applications::by_any_id(tx, tenant, &id)?;
                let credentials = applications::key_credentials(tx, tenant, &application.id)?;
                Ok((application, credentials))
            })
            .await?;
        let title = match usage {
            Usage::Verify => "Verification certificates",
            Usage::Encrypt => "Token encryption",
        };
        let mut shell = application_shell(self.directory, self.caller, self.csrf, &application, title);
        let href = format!("/console/applications/{}/single-sign-on", application.id);
        shell.crumbs.push(crumb("Single sign-on", &href));
        let shell = with(shell, banner);
        let now = self.directory.clock.now();
        let shown = |c: &KeyCredential| Shown {
            key_id: c.key_id.clone(),
            thumbprint: c.thumbprint.clone(),
            expires: c.not_after.readable(),
            expired: c.not_after <= now,
            used: application.token_encryption_key_id.as_ref() == Some(&c.key_id),
        };
        let certificates: Vec<Shown> = credentials.iter().filter(|c| c.usage == usage).map(shown).collect();
        Ok(match usage {
            Usage::Verify => render_with(status, &VerificationPage { shell, application, certificates }),
            Usage::Encrypt => render_with(status, &EncryptionPage { shell, application, certificates }),
        })
    }

    /// To the page again after a change, or the page with the refusal.
    async fn answer<T>(&self, usage: Usage, notice: &str, outcome: Result<T, Refused>) -> Response {
        let page = match usage {
            Usage::Verify => "verification",
            Usage::Encrypt => "token-encryption",
        };
        let path = format!("/console/applications/{}/single-sign-on/{page}", self.id);
        super::answer(outcome, &path, notice, |banner, status| self.page(usage, Some(banner), status)).await
    }

    async fn add(&self, usage: Usage, upload: &Upload) -> Response {
        let file = upload.file("certificate").map(|file| file.bytes.clone());
        let id = self.id.to_owned();
        let outcome = match file {
            None => Err(Refused::invalid("certificate", "a file", "")),
            Some(bytes) => {
                let write = move |tx: &mut store::Tx<'_>, change: &crate::change::Change| {
                    applications::add_key_credential(tx, change, &id, usage, &bytes, change.id())
                };
                self.directory.write(self.caller, write).await
            }
        };
        self.answer(usage, "credential", outcome).await
    }

    async fn save(&self, usage: Usage, notice: &str, wanted: SamlChange) -> Response {
        let id = self.id.to_owned();
        let write = move |tx: &mut store::Tx<'_>, change: &crate::change::Change| {
            applications::update_saml(tx, change, &id, &wanted)
        };
        let outcome = self.directory.write(self.caller, write).await;
        self.answer(usage, notice, outcome).await
    }
}

/// GET …/verification
async fn show_verification(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.page(Usage::Verify, look.banner(), StatusCode::OK).await
}

/// POST …/verification: whether requests must be signed.
async fn save_verification(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let verification = RequestSignatureVerification {
        is_signed_request_required: fields.has("required"),
        allowed_weak_algorithms: fields.has("rsa_sha1").then_some(WeakAlgorithm::RsaSha1),
    };
    let wanted = SamlChange { request_signature_verification: Some(verification), ..SamlChange::default() };
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.save(Usage::Verify, "saved", wanted).await
}

/// POST …/verification/certificates
async fn add_verification(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    upload: Upload,
) -> Response {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.add(Usage::Verify, &upload).await
}

/// GET …/token-encryption
async fn show_encryption(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.page(Usage::Encrypt, look.banner(), StatusCode::OK).await
}

/// POST …/token-encryption: for which certificate; for none, assertions go in clear.
async fn save_encryption(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let key = fields.text("key").to_owned();
    let notice = if key.is_empty() { "clear" } else { "encrypting" };
    let wanted = SamlChange { token_encryption_key_id: Some(Some(key)), ..SamlChange::default() };
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.save(Usage::Encrypt, notice, wanted).await
}

/// POST …/token-encryption/certificates
async fn add_encryption(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    upload: Upload,
) -> Response {
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    at.add(Usage::Encrypt, &upload).await
}

/// POST …/key-credentials/{key}/delete
async fn delete(
    State(directory): State<Directory>,
    Path((id, key)): Path<(String, String)>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let usage = Usage::from_name(fields.text("usage")).unwrap_or(Usage::Verify);
    let at = At { directory: &directory, caller: &caller, csrf: &csrf, id: &id };
    let application = id.clone();
    let outcome = directory
        .write(&caller, move |tx, change| applications::delete_key_credential(tx, change, &application, &key))
        .await;
    at.answer(usage, "deleted", outcome).await
}
