//! Bulk requests, RFC 7644 §3.7.
//!
//! The operations are independent of each other but for `bulkId`: one may name what another creates,
//! in its path or anywhere in its data, also before that other, also in a circle. [`Order`] says which
//! operation can be carried out; [`Operation::resolved`] puts ids in place of bulkIds.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use crate::error::{ScimError, shorten};
use crate::limits::{MAX_BULK_ID, MAX_BULK_OPERATIONS};

/// The schema of the request.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The schema of the answer.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

const PREFIX: &str = "bulkId:";

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub method: Method,
    /// `/Users` or `/Groups` without the slash.
    pub endpoint: String,
    /// The resource; none for POST. It may be `bulkId:…`.
    pub id: Option<String>,
    /// The client's name for what a POST creates.
    pub bulk_id: Option<String>,
    /// The version that the resource must have, as `If-Match`.
    pub version: Option<String>,
    /// The body.
    pub data: Value,
}

/// A bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After how many failures the rest is left undone; none: never.
    pub fail_on_errors: Option<usize>,
    /// The operations in the client's order.
    pub operations: Vec<Operation>,
}

impl BulkRequest {
    /// Reads the message.
    ///
    /// # Errors
    /// [`ScimError::InvalidSyntax`] with the operation that is wrong;
    /// [`ScimError::TooManyOperations`], RFC 7644 §3.7.4.
    pub fn read(body: &Value) -> Result<Self, ScimError> {
        let Value::Object(body) = body else { return Err(syntax("it must be a JSON object")) };
        crate::resource::check_names(body)?;
        let schemas = member(body, "schemas").and_then(Value::as_array);
        if !schemas.is_some_and(|l| l.iter().any(|v| v == BULK_REQUEST)) {
            return Err(syntax(&format!("\"schemas\" must contain \"{BULK_REQUEST}\"")));
        }
        let Some(Value::Array(list)) = member(body, "Operations") else {
            return Err(syntax("\"Operations\" must be a list of operations"));
        };
        if list.len() > MAX_BULK_OPERATIONS {
            return Err(ScimError::TooManyOperations { limit: MAX_BULK_OPERATIONS });
        }
        let fail_on_errors = match member(body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => match value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0) {
                Some(number) => Some(number),
                None => return Err(syntax("\"failOnErrors\" must be a whole number from 1 on")),
            },
        };
        let operations: Vec<Operation> =
            list.iter().enumerate().map(|(at, item)| operation(at + 1, item)).collect::<Result<_, _>>()?;
        let mut seen = HashSet::new();
        match operations.iter().filter_map(|o| o.bulk_id.as_ref()).find(|id| !seen.insert(*id)) {
            Some(twice) => Err(syntax(&format!("bulkId \"{}\" is given twice", shorten(twice)))),
            None => Ok(Self { fail_on_errors, operations }),
        }
    }
}

impl Operation {
    /// The bulkIds that its path and data name.
    #[must_use]
    pub fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if let Some(name) = self.id.as_deref().and_then(|id| id.strip_prefix(PREFIX)) {
            found.insert(name.to_owned());
        }
        collect(&self.data, &mut found);
        found
    }

    /// The operation with ids in place of bulkIds. One that is not in `ids` stays.
    #[must_use]
    pub fn resolved(&self, ids: &BTreeMap<String, String>) -> Self {
        let mut resolved = self.clone();
        if let Some(id) = resolved.id.as_mut() {
            replace(id, ids);
        }
        replace_in(&mut resolved.data, ids);
        resolved
    }

    /// Its entry in the answer, RFC 7644 §3.7.3. `location` is none where a POST failed; `response` is
    /// the error's body.
    #[must_use]
    pub fn outcome(
        &self,
        status: u16,
        location: Option<&str>,
        version: Option<&str>,
        response: Option<Value>,
    ) -> Value {
        let mut outcome = json!({"method": self.method.word()});
        let texts = [("bulkId", self.bulk_id.as_deref()), ("location", location), ("version", version)];
        for (name, value) in texts {
            if let Some(value) = value {
                outcome[name] = json!(value);
            }
        }
        outcome["status"] = json!(status.to_string());
        if let Some(response) = response {
            outcome["response"] = response;
        }
        outcome
    }
}

