//! The cheapest SCIM service that answers as one: what is measured shares the machine with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

#[derive(Default)]
pub struct Rows {
    /// By the name in lower case.
    names: HashMap<String, String>,
    objects: HashMap<String, Json>,
    /// Memberships that were added, less those that were removed.
    pub members: usize,
    pub requests: usize,
    /// When a change to this display name came.
    pub renamed: HashMap<String, Instant>,
}

#[derive(Clone, Default)]
pub struct Scim {
    pub rows: Arc<Mutex<Rows>>,
    pub url: String,
}

impl Scim {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let scim = Self { url, ..Self::default() };
        let app = Router::new().fallback(serve).with_state(scim.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        scim
    }

    pub fn objects(&self) -> usize {
        self.rows.lock().unwrap().objects.len()
    }
}

async fn serve(State(scim): State<Scim>, method: Method, uri: Uri, body: Bytes) -> Response {
    let mut rows = scim.rows.lock().unwrap();
    rows.requests += 1;
    let body: Json = serde_json::from_slice(&body).unwrap_or(Json::Null);
    let mut path = uri.path().trim_start_matches('/').split('/');
    let (endpoint, id) = (path.next().unwrap_or(""), path.next());
    match (method.as_str(), id) {
        ("GET", None) => search(&rows, uri.query().unwrap_or("")),
        ("GET", Some(id)) => match rows.objects.get(id) {
            Some(found) => axum::Json(found.clone()).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        ("POST", _) => create(&mut rows, endpoint, body),
        ("PATCH", Some(id)) => patch(&mut rows, id, &body),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn search(rows: &Rows, query: &str) -> Response {
    let query = percent_decode_str(query).decode_utf8_lossy();
    let value = query.split('"').nth(1).unwrap_or("").to_lowercase();
    let found: Vec<&Json> = rows.names.get(&value).and_then(|id| rows.objects.get(id)).into_iter().collect();
    axum::Json(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": found.len(), "itemsPerPage": found.len(), "startIndex": 1, "Resources": found,
    }))
    .into_response()
}

fn create(rows: &mut Rows, endpoint: &str, mut body: Json) -> Response {
    let key = if endpoint == "Users" { "userName" } else { "displayName" };
    let name = body[key].as_str().unwrap_or("").to_lowercase();
    let id = format!("{endpoint}{}", rows.objects.len());
    if rows.names.insert(name, id.clone()).is_some() {
        return StatusCode::CONFLICT.into_response();
    }
    body["id"] = json!(id);
    rows.objects.insert(id, body.clone());
    (StatusCode::CREATED, axum::Json(body)).into_response()
}

fn patch(rows: &mut Rows, id: &str, body: &Json) -> Response {
    if !rows.objects.contains_key(id) {
        return StatusCode::NOT_FOUND.into_response();
    }
    for operation in body["Operations"].as_array().into_iter().flatten() {
        match (operation["path"].as_str().unwrap_or(""), operation["op"].as_str()) {
            ("members", _) => rows.members += operation["value"].as_array().map_or(0, Vec::len),
            (path, Some("remove")) if path.starts_with("members") => rows.members -= 1,
            ("displayName", _) => {
                let name = operation["value"].as_str().unwrap_or("").to_owned();
                rows.renamed.insert(name, Instant::now());
            }
            _ => {}
        }
    }
    StatusCode::NO_CONTENT.into_response()
}
