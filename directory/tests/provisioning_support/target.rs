//! The in-memory SCIM service. Strict where AWS is: one value per attribute, at most 100 membership changes,
//! no replace of members, unique names, filters `attr eq "value"` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::{Map, Value as Json, json};
use tokio::sync::Notify;

use super::model::ENTERPRISE;
use super::target_patch::patch;

pub const TOKEN: &str = "the-secret-token";

/// What happens to a request instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 500 before anything is done.
    Error,
    /// 500 after it was done.
    ErrorAfter,
    /// 429 with `Retry-After: 0`.
    Throttle,
    /// The connection ends without an answer, before.
    Drop,
    /// The same, after it was done.
    DropAfter,
    /// No answer in time, after it was done.
    Hang,
    /// Half a page of a list.
    HalfPage,
    /// 401.
    Unauthorized,
    /// 404, and the groups are gone.
    Forgets,
    /// 429 that does not say how long to wait.
    ThrottleBare,
    /// 200 with an empty list, or with nothing after the work was done.
    Empty,
    /// Two objects where one was searched for.
    Duplicate,
    /// Another object than the one that was asked for or made.
    WrongObject,
    /// A late answer.
    Slow,
}

#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub users: BTreeMap<String, Map<String, Json>>,
    pub groups: BTreeMap<String, Map<String, Json>>,
    pub members: BTreeMap<String, BTreeSet<String>>,
    pub next: usize,
}

#[derive(Default)]
pub struct Inner {
    pub rows: Rows,
    pub log: Vec<String>,
    /// By the number of the request, from 1.
    pub faults: BTreeMap<usize, Fault>,
    /// For every request whose path and method contain this text.
    pub always: Option<(String, Fault)>,
    /// At this request: whether it is done at once; then `Scim::reached` is told, and nothing is answered until
    /// `Scim::released` is.
    pub stop_at: Option<(usize, bool)>,
    /// A value that no object may have, and the status that says so.
    pub forbidden_value: Option<(String, StatusCode)>,
    /// What was deleted: whether a user, and its externalId.
    pub deleted: Vec<(bool, String)>,
    /// How groups and lists are shown.
    pub shows: Shows,
}

/// What the service shows of itself.
#[derive(Debug, Clone, Default)]
pub struct Shows {
    /// Lists by cursor.
    pub cursors: bool,
    /// No members with groups, as AWS.
    pub no_members: bool,
    /// No filter by groups.value, as AWS once.
    pub no_group_filter: bool,
    /// Objects on a page; 0 for as many as are asked for.
    pub page: usize,
    /// An id that lists leave out, and whether they count it all the same.
    pub hidden: Option<(String, bool)>,
    /// Every page begins with the same object.
    pub repeats: bool,
}

#[derive(Clone, Default)]
pub struct Scim {
    pub inner: Arc<Mutex<Inner>>,
    pub reached: Arc<Notify>,
    pub released: Arc<Notify>,
    pub url: String,
}

impl Scim {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/t/scim/v2/", listener.local_addr().unwrap());
        let scim = Self { url, ..Self::default() };
        let app = Router::new().fallback(serve).with_state(scim.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        scim
    }

