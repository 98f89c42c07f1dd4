//! The wizard "Change identity source", and going back to the previous one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use saml::certificate::Certificate;
use web::Timestamp;
use web::form::{Csrf, Form, Upload};
use web::page::{self, Banner, Crumb, Shell, Tone};

use super::change::{self, Review};
use super::error::{ACTIVE_DIRECTORY, SourceError};
use super::external::{Manual, read_manual, read_metadata_of};
use super::http::{Sources, sources};
use super::impact::Loss;
use super::source::{ExternalIdp, Source};
use crate::access::Caller;
use crate::admin_api::ApiError;
use crate::console::PageError;
use crate::saml_sp::{ServiceProvider, metadata_signers};
use crate::{Center, console};

const SETTINGS: &str = "/console/settings";
const CHANGE: &str = "/console/settings/identity-source/change";
const EXTERNAL: &str = "/console/settings/identity-source/change/external";
const REVIEW: &str = "/console/settings/identity-source/change/review";
const ACCEPT: &str = "/console/settings/identity-source/change/accept";
const DONE: &str = "/console/settings/identity-source/change/done";
const RESTORE: &str = "/console/settings/identity-source/restore";
/// Most names that the review lists; the rest is counted.
const LISTED: usize = 200;

type Page = Result<Response, PageError>;

/// Who looks at a page, and with which form token.
struct Visitor {
    caller: Caller,
    csrf: Csrf,
}

impl Visitor {
    fn shell(&self, title: &str) -> Shell {
        console::shell(&self.caller, &self.csrf, title, SETTINGS)
    }
}

#[derive(Template)]
#[template(path = "identity_source/choose.html")]
struct ChoosePage {
    shell: Shell,
    current: &'static str,
    active_directory: &'static str,
    proposed: bool,
}

/// Step 1: `GET …/change`
pub(super) async fn choose(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    choose_page(&center, &Visitor { caller, csrf }, StatusCode::OK, None).await
}

