//! The SCIM client: sends one request, waits and tries again where that helps, and says exactly what was
//! tried and what came back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scim::caseless;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use tokio::time::Instant;
use url::Url;
use web::outbound::{Answer, Outbound, OutboundError, Reach};

use super::permit::{Permit, superseded, while_permitted};
pub use super::problem::{Problem, TargetError};
use super::resource::read;
use super::{Kind, Pace};

const SCIM_JSON: &str = "application/scim+json";
/// How much of an answer's body is shown.
const EXCERPT: usize = 600;

/// A target that requests can be sent to.
#[derive(Clone)]
pub struct Target {
    outbound: Outbound,
    pub(super) base: String,
    pub(super) query: Option<String>,
    token: Arc<SecretString>,
    pace: Pace,
    wait_until: Arc<Mutex<Option<Instant>>>,
    next: Arc<Mutex<Option<Instant>>>,
    sent: Arc<AtomicU64>,
    permit: Option<Permit>,
}

/// What was tried and what came back, for a person who tests the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Method and URL.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The start of the body.
    pub body: String,
}

impl Target {
    /// A client for the SCIM service at `base_url`. Query parameters on it go with every request, a slash
    /// at its end counts for nothing.
    ///
    /// # Errors
    /// [`Problem::Address`] for an address that requests never go to.
    pub fn new(
        base_url: &str,
        token: SecretString,
        allow_private: bool,
        pace: Pace,
    ) -> Result<Self, TargetError> {
        let address = |why: String| TargetError {
            problem: Problem::Address,
            request: base_url.to_owned(),
            status: None,
            reason: why,
        };
        let reach = if allow_private { Reach::Private } else { Reach::Public };
        let outbound = Outbound::new(reach).map_err(|e| address(e.to_string()))?;
        let mut url = Url::parse(base_url.trim()).map_err(|_| address("this is not a URL".to_owned()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(address(
                "a URL with a password in it ends up in logs; use the secret token".to_owned(),
            ));
        }
        let _checked = outbound.request(Method::GET, url.as_str()).map_err(|e| address(e.to_string()))?;
        let query = url.query().filter(|q| !q.is_empty()).map(ToOwned::to_owned);
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self {
            outbound,
            base: url.as_str().trim_end_matches('/').to_owned(),
            query,
            token: Arc::new(token),
            pace,
            wait_until: Arc::default(),
            next: Arc::default(),
            sent: Arc::default(),
            permit: None,
        })
    }

    /// The same target, which asks before each request.
    #[must_use]
    pub fn permitted_by(self, permit: Permit) -> Self {
        Self { permit: Some(permit), ..self }
    }

    /// How many requests were sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The connection test: a search for a random value has to give 200 and an empty list
    /// (entra-id.md 3.2).
    ///
    /// # Errors
    /// What came back instead.
    pub async fn probe(&self, attribute: &str, random: &str) -> Result<Exchange, TargetError> {
        let url = self.search_url(Kind::User, attribute, random);
        let request = format!("GET {url}");
        let answer = self.send(Method::GET, &url, None).await?;
        let exchange = Exchange {
            request: request.clone(),
            status: answer.status.as_u16(),
            body: self.excerpt(&answer),
        };
        match resources(&answer) {
            Some(found) if found.is_empty() => Ok(exchange),
            Some(_) => Err(self.incompatible(
                request,
                &answer,
                "the search for a random value found something; the target ignores the filter",
            )),
            None => Err(self.incompatible(request, &answer, "the answer is not a SCIM list")),
        }
    }

    /// The one object whose `attribute` is `value` (RFC 7644 §3.4.2.2).
    ///
    /// # Errors
    /// [`Problem::Duplicate`] for several, and those of sending.
    pub async fn find(&self, kind: Kind, attribute: &str, value: &str) -> Result<Option<Json>, TargetError> {
        let url = self.search_url(kind, attribute, value);
        let request = format!("GET {url}");
        let answer = self.send(Method::GET, &url, None).await?;
        let Some(mut found) = resources(&answer) else {
            return Err(self.incompatible(request, &answer, "the answer is not a SCIM list"));
        };
        match (found.pop(), found.len()) {
            (Some(one), 0) if !has(&one, attribute, value) => Err(self.incompatible(
                request,
                &answer,
                &format!(
                    "the object found does not have {attribute} {value:?}; the target ignores the filter"
                ),
            )),
            (Some(one), 0) if one.get("id").is_some_and(Json::is_string) => Ok(Some(one)),
            (Some(_), 0) => Err(self.incompatible(request, &answer, "the object found has no id")),
            (Some(_), more) => Err(TargetError {
                problem: Problem::Duplicate,
                request,
                status: Some(answer.status.as_u16()),
                reason: format!("{} objects have {attribute} {value:?}", more + 1),
            }),
            (None, _) => Ok(None),
        }
    }

