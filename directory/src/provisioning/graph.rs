//! Microsoft Graph's synchronization API (entra-id.md 5.4) for programs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value as Json_, json};
use store::StoreError;
use web::Timestamp;
use web::routes::Routes;

use super::cycle::Engine;
use super::effect::{Effect, Outcome};
use super::graph_job::job_json;
use super::graph_logs::entry_json;
use super::graph_schema;
use super::job::{Job, OutOfScope, ProvisioningError};
use super::mapping::Mappings;
use super::personality::PersonalityChoice;
use super::plan::Object;
use super::settings::{self, Change, Restart};
use super::status::Status;
use super::{Kind, Pace, store as jobs};
use crate::access::{self, Caller};
use crate::{Directory, provisioning};

/// The routes for programs.
pub(super) fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .get("/v1.0/servicePrincipals/{id}/synchronization/templates", templates)
        .put("/v1.0/servicePrincipals/{id}/synchronization/secrets", secrets)
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs", list)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs", create)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/validateCredentials", validate)
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}", show)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/validateCredentials", validate_job)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/start", start)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/pause", pause)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/restart", restart)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand", on_demand)
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema", schema)
        .put("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema", put_schema)
        .delete("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema", default_schema)
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

/// An error as Graph answers it, with its time and an id for the log.
pub(super) struct GraphError(pub ProvisioningError, Timestamp, String);

pub(super) type Answer = Result<Response, GraphError>;

impl GraphError {
    pub(super) fn of(directory: &Directory) -> impl Fn(ProvisioningError) -> Self {
        let (now, id) = (directory.clock.now(), directory.random.uuid());
        move |error| Self(error, now, id.clone())
    }
}

/// The one place where provisioning's errors become Graph's.
impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        use ProvisioningError as E;
        let (status, code) = match &self.0 {
            E::NoApplication(_) | E::NoJob | E::NoObject(..) | E::NoPlan(_) | E::NoComparison(_) => {
                (StatusCode::NOT_FOUND, "Request_ResourceNotFound")
            }
            E::HasJob | E::Busy | E::LeaseLost | E::PlanOver(_) | E::PlanMoved(_) => {
                (StatusCode::CONFLICT, "Conflict")
            }
            E::NotConfigured | E::Invalid { .. } | E::Mapping(_) => {
                (StatusCode::BAD_REQUEST, "Request_BadRequest")
            }
            E::Refused(_) => (StatusCode::BAD_REQUEST, "QuarantineException"),
            E::Target(_) => (
                StatusCode::BAD_REQUEST,
                "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable",
            ),
            E::Sealed(_) | E::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        };
        let message = match &self.0 {
            E::Sealed(error) => {
                tracing::error!(%error, request_id = self.2, "provisioning failed");
                "The saved secret token cannot be opened; enter it again.".to_owned()
            }
            E::Store(error) => {
                tracing::error!(%error, request_id = self.2, "provisioning failed");
                "The request could not be carried out.".to_owned()
            }
            E::Target(error) => format!("{error}. {}", error.problem.fix()),
            other => other.to_string(),
        };
        let inner = json!({ "date": self.1.rfc3339(), "request-id": self.2 });
        let body = json!({ "error": { "code": code, "message": message, "innerError": inner } });
        (status, Json(body)).into_response()
    }
}

pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, ProvisioningError> {
    let text = if body.is_empty() { b"{}" } else { &body[..] };
    serde_json::from_slice(text)
        .map_err(|e| ProvisioningError::Invalid { field: "body", why: format!("not the expected JSON: {e}") })
}

/// The application behind `{id}`: its object id.
async fn application(directory: &Directory, id: &str) -> Result<String, ProvisioningError> {
    let (tenant, wanted) = (directory.tenant_id.clone(), id.to_owned());
    let found = directory.store.read(move |tx| settings::application(tx, &tenant, &wanted)).await?;
    found.map(|(id, _)| id).ok_or_else(|| ProvisioningError::NoApplication(id.to_owned()))
}

/// The job that `{id}` and `{job}` name.
pub(super) async fn named(directory: &Directory, id: &str, job: &str) -> Result<Job, ProvisioningError> {
    let application = application(directory, id).await?;
    let tenant = directory.tenant_id.clone();
    let found = directory.store.read(move |tx| jobs::find(tx, &tenant, &application)).await?;
    found.filter(|found| found.id == job).ok_or(ProvisioningError::NoJob)
}

async fn templates(State(directory): State<Directory>, Path(id): Path<String>) -> Answer {
    application(&directory, &id).await.map_err(GraphError::of(&directory))?;
    let template = json!({
        "id": "scim", "applicationId": provisioning::NON_GALLERY, "default": true, "discoverable": false,
        "factoryTag": "scim", "description": "Users and groups to a SCIM 2.0 service",
    });
    Ok(Json(json!({ "value": [template] })).into_response())
}

