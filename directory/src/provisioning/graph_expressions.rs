//! Graph's expression builder (entra-id.md 5.4): what expressions may call, and what one gives.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;
use web::routes::Routes;

use super::expression::{self, Attributes, TestRequest};
use super::graph::{Answer, GraphError, named, parse};
use super::job::{Job, ProvisioningError};
use super::mapping::attributes;
use super::scope::{Scope, Standing};
use super::scope_preview::ScopePreview;
use super::scoping_filter::filter_operators;
use super::{Kind, graph_schema, situation};
use crate::Directory;
use crate::access;

/// The routes for programs.
pub(super) fn routes(directory: &Directory) -> Routes<Directory> {
    Routes::new("api_client")
        .post(
            "/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/parseExpression",
            parse_expression,
        )
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/functions", functions)
        .get("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/filterOperators", operators)
        .post("/v1.0/servicePrincipals/{id}/synchronization/jobs/{job}/schema/previewScope", preview_scope)
        .guarded(from_fn_with_state(directory.clone(), access::api_client))
}

/// Graph's request, and beside it an object of the directory to try the expression with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    #[serde(flatten)]
    graph: TestRequest,
    test_object_id: Option<String>,
    test_object_type_name: Option<String>,
}

async fn parse_expression(
    State(directory): State<Directory>,
    Path((id, job)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let tried: Tried = parse(&body).map_err(&fail)?;
    let kind = tried.test_object_type_name.as_deref().and_then(Kind::parse).unwrap_or(Kind::User);
    let mut given = tried.graph.attributes();
    if let Some(object) = tried.test_object_id {
        given = Some(attributes_of(&directory, &job, kind, &object).await.map_err(&fail)?);
    }
    let answer = try_expression(&directory, &job, &tried.graph.expression, given.as_ref()).await;
    Ok(Json(answer.map_err(fail)?).into_response())
}

/// What an expression gives for these attributes, as Graph answers.
///
/// # Errors
/// The store's.
pub(super) async fn try_expression(
    directory: &Directory,
    job: &Job,
    text: &str,
    attributes: Option<&Attributes>,
) -> Result<serde_json::Value, ProvisioningError> {
    let (job, now, random) = (job.clone(), directory.clock.now(), directory.random.clone());
    let around =
        directory.store.read(move |tx| situation::surroundings(tx, &job.tenant_id, now, &random)).await?;
    Ok(around.context(|context| expression::test(text, attributes, context)))
}

/// The attributes of an object as the expressions of a job see them now.
///
/// # Errors
/// [`ProvisioningError::NoObject`].
pub(super) async fn attributes_of(
    directory: &Directory,
    job: &Job,
    kind: Kind,
    id: &str,
) -> Result<Attributes, ProvisioningError> {
    let (job, wanted) = (job.clone(), id.to_owned());
    let found = directory.store.read(move |tx| {
        let scope = Scope::of(tx, &job)?;
        let (standing, properties) = match kind {
            Kind::User => (scope.user(tx, &wanted)?, situation::user_with_roles(tx, &job, &wanted)?),
            Kind::Group => {
                (scope.group(tx, &wanted)?, situation::group_properties(tx, &job.tenant_id, &wanted)?)
            }
        };
        Ok::<_, store::StoreError>(properties.map(|p| attributes(&p, standing == Standing::Entitled)))
    });
    found.await?.ok_or_else(|| ProvisioningError::NoObject(kind.as_str(), id.to_owned()))
}

async fn functions(State(directory): State<Directory>, Path((id, job)): Path<(String, String)>) -> Answer {
    named(&directory, &id, &job).await.map_err(GraphError::of(&directory))?;
    Ok(Json(json!({ "value": expression::functions() })).into_response())
}

async fn operators(State(directory): State<Directory>, Path((id, job)): Path<(String, String)>) -> Answer {
    named(&directory, &id, &job).await.map_err(GraphError::of(&directory))?;
    Ok(Json(json!({ "value": filter_operators() })).into_response())
}

/// Takes what `PUT …/schema` takes, saves nothing, and says who would come into scope and who would leave it.
async fn preview_scope(
    State(directory): State<Directory>,
    Path((id, job)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let fail = GraphError::of(&directory);
    let job = named(&directory, &id, &job).await.map_err(&fail)?;
    let mappings = graph_schema::read(&parse(&body).map_err(&fail)?).map_err(&fail)?;
    let users = ScopePreview::of(&directory, &job, Kind::User, mappings.scope(Kind::User)).await;
    let groups = ScopePreview::of(&directory, &job, Kind::Group, mappings.scope(Kind::Group)).await;
    Ok(Json(json!({ "users": users.map_err(&fail)?, "groups": groups.map_err(&fail)? })).into_response())
}
