//! What the server says about itself, RFC 7644 §4.

use axum::extract::Path;
use scim::ScimError;
use scim::limits::MAX_BULK_OPERATIONS;
use scim::list::index_page;
use scim::resource::Sent;
use scim::schema::documents::{self, Service};
use scim::schema::{RESOURCE_TYPES, ResourceType};
use serde_json::Value;

use super::answer::Answer;
use super::aws;
use super::call::Call;
use super::list::MOST;
use super::mode::Mode;
use super::refusal::Refusal;
use crate::event_targets;

fn service(mode: Mode, told: bool) -> Service<'static> {
    let rfc = mode != Mode::Aws;
    Service {
        max_results: MOST,
        default_results: MOST,
        // A cursor is a place in the list and does not age; a day is what a client may rely on.
        cursor_seconds: 86_400,
        documentation_uri: None,
        sort: rfc,
        etag: rfc,
        event_uris: if rfc && told { &event_targets::EVENT_URIS } else { &[] },
        bulk: rfc.then_some((MAX_BULK_OPERATIONS, web::serve::MAX_BODY)),
    }
}

/// `GET /ServiceProviderConfig`, RFC 7643 §5. The events of RFC 9967 are there while somebody is told of them.
pub(super) async fn service_provider_config(call: Call) -> Result<Answer, Refusal> {
    let instance = call.center.instance_id.clone();
    let told = call.center.store.read(move |tx| event_targets::store::list(tx, &instance));
    let service = service(call.client.mode, !told.await?.is_empty());
    Ok(Answer::document(documents::service_provider_config(&call.client.base, &service)))
}

/// `GET /ResourceTypes`, RFC 7643 §6.
pub(super) async fn resource_types(call: Call) -> Result<Answer, Refusal> {
    let documents = documents::resource_types(&call.client.base, &kinds(&call));
    all(call.query.filter.is_some(), documents.into_iter().map(|one| shown(&call, one)).collect())
}

/// `GET /ResourceTypes/{name}`.
pub(super) async fn resource_type(
    call: Call,
    Path((_, name)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let document = documents::resource_type(&call.client.base, &kinds(&call), &name);
    one("ResourceType", document.map(|one| shown(&call, one)), name)
}

/// `GET /Schemas`, RFC 7643 §7.
pub(super) async fn schemas(call: Call) -> Result<Answer, Refusal> {
    all(call.query.filter.is_some(), documents::schemas(&call.client.base, &kinds(&call)))
}

/// `GET /Schemas/{urn}`.
pub(super) async fn schema(call: Call, Path((_, urn)): Path<(String, String)>) -> Result<Answer, Refusal> {
    let document = documents::schema(&call.client.base, &kinds(&call), &urn);
    one("Schema", document, urn)
}

/// `/Me`, RFC 7644 §3.11. A token is no user: it stands for the identity provider, so there is nobody to
/// show, and the RFC has 501 for it.
pub(super) async fn me() -> Refusal {
    Refusal::NoMe
}

fn kinds(call: &Call) -> [&'static ResourceType; 2] {
    RESOURCE_TYPES.map(|kind| call.kind(kind))
}

fn shown(call: &Call, resource_type: Value) -> Value {
    if call.aws() { aws::resource_type(resource_type) } else { resource_type }
}

fn all(filtered: bool, documents: Vec<Value>) -> Result<Answer, Refusal> {
    // RFC 7644 §4: a filter on them is answered with 403, and paging is not done.
    if filtered {
        return Err(Refusal::DiscoveryFilter);
    }
    let documents: Vec<Sent> = documents.into_iter().map(Sent::from).collect();
    Ok(Answer::document(index_page(documents.len(), 1, &documents)))
}

fn one(resource: &'static str, document: Option<Value>, id: String) -> Result<Answer, Refusal> {
    match document {
        Some(document) => Ok(Answer::document(document)),
        None => Err(ScimError::NotFound { resource, id: id.chars().take(200).collect() }.into()),
    }
}
