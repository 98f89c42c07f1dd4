//! `entente center scim …` against a server that runs and remembers what it looked up a moment ago: each command
//! counts with the very next request.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::Engine;
use store::testing::fresh_url;

use entente::client::{Body, Http};

use crate::crash::connect_empty;
use crate::process::Both;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const TOOLS: &str = "urn:example:params:scim:schemas:extension:tools:2.0:User";

struct Walk {
    both: Both,
    endpoint: String,
}

impl Walk {
    /// What a command prints.
    fn run(&self, arguments: &[&str]) -> Value {
        self.both.run(&[&["center"], arguments].concat())
    }

    fn attempt(&self, arguments: &[&str]) -> (bool, Value, String) {
        self.both.attempt(&[&["center"], arguments].concat())
    }

    fn client(&self, token: &str) -> Http {
        Http::new(&self.endpoint).unwrap().with_bearer(token.to_owned())
    }

    /// Makes a token by a command: its id and a client that has it.
    fn token(&self) -> (String, Http) {
        let made = self.run(&["scim", "create-token"]);
        (made["id"].as_str().unwrap().to_owned(), self.client(made["secret"].as_str().unwrap()))
    }
}

/// What the server answers now.
async fn status(client: &Http, method: Method, path: &str, body: Body<'_>) -> StatusCode {
    client.send(method, path, body).await.unwrap().status
}

/// Asked twice: the second time the server remembers the token.
async fn is_known(client: &Http) -> bool {
    let first = status(client, Method::GET, "/Users?count=1", Body::Empty).await;
    let second = status(client, Method::GET, "/Users?count=1", Body::Empty).await;
    assert_eq!(first, second);
    assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&first), "{first}");
    first == StatusCode::OK
}

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name, "displayName": name, "externalId": format!("x-{name}"),
        "name": { "givenName": "G", "familyName": "F" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_count_with_the_next_request_on_sqlite() {
    walk(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_count_with_the_next_request_on_postgresql() {
    walk(Some(fresh_url(Engine::Postgres).0)).await;
}

async fn walk(store: Option<String>) {
    let both = Both::start([None, store]).await;
    let (directory, center) = both.clients().await;
    let (_, _) = connect_empty(&directory, &center).await;
    let shown = center.http.get("/api/scim").await.unwrap();
    let endpoint = shown["endpoint"].as_str().unwrap().trim_end_matches('/').to_owned();
    let walk = Walk { both, endpoint };
    let (id, client) = walk.token();
    tokens(&walk, &id, &client).await;
    let (id, client) = walk.token();
    modes(&walk, &id, &client).await;
    schemas(&walk, &client).await;
    recycle_bin(&walk, &client).await;
    ownership(&walk, &client).await;
    walk.run(&["scim", "delete-token", &id]);
    assert!(!is_known(&client).await);
    let tokens = walk.run(&["scim", "show"])["tokens"].clone();
    for token in tokens.as_array().unwrap() {
        walk.run(&["scim", "delete-token", token["id"].as_str().unwrap()]);
    }
    walk.run(&["scim", "disable"]);
    let enabled = walk.run(&["scim", "enable"]);
    let client = walk.client(enabled["token"]["secret"].as_str().unwrap());
    assert!(is_known(&client).await, "who was there stays, and the new token counts");
}

/// A token that a command deletes is refused at once.
async fn tokens(walk: &Walk, id: &str, client: &Http) {
    assert!(is_known(client).await);
    let (third, _, error) = walk.attempt(&["scim", "create-token"]);
    assert!(!third && error.contains("TokenLimit"), "{error}");
    walk.run(&["scim", "delete-token", id]);
    assert!(!is_known(client).await, "a deleted token counts no more");
}

async fn modes(walk: &Walk, id: &str, client: &Http) {
    assert!(is_known(client).await);
    let made = client.post("/Users", &user("mia")).await.unwrap();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let capital = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "Replace", "path": "title", "value": "x" }] });
    let patch = async || status(client, Method::PATCH, &path, Body::Json(&capital)).await;
    let bulk = async || status(client, Method::POST, "/Bulk", Body::Json(&json!({}))).await;
    for (arguments, patched, bulked) in [
        (vec!["scim", "set-mode", "strict"], StatusCode::BAD_REQUEST, StatusCode::BAD_REQUEST),
        (vec!["scim", "set-mode", "aws", "--token", id], StatusCode::OK, StatusCode::NOT_FOUND),
        (
            vec!["scim", "set-mode", "default", "--token", id],
            StatusCode::BAD_REQUEST,
            StatusCode::BAD_REQUEST,
        ),
        (vec!["scim", "set-mode", "tolerant"], StatusCode::OK, StatusCode::BAD_REQUEST),
    ] {
        walk.run(&arguments);
        assert_eq!((patch().await, bulk().await), (patched, bulked), "{arguments:?}");
    }
    walk.run(&["scim", "set-rate-limit", "1"]);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(status(client, Method::GET, "/Users?count=1", Body::Empty).await);
    }
    assert!(answers.contains(&StatusCode::TOO_MANY_REQUESTS), "{answers:?}");
    walk.run(&["scim", "set-rate-limit", "1000"]);
    assert!(is_known(client).await);
}

