//! Answers as bytes on a connection that is kept: what RFC 9110 asks of statuses, headers and bodies.

use center::scim_server::mode::Mode;
use center::scim_server::tokens::store as tokens;
use serde_json::Value;

use crate::app::{App, apps, user};
use crate::socket::{Connection, Reply, Server};

struct Client<'a> {
    server: &'a Server,
    connection: Connection,
}

impl Client<'_> {
    async fn send(&mut self, method: &str, path: &str, headers: &str, body: Option<&Value>) -> Reply {
        let secret = &self.server.secret;
        let mut request =
            format!("{}authorization: Bearer {secret}\r\n{headers}", self.server.head(method, path));
        let body = body.map(Value::to_string).unwrap_or_default();
        if !body.is_empty() {
            request += &format!("content-type: application/scim+json\r\ncontent-length: {}\r\n", body.len());
        }
        self.connection.send(format!("{request}\r\n{body}").as_bytes()).await;
        self.connection.reply(method == "HEAD").await
    }

    async fn get(&mut self, path: &str, headers: &str) -> Reply {
        self.send("GET", path, headers, None).await
    }
}

async fn servers() -> Vec<(App, Server)> {
    let mut servers = Vec::new();
    for app in apps().await {
        let server = Server::start(&app.router, &app.tenant, &app.token.secret).await;
        servers.push((app, server));
    }
    servers
}

/// An answer without a body says nothing about one, RFC 9110 §8.6 and §15.3.5.
fn assert_bare(reply: &Reply) {
    for name in ["content-length", "content-type", "transfer-encoding"] {
        assert_eq!(reply.header(name), None, "{reply:?}");
    }
}

#[tokio::test]
async fn what_has_no_body_says_nothing_about_one_and_the_next_answer_is_whole() {
    for (_app, server) in servers().await {
        let mut client = Client { server: &server, connection: server.connect().await };
        let made = client.send("POST", "/Users", "", Some(&user("ana"))).await;
        assert_eq!((made.status, made.header("content-type")), (201, Some("application/scim+json")));
        let id = made.json["id"].as_str().unwrap().to_owned();
        let path = format!("/Users/{id}");
        assert_eq!(made.header("location"), made.json["meta"]["location"].as_str());
        assert!(made.header("location").unwrap().ends_with(&path));
        let etag = made.header("etag").unwrap().to_owned();
        assert_eq!(made.json["meta"]["version"], *etag);

        let same = client.get(&path, &format!("if-none-match: {etag}\r\n")).await;
        assert_eq!((same.status, same.header("etag")), (304, Some(etag.as_str())));
        assert_bare(&same);
        let whole = client.get(&path, "").await;
        assert_eq!((whole.status, &whole.json["id"]), (200, &made.json["id"]));

        let head = client.send("HEAD", &path, "", None).await;
        assert_eq!((head.status, head.header("etag")), (200, Some(etag.as_str())));
        assert_eq!(head.header("content-length"), Some(whole.text.len().to_string().as_str()));
        let absent = client.send("HEAD", "/Users/nobody", "", None).await;
        assert_eq!((absent.status, absent.header("content-type")), (404, Some("application/scim+json")));

        let members = serde_json::json!({ "schemas": [crate::app::GROUP], "displayName": "Staff" });
        let group = client.send("POST", "/Groups", "", Some(&members)).await;
        let group = format!("/Groups/{}", group.json["id"].as_str().unwrap());
        let add = serde_json::json!({ "schemas": [crate::app::PATCH],
            "Operations": [{ "op": "add", "path": "members", "value": [{ "value": id }] }] });
        let changed = client.send("PATCH", &group, "", Some(&add)).await;
        assert_eq!(changed.status, 204);
        assert_bare(&changed);
        let gone = client.send("DELETE", &path, "", None).await;
        assert_eq!((gone.status, gone.header("location")), (204, None));
        assert_bare(&gone);
        let left = client.get("/Users", "").await;
        assert_eq!((left.status, &left.json["totalResults"]), (200, &Value::from(0)));
    }
}

