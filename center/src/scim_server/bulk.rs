//! `POST /Bulk`, RFC 7644 §3.7. Each operation is carried out as a request of its own, in a transaction
//! of its own. Creations that wait for nothing run together, so that the store commits them in one go.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::extract::Path;
use futures::future::join_all;
use scim::bulk::{self, BulkRequest, Method, Operation, Order};
use scim::list::ListQuery;
use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::message::Body;
use super::refusal::{Refusal, Refused};
use super::version::Preconditions;
use super::{groups, resource, users};
use crate::identity_store::{Group, StoredUser};

/// How many creations run together.
const TOGETHER: usize = 64;

/// `POST /Bulk`.
pub(super) async fn bulk(call: Call, Body(body): Body) -> Result<Answer, Refusal> {
    let request = BulkRequest::read(&body)?;
    let mut run = Run::new(&call, request);
    while run.wave().await {}
    Ok(Answer::document(bulk::response(run.outcomes())))
}

struct Run<'a> {
    call: &'a Call,
    request: BulkRequest,
    /// The id that each bulkId stands for, given out before: so a circle needs no second change.
    ids: BTreeMap<String, String>,
    /// Those of users: a manager may be one of them.
    users_to_be: Arc<HashSet<String>>,
    order: Order,
    /// bulkIds whose operation failed.
    failed: HashSet<String>,
    failures: usize,
    done: BTreeMap<usize, Value>,
}

impl<'a> Run<'a> {
    fn new(call: &'a Call, request: BulkRequest) -> Self {
        let now = call.center.clock.now();
        let posts = request.operations.iter().filter(|o| o.method == Method::Post);
        let ids: BTreeMap<String, String> =
            posts.filter_map(|o| Some((o.bulk_id.clone()?, call.center.random.id(now)))).collect();
        let users = request.operations.iter().filter(|o| o.method == Method::Post && o.endpoint == "Users");
        let users_to_be = users.filter_map(|o| ids.get(o.bulk_id.as_ref()?).cloned()).collect();
        let (users_to_be, order) = (Arc::new(users_to_be), Order::of(&request.operations));
        Self {
            call,
            request,
            ids,
            users_to_be,
            order,
            failed: HashSet::new(),
            failures: 0,
            done: BTreeMap::new(),
        }
    }

    /// Carries out what comes next; false where nothing is left, or too much has failed.
    async fn wave(&mut self) -> bool {
        if self.request.fail_on_errors.is_some_and(|most| self.failures >= most) {
            return false;
        }
        let Some(first) = self.order.next() else { return false };
        let places = self.together(first);
        for place in &places {
            self.order.begin(*place);
        }
        let answers = join_all(places.iter().map(|place| self.one(*place))).await;
        for (place, answer) in places.into_iter().zip(answers) {
            self.note(place, answer);
        }
        true
    }

    /// The operation, and creations right after it that wait for nothing. With failOnErrors it stands
    /// alone: nothing may be carried out after the last failure that is allowed.
    fn together(&self, first: usize) -> Vec<usize> {
        let free = |place: &usize| {
            let operation = self.request.operations.get(*place);
            self.request.fail_on_errors.is_none()
                && operation.is_some_and(|o| o.method == Method::Post)
                && self.order.is_ready(*place)
        };
        if !free(&first) {
            return vec![first];
        }
        (first..self.request.operations.len()).take_while(free).take(TOGETHER).collect()
    }

    async fn one(&self, place: usize) -> Result<Answer, Refusal> {
        let Some(operation) = self.request.operations.get(place) else { return Err(Refusal::NoEndpoint) };
        for name in operation.references() {
            if self.failed.contains(&name) || !self.ids.contains_key(&name) {
                return Err(Refusal::UnknownBulkId(name.chars().take(100).collect()));
            }
        }
        let operation = operation.resolved(&self.ids);
        let call = Call {
            query: ListQuery::default(),
            versions: Preconditions::matching(operation.version.clone()),
            new_id: operation.bulk_id.as_ref().and_then(|name| self.ids.get(name)).cloned(),
            users_to_be: Some(Arc::clone(&self.users_to_be)),
            ..self.call.clone()
        };
        carry_out(call, operation).await
    }

    fn note(&mut self, place: usize, answer: Result<Answer, Refusal>) {
        let Some(operation) = self.request.operations.get(place) else { return };
        let failed = answer.is_err();
        if let Some(name) = &operation.bulk_id {
            self.order.settle(name);
            if failed {
                self.failed.insert(name.clone());
            }
        }
        self.failures += usize::from(failed);
        let operation = operation.resolved(&self.ids);
        let outcome = match answer {
            Ok(answer) => {
                let location = answer.location.or_else(|| self.location(&operation));
                let version = answer.version.as_deref();
                operation.outcome(answer.status.as_u16(), location.as_deref(), version, None)
            }
            Err(refusal) => {
                let refused = Refused::of(&refusal);
                let location = self.location(&operation);
                let mut body = refused.body("", self.call.center.clock.now());
                // The id is that of the whole request; its header has it.
                body.as_object_mut().map(|map| map.remove("exceptionRequestId"));
                operation.outcome(refused.status().as_u16(), location.as_deref(), None, Some(body))
            }
        };
        self.done.insert(place, outcome);
    }

    /// RFC 7644 §3.7.3: every answer but that of a failed POST has it.
    fn location(&self, operation: &Operation) -> Option<String> {
        let id = operation.id.as_ref()?;
        Some(format!("{}/{}/{id}", self.call.client.base, operation.endpoint))
    }

    fn outcomes(self) -> Vec<Value> {
        self.done.into_values().collect()
    }
}

async fn carry_out(call: Call, operation: Operation) -> Result<Answer, Refusal> {
    let body = Body(operation.data);
    let id = operation.id.unwrap_or_default();
    if id.contains('\0') {
        return Err(Refusal::NoEndpoint);
    }
    let path = Path((call.client.tenant.clone(), id));
    match (operation.method, operation.endpoint.as_str()) {
        (Method::Post, "Users") => users::create(call, body).await,
        (Method::Put, "Users") => users::replace(call, path, body).await,
        (Method::Patch, "Users") => users::patch(call, path, body).await,
        (Method::Delete, "Users") => resource::delete::<StoredUser>(call, path).await,
        (Method::Post, "Groups") => groups::create(call, body).await,
        (Method::Put, "Groups") => groups::replace(call, path, body).await,
        (Method::Patch, "Groups") => groups::patch(call, path, body).await,
        (Method::Delete, "Groups") => resource::delete::<Group>(call, path).await,
        _ => Err(Refusal::NoEndpoint),
    }
}