/// The answer, RFC 7644 §3.7.3.
#[must_use]
pub fn response(outcomes: Vec<Value>) -> Value {
    json!({"schemas": [BULK_RESPONSE], "Operations": outcomes})
}

/// In which order the operations of a request can be carried out.
#[derive(Clone, Debug)]
pub struct Order {
    /// By the place of each operation that is still to come: the bulkIds that it waits for.
    waiting: BTreeMap<usize, BTreeSet<String>>,
    /// Where each bulkId is created.
    places: BTreeMap<String, usize>,
}

impl Order {
    /// Nothing is done yet.
    #[must_use]
    pub fn of(operations: &[Operation]) -> Self {
        let named = operations.iter().enumerate().filter_map(|(at, o)| Some((o.bulk_id.clone()?, at)));
        let waiting = operations.iter().enumerate().map(|(at, o)| (at, o.references())).collect();
        Self { waiting, places: named.collect() }
    }

    /// Whether the operation is still to come and waits for nothing.
    #[must_use]
    pub fn is_ready(&self, place: usize) -> bool {
        self.waiting.get(&place).is_some_and(BTreeSet::is_empty)
    }

    /// The operation to carry out next: the first that waits for nothing, or else one on a circle, RFC 7644
    /// §3.7.1, or one that waits for what no operation creates. None: all are done.
    #[must_use]
    pub fn next(&self) -> Option<usize> {
        if let Some((place, _)) = self.waiting.iter().find(|(_, names)| names.is_empty()) {
            return Some(*place);
        }
        // Each waits for something: who follows the first name of each either comes back or to an end, and
        // never takes more steps than there are operations.
        let mut place = *self.waiting.keys().next()?;
        let mut seen = HashSet::new();
        while seen.insert(place) {
            let name = self.waiting.get(&place)?.first()?;
            match self.places.get(name).filter(|next| self.waiting.contains_key(next)) {
                Some(next) => place = *next,
                None => break,
            }
        }
        Some(place)
    }

    /// The operation is carried out now.
    pub fn begin(&mut self, place: usize) {
        self.waiting.remove(&place);
    }

    /// What creates this bulkId was carried out, well or not: nobody waits for it any more.
    pub fn settle(&mut self, bulk_id: &str) {
        for names in self.waiting.values_mut() {
            names.remove(bulk_id);
        }
    }
}

fn operation(place: usize, item: &Value) -> Result<Operation, ScimError> {
    let wrong = |reason: &str| syntax(&format!("operation {place}: {reason}"));
    let Value::Object(item) = item else { return Err(wrong("it must be a JSON object")) };
    crate::resource::check_names(item)?;
    let text = |name: &str| match member(item, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(&format!("\"{name}\" must be a string"))),
    };
    // RFC 7644 §3.7: the methods' names are those of HTTP; clients write them in either case.
    let method = match text("method")?.map(|m| m.to_ascii_uppercase()).as_deref() {
        Some("POST") => Method::Post,
        Some("PUT") => Method::Put,
        Some("PATCH") => Method::Patch,
        Some("DELETE") => Method::Delete,
        _ => return Err(wrong("\"method\" must be POST, PUT, PATCH or DELETE")),
    };
    let bulk_id = text("bulkId")?;
    if bulk_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > MAX_BULK_ID) {
        return Err(wrong(&format!("\"bulkId\" must have 1 to {MAX_BULK_ID} bytes")));
    }
    if method == Method::Post && bulk_id.is_none() {
        return Err(wrong("a POST needs \"bulkId\""));
    }
    let path = text("path")?.ok_or_else(|| wrong("\"path\" is missing"))?;
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let endpoint = parts.next().unwrap_or_default().to_owned();
    let id = parts.next().map(str::to_owned);
    // A bulk within a bulk has no meaning, and other endpoints cannot be written.
    if !matches!(endpoint.as_str(), "Users" | "Groups") {
        return Err(wrong("\"path\" must start with /Users or /Groups"));
    }
    let named = id.as_ref().is_some_and(|id| !id.is_empty() && !id.contains(['/', '?', '#', '\0']));
    match (method, &id) {
        (Method::Post, None) => {}
        (Method::Post, Some(_)) => return Err(wrong("the path of a POST has no id")),
        _ if named => {}
        _ => return Err(wrong("\"path\" must end with the id of one resource")),
    }
    let data = member(item, "data").cloned().unwrap_or(Value::Null);
    if method != Method::Delete && !data.is_object() {
        return Err(wrong("\"data\" must be a JSON object"));
    }
    Ok(Operation { method, endpoint, id, bulk_id, version: text("version")?, data })
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix(PREFIX).map(str::to_owned)),
        Value::Array(list) => list.iter().for_each(|v| collect(v, found)),
        Value::Object(map) => map.values().for_each(|v| collect(v, found)),
        _ => {}
    }
}

