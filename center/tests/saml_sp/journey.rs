//! A center, its identity provider, and what a browser carries between them.

use std::time::Duration;

use center::saml_sp;
use center::testing::{Answer, TestCenter};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use saml::bindings::{Parameter, decode_redirect, encode_post};
use saml::names::{CONTEXT_PASSWORD, FORMAT_EMAIL};
use saml::response::{IssueResponse, SignOption, issue_response};
use serde_json::{Value, json};

use crate::test_idp::{ENTITY_ID, Key, SIGN_IN_URL};

pub const ANA: &str = "ana.ng@corp.example";
pub const COOKIE: &str = "entente_portal_sign_in";

/// A center whose people sign in at the test's identity provider.
pub struct Sp {
    pub test: TestCenter,
    pub entity_id: String,
    pub acs_url: String,
    pub acs_path: String,
}

/// A sign-in that was started in a browser.
#[derive(Clone)]
pub struct Begun {
    pub id: String,
    pub relay_state: String,
    pub cookie: String,
}

/// What the browser brings back.
pub struct Brought {
    pub xml: String,
    pub relay_state: String,
    pub cookie: String,
}

impl Sp {
    pub async fn on_each() -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestCenter::on_each().await {
            all.push(Self::over(test, Key::current().metadata(&[])).await);
        }
        all
    }

    pub async fn over(test: TestCenter, metadata: String) -> Self {
        test.user(ANA, None).await;
        let source = test.api(Method::GET, "/api/identity-source", Value::Null).await.json();
        let text = |name: &str| source["serviceProvider"][name].as_str().unwrap().to_owned();
        let (entity_id, acs_url) = (text("issuer"), text("acsUrl"));
        let acs_path = acs_url.strip_prefix("http://127.0.0.1:7002").unwrap().to_owned();
        let sp = Self { test, entity_id, acs_url, acs_path };
        sp.change_to(json!({ "kind": "external", "metadataXml": metadata })).await;
        sp
    }

    pub async fn change_to(&self, source: Value) {
        let proposed = self.test.api(Method::PUT, "/api/identity-source/proposal", source).await;
        assert_eq!(proposed.status, StatusCode::OK, "{}", proposed.body);
        let confirm = json!({ "confirm": "ACCEPT" });
        let accepted = self.test.api(Method::POST, "/api/identity-source/accept", confirm).await;
        assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
    }

    /// Starts a sign-in in a browser with these cookies.
    pub async fn start(&self, cookie: &str, return_to: &str) -> (HeaderMap, String) {
        let mut headers = HeaderMap::new();
        if !cookie.is_empty() {
            headers.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        let response = saml_sp::start(&self.test.center, &headers, return_to).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    pub async fn begin(&self) -> Begun {
        self.begin_in("", "/start/accounts").await
    }

    pub async fn begin_in(&self, cookie: &str, return_to: &str) -> Begun {
        let (headers, _) = self.start(cookie, return_to).await;
        let location = headers[header::LOCATION].to_str().unwrap();
        let query = location.strip_prefix(SIGN_IN_URL).unwrap().strip_prefix('?').unwrap();
        let message = decode_redirect(query, Parameter::SamlRequest).unwrap();
        let xml = String::from_utf8(message.xml).unwrap();
        let id = xml.split_once(" ID=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        Begun { id, relay_state: message.relay_state.unwrap(), cookie }
    }

    /// What the identity provider answers, as it should.
    pub fn right<'a>(&'a self, begun: Option<&'a Begun>) -> IssueResponse<'a> {
        let now = self.test.center.clock.now().to_offset();
        IssueResponse {
            response_id: "_11111111-0000-4000-8000-000000000001",
            assertion_id: "_22222222-0000-4000-8000-000000000002",
            now,
            issuer: ENTITY_ID,
            destination: &self.acs_url,
            audience: &self.entity_id,
            in_response_to: begun.map(|begun| begun.id.as_str()),
            name_id: ANA,
            name_id_format: FORMAT_EMAIL,
            sp_name_qualifier: None,
            attributes: &[],
            authn_instant: now,
            authn_context: CONTEXT_PASSWORD,
            sign: SignOption::Assertion,
        }
    }

    /// Brings a form to the assertion consumer service.
    pub async fn bring(&self, brought: &Brought) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &encode_post(&brought.xml))
            .append_pair("RelayState", &brought.relay_state)
            .finish();
        self.bring_form(form, &brought.cookie).await
    }

    pub async fn bring_form(&self, form: String, cookie: &str) -> Answer {
        // No two attempts at the same moment, so that the newest is known.
        self.test.center.clock.advance(Duration::from_micros(1));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie),
            // As a browser says of a form that the identity provider's page sends.
            ("origin", "https://login.idp.example"),
            ("sec-fetch-site", "cross-site"),
        ];
        self.test.send(Method::POST, &self.acs_path, &headers, form).await
    }

    pub async fn sessions(&self) -> i64 {
        let sql = "SELECT count(*) FROM sessions WHERE audience = 'portal'";
        self.test.center.store.read(move |tx| tx.int(sql, &[])).await.unwrap()
    }

    pub async fn newest(&self) -> Value {
        let list = self.test.api(Method::GET, "/api/sign-in-attempts?limit=1", Value::Null).await.json();
        let reference = list["value"][0]["reference"].as_str().unwrap().to_owned();
        let path = format!("/api/sign-in-attempts/{reference}");
        self.test.api(Method::GET, &path, Value::Null).await.json()
    }

    pub async fn newest_event(&self, action: &str) -> Value {
        let found = self.test.api(Method::GET, "/api/events?limit=20", Value::Null).await.json();
        let mut events = found["value"].as_array().unwrap().iter();
        events.find(|event| event["action"] == action).cloned().unwrap_or(Value::Null)
    }

    /// The answer must be refused with this code, and nothing may have changed.
    pub async fn refused(&self, case: &str, answer: &Answer, code: &str, sessions: i64) -> Value {
        let attempt = self.newest().await;
        assert_eq!(attempt["outcome"], code, "{case}: {attempt}");
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{case}");
        let reference = attempt["reference"].as_str().unwrap();
        assert!(answer.body.contains(reference), "{case}: the page shows the reference");
        assert!(!answer.body.contains(code), "{case}: the page tells strangers nothing");
        assert!(answer.headers.get(header::SET_COOKIE).is_none(), "{case}");
        assert_eq!(self.sessions().await, sessions, "{case}");
        let last = attempt["checks"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["passed"], false, "{case}: {attempt}");
        assert!(!attempt["fix"].as_str().unwrap().is_empty(), "{case}");
        let event = self.newest_event("sign_in.refused").await;
        assert_eq!(event["after"]["reference"], reference, "{case}");
        assert_eq!(event["after"]["outcome"], code, "{case}");
        attempt
    }
}

pub fn issue(response: &IssueResponse<'_>) -> String {
    issue_response(response, &Key::current().signing).unwrap()
}

pub fn brought(xml: String, begun: &Begun) -> Brought {
    Brought { xml, relay_state: begun.relay_state.clone(), cookie: begun.cookie.clone() }
}

pub fn portal_cookie(answer: &Answer) -> String {
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("entente_portal_session=") && cookie.contains("HttpOnly"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// The text of one element.
pub fn cut<'a>(xml: &'a str, from: &str, to: &str) -> &'a str {
    let start = xml.find(from).unwrap();
    let end = xml[start..].find(to).unwrap() + start + to.len();
    &xml[start..end]
}