async fn create(
    State(directory): State<Directory>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct New {
        template_id: String,
    }
    let application = application(&directory, &id).await.map_err(&fail)?;
    let new: New = parse(&body).map_err(&fail)?;
    if new.template_id != "scim" {
        let why = "this application has the template scim".to_owned();
        return Err(fail(ProvisioningError::Invalid { field: "templateId", why }));
    }
    // Secrets may have come first and made the job; then this call gives it.
    let made = settings::create(&directory, &caller.actor, &application, false).await.map_err(&fail)?;
    let status = status(&directory, made).await.map_err(&fail)?;
    Ok((StatusCode::CREATED, Json(job_json(&status))).into_response())
}

async fn list(State(directory): State<Directory>, Path(id): Path<String>) -> Answer {
    let fail = GraphError::of(&directory);
    let application = application(&directory, &id).await.map_err(&fail)?;
    let tenant = directory.tenant_id.clone();
    let found = directory.store.read(move |tx| jobs::find(tx, &tenant, &application)).await;
    let mut value = Vec::new();
    if let Some(job) = found.map_err(|e| fail(e.into()))? {
        value.push(job_json(&status(&directory, job).await.map_err(&fail)?));
    }
    Ok(Json(json!({ "value": value })).into_response())
}

async fn show(State(directory): State<Directory>, Path((id, job)): Path<(String, String)>) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let status = status(&directory, job).await.map_err(&fail)?;
    Ok(Json(job_json(&status)).into_response())
}

async fn status(directory: &Directory, job: Job) -> Result<Status, ProvisioningError> {
    let now = directory.clock.now();
    Ok(directory.store.read(move |tx| Status::read(tx, job.clone(), now)).await?)
}

#[derive(Deserialize)]
struct Pair {
    key: String,
    #[serde(default)]
    value: Json_,
}

