//! Requests that no client should send: each has its expected answer, afterwards nothing has changed, and the
//! server still answers. Sent over sockets, so that what HTTP itself refuses is seen too.
#![expect(clippy::too_many_lines, reason = "tables")]

mod bodies;
mod bulk;
mod changes;
mod lists;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use center::scim_server::mode::Mode;
use center::scim_server::tokens::store as tokens;
use center::{Center, instance, router};
use serde_json::{Value, json};
use store::{Engine, Tx};
use web::sealed::MasterKey;

use crate::app::{App, GROUP, START, apps, user};
use crate::socket::{Reply, Server};

const ALL: [Mode; 3] = [Mode::Tolerant, Mode::Strict, Mode::Aws];
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const OURS: [Mode; 2] = [Mode::Tolerant, Mode::Strict];

/// One request and what must come back.
pub struct Case {
    name: &'static str,
    modes: &'static [Mode],
    method: &'static str,
    path: String,
    /// Beside `Authorization` and `Content-Type`, where it does not name them itself.
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    chunked: bool,
    status: u16,
    scim_type: &'static str,
    word: &'static str,
}

impl Case {
    fn new(name: &'static str, method: &'static str, path: impl Into<String>) -> Self {
        Self {
            name,
            modes: &OURS,
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            chunked: false,
            status: 0,
            scim_type: "",
            word: "",
        }
    }

    fn get(name: &'static str, path: impl Into<String>) -> Self {
        Self::new(name, "GET", path)
    }

    /// A look at users with this query, escaped as a client does it.
    fn query(name: &'static str, parameters: &[(&str, &str)]) -> Self {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        Self::get(name, format!("/Users?{query}"))
    }

    /// `POST /Users/.search` with this filter.
    fn search(name: &'static str, filter: &str) -> Self {
        Self::new(name, "POST", "/Users/.search").json(&json!({ "schemas": [SEARCH], "filter": filter }))
    }

