//! What the server says about itself, RFC 7644 §4.

use axum::extract::{Path, State};
use scim::ScimError;
use scim::list::index_page;
use scim::schema::documents::{self, Service};
use serde_json::Value;

use super::answer::Answer;
use super::list::MOST;
use super::message::Query;
use super::refusal::Refusal;
use super::view::base;
use crate::Center;

const SERVICE: Service<'static> = Service {
    max_results: MOST,
    default_results: MOST,
    // A cursor is a place in the list and does not age; a day is what a client may rely on.
    cursor_seconds: 86_400,
    documentation_uri: None,
    sort: false,
    etag: false,
};

/// `GET /ServiceProviderConfig`, RFC 7643 §5.
pub(super) async fn service_provider_config(
    State(center): State<Center>,
    Path(tenant): Path<String>,
) -> Answer {
    Answer::Ok(documents::service_provider_config(&base(&center, &tenant), &SERVICE))
}

/// `GET /ResourceTypes`, RFC 7643 §6.
pub(super) async fn resource_types(
    State(center): State<Center>,
    Path(tenant): Path<String>,
    Query(query): Query,
) -> Result<Answer, Refusal> {
    all(query.filter.is_some(), documents::resource_types(&base(&center, &tenant)))
}

/// `GET /ResourceTypes/{name}`.
pub(super) async fn resource_type(
    State(center): State<Center>,
    Path((tenant, name)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    one("ResourceType", documents::resource_type(&base(&center, &tenant), &name), name)
}

/// `GET /Schemas`, RFC 7643 §7.
pub(super) async fn schemas(
    State(center): State<Center>,
    Path(tenant): Path<String>,
    Query(query): Query,
) -> Result<Answer, Refusal> {
    all(query.filter.is_some(), documents::schemas(&base(&center, &tenant)))
}

/// `GET /Schemas/{urn}`.
pub(super) async fn schema(
    State(center): State<Center>,
    Path((tenant, urn)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    one("Schema", documents::schema(&base(&center, &tenant), &urn), urn)
}

/// `POST /.search`, RFC 7644 §3.4.3, over users and groups together: no known client asks for it.
pub(super) async fn search_all() -> Refusal {
    ScimError::NotImplemented { feature: "A search of users and groups together" }.into()
}

fn all(filtered: bool, documents: Vec<Value>) -> Result<Answer, Refusal> {
    // RFC 7644 §4: a filter on them is answered with 403, and paging is not done.
    if filtered {
        return Err(Refusal::DiscoveryFilter);
    }
    Ok(Answer::Ok(index_page(documents.len(), 1, documents)))
}

fn one(resource: &'static str, document: Option<Value>, id: String) -> Result<Answer, Refusal> {
    match document {
        Some(document) => Ok(Answer::Ok(document)),
        None => Err(ScimError::NotFound { resource, id: id.chars().take(200).collect() }.into()),
    }
}
