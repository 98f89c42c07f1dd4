//! What each vendor's client sends in a row, replayed, and every answer compared whole: status, headers, body.
//!
//! `center/testdata/captures/{vendor}.json` has the exchanges in order, and says from where they are known. Only what
//! differs from run to run has a placeholder: `<base>` is the address of the SCIM root, `<request-id>` the id of an answer, and
//! `<name>` the id of a resource, after the exchange that `"makes"` it. The clock goes on by a second with each exchange.
//!
//! With `ENTENTE_BLESS=1` the files are written with the answers that the server gives; read the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use axum::body::Body;
use center::scim_server::mode::Mode;
use center::scim_server::tokens::store as tokens;
use http::{HeaderName, Request};
use serde_json::{Value, json};

use crate::app::{Answer, App, apps};

#[tokio::test]
async fn entra_in_its_default_dialect() {
    replay("entra").await;
}

#[tokio::test]
async fn entra_with_aad_opt_scim_062020() {
    replay("entra-aadOptscim062020").await;
}

#[tokio::test]
async fn okta() {
    replay("okta").await;
}

#[tokio::test]
async fn aws() {
    replay("aws").await;
}

#[tokio::test]
async fn google() {
    replay("google").await;
}

/// Headers that `web::serve::harden` gives every answer, whatever it is about: there, and not in the files.
const OF_EVERY_ANSWER: [&str; 5] = [
    "cache-control",
    "content-security-policy",
    "cross-origin-opener-policy",
    "referrer-policy",
    "x-content-type-options",
];

fn file(vendor: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/captures/{vendor}.json"))
}

async fn replay(vendor: &str) {
    let mut capture: Value = serde_json::from_str(&fs::read_to_string(file(vendor)).unwrap()).unwrap();
    assert!(capture["source"].as_str().is_some_and(|source| source.starts_with("https://")), "{vendor}");
    let bless = std::env::var_os("ENTENTE_BLESS").is_some();
    for app in apps().await {
        let mut known =
            Known(vec![(format!("http://127.0.0.1:9/{}/scim/v2", app.tenant), "<base>".to_owned())]);
        if let Some(mode) = capture["mode"].as_str() {
            let (author, mode) = (app.center.author_named("system"), Mode::of(mode));
            assert!(mode.is_some());
            app.center.store.write(move |tx| tokens::set_mode(tx, &author, None, mode)).await.unwrap();
        }
        let exchanges = capture["exchanges"].as_array_mut().unwrap();
        assert!(exchanges.len() > 5, "{vendor}");
        for exchange in exchanges {
            app.center.clock.advance(std::time::Duration::from_secs(1));
            let answer = app.send(request(&app, &known, &exchange["request"])).await;
            if let Some(name) = exchange["makes"].as_str() {
                let id = answer.body["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text));
                known.0.push((id.to_owned(), format!("<{name}>")));
            }
            let found = known.shown(&answer);
            if bless {
                exchange["answer"] = found;
                continue;
            }
            assert_eq!(found, exchange["answer"], "{vendor}, {}: {found:#}", exchange["name"]);
        }
    }
    if bless {
        fs::write(file(vendor), format!("{capture:#}\n")).unwrap();
    }
}

fn request(app: &App, known: &Known, sent: &Value) -> Request<Body> {
    let path = known.filled(sent["path"].as_str().unwrap());
    let method = sent["method"].as_str().unwrap().parse().unwrap();
    let mut request = Request::builder()
        .method::<http::Method>(method)
        .uri(format!("/{}/scim/v2{path}", app.tenant))
        .header("authorization", format!("Bearer {}", app.token.secret));
    for (name, value) in sent["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    let body = match &sent["body"] {
        Value::Null => Body::empty(),
        body => Body::from(known.filled(&body.to_string())),
    };
    request.body(body).unwrap()
}

/// Texts of this run, each with its placeholder.
struct Known(Vec<(String, String)>);

impl Known {
    fn filled(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (found, placeholder)| text.replace(placeholder, found))
    }

    /// An answer as the files have it.
    fn shown(&self, answer: &Answer) -> Value {
        let request_id = answer.headers["x-amzn-requestid"].to_str().unwrap();
        let replaced = |text: &str| {
            let text = text.replace(request_id, "<request-id>");
            let text =
                self.0.iter().fold(text, |text, (found, placeholder)| text.replace(found, placeholder));
            without_hashes(&text)
        };
        assert!(OF_EVERY_ANSWER.iter().all(|name| answer.headers.contains_key(*name)));
        let shown = |name: &HeaderName| !OF_EVERY_ANSWER.contains(&name.as_str());
        let headers = answer.headers.iter().filter(|(name, _)| shown(name));
        let headers: BTreeMap<&str, String> =
            headers.map(|(name, value)| (name.as_str(), replaced(value.to_str().unwrap()))).collect();
        let body: Value = match answer.text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(&replaced(text)).unwrap(),
        };
        json!({ "status": answer.status.as_u16(), "headers": headers, "body": body })
    }
}

/// The text with `<groups>` for what stands for the groups in the version of a user.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split("W/");
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        let hash = part.split_once('.').filter(|(version, rest)| {
            let digits = version.trim_start_matches(['\\', '"']);
            let hexadecimal = rest.chars().take(12).all(|c| c.is_ascii_hexdigit());
            digits.chars().all(|c| c.is_ascii_digit()) && hexadecimal && rest.len() > 12
        });
        let part =
            hash.map_or(part.to_owned(), |(version, rest)| format!("{version}.<groups>{}", &rest[12..]));
        shown.extend(["W/", &part]);
    }
    shown
}