    pub fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.inner.lock().unwrap())
    }

    pub fn requests(&self) -> usize {
        self.with(|i| i.log.len())
    }

    /// The requests since the last call.
    pub fn drain(&self) -> Vec<String> {
        self.with(|i| std::mem::take(&mut i.log))
    }

    /// What was deleted since the last call.
    pub fn deleted(&self) -> Vec<(bool, String)> {
        self.with(|i| std::mem::take(&mut i.deleted))
    }

    /// Somebody of whom the directory knows nothing, and who stays as they are.
    pub fn foreign(&self, user_name: &str) {
        let user = json!({ "id": "u-foreign", "userName": user_name, "displayName": "Z", "active": false });
        self.with(|i| i.rows.users.insert("u-foreign".to_owned(), user.as_object().cloned().unwrap()));
    }

    /// People by user name (with active), groups by name with their members' user names.
    pub fn picture(&self) -> Picture {
        self.with(|i| {
            let rows = &i.rows;
            let name = |m: &Map<String, Json>, key: &str| m[key].as_str().unwrap().to_owned();
            let users = rows.users.values().map(|u| {
                let mut u = u.clone();
                u.remove("id");
                if let Some(manager) = u.get(ENTERPRISE).and_then(|e| e["manager"]["value"].as_str()) {
                    let manager = rows.users.get(manager).map_or("?".to_owned(), |m| name(m, "userName"));
                    u[ENTERPRISE]["manager"]["value"] = json!(manager);
                }
                (name(&u, "userName"), Json::Object(u))
            });
            let groups = rows.groups.iter().map(|(id, g)| {
                let members = rows.members.get(id).cloned().unwrap_or_default();
                (name(g, "displayName"), members.iter().map(|m| name(&rows.users[m], "userName")).collect())
            });
            Picture { users: users.collect(), groups: groups.collect() }
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub users: BTreeMap<String, Json>,
    pub groups: BTreeMap<String, BTreeSet<String>>,
}

impl Picture {
    pub fn active(&self) -> BTreeSet<String> {
        self.users.iter().filter(|(_, u)| u["active"] == true).map(|(n, _)| n.clone()).collect()
    }
}

async fn serve(State(scim): State<Scim>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let uri = percent_encoding::percent_decode_str(parts.uri.path_and_query().unwrap().as_str());
    let uri = uri.decode_utf8().unwrap().into_owned();
    let line = format!("{} {}", parts.method, uri.strip_prefix("/t/scim/v2").unwrap_or("?"));
    let authorized =
        parts.headers.get(header::AUTHORIZATION).is_some_and(|h| h == &format!("Bearer {TOKEN}"));
    let (fault, stop) = scim.with(|i| {
        i.log.push(line.clone());
        let n = i.log.len();
        let always = i.always.as_ref().filter(|(text, _)| line.contains(text.as_str())).map(|(_, f)| *f);
        (i.faults.remove(&n).or(always), i.stop_at.filter(|(at, _)| *at == n))
    });
    if !authorized {
        return error(StatusCode::UNAUTHORIZED, "the token is wrong");
    }
    if let Some((_, after)) = stop {
        let done = after.then(|| scim.with(|i| act(i, &parts.method, &line, &body)));
        scim.reached.notify_one();
        scim.released.notified().await;
        return done.unwrap_or_else(|| scim.with(|i| act(i, &parts.method, &line, &body)));
    }
    match fault {
        Some(Fault::Error) => return error(StatusCode::INTERNAL_SERVER_ERROR, "injected"),
        Some(Fault::Forgets) => {
            scim.with(|i| i.rows.groups.clear());
            return error(StatusCode::NOT_FOUND, "injected");
        }
        Some(Fault::Unauthorized) => return error(StatusCode::UNAUTHORIZED, "injected"),
        Some(Fault::Throttle) => {
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "0")], "slow down")
                .into_response();
        }
        Some(Fault::ThrottleBare) => return error(StatusCode::TOO_MANY_REQUESTS, "injected"),
        Some(Fault::Drop) => return broken(),
        Some(Fault::Slow) => tokio::time::sleep(Duration::from_millis(10)).await,
        _ => {}
    }
    let answer = scim.with(|i| act(i, &parts.method, &line, &body));
    match fault {
        Some(Fault::ErrorAfter) => error(StatusCode::INTERNAL_SERVER_ERROR, "injected after"),
        Some(Fault::DropAfter) => broken(),
        Some(Fault::Hang) => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            answer
        }
        Some(Fault::Empty | Fault::Duplicate | Fault::WrongObject) => {
            scim.with(|i| lie(&i.rows, fault, &parts.method, &line)).unwrap_or(answer)
        }
        Some(Fault::HalfPage) => {
            "{\"schemas\": [\"urn:ietf:params:scim:api:messages:2.0:List".into_response()
        }
        _ => answer,
    }
}