    /// Creates an object (RFC 7644 §3.3); its id. Not tried again by itself: after an unclear end the
    /// caller has to look whether it is there. An answer with another value of `attribute` is about another
    /// object.
    ///
    /// # Errors
    /// Those of sending.
    pub async fn create(&self, kind: Kind, body: &Json, attribute: &str) -> Result<String, TargetError> {
        let url = self.url(kind, None, None);
        let answer = self.send(Method::POST, &url, Some(body)).await?;
        let wrong = |why: &str| Err(self.incompatible(format!("POST {url}"), &answer, why));
        let Some(made) = json_body(&answer) else { return wrong("the answer is no SCIM resource") };
        match (text_at(&made, attribute), text_at(body, attribute)) {
            (Some(made), Some(sent)) if made != sent => return wrong("the answer is about another object"),
            _ => {}
        }
        match made.get("id").and_then(Json::as_str).filter(|id| !id.is_empty()) {
            Some(id) => Ok(id.to_owned()),
            None => wrong("the answer has no id"),
        }
    }

    /// Changes an object (RFC 7644 §3.5.2). 200 and 204 are both fine: AWS answers 204 for groups.
    ///
    /// # Errors
    /// Those of sending.
    pub async fn change(&self, kind: Kind, id: &str, operations: &[Json]) -> Result<(), TargetError> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send(Method::PATCH, &self.url(kind, Some(id), None), Some(&body)).await.map(|_| ())
    }

    /// Whether an object is there.
    ///
    /// # Errors
    /// Those of sending.
    pub async fn exists(&self, kind: Kind, id: &str) -> Result<bool, TargetError> {
        self.get(kind, id).await.map(|found| found.is_some())
    }

    /// An object, without its members; `None` where it is not there.
    ///
    /// # Errors
    /// Those of sending.
    pub async fn get(&self, kind: Kind, id: &str) -> Result<Option<Json>, TargetError> {
        let query = (kind == Kind::Group).then_some("excludedAttributes=members");
        let url = self.url(kind, Some(id), query);
        match self.send(Method::GET, &url, None).await {
            Ok(answer) => match json_body(&answer).filter(|found| found["id"] == id) {
                Some(found) => Ok(Some(found)),
                None => Err(self.incompatible(
                    format!("GET {url}"),
                    &answer,
                    "the answer is not the resource that was asked for",
                )),
            },
            Err(error) if error.problem == Problem::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object (RFC 7644 §3.6); one that is not there is deleted.
    ///
    /// # Errors
    /// Those of sending.
    pub async fn delete(&self, kind: Kind, id: &str) -> Result<(), TargetError> {
        match self.send(Method::DELETE, &self.url(kind, Some(id), None), None).await {
            Err(error) if error.problem != Problem::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn search_url(&self, kind: Kind, attribute: &str, value: &str) -> String {
        // A JSON string escapes as a SCIM filter does (RFC 7644 §3.4.2.2: compValue is JSON).
        let filter = format!("{attribute} eq {}", Json::String(value.to_owned()));
        let filter = utf8_percent_encode(&filter, NON_ALPHANUMERIC);
        match kind {
            Kind::User => self.url(kind, None, Some(&format!("filter={filter}"))),
            Kind::Group => self.url(kind, None, Some(&format!("excludedAttributes=members&filter={filter}"))),
        }
    }

    pub(super) fn url(&self, kind: Kind, id: Option<&str>, query: Option<&str>) -> String {
        let mut url = format!("{}/{}", self.base, kind.endpoint());
        if let Some(id) = id {
            url.push('/');
            url.extend(utf8_percent_encode(id, NON_ALPHANUMERIC));
        }
        let all: Vec<&str> = query.into_iter().chain(self.query.as_deref()).collect();
        if all.is_empty() { url } else { format!("{url}?{}", all.join("&")) }
    }

    /// Sends until there is an answer that counts, at most [`Pace::tries`] times.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &str,
        body: Option<&Json>,
    ) -> Result<Answer, TargetError> {
        let request = format!("{method} {url}");
        // Our PATCHes set values and name members, so sending one twice is as sending it once.
        let repeatable = method != Method::POST;
        let mut tried = 0;
        loop {
            tried += 1;
            self.wait().await;
            let sent = self.send_once(method.clone(), url, body, &request);
            let sent = while_permitted(self.permit.as_ref(), sent).await;
            let outcome = sent.ok_or_else(|| superseded(&request))?;
            let last = tried >= self.pace.tries;
            match outcome {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => {
                    let error = self.refused(&request, &answer);
                    let again = match error.problem {
                        Problem::Throttled => true,
                        Problem::Failed => repeatable,
                        _ => false,
                    };
                    if last || !again {
                        return Err(error);
                    }
                    self.pause(answer.retry_after(), tried);
                }
                Err(error) if last || !repeatable || error.problem == Problem::Address => return Err(error),
                Err(_) => self.pause(None, tried),
            }
        }
    }

    async fn send_once(
        &self,
        method: Method,
        url: &str,
        body: Option<&Json>,
        request: &str,
    ) -> Result<Answer, TargetError> {
        let failed = |error: OutboundError| TargetError {
            problem: match &error {
                OutboundError::Timeout(_) => Problem::Timeout,
                OutboundError::Url(_) | OutboundError::Insecure(_) | OutboundError::Private(_) => {
                    Problem::Address
                }
                OutboundError::TooLarge(_) => Problem::Incompatible,
                OutboundError::Connect(_) => Problem::Unreachable,
            },
            request: request.to_owned(),
            status: None,
            reason: error.to_string(),
        };
        let mut builder = self
            .outbound
            .request(method, url)
            .map_err(failed)?
            .bearer_auth(self.token.expose_secret())
            .timeout(self.pace.timeout)
            .header(header::ACCEPT, SCIM_JSON);
        if let Some(body) = body {
            builder = builder.header(header::CONTENT_TYPE, SCIM_JSON).body(body.to_string());
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.outbound.send(builder).await.map_err(failed)
    }

    /// All requests to this target wait together: one that was throttled speaks for the others.
    async fn wait(&self) {
        let until = *self.wait_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
        if !self.pace.spacing.is_zero() {
            let place = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                place(&mut next, Instant::now(), self.pace.spacing)
            };
            tokio::time::sleep_until(place).await;
        }
    }

    fn pause(&self, asked: Option<Duration>, tried: u32) {
        let doubled = self.pace.first_pause.saturating_mul(1 << (tried - 1).min(16));
        let pause = asked.unwrap_or(doubled).min(self.pace.longest_pause);
        let until = Instant::now() + pause;
        let mut slot = self.wait_until.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none_or(|s| s < until) {
            *slot = Some(until);
        }
    }

    fn refused(&self, request: &str, answer: &Answer) -> TargetError {
        let problem = match answer.status {
            // A target may keep one object from us that belongs to somebody else there. Whoever has lost the
            // right to everything hears 403 for reading too.
            StatusCode::FORBIDDEN if !request.starts_with("GET") => Problem::Refused,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Problem::Unauthorized,
            StatusCode::NOT_FOUND => Problem::NotFound,
            StatusCode::CONFLICT => Problem::Conflict,
            StatusCode::TOO_MANY_REQUESTS => Problem::Throttled,
            status if status.is_client_error() => Problem::Refused,
            status if status.is_server_error() => Problem::Failed,
            _ => Problem::Incompatible,
        };
        let words = json_body(answer).and_then(|b| b.get("detail")?.as_str().map(ToOwned::to_owned));
        let words = words.map_or_else(|| self.excerpt(answer), |w| self.redacted(&w));
        TargetError {
            problem,
            request: request.to_owned(),
            status: Some(answer.status.as_u16()),
            reason: format!("the target answered {}: {words}", answer.status.as_u16()),
        }
    }

    pub(super) fn incompatible(&self, request: String, answer: &Answer, why: &str) -> TargetError {
        let reason = format!("{why}; status {}, body: {}", answer.status.as_u16(), self.excerpt(answer));
        let status = Some(answer.status.as_u16());
        TargetError { problem: Problem::Incompatible, request, status, reason }
    }

    fn excerpt(&self, answer: &Answer) -> String {
        let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(EXCERPT * 4)]).into_owned();
        self.redacted(&text)
    }

    /// A target that repeats the token must not bring it into a log.
    fn redacted(&self, text: &str) -> String {
        let clean = match self.token.expose_secret() {
            "" => text.to_owned(),
            token => text.replace(token, "…"),
        };
        clean.chars().take(EXCERPT).collect()
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("base", &self.base).finish_non_exhaustive()
    }
}

