//! /console/applications/{id}/single-sign-on: the five cards that administrators of Entra know.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, Tone, render_with};
use web::routes::Routes;

use super::basic_saml::{self, Basic};
use super::{Look, application_shell};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{
    self, Application, Certificate, IdpValues, NameId, SamlChange, SigningAlgorithm, SigningOption,
};
use crate::claims::{self, Configuration};
use crate::refused::{PageRefused, Refused};

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("administrator")
        .get("/console/applications/{id}/single-sign-on", show)
        .post("/console/applications/{id}/single-sign-on/choose", choose)
        .post("/console/applications/{id}/single-sign-on/basic", basic_saml::save)
        .post("/console/applications/{id}/single-sign-on/metadata", basic_saml::upload)
        .post("/console/applications/{id}/single-sign-on/claims", save_claims)
        .post("/console/applications/{id}/single-sign-on/signing", save_signing)
}

/// A claim as the second card shows it.
struct Claim {
    name: String,
    source: String,
    value: Option<String>,
}

/// A certificate as the third card shows it.
struct Shown {
    key_id: String,
    thumbprint: String,
    expires: String,
    expired: bool,
    active: bool,
}

#[derive(Template)]
#[template(path = "console/single_sign_on.html")]
struct Page {
    shell: Shell,
    tab: &'static str,
    application: Application,
    basic: Basic,
    sources: Vec<String>,
    formats: [(&'static str, &'static str); 4],
    options: [(SigningOption, &'static str); 3],
    algorithms: [(SigningAlgorithm, &'static str); 3],
    claims: Vec<Claim>,
    preview: String,
    previewed: Option<String>,
    certificates: Vec<Shown>,
    idp: IdpValues,
}

/// What the page shows beside what is saved.
#[derive(Default)]
pub(super) struct Extra {
    /// Whose claims to preview.
    pub preview: String,
    /// Values of the first card that are not saved yet.
    pub basic: Option<Basic>,
}

pub(super) async fn page(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    extra: Extra,
    banners: Vec<Banner>,
    status: StatusCode,
) -> Result<Response, PageRefused> {
    let id = id.to_owned();
    let now = directory.clock.now();
    let (application, certificates, configuration, expiring) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let certificates = applications::certificates(tx, tenant, &application.id)?;
            let configuration = claims::configuration(tx, tenant, &application.id)?;
            let expiring = applications::expiring_of(tx, tenant, &application.id, now)?;
            Ok((application, certificates, configuration, expiring))
        })
        .await?;
    let preview = previewed(directory, &application.id, &extra.preview).await?;
    let mut shell = application_shell(directory, caller, csrf, &application, "Single sign-on");
    shell.banners.extend(banners);
    shell.banners.extend(expiring.map(|c| super::certificates::warning(&c)));
    if !extra.preview.is_empty() && preview.is_none() {
        shell = shell.with(Banner::new(Tone::Warning, "There is no such user to preview", ""));
    }
    let page = Page {
        shell,
        tab: "single-sign-on",
        basic: extra.basic.unwrap_or_else(|| Basic::of(&application)),
        sources: applications::name_id_sources().collect(),
        formats: applications::FORMATS,
        options: SigningOption::ALL,
        algorithms: SigningAlgorithm::ALL,
        claims: rows(&application, &configuration, preview.as_ref()),
        previewed: preview.map(|preview| preview.user.display_name),
        preview: extra.preview,
        certificates: certificates.iter().map(|c| shown(c, directory)).collect(),
        idp: IdpValues::new(directory, &application, &configuration),
        application,
    };
    Ok(render_with(status, &page))
}

async fn previewed(
    directory: &Directory,
    application: &str,
    user: &str,
) -> Result<Option<claims::Preview>, Refused> {
    match user.is_empty() {
        true => Ok(None),
        false => match claims::preview(directory, application, user).await {
            Ok(preview) => Ok(Some(preview)),
            Err(Refused::NotFound { .. }) => Ok(None),
            Err(other) => Err(other),
        },
    }
}

fn shown(certificate: &Certificate, directory: &Directory) -> Shown {
    Shown {
        key_id: certificate.key_id.clone(),
        thumbprint: certificate.thumbprint.clone(),
        expires: certificate.not_after.readable(),
        expired: certificate.not_after <= directory.clock.now(),
        active: certificate.active,
    }
}

/// The name and the claims of every assertion, in their order, and what they are for one person. An
/// assertion leaves out a claim without a value.
fn rows(
    application: &Application,
    configuration: &Configuration,
    preview: Option<&claims::Preview>,
) -> Vec<Claim> {
    let value = |value: String| preview.is_some().then_some(value);
    let name = preview.and_then(|p| p.name_id.as_ref().ok()).map(|n| n.value.clone()).unwrap_or_default();
    // The name first: it decides whether the other side knows the person.
    let name_id = Claim {
        name: "Unique User Identifier (NameID)".to_owned(),
        source: match &configuration.name_id_transformation {
            Some(transformation) => transformation.replace("source", &application.name_id.source),
            None => format!("user.{}", application.name_id.source),
        },
        value: value(name),
    };
    let fixed = claims::CORE.iter().enumerate().map(|(n, name)| Claim {
        name: (*name).to_owned(),
        source: "fixed".to_owned(),
        value: preview.and_then(|p| p.core.get(n)).map(|(_, value)| value.clone()),
    });
    let configured = configuration.claims.iter().map(|claim| {
        let sources: Vec<&str> = claim.values.iter().map(|v| v.source.as_str()).collect();
        let name = claim.full_name();
        let outcome = preview.and_then(|p| p.claims.iter().find(|outcome| outcome.name == name));
        let value = value(outcome.map(|outcome| outcome.values.join(", ")).unwrap_or_default());
        Claim { name, source: sources.join(" or "), value }
    });
    let groups = configuration.groups.iter().map(|groups| Claim {
        name: groups.attribute_name(),
        source: "groups".to_owned(),
        value: preview.map(|p| p.groups.as_ref().map(|g| g.values.join(", ")).unwrap_or_default()),
    });
    std::iter::once(name_id).chain(fixed).chain(configured).chain(groups).collect()
}

#[derive(Deserialize)]
struct Preview {
    #[serde(default)]
    preview: String,
}

/// GET /console/applications/{id}/single-sign-on
async fn show(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    Query(look): Query<Look>,
    Query(preview): Query<Preview>,
    caller: Caller,
    csrf: Csrf,
) -> Result<Response, PageRefused> {
    let extra = Extra { preview: preview.preview.trim().to_owned(), basic: None };
    let banners = look.banner().into_iter().collect();
    page(&directory, &caller, &csrf, &id, extra, banners, StatusCode::OK).await
}

/// To the page again after a change, or the page with the refusal.
pub(super) async fn answer<T>(
    directory: &Directory,
    caller: &Caller,
    csrf: &Csrf,
    id: &str,
    notice: &str,
    extra: Extra,
    outcome: Result<T, Refused>,
) -> Response {
    let page = |banner, status| page(directory, caller, csrf, id, extra, vec![banner], status);
    super::answer(outcome, &format!("/console/applications/{id}/single-sign-on"), notice, page).await
}

/// POST …/single-sign-on/choose: SAML, with the first certificate.
async fn choose(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let outcome = applications::save_saml(&directory, &caller, id.clone(), |_| SamlChange::default()).await;
    answer(&directory, &caller, &csrf, &id, "saved", Extra::default(), outcome).await
}

/// POST …/single-sign-on/claims
async fn save_claims(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let name_id =
        NameId { source: fields.text("source").to_owned(), format: fields.text("format").to_owned() };
    let wanted = SamlChange { name_id: Some(name_id), ..SamlChange::default() };
    let outcome = applications::save_saml(&directory, &caller, id.clone(), move |_| wanted.clone()).await;
    answer(&directory, &caller, &csrf, &id, "saved", Extra::default(), outcome).await
}

/// POST …/single-sign-on/signing
async fn save_signing(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let outcome = match signing(fields.text("option"), fields.text("algorithm")) {
        Err(error) => Err(error),
        Ok(wanted) => applications::save_saml(&directory, &caller, id.clone(), move |_| wanted.clone()).await,
    };
    answer(&directory, &caller, &csrf, &id, "saved", Extra::default(), outcome).await
}

/// A form without an algorithm leaves it.
fn signing(option: &str, algorithm: &str) -> Result<SamlChange, Refused> {
    let signing_option = SigningOption::from_name(option)
        .ok_or_else(|| Refused::invalid("signingOption", "assertion, response or both", option))?;
    let unknown = || {
        let expected = "rsa-sha256, rsa-sha384 or rsa-sha512";
        Refused::invalid("signingAlgorithm", expected, algorithm)
    };
    let signing_algorithm = match algorithm {
        "" => None,
        name => Some(SigningAlgorithm::from_name(name).ok_or_else(unknown)?),
    };
    Ok(SamlChange { signing_option: Some(signing_option), signing_algorithm, ..SamlChange::default() })
}