#[tokio::test]
async fn two_requests_at_once_have_two_answers() {
    for (_app, server) in servers().await {
        let mut client = Client { server: &server, connection: server.connect().await };
        let made = client.send("POST", "/Users", "", Some(&user("ana"))).await;
        let path = format!("/Users/{}", made.json["id"].as_str().unwrap());
        let auth = format!("authorization: Bearer {}\r\n\r\n", server.secret);
        let both = format!("{}{auth}{}{auth}", server.head("DELETE", &path), server.head("GET", "/Users"));
        client.connection.send(both.as_bytes()).await;
        assert_eq!(client.connection.reply(false).await.status, 204);
        assert_eq!(client.connection.reply(false).await.json["totalResults"], 0);
    }
}

#[tokio::test]
async fn refusals_say_what_would_be_right() {
    for (_app, server) in servers().await {
        let mut client = Client { server: &server, connection: server.connect().await };
        for (method, path, allowed) in [
            ("DELETE", "/Users", "GET,HEAD,POST"),
            ("OPTIONS", "/Users", "GET,HEAD,POST"),
            ("OPTIONS", "/Users/1", "DELETE,GET,HEAD,PATCH,PUT"),
            ("POST", "/Groups/1", "DELETE,GET,HEAD,PATCH,PUT"),
            ("PUT", "/ServiceProviderConfig", "GET,HEAD"),
            ("GET", "/Bulk", "POST"),
            ("TRACE", "/Users", "GET,HEAD,POST"),
        ] {
            let refused = client.send(method, path, "", None).await;
            let mut allow: Vec<&str> = refused.header("allow").unwrap_or_default().split(',').collect();
            allow.sort_unstable();
            assert_eq!(
                (refused.status, allow.join(",").as_str()),
                (405, allowed),
                "{method} {path}: {refused:?}"
            );
            assert_eq!(refused.json["status"], "405");
        }
        let wrong = client.get("/Users", "authorization: Bearer x\r\n").await;
        assert_eq!((wrong.status, wrong.header("www-authenticate")), (401, Some("Bearer")));
        assert_eq!(wrong.header("content-type"), Some("application/scim+json"));
    }
}

#[tokio::test]
async fn media_types_are_those_that_were_agreed_on() {
    for (app, server) in servers().await {
        let mut client = Client { server: &server, connection: server.connect().await };
        let refused =
            |reply: &Reply| (reply.status, reply.json["status"].as_str().unwrap_or("none").to_owned());
        for accept in
            ["application/scim+json", "application/json", "application/*", "*/*", "text/html, */*;q=0.1", ""]
        {
            let found = client.get("/Users", &format!("accept: {accept}\r\n")).await;
            assert_eq!(
                (found.status, found.header("content-type")),
                (200, Some("application/scim+json")),
                "{accept}"
            );
        }
        // RFC 9110 §12.5.1 leaves it open: an answer in another type than asked for, or 406.
        let html = "accept: text/html\r\n";
        assert_eq!(client.get("/Users", html).await.status, 200);
        set_mode(&app, Mode::Strict).await;
        for accept in ["text/html", "application/json;q=0", "application/xml, text/*;q=0.3"] {
            let found = client.get("/Users", &format!("accept: {accept}\r\n")).await;
            assert_eq!(refused(&found), (406, "406".to_owned()), "{accept}: {found:?}");
            assert!(found.text.contains("application/scim+json"));
        }
        assert_eq!(
            client.get("/Users", "accept: text/html\r\naccept: application/json;q=0.5\r\n").await.status,
            200
        );
        let coded = client.send("POST", "/Users", "content-encoding: gzip\r\n", Some(&user("bo"))).await;
        assert_eq!((coded.status, coded.header("accept-encoding")), (415, Some("identity")));

        set_mode(&app, Mode::Aws).await;
        let found = client.get("/Users", html).await;
        assert_eq!((found.status, found.header("content-type")), (200, Some("application/json")));
        let absent = client.get("/Users/nobody", "").await;
        assert_eq!((absent.status, absent.header("content-type")), (404, Some("application/json")));
    }
}

async fn set_mode(app: &App, mode: Mode) {
    let author = app.center.author_named("system");
    app.center.store.write(move |tx| tokens::set_mode(tx, &author, None, Some(mode))).await.unwrap();
}