/// An answer of the right form that is not true; `None` where the true one can do no harm.
fn lie(rows: &Rows, fault: Option<Fault>, method: &Method, line: &str) -> Option<Response> {
    let users = line.contains("/Users");
    let from = if users { &rows.users } else { &rows.groups };
    let object = line.split('?').next()?.trim_end_matches('/').matches('/').count() > 1;
    // The last one made is the right one only for who just made it.
    let other = |skip: usize| from.values().rev().nth(skip).cloned();
    match (fault?, method.as_str()) {
        (Fault::Empty, "GET") if !object => Some(found(&[])),
        (Fault::Empty, _) => Some(StatusCode::OK.into_response()),
        (Fault::Duplicate, "GET") if !object => Some(found(&[other(0)?, other(1)?])),
        (Fault::WrongObject, "GET") if object => Some(axum::Json(other(0)?).into_response()),
        (Fault::WrongObject, "GET") => Some(found(&[other(0)?])),
        (Fault::WrongObject, "POST") => Some((StatusCode::CREATED, axum::Json(other(1)?)).into_response()),
        _ => None,
    }
}

/// A body that breaks off, so that the connection does.
fn broken() -> Response {
    let failing = futures::stream::once(async { Err::<Vec<u8>, _>(std::io::Error::other("injected")) });
    Response::builder().header(header::CONTENT_LENGTH, "100").body(Body::from_stream(failing)).unwrap()
}

pub(super) fn error(status: StatusCode, detail: &str) -> Response {
    let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": detail, "status": status.as_str() });
    (status, axum::Json(body)).into_response()
}

fn act(i: &mut Inner, method: &Method, line: &str, body: &[u8]) -> Response {
    let path = line.split_once(' ').unwrap().1;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut segments = path.trim_start_matches('/').split('/');
    let users = match segments.next() {
        Some("Users") => true,
        Some("Groups") => false,
        Some("ServiceProviderConfig") if i.shows.cursors => {
            return axum::Json(json!({ "pagination": { "cursor": true } })).into_response();
        }
        _ => return error(StatusCode::NOT_FOUND, "no such endpoint"),
    };
    let body: Json = serde_json::from_slice(body).unwrap_or(Json::Null);
    if let Some((_, status)) =
        i.forbidden_value.as_ref().filter(|(value, _)| body.to_string().contains(value.as_str()))
    {
        return error(*status, "Request is unparsable, syntactically incorrect, or violates schema.");
    }
    match (method.as_str(), segments.next()) {
        ("GET", None) => list(i, users, query),
        ("POST", None) => create(&mut i.rows, users, body),
        ("GET", Some(id)) => match rows(&mut i.rows, users).get(id).cloned() {
            Some(mut found) => {
                if !users && !i.shows.no_members && !query.contains("excludedAttributes=members") {
                    let members = i.rows.members.get(id).into_iter().flatten();
                    found.insert("members".to_owned(), members.map(|m| json!({ "value": m })).collect());
                }
                axum::Json(found).into_response()
            }
            None => error(StatusCode::NOT_FOUND, "not found"),
        },
        ("PATCH", Some(id)) => patch(&mut i.rows, users, id, &body),
        ("DELETE", Some(id)) => {
            let Some(gone) = rows(&mut i.rows, users).remove(id) else {
                return error(StatusCode::NOT_FOUND, "not found");
            };
            i.deleted
                .push((users, gone.get("externalId").and_then(Json::as_str).unwrap_or_default().to_owned()));
            i.rows.members.remove(id);
            i.rows.members.values_mut().for_each(|m| {
                m.remove(id);
            });
            StatusCode::NO_CONTENT.into_response()
        }
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "no"),
    }
}

pub(super) fn rows(rows: &mut Rows, users: bool) -> &mut BTreeMap<String, Map<String, Json>> {
    if users { &mut rows.users } else { &mut rows.groups }
}

fn key(users: bool) -> &'static str {
    if users { "userName" } else { "displayName" }
}

