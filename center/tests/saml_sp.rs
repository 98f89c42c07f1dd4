//! Sign-ins at an external identity provider, through the router, on both engines.

mod test_idp;

use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use center::saml_sp;
use center::testing::{Answer, NOW, TestCenter};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use rcgen::SigningKey as _;
use saml::bindings::{Parameter, decode_post, decode_redirect, encode_post};
use saml::names::{CONTEXT_PASSWORD, FORMAT_EMAIL, FORMAT_PERSISTENT};
use saml::response::{IssueResponse, SignOption, issue_response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::StoreError;
use test_idp::{ENTITY_ID, Key, SIGN_IN_URL};
use web::Timestamp;

const ANA: &str = "ana.ng@corp.example";
const COOKIE: &str = "entente_portal_sign_in";

/// A center whose people sign in at the test's identity provider.
struct Sp {
    test: TestCenter,
    entity_id: String,
    acs_url: String,
    acs_path: String,
}

/// A sign-in that was started in a browser.
#[derive(Clone)]
struct Begun {
    id: String,
    relay_state: String,
    cookie: String,
}

/// What the browser brings back.
struct Brought {
    xml: String,
    relay_state: String,
    cookie: String,
}

impl Sp {
    async fn on_each() -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestCenter::on_each().await {
            all.push(Self::over(test, Key::current().metadata(&[])).await);
        }
        all
    }

    async fn over(test: TestCenter, metadata: String) -> Self {
        test.user(ANA, None).await;
        let source = test.api(Method::GET, "/api/identity-source", Value::Null).await.json();
        let text = |name: &str| source["serviceProvider"][name].as_str().unwrap().to_owned();
        let (entity_id, acs_url) = (text("issuer"), text("acsUrl"));
        let acs_path = acs_url.strip_prefix("http://127.0.0.1:7002").unwrap().to_owned();
        let sp = Self { test, entity_id, acs_url, acs_path };
        sp.change_to(json!({ "kind": "external", "metadataXml": metadata })).await;
        sp
    }

    async fn change_to(&self, source: Value) {
        let proposed = self.test.api(Method::PUT, "/api/identity-source/proposal", source).await;
        assert_eq!(proposed.status, StatusCode::OK, "{}", proposed.body);
        let confirm = json!({ "confirm": "ACCEPT" });
        let accepted = self.test.api(Method::POST, "/api/identity-source/accept", confirm).await;
        assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
    }

    /// Starts a sign-in in a browser with these cookies.
    async fn start(&self, cookie: &str, return_to: &str) -> (HeaderMap, String) {
        let mut headers = HeaderMap::new();
        if !cookie.is_empty() {
            headers.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        let response = saml_sp::start(&self.test.center, &headers, return_to).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn begin(&self) -> Begun {
        self.begin_in("", "/start/accounts").await
    }

    async fn begin_in(&self, cookie: &str, return_to: &str) -> Begun {
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
    fn right<'a>(&'a self, begun: Option<&'a Begun>) -> IssueResponse<'a> {
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
    async fn bring(&self, brought: &Brought) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &encode_post(&brought.xml))
            .append_pair("RelayState", &brought.relay_state)
            .finish();
        self.bring_form(form, &brought.cookie).await
    }

    async fn bring_form(&self, form: String, cookie: &str) -> Answer {
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

    async fn sessions(&self) -> i64 {
        let sql = "SELECT count(*) FROM sessions WHERE audience = 'portal'";
        self.test.center.store.read(move |tx| tx.int(sql, &[])).await.unwrap()
    }

    async fn newest(&self) -> Value {
        let list = self.test.api(Method::GET, "/api/sign-in-attempts?limit=1", Value::Null).await.json();
        let reference = list["value"][0]["reference"].as_str().unwrap().to_owned();
        let path = format!("/api/sign-in-attempts/{reference}");
        self.test.api(Method::GET, &path, Value::Null).await.json()
    }

    async fn newest_event(&self, action: &str) -> Value {
        let found = self.test.api(Method::GET, "/api/events?limit=20", Value::Null).await.json();
        let mut events = found["value"].as_array().unwrap().iter();
        events.find(|event| event["action"] == action).cloned().unwrap_or(Value::Null)
    }

    /// The answer must be refused with this code, and nothing may have changed.
    async fn refused(&self, case: &str, answer: &Answer, code: &str, sessions: i64) -> Value {
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

fn issue(response: &IssueResponse<'_>) -> String {
    issue_response(response, &Key::current().signing).unwrap()
}

fn brought(xml: String, begun: &Begun) -> Brought {
    Brought { xml, relay_state: begun.relay_state.clone(), cookie: begun.cookie.clone() }
}

fn portal_cookie(answer: &Answer) -> String {
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("entente_portal_session=") && cookie.contains("HttpOnly"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// The text of one element.
fn cut<'a>(xml: &'a str, from: &str, to: &str) -> &'a str {
    let start = xml.find(from).unwrap();
    let end = xml[start..].find(to).unwrap() + start + to.len();
    &xml[start..end]
}

#[tokio::test]
async fn a_person_comes_back_signed_in_where_she_wanted_to_go() {
    for sp in Sp::on_each().await {
        let begun = sp.begin_in("", "/start?account=1").await;
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/start?account=1"));
        let session = portal_cookie(&answer);
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(&session).unwrap());
        let audience = center::access::PORTAL_AUDIENCE;
        let caller = center::access::by_session(&sp.test.center, &headers, audience).await.unwrap().unwrap();
        assert_eq!(caller.name, ANA);
        let attempt = sp.newest().await;
        assert_eq!((&attempt["outcome"], &attempt["userName"]), (&json!("accepted"), &json!(ANA)));
        let names: Vec<_> =
            attempt["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
        for name in [
            "Form",
            "Signature",
            "Issuer",
            "Destination",
            "Audience",
            "Conditions",
            "NameID",
            "Replay",
            "Request",
            "User",
        ] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        let event = sp.newest_event("sign_in.accepted").await;
        assert_eq!(event["subjectId"], caller.id.as_str());
        assert_eq!(event["actor"], format!("user:{}", caller.id));
    }
}

#[tokio::test]
async fn the_request_says_what_that_of_aws_says() {
    let sp = Sp::on_each().await.remove(0);
    let (headers, _) = sp.start("", "/start").await;
    let location = headers[header::LOCATION].to_str().unwrap().to_owned();
    let message = decode_redirect(location.split_once('?').unwrap().1, Parameter::SamlRequest).unwrap();
    let xml = String::from_utf8(message.xml).unwrap();
    let id = xml.split_once(" ID=\"").unwrap().1.split('"').next().unwrap();
    assert!(id.starts_with("aws_") && id.len() == 36, "{id}");
    assert!(id[4..].bytes().all(|b| b.is_ascii_alphanumeric()));
    assert_eq!(message.relay_state.as_deref(), Some(id));
    for part in [
        format!("Destination=\"{SIGN_IN_URL}\""),
        format!("AssertionConsumerServiceURL=\"{}\"", sp.acs_url),
        format!(">{}</saml:Issuer>", sp.entity_id),
        format!("Format=\"{FORMAT_EMAIL}\""),
    ] {
        assert!(xml.contains(&part), "{part} in {xml}");
    }
    for absent in ["Signature", "ForceAuthn", "IsPassive", "AllowCreate", "RequestedAuthnContext", "Scoping"]
    {
        assert!(!xml.contains(absent), "{absent}");
    }
    let cookie = headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.starts_with(COOKIE) && cookie.contains("HttpOnly") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
}

#[tokio::test]
async fn an_identity_provider_without_redirect_gets_a_form() {
    for test in TestCenter::on_each().await {
        let redirect = cut(
            &Key::current().metadata(&[]),
            "<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"",
            "</SingleSignOnService>",
        )
        .to_owned();
        let sp = Sp::over(test, Key::current().metadata(&[]).replace(&redirect, "")).await;
        let (headers, page) = sp.start("", "/start").await;
        assert!(page.contains(&format!("action=\"{SIGN_IN_URL}\"")), "{page}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("form-action https://login.idp.example;"), "{policy}");
        let value = page.split_once("name=\"SAMLRequest\" value=\"").unwrap().1.split('"').next().unwrap();
        let xml = decode_post(&value.replace("&#61;", "=").replace("&#43;", "+")).unwrap();
        assert!(String::from_utf8(xml).unwrap().contains("aws_"));
    }
}

#[tokio::test]
async fn a_sign_in_that_begins_at_the_identity_provider_lands_on_the_portal() {
    for sp in Sp::on_each().await {
        let xml = issue(&sp.right(None));
        // RelayState of an identity provider leads nowhere.
        let brought = Brought { xml, relay_state: "https://evil.example/".to_owned(), cookie: String::new() };
        let answer = sp.bring(&brought).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/start"));
        assert_eq!(sp.sessions().await, 1);
        let answer = sp.bring(&brought).await;
        sp.refused("the same again", &answer, "Replayed", 1).await;
    }
}

#[tokio::test]
async fn every_place_of_the_signature_is_taken() {
    let sp = Sp::on_each().await.remove(0);
    for (n, sign) in [SignOption::Assertion, SignOption::Response, SignOption::ResponseAndAssertion]
        .into_iter()
        .enumerate()
    {
        let begun = sp.begin().await;
        let id = format!("_assertion-{n}");
        let xml = issue(&IssueResponse { sign, assertion_id: &id, ..sp.right(Some(&begun)) });
        assert_eq!(sp.bring(&brought(xml, &begun)).await.status, StatusCode::SEE_OTHER, "{sign:?}");
    }
}

type Change = fn(&mut IssueResponse<'_>);
type Tamper = fn(String) -> String;

/// Answers that the identity provider says differently, and their codes.
const SAID_WRONG: &[(&str, Change, &str)] = &[
    ("for another audience", |r| r.audience = "https://other.example", "AudienceMismatch"),
    ("for another address", |r| r.destination = "https://other.example/acs", "DestinationMismatch"),
    ("of another issuer", |r| r.issuer = "https://evil.example/", "IssuerMismatch"),
    ("long ago", |r| r.now -= Duration::from_secs(64 * 60), "Expired"),
    ("from the future", |r| r.now += Duration::from_secs(9 * 60), "NotYetValid"),
    ("to no request of ours", |r| r.in_response_to = Some("aws_0"), "RequestUnknown"),
    ("in another format", |r| r.name_id_format = FORMAT_PERSISTENT, "NameIdFormatMismatch"),
    ("with no address", |r| r.name_id = "ana", "NameIdNotAnAddress"),
    ("of somebody unknown", |r| r.name_id = "bob@corp.example", "UserNotFound"),
    ("in another case", |r| r.name_id = "Ana.Ng@corp.example", "UserNotFound"),
    ("with an empty name", |r| r.name_id = "", "NameIdMissing"),
];

/// Answers that somebody changed on the way, and their codes.
const TAMPERED: &[(&str, Tamper, &str)] = &[
    ("another name", |xml| xml.replace(ANA, "bob@corp.example"), "DigestMismatch"),
    ("no signature", |xml| xml.replace(cut(&xml, "<Signature", "</Signature>"), ""), "Unsigned"),
    ("half a document", |xml| xml[..xml.len() / 2].to_owned(), "NotWellFormed"),
    ("a document type", |xml| format!("<!DOCTYPE x>{xml}"), "Doctype"),
    ("not XML", |_| "hello".to_owned(), "TextOutsideRoot"),
    ("another document", |_| "<a/>".to_owned(), "NotAResponse"),
    (
        "two assertions",
        |xml| {
            let assertion = cut(&xml, "<Assertion", "</Assertion>").to_owned();
            xml.replace(&assertion, &format!("{assertion}{}", assertion.replace("_22222222", "_33333333")))
        },
        "AssertionCountNotOne",
    ),
    ("a failure", |xml| xml.replace("status:Success", "status:Requester"), "StatusNotSuccess"),
];

#[tokio::test]
async fn wrong_answers_sign_nobody_in_and_say_why_to_the_administrator() {
    for sp in Sp::on_each().await {
        for (case, change, code) in SAID_WRONG {
            let begun = sp.begin().await;
            let mut response = sp.right(Some(&begun));
            change(&mut response);
            let answer = sp.bring(&brought(issue(&response), &begun)).await;
            sp.refused(case, &answer, code, 0).await;
        }
        for (case, tamper, code) in TAMPERED {
            let begun = sp.begin().await;
            let xml = tamper(issue(&sp.right(Some(&begun))));
            let answer = sp.bring(&brought(xml, &begun)).await;
            let attempt = sp.refused(case, &answer, code, 0).await;
            assert_eq!(attempt["userName"], Value::Null, "{case}: what is not proven is not kept");
        }
        let begun = sp.begin().await;
        let xml = issue_response(&sp.right(Some(&begun)), &Key::next().signing).unwrap();
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("a stranger's key", &answer, "SignatureMismatch", 0).await;
        // Nothing of all that was in the way of the right answer.
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn the_recipient_counts_beside_the_destination() {
    let sp = Sp::on_each().await.remove(0);
    let begun = sp.begin().await;
    let other = "https://other.example/acs";
    let xml = issue(&IssueResponse { destination: other, ..sp.right(Some(&begun)) });
    let xml = xml.replace(&format!("Destination=\"{other}\""), &format!("Destination=\"{}\"", sp.acs_url));
    let answer = sp.bring(&brought(xml, &begun)).await;
    let attempt = sp.refused("another recipient", &answer, "RecipientMismatch", 0).await;
    let check = attempt["checks"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&check["name"], &check["expected"], &check["found"]),
        (&json!("Recipient"), &json!(sp.acs_url), &json!(other))
    );
}

#[tokio::test]
async fn only_the_letter_case_differs_and_the_trace_says_so() {
    let sp = Sp::on_each().await.remove(0);
    let begun = sp.begin().await;
    let xml = issue(&IssueResponse { name_id: "ANA.NG@corp.example", ..sp.right(Some(&begun)) });
    let answer = sp.bring(&brought(xml, &begun)).await;
    let attempt = sp.refused("case", &answer, "UserNotFound", 0).await;
    let check = attempt["checks"].as_array().unwrap().last().unwrap();
    assert_eq!(check["found"], format!("{ANA}, which differs in letter case"));
    assert!(attempt["fix"].as_str().unwrap().contains("letter by letter"));
}

#[tokio::test]
async fn a_disabled_user_is_refused() {
    for sp in Sp::on_each().await {
        let path = format!("/api/users/{ANA}/active");
        let answer = sp.test.api(Method::PUT, &path, json!({ "active": false })).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        let begun = sp.begin().await;
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        sp.refused("disabled", &answer, "UserDisabled", 0).await;
    }
}

#[tokio::test]
async fn a_request_is_answered_once_in_time_and_in_its_own_browser() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let other = sp.begin().await;
        let xml = issue(&sp.right(Some(&begun)));
        for cookie in ["", &other.cookie, &format!("{COOKIE}=x")] {
            let answer =
                sp.bring(&Brought { cookie: cookie.to_owned(), ..brought(xml.clone(), &begun) }).await;
            sp.refused("another browser", &answer, "RequestOfOtherBrowser", 0).await;
        }
        assert_eq!(sp.bring(&brought(xml.clone(), &begun)).await.status, StatusCode::SEE_OTHER);
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("the same assertion again", &answer, "Replayed", 1).await;
        let fresh = issue(&IssueResponse { assertion_id: "_fresh", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(fresh, &begun)).await;
        sp.refused("the same request again", &answer, "RequestUsed", 1).await;
        sp.test.center.clock.advance(Duration::from_secs(600));
        let late = issue(&IssueResponse { assertion_id: "_late", ..sp.right(Some(&other)) });
        let answer = sp.bring(&brought(late, &other)).await;
        sp.refused("too late", &answer, "RequestExpired", 1).await;
    }
}

#[tokio::test]
async fn two_tabs_of_a_browser_do_not_disturb_each_other() {
    let sp = Sp::on_each().await.remove(0);
    let first = sp.begin().await;
    let second = sp.begin_in(&first.cookie, "/start").await;
    assert_eq!(first.cookie, second.cookie);
    assert_ne!(first.id, second.id);
    for (begun, id) in [(&first, "_one"), (&second, "_two")] {
        let xml = issue(&IssueResponse { assertion_id: id, ..sp.right(Some(begun)) });
        assert_eq!(sp.bring(&brought(xml, begun)).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn of_two_at_the_same_time_one_is_taken() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let brought = brought(issue(&sp.right(Some(&begun))), &begun);
        let (a, b, c) = tokio::join!(sp.bring(&brought), sp.bring(&brought), sp.bring(&brought));
        let taken = [a, b, c].iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        assert_eq!((taken, sp.sessions().await), (1, 1));
    }
}

#[tokio::test]
async fn forms_that_carry_no_message_are_refused() {
    for sp in Sp::on_each().await {
        let large = format!("SAMLResponse={}", "A".repeat(400_000));
        let huge = format!("SAMLResponse={}", "A".repeat(2 << 20));
        let long_relay_state = format!("SAMLResponse=PGEvPg%3D%3D&RelayState={}", "A".repeat(2_049));
        for (form, code) in [
            ("", "ParameterMissing"),
            ("SAMLResponse=", "ParameterMissing"),
            ("RelayState=x", "ParameterMissing"),
            ("SAMLResponse=%3Ca%2F%3E", "NotBase64"),
            ("SAMLResponse=PGEvPg%3D%3D&SAMLResponse=PGEvPg%3D%3D", "ParameterRepeated"),
            ("SAMLResponse=PGEvPg%3D%3D&RelayState=a&RelayState=b", "ParameterRepeated"),
            (&large, "TooLarge"),
            (&huge, "TooLarge"),
            (&long_relay_state, "RelayStateTooLong"),
        ] {
            let answer = sp.bring_form(form.to_owned(), "").await;
            sp.refused(&form[..form.len().min(60)], &answer, code, 0).await;
        }
        let elsewhere = sp.test.send(Method::POST, "/platform/saml/acs/other", &[], String::new()).await;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
        let read = Request::get(&sp.acs_path).body(Body::empty()).unwrap();
        assert_eq!(sp.test.send_request(read).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn under_the_identity_center_directory_no_response_is_taken() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        let xml = issue(&sp.right(Some(&begun)));
        let restored =
            sp.test.api(Method::POST, "/api/identity-source/restore", json!({ "confirm": "ACCEPT" })).await;
        assert_eq!(restored.json()["kind"], "identity-center-directory", "{}", restored.body);
        let answer = sp.bring(&brought(xml.clone(), &begun)).await;
        sp.refused("the directory", &answer, "SourceNotExternal", 0).await;
        // Back at the identity provider, sign-ins from before do not go on.
        sp.test.api(Method::POST, "/api/identity-source/restore", json!({ "confirm": "ACCEPT" })).await;
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("an old request", &answer, "RequestUnknown", 0).await;
    }
}

#[tokio::test]
async fn both_certificates_count_during_a_rollover() {
    for test in TestCenter::on_each().await {
        let sp = Sp::over(test, Key::current().metadata(&[Key::next()])).await;
        for (key, id) in [(Key::current(), "_old"), (Key::next(), "_new")] {
            let begun = sp.begin().await;
            let response = IssueResponse { assertion_id: id, ..sp.right(Some(&begun)) };
            let xml = issue_response(&response, &key.signing).unwrap();
            assert_eq!(sp.bring(&brought(xml, &begun)).await.status, StatusCode::SEE_OTHER, "{id}");
        }
        sp.change_to(json!({ "kind": "external", "metadataXml": Key::next().metadata(&[]) })).await;
        let begun = sp.begin().await;
        let xml = issue(&IssueResponse { assertion_id: "_late", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("the old key afterwards", &answer, "SignatureMismatch", 2).await;
    }
}

/// Adds SessionNotOnOrAfter to an assertion and signs it again.
fn with_session_end(xml: &str, end: Timestamp) -> String {
    let assertion = cut(xml, "<Assertion", "</Assertion>");
    let signature = cut(assertion, "<Signature", "</Signature>");
    let index = cut(assertion, "SessionIndex=\"", "\">").trim_end_matches('>');
    let limited = format!("{index} SessionNotOnOrAfter=\"{}\"", end.rfc3339());
    let content = assertion.replace(signature, "").replace(index, &limited);
    let digest = STANDARD.encode(Sha256::digest(content.as_bytes()));
    let info = cut(signature, "<SignedInfo", "</SignedInfo>");
    let old_digest = cut(info, "<DigestValue>", "</DigestValue>");
    let info = info.replace(old_digest, &format!("<DigestValue>{digest}</DigestValue>"));
    let canonical =
        info.replacen("<SignedInfo", "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"", 1);
    let value = STANDARD.encode(Key::current().pair.sign(canonical.as_bytes()).unwrap());
    let new_signature = signature.replace(cut(signature, "<SignedInfo", "</SignedInfo>"), &info).replace(
        cut(signature, "<SignatureValue>", "</SignatureValue>"),
        &format!("<SignatureValue>{value}</SignatureValue>"),
    );
    let issuer = cut(&content, "<Issuer", "</Issuer>").to_owned();
    let signed = content.replace(&issuer, &format!("{issuer}{new_signature}"));
    xml.replace(assertion, &signed)
}

#[tokio::test]
async fn a_session_ends_at_the_earlier_of_both_limits() {
    let hours = |n: u64| Duration::from_secs(n * 3600);
    for sp in Sp::on_each().await {
        for (n, theirs, end) in [(0, Some(2), None), (1, Some(20), Some(8)), (2, None, Some(8))] {
            let theirs = theirs.map(|n| NOW.plus(hours(n)));
            let begun = sp.begin().await;
            let id = format!("_session-{n}");
            let xml = issue(&IssueResponse { assertion_id: &id, ..sp.right(Some(&begun)) });
            let xml = theirs.map_or(xml.clone(), |theirs| with_session_end(&xml, theirs));
            let answer = sp.bring(&brought(xml, &begun)).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{n}: {}", sp.newest().await);
            let token = portal_cookie(&answer).split_once('=').unwrap().1.to_owned();
            let hash = web::token::hash(&token);
            let sql = "SELECT expires_at FROM sessions WHERE token_sha256 = ?1";
            let stored: Result<i64, StoreError> =
                sp.test.center.store.read(move |tx| tx.int(sql, &[hash[..].into()])).await;
            let end = end.map_or(theirs, |n| Some(sp.test.center.clock.now().plus(hours(n))));
            assert_eq!(Some(Timestamp(stored.unwrap())), end, "{n}");
        }
        // Within the clock skew the assertion would count, but a session without length helps nobody.
        let begun = sp.begin().await;
        let xml = issue(&IssueResponse { assertion_id: "_over", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(with_session_end(&xml, NOW), &begun)).await;
        sp.refused("over", &answer, "SessionExpired", 3).await;
    }
}

#[tokio::test]
async fn a_flood_of_garbage_is_answered_and_not_kept() {
    for sp in Sp::on_each().await {
        for n in 0..130 {
            let answer = sp.bring_form("SAMLResponse=x".to_owned(), "").await;
            let expected = if n < 120 { StatusCode::FORBIDDEN } else { StatusCode::TOO_MANY_REQUESTS };
            assert_eq!(answer.status, expected, "{n}");
        }
        let sql = "SELECT count(*) FROM sign_in_attempts";
        let kept = sp.test.center.store.read(move |tx| tx.int(sql, &[])).await.unwrap();
        let sql = "SELECT count(*) FROM events WHERE action = 'sign_in.refused'";
        let told = sp.test.center.store.read(move |tx| tx.int(sql, &[])).await.unwrap();
        assert_eq!((kept, told), (120, 120));
        // What the identity provider has signed is still recorded, and still signs people in.
        let begun = sp.begin().await;
        let xml = issue(&IssueResponse { name_id: "bob@corp.example", ..sp.right(Some(&begun)) });
        let answer = sp.bring(&brought(xml, &begun)).await;
        sp.refused("a real refusal in the flood", &answer, "UserNotFound", 0).await;
        let answer = sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn old_requests_attempts_and_assertions_are_cleared_away() {
    for sp in Sp::on_each().await {
        let begun = sp.begin().await;
        sp.bring(&brought(issue(&sp.right(Some(&begun))), &begun)).await;
        let instance = sp.test.center.instance_id.clone();
        let later = NOW.plus(Duration::from_secs(31 * 86_400));
        let left: Result<_, StoreError> = sp
            .test
            .center
            .store
            .write(move |tx| {
                saml_sp::store::clear_requests(tx, &instance, later)?;
                saml_sp::store::prune_attempts(tx, &instance, later)?;
                saml_sp::store::remember_assertion(tx, &instance, "_other", later, later)?;
                let requests = tx.int("SELECT count(*) FROM saml_requests", &[])?;
                let attempts = tx.int("SELECT count(*) FROM sign_in_attempts", &[])?;
                let assertions = tx.int("SELECT count(*) FROM saml_assertions_seen", &[])?;
                Ok((requests, attempts, assertions))
            })
            .await;
        assert_eq!(left.unwrap(), (0, 0, 1));
    }
}

#[tokio::test]
async fn an_administrator_finds_a_reference_in_the_console() {
    let sp = Sp::on_each().await.remove(0);
    let begun = sp.begin().await;
    let xml = issue(&IssueResponse { audience: "https://other.example", ..sp.right(Some(&begun)) });
    sp.bring(&brought(xml, &begun)).await;
    let reference = sp.newest().await["reference"].as_str().unwrap().to_owned();
    let mut browser = sp.test.administrator().await;
    let list = browser.get("/console/sign-in-attempts").await;
    assert!(list.body.contains(&reference) && list.body.contains("AudienceMismatch"), "{}", list.body);
    let spoken = format!("{}-{}", &reference[..4].to_lowercase(), &reference[4..]);
    let found = browser.get(&format!("/console/sign-in-attempts?q={spoken}")).await;
    assert_eq!(found.location(), format!("/console/sign-in-attempts/{reference}"));
    let page = browser.get(found.location()).await;
    for part in ["AudienceMismatch", "https://other.example", &sp.entity_id, "Correct the identifier"] {
        assert!(page.body.contains(part), "{part}");
    }
    let missing = browser.get("/console/sign-in-attempts?q=NOSUCH").await;
    assert!(missing.body.contains("There is no attempt with the reference"));
    assert_eq!(browser.get("/console/sign-in-attempts/NOSUCH").await.status, StatusCode::NOT_FOUND);
    let missing = sp.test.api(Method::GET, "/api/sign-in-attempts/NOSUCH", Value::Null).await;
    assert_eq!((missing.status, missing.code().as_str()), (StatusCode::NOT_FOUND, "SignInAttemptNotFound"));
    let stranger = sp.test.send(Method::GET, "/api/sign-in-attempts", &[], String::new()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn anyone_reads_our_metadata() {
    let sp = Sp::on_each().await.remove(0);
    let source = sp.test.api(Method::GET, "/api/identity-source", Value::Null).await.json();
    let url = source["serviceProvider"]["metadataUrl"].as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:7002").unwrap();
    let answer = sp.test.send(Method::GET, path, &[], String::new()).await;
    let read = saml::metadata::SpMetadata::read(answer.body.as_bytes()).unwrap();
    assert_eq!(read.entity_id, sp.entity_id);
    assert_eq!(read.reply_urls(), [sp.acs_url.as_str()]);
    assert!(read.want_assertions_signed && !read.authn_requests_signed);
    assert_eq!(read.name_id_formats, [FORMAT_EMAIL]);
    let other = sp.test.send(Method::GET, "/platform/saml/metadata/d-0000000000", &[], String::new()).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}