async fn schemas(walk: &Walk, client: &Http) {
    let path = format!("/Schemas/{TOOLS}");
    let mut tom = user("tom");
    tom["schemas"] = json!([USER, TOOLS]);
    tom[TOOLS] = json!({ "favourite": "saw" });
    assert_eq!(status(client, Method::GET, &path, Body::Empty).await, StatusCode::NOT_FOUND);
    let file = walk.both.folder.path().join("tools.json");
    let schema = json!({
        "id": TOOLS, "name": "Tools", "description": "What people work with", "resourceType": "User",
        "attributes": [{ "name": "favourite", "type": "string", "multiValued": false, "description": "The best one",
            "required": false, "caseExact": false, "mutability": "readWrite", "returned": "default",
            "uniqueness": "none" }],
    });
    std::fs::write(&file, schema.to_string()).unwrap();
    walk.run(&["scim", "schema", "add", file.to_str().unwrap()]);
    assert_eq!(status(client, Method::GET, &path, Body::Empty).await, StatusCode::OK);
    let made = client.post("/Users", &tom).await.unwrap();
    assert_eq!(made[TOOLS]["favourite"], "saw");
    let one = format!("/Users/{}", made["id"].as_str().unwrap());
    let (removed, _, error) = walk.attempt(&["scim", "schema", "remove", TOOLS]);
    assert!(!removed && error.contains('1'), "{error}");
    walk.run(&["scim", "schema", "remove", TOOLS, "--confirm", "1"]);
    assert_eq!(status(client, Method::GET, &path, Body::Empty).await, StatusCode::NOT_FOUND);
    assert_eq!(client.get(&one).await.unwrap()[TOOLS], Value::Null);
}

async fn recycle_bin(walk: &Walk, client: &Http) {
    let made = client.post("/Users", &user("rita")).await.unwrap();
    let id = made["id"].as_str().unwrap();
    let path = format!("/Users/{id}");
    assert_eq!(status(client, Method::DELETE, &path, Body::Empty).await, StatusCode::NO_CONTENT);
    assert_eq!(status(client, Method::GET, &path, Body::Empty).await, StatusCode::NOT_FOUND);
    walk.run(&["recycle-bin", "restore", id]);
    assert_eq!(client.get(&path).await.unwrap()["userName"], "rita");
    assert_eq!(status(client, Method::DELETE, &path, Body::Empty).await, StatusCode::NO_CONTENT);
    walk.run(&["recycle-bin", "set-restore-returning", "false"]);
    let again = client.post("/Users", &user("rita")).await.unwrap();
    assert_ne!(again["id"], *id, "nobody comes back any more");
    walk.run(&["recycle-bin", "remove", id, "--yes"]);
    assert_eq!(walk.run(&["recycle-bin", "list"]), json!([]));
}

async fn ownership(walk: &Walk, client: &Http) {
    let olga = client.post("/Users", &user("olga")).await.unwrap();
    let path = format!("/Users/{}", olga["id"].as_str().unwrap());
    let title = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "title", "value": "x" }] });
    let patch = async || status(client, Method::PATCH, &path, Body::Json(&title)).await;
    assert_eq!(patch().await, StatusCode::OK);
    walk.run(&["scim", "take-back", "--user", "olga"]);
    assert_eq!(patch().await, StatusCode::FORBIDDEN);
    assert_eq!(walk.run(&["scim", "foreign"])["count"]["users"], 1);
    walk.run(&["scim", "hand-over", "--user", "olga"]);
    assert_eq!(patch().await, StatusCode::OK);
}