/// Step 1 was sent: `POST …/change`
pub(super) async fn chosen(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Page {
    let visitor = Visitor { caller, csrf };
    let refused = match fields.text("kind") {
        "external" => return Ok(Redirect::to(EXTERNAL).into_response()),
        "identity-center-directory" => {
            match change::propose(&center, &visitor.caller, Source::IdentityCenterDirectory).await {
                Ok(_) => return Ok(Redirect::to(REVIEW).into_response()),
                Err(error) => error,
            }
        }
        "active-directory" => SourceError::ActiveDirectory,
        other => SourceError::KindUnknown(other.chars().take(100).collect()),
    };
    let (status, banner) = refusal(refused);
    choose_page(&center, &visitor, status, Some(banner)).await
}

async fn choose_page(center: &Center, visitor: &Visitor, status: StatusCode, banner: Option<Banner>) -> Page {
    let sources = sources(center).await?;
    let mut shell = visitor.shell("Change identity source");
    shell.banners.extend(banner);
    let page = ChoosePage {
        shell,
        current: sources.active.kind().word(),
        active_directory: ACTIVE_DIRECTORY,
        proposed: sources.proposed.is_some(),
    };
    Ok(page::render_with(status, &page))
}

#[derive(Template)]
#[template(path = "identity_source/external.html")]
struct ExternalPage {
    shell: Shell,
    sp: ServiceProvider,
    given: Given,
}

/// What was typed, to be shown again beside an error.
#[derive(Default)]
struct Given {
    sign_in_url: String,
    issuer: String,
    certificate: String,
}

/// Step 2: `GET …/change/external`
pub(super) async fn external(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    external_page(&center, &Visitor { caller, csrf }, Given::default(), StatusCode::OK, None).await
}

/// Step 2 was sent: `POST …/change/external`
pub(super) async fn external_given(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    upload: Upload,
) -> Page {
    let visitor = Visitor { caller, csrf };
    let given = Given::of(&upload);
    let signers = metadata_signers(&center).await?;
    let read = read_upload(&upload, &given, &signers, center.clock.now());
    let proposed = match read {
        Ok(idp) => change::propose(&center, &visitor.caller, Source::External(idp)).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match proposed {
        Ok(()) => Ok(Redirect::to(REVIEW).into_response()),
        Err(error) => {
            let (status, banner) = refusal(error);
            external_page(&center, &visitor, given, status, Some(banner)).await
        }
    }
}

impl Given {
    fn of(upload: &Upload) -> Self {
        let pasted = upload.fields.text("certificate").to_owned();
        // DER in a file is turned into the text form that a person would have pasted.
        let file = upload.file("certificate_file").map(|file| match std::str::from_utf8(&file.bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &file.bytes),
        });
        Self {
            sign_in_url: upload.fields.text("sign_in_url").to_owned(),
            issuer: upload.fields.text("issuer").to_owned(),
            certificate: file.unwrap_or(pasted),
        }
    }

    fn is_empty(&self) -> bool {
        self.sign_in_url.is_empty() && self.issuer.is_empty() && self.certificate.is_empty()
    }
}

fn read_upload(
    upload: &Upload,
    given: &Given,
    signers: &[Certificate],
    now: Timestamp,
) -> Result<ExternalIdp, SourceError> {
    match upload.file("metadata") {
        Some(_) if !given.is_empty() => Err(SourceError::MetadataAndValues),
        Some(file) => read_metadata_of(&file.bytes, signers, now),
        None if given.is_empty() => Err(SourceError::ValueMissing { target: "metadata" }),
        None => {
            let Given { sign_in_url, issuer, certificate } = given;
            read_manual(&Manual { sign_in_url, issuer, certificate }, now)
        }
    }
}

async fn external_page(
    center: &Center,
    visitor: &Visitor,
    given: Given,
    status: StatusCode,
    banner: Option<Banner>,
) -> Page {
    let sp = ServiceProvider::of(center, &center.instance().await?);
    let mut shell = visitor.shell("Configure external identity provider");
    shell.crumbs.push(Crumb { label: "Change identity source".to_owned(), href: CHANGE.to_owned() });
    shell.banners.extend(banner);
    Ok(page::render_with(status, &ExternalPage { shell, sp, given }))
}

/// What the review shows, for a change and for going back.
#[derive(Template)]
#[template(path = "identity_source/review.html")]
struct ReviewPage {
    shell: Shell,
    review: Review,
    action: &'static str,
    button: &'static str,
    cancel: bool,
}

impl ReviewPage {
    fn listed(&self) -> &[Loss] {
        &self.review.impact.lose[..self.review.impact.lose.len().min(LISTED)]
    }

    fn more(&self) -> usize {
        self.review.impact.lose.len().saturating_sub(LISTED)
    }

    fn exact_case(&self) -> &[String] {
        &self.review.impact.exact_case[..self.review.impact.exact_case.len().min(LISTED)]
    }

    fn more_exact_case(&self) -> usize {
        self.review.impact.exact_case.len().saturating_sub(LISTED)
    }

    fn idp(&self) -> Option<&ExternalIdp> {
        self.review.to.external()
    }
}

/// Step 3: `GET …/change/review`
pub(super) async fn review(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    review_page(&center, &Visitor { caller, csrf }, StatusCode::OK, None).await
}

/// Step 3 was sent: `POST …/change/accept`
pub(super) async fn accept(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Page {
    let visitor = Visitor { caller, csrf };
    let seen = Some(fields.text("review"));
    match change::accept(&center, &visitor.caller, fields.raw("confirm"), seen).await {
        Ok(()) => Ok(Redirect::to(DONE).into_response()),
        Err(error) => {
            let (status, banner) = refusal(error);
            review_page(&center, &visitor, status, Some(banner)).await
        }
    }
}

async fn review_page(center: &Center, visitor: &Visitor, status: StatusCode, banner: Option<Banner>) -> Page {
    let review = change::review_proposal(center, &visitor.caller).await?;
    let mut shell = visitor.shell("Review the change of the identity source");
    shell.crumbs.push(Crumb { label: "Change identity source".to_owned(), href: CHANGE.to_owned() });
    shell.banners.extend(banner);
    let button = "Change identity source";
    Ok(page::render_with(status, &ReviewPage { shell, review, action: ACCEPT, button, cancel: true }))
}

/// `POST …/change/cancel`
pub(super) async fn cancel(State(center): State<Center>, caller: Caller, Form(_): Form) -> Page {
    match change::withdraw(&center, &caller).await {
        Ok(()) | Err(SourceError::NoProposal) => Ok(Redirect::to(SETTINGS).into_response()),
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "identity_source/done.html")]
struct DonePage {
    shell: Shell,
    active: Source,
    previous: Option<Source>,
    sign_in_url: String,
}

/// After a change: `GET …/change/done`
pub(super) async fn done(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    let Sources { instance, active, previous, .. } = sources(&center).await?;
    let shell = Visitor { caller, csrf }.shell("The identity source is changed");
    let sign_in_url = ServiceProvider::of(&center, &instance).sign_in_url;
    Ok(page::render(&DonePage { shell, active, previous, sign_in_url }))
}

/// `GET …/restore`
pub(super) async fn review_restore(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    restore_page(&center, &Visitor { caller, csrf }, StatusCode::OK, None).await
}

/// `POST …/restore`
pub(super) async fn restore(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Page {
    let visitor = Visitor { caller, csrf };
    let seen = Some(fields.text("review"));
    match change::restore(&center, &visitor.caller, fields.raw("confirm"), seen).await {
        Ok(()) => Ok(Redirect::to(DONE).into_response()),
        Err(error) => {
            let (status, banner) = refusal(error);
            restore_page(&center, &visitor, status, Some(banner)).await
        }
    }
}

async fn restore_page(
    center: &Center,
    visitor: &Visitor,
    status: StatusCode,
    banner: Option<Banner>,
) -> Page {
    let review = change::review_restore(center, &visitor.caller).await?;
    let mut shell = visitor.shell("Restore the previous identity source");
    shell.banners.extend(banner);
    let button = "Restore identity source";
    Ok(page::render_with(status, &ReviewPage { shell, review, action: RESTORE, button, cancel: false }))
}

/// An error above the form that was sent.
fn refusal(error: SourceError) -> (StatusCode, Banner) {
    let error = ApiError::from(error);
    (error.status, Banner::new(Tone::Danger, "Nothing was changed", error.for_people()))
}

#[derive(Template)]
#[template(path = "identity_source/show.html")]
struct ShowPage {
    shell: Shell,
    sp: ServiceProvider,
    sources: Sources,
    now: Timestamp,
}

impl ShowPage {
    fn tone(&self, certificate: &Certificate) -> &'static str {
        // As AWS colours them: red when expired, yellow from 90 days before.
        match (certificate.not_after() - self.now.to_offset()).whole_days() {
            _ if certificate.is_expired(self.now.to_offset()) => "bad",
            ..=90 => "warn",
            _ => "good",
        }
    }
}

/// `GET /console/settings/identity-source`: the values of both sides.
pub(super) async fn show(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Page {
    let sources = sources(&center).await?;
    let shell = Visitor { caller, csrf }.shell("Identity source");
    let sp = ServiceProvider::of(&center, &sources.instance);
    Ok(page::render(&ShowPage { shell, sp, sources, now: center.clock.now() }))
}