fn replace(text: &mut String, ids: &BTreeMap<String, String>) {
    if let Some(id) = text.strip_prefix(PREFIX).and_then(|name| ids.get(name)) {
        *text = id.clone();
    }
}

fn replace_in(value: &mut Value, ids: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => replace(text, ids),
        Value::Array(list) => list.iter_mut().for_each(|v| replace_in(v, ids)),
        Value::Object(map) => map.values_mut().for_each(|v| replace_in(v, ids)),
        _ => {}
    }
}

fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn syntax(reason: &str) -> ScimError {
    ScimError::InvalidSyntax { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(operations: Value) -> Result<BulkRequest, ScimError> {
        BulkRequest::read(&json!({"schemas": [BULK_REQUEST], "Operations": operations}))
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for wrong in [
            json!([{"method": "GET", "path": "/Users/1"}]),
            json!([{"method": "POST", "path": "/Users", "data": {}}]),
            json!([{"method": "POST", "path": "/Bulk", "bulkId": "a", "data": {}}]),
            json!([{"method": "POST", "path": "/Users/1", "bulkId": "a", "data": {}}]),
            json!([{"method": "DELETE", "path": "/Users"}]),
            json!([{"method": "DELETE", "path": "/Users/"}]),
            json!([{"method": "DELETE", "path": "/Users/1/2"}]),
            json!([{"method": "PATCH", "path": "/Users/1"}]),
            json!([{"method": "POST", "path": "/Users", "bulkId": "a", "data": {}},
                   {"method": "POST", "path": "/Users", "bulkId": "a", "data": {}}]),
            json!({}),
        ] {
            assert_eq!(read(wrong.clone()).expect_err(&wrong.to_string()).code(), "syntax");
        }
        let many = vec![json!({"method": "DELETE", "path": "/Users/1"}); MAX_BULK_OPERATIONS + 1];
        assert_eq!(read(json!(many)).expect_err("too many").status(), 413);
    }

    // RFC 7644 §3.7.1 and §3.7.2.
    #[test]
    fn references_decide_the_order_and_circles_end() {
        let request = read(json!([
            {"method": "POST", "path": "/Groups", "bulkId": "g",
             "data": {"members": [{"value": "bulkId:u"}, {"value": "bulkId:a"}]}},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {}},
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"manager": "bulkId:b"}},
            {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"manager": "bulkId:a"}},
        ]))
        .expect("a request");
        let (mut waiting, mut order) = (Order::of(&request.operations), Vec::new());
        while let Some(at) = waiting.next() {
            waiting.begin(at);
            if let Some(name) = &request.operations[at].bulk_id {
                waiting.settle(name);
            }
            order.push(at);
        }
        assert_eq!(order, [1, 2, 0, 3]);
        let ids = BTreeMap::from([("u".to_owned(), "id-1".to_owned())]);
        assert_eq!(
            request.operations[0].resolved(&ids).data,
            json!({"members": [{"value": "id-1"}, {"value": "bulkId:a"}]})
        );
    }

    // Each names all before it and something that nobody creates.
    #[test]
    fn what_waits_for_nobody_ends_too() {
        let operations = (0..MAX_BULK_OPERATIONS).map(|n| {
            let mut names: Vec<String> = (n.saturating_sub(100)..n).map(|m| format!("bulkId:{m}")).collect();
            names.push(format!("bulkId:none-{n}"));
            json!({"method": "POST", "path": "/Users", "bulkId": n.to_string(), "data": {"names": names}})
        });
        let request = read(operations.collect()).expect("a request");
        let mut order = Order::of(&request.operations);
        let mut done = 0;
        while let Some(at) = order.next() {
            order.begin(at);
            order.settle(&at.to_string());
            done += 1;
        }
        assert_eq!(done, MAX_BULK_OPERATIONS);
    }
}