pub(super) fn json_body(answer: &Answer) -> Option<Json> {
    serde_json::from_slice(&answer.body).ok()
}

/// Whether a search found what it asked for; a value that is not shown cannot be compared, and then it did not.
fn has(found: &Json, attribute: &str, value: &str) -> bool {
    text_at(found, attribute).is_some_and(|there| there == caseless::key(value))
}

/// A text, to compare it: upper and lower case are one, as in user names (RFC 7643 §4.1.1).
fn text_at(resource: &Json, attribute: &str) -> Option<String> {
    let there = read(resource, std::iter::once(&attribute.to_owned())).into_values().next()?;
    there.as_str().map(caseless::key)
}

/// The objects of a ListResponse (RFC 7644 §3.4.2). `Resources` may be absent for an empty one.
fn resources(answer: &Answer) -> Option<Vec<Json>> {
    let body = json_body(answer)?;
    let total = body.get("totalResults").or_else(|| body.get("itemsPerPage"))?.as_u64()?;
    match body.get("Resources") {
        Some(Json::Array(found)) => Some(found.clone()),
        None | Some(Json::Null) if total == 0 => Some(Vec::new()),
        _ => None,
    }
}

/// When the next request may be sent, and the one after it `spacing` later.
fn place(next: &mut Option<Instant>, now: Instant, spacing: Duration) -> Instant {
    let place = next.map_or(now, |next| next.max(now));
    *next = Some(place + spacing);
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(base: &str) -> Target {
        Target::new(base, SecretString::from("s3cret"), true, Pace::default()).unwrap()
    }

    #[test]
    fn no_second_has_more_than_twenty_requests() {
        let (mut next, start) = (None, Instant::now());
        // All at once, and later some after a rest.
        let asked = (0..60).map(|_| start).chain((0..30).map(|n| start + Duration::from_millis(5000 + n)));
        let sent: Vec<Instant> = asked.map(|now| place(&mut next, now, Pace::default().spacing)).collect();
        assert!(sent.windows(21).all(|w| w[20] - w[0] >= Duration::from_secs(1)));
        assert_eq!((sent[0], sent[60]), (start, start + Duration::from_millis(5000)));
    }

    #[test]
    fn urls_keep_the_query_and_lose_the_slash() {
        let plain = target("https://scim.example/abc/scim/v2/");
        assert_eq!(plain.url(Kind::User, Some("a/b"), None), "https://scim.example/abc/scim/v2/Users/a%2Fb");
        let flagged = target("https://scim.example/scim?aadOptscim062020");
        let url = flagged.search_url(Kind::User, "userName", "a\"b+c@x");
        assert_eq!(
            url,
            "https://scim.example/scim/Users?filter=userName%20eq%20%22a%5C%22b%2Bc%40x%22&aadOptscim062020"
        );
    }

    #[test]
    fn addresses_that_requests_never_go_to_are_refused() {
        for bad in ["", "scim", "ftp://x/", "http://10.0.0.1/scim", "https://user:pass@x.example/"] {
            let made = Target::new(bad, SecretString::from("t"), true, Pace::default());
            assert_eq!(made.err().map(|e| e.problem), Some(Problem::Address), "{bad}");
        }
        let inside = Target::new("https://127.0.0.1/", SecretString::from("t"), false, Pace::default());
        assert!(inside.err().unwrap().reason.contains("private network"));
    }

    #[test]
    fn the_token_stays_out_of_what_is_shown() {
        let target = target("https://scim.example/");
        assert!(!format!("{target:?}").contains("s3cret"));
        assert_eq!(target.redacted("Bearer s3cret is wrong"), "Bearer … is wrong");
    }
}