    fn in_modes(self, modes: &'static [Mode]) -> Self {
        Self { modes, ..self }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    fn chunked(self) -> Self {
        Self { chunked: true, ..self }
    }

    async fn send(&self, server: &Server) -> Reply {
        server.send(self.request(server)).await
    }

    fn request(&self, server: &Server) -> Vec<u8> {
        let mut head = server.head(self.method, &self.path) + "connection: close\r\n";
        let mut header = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        let named = |name: &str| self.headers.iter().any(|(own, _)| *own == name);
        if !named("authorization") {
            header("authorization", &format!("Bearer {}", server.secret));
        }
        if !named("content-type") {
            header("content-type", "application/scim+json");
        }
        for (name, value) in &self.headers {
            header(name, &value.replace("{secret}", &server.secret));
        }
        match self.chunked {
            true => header("transfer-encoding", "chunked"),
            false if named("content-length") => {}
            false => header("content-length", &self.body.len().to_string()),
        }
        let mut bytes = format!("{head}\r\n").into_bytes();
        if !self.chunked {
            bytes.extend(&self.body);
            return bytes;
        }
        for part in self.body.chunks(60_000) {
            bytes.extend(format!("{:x}\r\n", part.len()).into_bytes());
            bytes.extend(part);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        bytes
    }

    /// What must come back: status, `scimType`, and a word of the answer. In the mode aws there is no `scimType`.
    fn is(self, status: u16, scim_type: &'static str, word: &'static str) -> Self {
        Self { status, scim_type, word, ..self }
    }
}

/// What the table's requests name.
pub struct Place {
    /// A user of this instance.
    user: String,
    /// A group of it, with that user.
    group: String,
    /// A user of another instance in the same database.
    stranger: String,
    /// A cursor of `/Users` with the filter `active eq true`.
    cursor: String,
    /// A cursor of the same list in the other instance.
    strange_cursor: String,
}

#[tokio::test]
async fn hostile_requests_are_refused_and_change_nothing() {
    for app in apps().await {
        let place = place(&app).await;
        let server = Server::start(&app.router, &app.tenant, &app.token.secret).await;
        let mut wrong = Vec::new();
        for mode in ALL {
            set_mode(&app.center, mode).await;
            let before = census(&app.center).await;
            for case in table(&place).iter().filter(|case| case.modes.contains(&mode)) {
                app.center.clock.advance(Duration::from_secs(1));
                let reply = case.send(&server).await;
                wrong.extend(differs(case, mode, &reply));
            }
            let after = census(&app.center).await;
            let changed: Vec<_> = after.iter().filter(|(table, rows)| before[*table] != **rows).collect();
            let last = app.events().await.pop();
            if !changed.is_empty() {
                wrong.push(format!("in {mode:?} something was changed: {changed:?}, last {last:?}"));
            }
            assert_eq!(app.get(&format!("/Users/{}", place.user)).await.body["userName"], "ana");
        }
        assert!(wrong.is_empty(), "on {:?}:\n{}", app.engine(), wrong.join("\n"));
    }
}

fn table(place: &Place) -> Vec<Case> {
    [bodies::cases(), changes::cases(place), lists::cases(place), bulk::cases(place), wire::cases(place)]
        .into_iter()
        .flatten()
        .collect()
}

fn differs(case: &Case, mode: Mode, reply: &Reply) -> Option<String> {
    let refused = case.status >= 400;
    // HTTP's own refusals (431, 414) come before the server knows that SCIM was meant.
    let scim_type = match mode {
        Mode::Aws if refused => "",
        _ => case.scim_type,
    };
    let found = reply.json["scimType"].as_str().unwrap_or_default();
    let status = reply.json["status"].as_str().map_or(reply.status, |text| text.parse().unwrap_or(0));
    // All but HTTP's own refusals are SCIM's. What comes before the token is looked at has no mode.
    let kind = match reply.header("content-type") {
        Some("application/scim+json") => true,
        Some("application/json") => mode == Mode::Aws,
        _ => [414, 431].contains(&case.status),
    };
    let right = kind
        && reply.status == case.status
        && status == case.status
        && found == scim_type
        && reply.text.contains(case.word);
    let short: String = reply.text.chars().take(300).collect();
    (!right).then(|| {
        let Case { name, status, word, .. } = case;
        format!("{name} ({mode:?}): expected {status} {scim_type:?} {word:?}, found {} {short}", reply.status)
    })
}

async fn place(app: &App) -> Place {
    let ana = app.user("ana").await;
    let bo = app.user("bo").await;
    let group = app.group("Staff", &[&ana, &bo]).await;
    let page = app.get("/Users?filter=active+eq+true&cursor=&count=1").await;
    let cursor = page.body["nextCursor"].as_str().unwrap().to_owned();

    let (center, tenant, secret) = neighbour(app).await;
    let router = router::router(&center).0;
    let other = Server::start(&router, &tenant, &secret).await;
    let made = Case::new("", "POST", "/Users").json(&user("zed")).send(&other).await;
    let stranger = made.json["id"].as_str().unwrap_or_else(|| panic!("{}", made.text)).to_owned();
    let made = Case::new("", "POST", "/Users").json(&user("zoe")).send(&other).await;
    assert_eq!(made.status, 201);
    let page = Case::get("", "/Users?filter=active+eq+true&cursor=&count=1").send(&other).await;
    let strange_cursor = page.json["nextCursor"].as_str().unwrap().to_owned();
    Place { user: ana, group, stranger, cursor, strange_cursor }
}

/// Another instance in the same database.
async fn neighbour(app: &App) -> (Center, String, String) {
    let (clock, random) = (app.center.clock.clone(), app.center.random.clone());
    let source = random.clone();
    let store = app.center.store.clone();
    let made = store.write(move |tx| instance::create(tx, &source, "eu-west-1", START)).await.unwrap();
    let origin = app.center.origin.clone();
    let center = Center::new(store, clock, random, MasterKey::new([7; 32]), origin, made.id.clone());
    let sql = "UPDATE identity_sources SET kind = 'external' WHERE instance_id = ?1 AND state = 'active'";
    let id = made.id;
    center.store.write(move |tx| tx.exec(sql, &[(&id).into()])).await.unwrap();
    let token = tokens_of(&center).await;
    (center, made.scim_tenant_id, token)
}

async fn tokens_of(center: &Center) -> String {
    let token = center::scim_server::tokens::NewToken::draw(&center.random, center.clock.now());
    let (author, made) = (center.author_named("system"), token.clone());
    center.store.write(move |tx| tokens::enable(tx, &author, &made)).await.unwrap();
    token.secret.to_string()
}

async fn set_mode(center: &Center, mode: Mode) {
    let author = center.author_named("system");
    center.store.write(move |tx| tokens::set_mode(tx, &author, None, Some(mode))).await.unwrap();
}

/// How many rows every table has. Every change writes an event, so one that leaves the numbers equal is seen too.
async fn census(center: &Center) -> BTreeMap<String, i64> {
    let engine = center.store.engine();
    let read = move |tx: &mut Tx<'_>| {
        let tables = match engine {
            Engine::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            }
            Engine::Postgres => {
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
            }
        };
        let mut census = BTreeMap::new();
        for row in tx.rows(tables, &[])? {
            let table = row.text(0)?;
            let count = tx.int(&format!("SELECT count(*) FROM {table}"), &[])?;
            census.insert(table, count);
        }
        Ok::<_, store::StoreError>(census)
    };
    let census = center.store.read(read).await.unwrap();
    assert!(census["users"] > 0 && census["events"] > 0, "{census:?}");
    census
}

fn group(members: &Value) -> Value {
    json!({ "schemas": [GROUP], "displayName": "Hostile", "members": members })
}
