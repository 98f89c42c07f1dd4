//! Requests as bytes on a socket, and the cases about HTTP itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use web::serve::Bound;

use super::{ALL, Case, Place};

/// A server that listens, and a token of it.
pub struct Address {
    pub socket: SocketAddr,
    pub tenant: String,
    pub secret: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub json: Value,
}

/// Serves a router as the program does.
pub async fn serve(router: &Router, tenant: &str, secret: &str) -> Address {
    let bound = Bound::new("127.0.0.1:0".parse().unwrap(), None, None).await.unwrap();
    let socket = bound.address();
    let router = router.clone();
    tokio::spawn(async move { bound.serve(router, std::future::pending()).await });
    Address { socket, tenant: tenant.to_owned(), secret: secret.to_owned() }
}

/// One request on a connection of its own.
pub async fn send(address: &Address, case: &Case) -> Reply {
    let stream = TcpStream::connect(address.socket).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let bytes = request(address, case);
    // A server that has read enough answers and closes, so the rest cannot always be sent.
    let writer = tokio::spawn(async move {
        let _ = to.write_all(&bytes).await;
        to
    });
    let mut answer = Vec::new();
    let read = from.read_to_end(&mut answer).await;
    assert!(read.is_ok() || !answer.is_empty(), "{}: no answer, {read:?}", case.name);
    drop(writer.await);
    parse(&answer)
}

fn request(address: &Address, case: &Case) -> Vec<u8> {
    let mut head = format!(
        "{} /{}/scim/v2{} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
        case.method, address.tenant, case.path, address.socket
    );
    let mut header = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    let named = |name: &str| case.headers.iter().any(|(own, _)| *own == name);
    if !named("authorization") {
        header("authorization", &format!("Bearer {}", address.secret));
    }
    if !named("content-type") {
        header("content-type", "application/scim+json");
    }
    for (name, value) in &case.headers {
        header(name, &value.replace("{secret}", &address.secret));
    }
    match case.chunked {
        true => header("transfer-encoding", "chunked"),
        false if named("content-length") => {}
        false => header("content-length", &case.body.len().to_string()),
    }
    let mut bytes = format!("{head}\r\n").into_bytes();
    if !case.chunked {
        bytes.extend(&case.body);
        return bytes;
    }
    for part in case.body.chunks(60_000) {
        bytes.extend(format!("{:x}\r\n", part.len()).into_bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

fn parse(answer: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let json = serde_json::from_str(body).unwrap_or(Value::Null);
    Reply { status, headers: lines.filter_map(pair).collect(), text: body.to_owned(), json }
}

pub fn cases(place: &Place) -> Vec<Case> {
    let Place { user, stranger, .. } = place;
    let one = format!("/Users/{user}");
    vec![
        Case::get("two tokens", "/Users")
            .header("authorization", "Bearer {secret}")
            .header("authorization", "Bearer {secret}")
            .in_modes(&ALL)
            .is(401, "", "bearer token"),
        Case::get("no token", "/Users").header("authorization", "").is(401, "", "bearer token"),
        Case::get("another scheme", "/Users").header("authorization", "Basic {secret}").is(
            401,
            "",
            "bearer token",
        ),
        Case::get("a long token", "/Users")
            .header("authorization", format!("Bearer {}", "x".repeat(10_000)))
            .in_modes(&ALL)
            .is(401, "", "bearer token"),
        Case::get("a token of a mebibyte", "/Users")
            .header("authorization", format!("Bearer {}", "x".repeat(1 << 20)))
            .in_modes(&ALL)
            .is(431, "", ""),
        Case::get("a token in Latin 1", "/Users").header("authorization", "Bearer é").is(401, "", ""),
        Case::get("an address of 100,000 bytes", format!("/Users?filter={}", "x".repeat(100_000)))
            .in_modes(&ALL)
            .is(414, "", ""),
        Case::get("a query of 40,000 bytes", format!("/Users?filter={}", "x".repeat(40_000))).is(
            400,
            "invalidValue",
            "too long",
        ),
        Case::get("U+0000 in the path", "/Users/%00").in_modes(&ALL).is(404, "", "does not exist"),
        Case::get("U+0000 within an id", format!("{one}%00")).in_modes(&ALL).is(404, "", "does not exist"),
        Case::get("a slash in an id", format!("/Users/..%2fUsers%2f{user}")).is(404, "", "does not exist"),
        Case::get("a way up", format!("/Groups/../Users/{user}")).in_modes(&ALL).is(404, "", "endpoint"),
        Case::get("a way up, encoded", format!("/Groups/%2e%2e/Users/{user}")).is(404, "", "endpoint"),
        Case::get("no UTF-8 in an id", "/Users/%ff").in_modes(&ALL).is(404, "", ""),
        Case::get("a percent sign alone", "/Users/%").is(404, "", "does not exist"),
        Case::get("quotes in an id", "/Users/'%20OR%20'1'='1").in_modes(&ALL).is(404, "", "does not exist"),
        Case::get("an id of 50,000 bytes", format!("/Users/{}", "x".repeat(50_000))).is(
            404,
            "",
            "does not exist",
        ),
        Case::get("a user of another instance", format!("/Users/{stranger}")).in_modes(&ALL).is(404, "", ""),
        Case::new("another's user is not deleted", "DELETE", format!("/Users/{stranger}")).in_modes(&ALL).is(
            404,
            "",
            "does not exist",
        ),
        Case::new("If-Match of nonsense", "DELETE", one.clone())
            .header("if-match", "nonsense")
            .is(412, "", "If-Match"),
        Case::new("If-Match of nothing", "DELETE", one.clone())
            .header("if-match", "")
            .is(412, "", "If-Match"),
        Case::new("If-Match of other versions", "DELETE", one.clone())
            .header("if-match", "W/\"98\", W/\"99\"")
            .is(412, "", "at version"),
        Case::new("If-Match of 10,000 versions", "DELETE", one.clone())
            .header("if-match", vec!["\"99\""; 10_000].join(","))
            .is(412, "", "at version"),
        Case::new("If-None-Match of any", "DELETE", one).header("if-none-match", "*").is(
            412,
            "",
            "If-None-Match",
        ),
        Case::new("an unknown method", "BREW", "/Users").in_modes(&ALL).is(405, "", "method"),
    ]
}
