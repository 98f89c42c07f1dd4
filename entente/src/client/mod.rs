//! The servers' APIs, as commands and the tour call them.

mod center;
mod directory;

use http::{Method, StatusCode};
use serde_json::Value as Json;
use web::outbound::{Answer, Outbound, Reach};

use crate::Failure;

pub use center::Center;
pub use directory::Directory;

/// Calls one server.
#[derive(Debug, Clone)]
pub struct Http {
    outbound: Outbound,
    /// The origin, without a slash at its end.
    pub origin: String,
    bearer: Option<secrecy::SecretString>,
}

/// What is sent.
pub enum Body<'a> {
    /// Nothing.
    Empty,
    /// JSON.
    Json(&'a Json),
    /// A form.
    Form(&'a [(&'a str, &'a str)]),
    /// XML.
    Xml(Vec<u8>),
}

impl Http {
    /// Calls to the server at `origin`.
    pub fn new(origin: &str) -> Result<Self, Failure> {
        // A person names the address, so private networks are allowed.
        let outbound = Outbound::new(Reach::Private)?;
        Ok(Self { outbound, origin: origin.trim_end_matches('/').to_owned(), bearer: None })
    }

    /// The same with a bearer token.
    pub fn with_bearer(mut self, token: String) -> Self {
        self.bearer = Some(token.into());
        self
    }

    /// Sends a request and gives the answer whatever its status.
    pub async fn send(&self, method: Method, path: &str, body: Body<'_>) -> Result<Answer, Failure> {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.origin) };
        let mut request = self.outbound.request(method, &url)?;
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(secrecy::ExposeSecret::expose_secret(bearer));
        }
        request = match body {
            Body::Empty => request,
            Body::Json(json) => request.json(json),
            Body::Form(fields) => request.form(fields),
            Body::Xml(bytes) => request.header("content-type", "application/xml").body(bytes),
        };
        self.outbound.send(request).await.map_err(|e| {
            let failure = Failure::from(e);
            Failure { message: format!("{url}: {}", failure.message), ..failure }
        })
    }

    /// Sends a request that has to succeed; its answer as JSON, `null` where it has no body.
    pub async fn call(&self, method: Method, path: &str, body: Body<'_>) -> Result<Json, Failure> {
        let answer = self.send(method, path, body).await?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        if answer.body.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|e| {
            Failure::new("AnswerInvalid", format!("{path} answered something else than JSON: {e}"))
        })
    }

    /// GET of JSON.
    pub async fn get(&self, path: &str) -> Result<Json, Failure> {
        self.call(Method::GET, path, Body::Empty).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Json) -> Result<Json, Failure> {
        self.call(Method::POST, path, Body::Json(body)).await
    }

    /// GET of a text, for example a metadata file.
    pub async fn text(&self, path: &str) -> Result<String, Failure> {
        let answer = self.send(Method::GET, path, Body::Empty).await?;
        if answer.status != StatusCode::OK {
            return Err(refused(&answer));
        }
        String::from_utf8(answer.body)
            .map_err(|_| Failure::new("AnswerInvalid", format!("{path} is not UTF-8")))
    }

    /// Every element of a list that is read page by page; `next` names the member with the next path.
    pub async fn pages(&self, first: &str, next: &str) -> Result<Vec<Json>, Failure> {
        let (mut all, mut path) = (Vec::new(), first.to_owned());
        loop {
            let mut page = self.get(&path).await?;
            if let Json::Array(items) = page["value"].take() {
                all.extend(items);
            }
            match page[next].as_str() {
                Some(link) if !link.is_empty() => path = link.to_owned(),
                _ => return Ok(all),
            }
        }
    }
}

/// The server's refusal in its own words.
pub fn refused(answer: &Answer) -> Failure {
    let json: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let error = &json["error"];
    let text = |key: &str| error[key].as_str().map(ToOwned::to_owned);
    // RFC 6749 §5.2 has `error` as a text beside `error_description`.
    let code = text("code").or_else(|| error.as_str().map(ToOwned::to_owned));
    let message = text("message").or_else(|| json["error_description"].as_str().map(ToOwned::to_owned));
    Failure {
        code: code.unwrap_or_else(|| format!("Http{}", answer.status.as_u16())),
        message: message.unwrap_or_else(|| format!("the server answered {}", answer.status)),
        expected: text("expected"),
        found: text("found"),
        fix: text("fix"),
    }
}

/// A value for a path or query, percent-encoded.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