fn list(i: &Inner, users: bool, query: &str) -> Response {
    let all = &i.rows;
    let given = |name: &str| query.split('&').find_map(|p| p.strip_prefix(name));
    let everything = if users { &all.users } else { &all.groups };
    let Some(filter) = given("filter=") else {
        return page(i, &everything.values().cloned().collect::<Vec<_>>(), query);
    };
    let (attribute, value) = filter.split_once(" eq ").expect("only eq");
    let value: String = serde_json::from_str(value).expect("a quoted value");
    if attribute == "groups.value" {
        if i.shows.no_group_filter {
            return error(StatusCode::BAD_REQUEST, "the filter is not supported");
        }
        let members = all.members.get(&value).into_iter().flatten();
        return page(i, &members.map(|m| all.users[m].clone()).collect::<Vec<_>>(), query);
    }
    let from = everything;
    let text = |m: &Map<String, Json>| m.get(attribute).and_then(Json::as_str).map(str::to_lowercase);
    let same = |m: &&Map<String, Json>| text(m).is_some_and(|text| text == value.to_lowercase());
    found(&from.values().filter(same).cloned().collect::<Vec<_>>())
}

/// One page of a list, by cursor or by index.
fn page(i: &Inner, all: &[Map<String, Json>], query: &str) -> Response {
    let given = |name: &str| query.split('&').find_map(|p| p.strip_prefix(name));
    let (shows, count) = (&i.shows, given("count=").unwrap().parse::<usize>().unwrap());
    let (hidden, counted) = shows.hidden.clone().unwrap_or_default();
    let mut left: Vec<_> = all.iter().filter(|m| m["id"] != hidden.as_str()).cloned().collect();
    let total = if counted { all.len() } else { left.len() };
    let size = if shows.page > 0 { shows.page.min(count) } else { count };
    let start = match (given("startIndex="), given("cursor=")) {
        (Some(start), _) => start.parse::<usize>().unwrap() - 1,
        (None, cursor) => cursor.unwrap().parse().unwrap_or(0),
    };
    if shows.repeats && start > 0 {
        left[start] = left[0].clone();
    }
    let resources: Vec<_> = left.iter().skip(start).take(size).cloned().collect();
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "itemsPerPage": resources.len(), "Resources": resources,
    });
    match given("startIndex=") {
        Some(_) => body["totalResults"] = json!(total),
        None if start + size < left.len() => body["nextCursor"] = json!((start + size).to_string()),
        None => {}
    }
    axum::Json(body).into_response()
}

fn found(all: &[Map<String, Json>]) -> Response {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": all.len(), "itemsPerPage": all.len(), "startIndex": 1, "Resources": all,
    });
    axum::Json(body).into_response()
}

pub(super) fn taken(all: &mut Rows, users: bool, id: &str, object: &Map<String, Json>) -> bool {
    let name = object[key(users)].as_str().unwrap().to_lowercase();
    rows(all, users)
        .iter()
        .any(|(other, o)| other != id && o[key(users)].as_str().unwrap().to_lowercase() == name)
}

fn create(all: &mut Rows, users: bool, body: Json) -> Response {
    let Json::Object(mut object) = body else { return error(StatusCode::BAD_REQUEST, "no object") };
    for needed in if users { &["userName", "displayName"][..] } else { &["displayName"] } {
        if object.get(*needed).and_then(Json::as_str).is_none_or(str::is_empty) {
            return error(StatusCode::BAD_REQUEST, "a required attribute is missing");
        }
    }
    if object.values().any(|v| v.as_array().is_some_and(|a| a.len() > 1 && a[0].is_object())) {
        return error(StatusCode::BAD_REQUEST, "Currently list attributes only allow single item");
    }
    if taken(all, users, "", &object) {
        return error(StatusCode::CONFLICT, "Refused to create a new, duplicate resource.");
    }
    object.remove("schemas");
    all.next += 1;
    let id = format!("{}-{:04}", if users { "u" } else { "g" }, all.next);
    object.insert("id".to_owned(), json!(id));
    rows(all, users).insert(id, object.clone());
    (StatusCode::CREATED, axum::Json(object)).into_response()
}