async fn secrets(
    State(directory): State<Directory>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    #[derive(Deserialize)]
    struct Secrets {
        value: Vec<Pair>,
    }
    let application = application(&directory, &id).await.map_err(&fail)?;
    let secrets: Secrets = parse(&body).map_err(&fail)?;
    let change = change_of(&secrets.value).map_err(&fail)?;
    settings::create(&directory, &caller.actor, &application, false).await.map_err(&fail)?;
    settings::change(&directory, &caller.actor, &application, change).await.map_err(&fail)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn change_of(pairs: &[Pair]) -> Result<Change, ProvisioningError> {
    let mut change = Change::default();
    for Pair { key, value } in pairs {
        let invalid =
            |why: &str| ProvisioningError::Invalid { field: "credentials", why: format!("{key}: {why}") };
        let text = || value.as_str().map(ToOwned::to_owned).ok_or_else(|| invalid("a text is expected"));
        let truth = || match (value, value.as_str().map(str::to_lowercase).as_deref()) {
            (Json_::Bool(b), _) => Ok(*b),
            (_, Some("true")) => Ok(true),
            (_, Some("false")) => Ok(false),
            _ => Err(invalid("True or False is expected")),
        };
        match key.as_str() {
            "BaseAddress" => change.base_url = Some(text()?),
            "SecretToken" => change.token = Some(SecretString::from(text()?)),
            "SyncAll" => change.sync_all = Some(truth()?),
            "SkipOutOfScopeDeletions" => {
                change.out_of_scope = Some(if truth()? { OutOfScope::Skip } else { OutOfScope::Disable });
            }
            "OutOfScopeAction" => {
                let action = OutOfScope::parse(&text()?);
                change.out_of_scope =
                    Some(action.ok_or_else(|| invalid("disable, delete or skip is expected"))?);
            }
            "AllowPrivateNetwork" => change.allow_private = Some(truth()?),
            "Personality" => {
                let choice = PersonalityChoice::parse(&text()?);
                change.personality =
                    Some(choice.ok_or_else(|| invalid("Automatic, Aws or Generic is expected"))?);
            }
            "CompareEveryHours" => {
                let hours = text()?.trim().parse::<i64>().ok();
                let hours = hours.ok_or_else(|| invalid("a number of hours is expected, 0 for never"))?;
                change.compare_every = Some((hours != 0).then_some(hours));
            }
            "SyncNotificationSettings" => change.removal_limit = Some(threshold(&text()?)),
            _ => {
                return Err(invalid(
                    "this key is not known; known are BaseAddress, SecretToken, SyncAll, AllowPrivateNetwork, SkipOutOfScopeDeletions, OutOfScopeAction, Personality, CompareEveryHours and SyncNotificationSettings",
                ));
            }
        }
    }
    Ok(change)
}

/// `{"DeleteThresholdEnabled":true,"DeleteThresholdValue":500}`, JSON in a text; anything else is the default.
fn threshold(text: &str) -> Option<i64> {
    let settings: Json_ = serde_json::from_str(text).ok()?;
    let enabled = settings["DeleteThresholdEnabled"].as_bool()?;
    settings["DeleteThresholdValue"].as_i64().filter(|_| enabled)
}

async fn validate(State(directory): State<Directory>, Path(id): Path<String>, body: Bytes) -> Answer {
    let fail = GraphError::of(&directory);
    let application = application(&directory, &id).await.map_err(&fail)?;
    let tenant = directory.tenant_id.clone();
    let job = directory.store.read(move |tx| jobs::find(tx, &tenant, &application)).await;
    let job = job.map_err(|e| fail(e.into()))?.ok_or(ProvisioningError::NoJob).map_err(&fail)?;
    validate_with(&directory, &job, &body).await.map_err(fail)
}

async fn validate_job(
    State(directory): State<Directory>,
    Path((id, job)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    validate_with(&directory, &job, &body).await.map_err(fail)
}

async fn validate_with(
    directory: &Directory,
    job: &Job,
    body: &Bytes,
) -> Result<Response, ProvisioningError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Credentials {
        #[serde(default)]
        use_saved_credentials: bool,
        #[serde(default)]
        credentials: Vec<Pair>,
    }
    let given: Credentials = parse(body)?;
    let change = if given.use_saved_credentials { Change::default() } else { change_of(&given.credentials)? };
    settings::test_connection(directory, job, &change).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn start(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    settings::start(&directory, &caller.actor, &job.application_id).await.map_err(&fail)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn pause(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    settings::pause(&directory, &caller.actor, &job.application_id).await.map_err(&fail)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn restart(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let body: Json_ = parse(&body).map_err(&fail)?;
    let scope = body["criteria"]["resetScope"].as_str().unwrap_or("Watermark, Escrows, QuarantineState");
    let has = |word: &str| scope.split(',').any(|w| w.trim().eq_ignore_ascii_case(word));
    let how = if has("Full") || has("ConnectorDataStore") { Restart::Compare } else { Restart::Look };
    if has("ForceDeletes") {
        let status = status(&directory, job.clone()).await.map_err(&fail)?;
        let count = status.staged_count;
        settings::allow_removals(&directory, &caller.actor, &job.application_id, count)
            .await
            .map_err(&fail)?;
    }
    settings::restart(&directory, &caller.actor, &job.application_id, how).await.map_err(&fail)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn on_demand(
    State(directory): State<Directory>,
    Path((id, job)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let body: Json_ = parse(&body).map_err(&fail)?;
    let subject = &body["parameters"][0]["subjects"][0];
    let kind = subject["objectTypeName"].as_str().and_then(Kind::parse);
    let (Some(kind), Some(object)) = (kind, subject["objectId"].as_str()) else {
        let why = "parameters[0].subjects[0] needs objectId and objectTypeName User or Group".to_owned();
        return Err(fail(ProvisioningError::Invalid { field: "parameters", why }));
    };
    let engine = Engine::new(&directory, Pace::default());
    let (found, effects) = engine.on_demand(job.clone(), kind, object).await.map_err(&fail)?;
    Ok(Json(demanded_json(&directory, &job, &found, &effects)).into_response())
}

/// Graph's stringKeyStringValuePair: two JSON texts.
fn demanded_json(directory: &Directory, job: &Job, object: &Object, effects: &[Effect]) -> Json_ {
    let failed = effects.iter().find(|e| e.outcome != Outcome::Done);
    let done = effects.iter().find(|e| e.entry.status == "success");
    let result = if failed.is_some() {
        "Failure"
    } else if done.is_some() {
        "Success"
    } else {
        "Skipped"
    };
    let told = failed.or(done).or(effects.first()).map(|e| &e.entry);
    let why = if object.known.is_some() { "RedundantExport" } else { object.standing.why() };
    let details = json!({
        "errorCode": told.and_then(|e| e.code.clone()),
        "errorMessage": told.map_or_else(|| Some(why.to_owned()), |e| e.reason.clone()),
    });
    let key = json!({ "result": result, "details": details });
    let value = told.map_or_else(|| json!({ "action": "Other" }), |e| entry_json(directory, job, e));
    json!({ "key": key.to_string(), "value": value.to_string() })
}

async fn schema(State(directory): State<Directory>, Path((id, job)): Path<(String, String)>) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    Ok(Json(graph_schema::write(&job)).into_response())
}

async fn put_schema(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let body: Json_ = parse(&body).map_err(&fail)?;
    let mappings = graph_schema::read(&body).map_err(&fail)?;
    let change = Change { mappings: Some(mappings), ..Change::default() };
    settings::change(&directory, &caller.actor, &job.application_id, change).await.map_err(&fail)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn default_schema(
    State(directory): State<Directory>,
    caller: Caller,
    Path((id, job)): Path<(String, String)>,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let change = Change { mappings: Some(Mappings::default()), ..Change::default() };
    settings::change(&directory, &caller.actor, &job.application_id, change).await.map_err(&fail)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A store error on the way to Graph.
impl From<(StoreError, &Directory)> for GraphError {
    fn from((error, directory): (StoreError, &Directory)) -> Self {
        Self::of(directory)(error.into())
    }
}
