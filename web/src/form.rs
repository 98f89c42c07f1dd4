//! Forms that only our own pages can send.
//!
//! Two independent checks stand before every state-changing page: the browser's own word on where
//! the request comes from (`Sec-Fetch-Site`, else `Origin`), and a token in the form that belongs to a
//! cookie which other sites can neither read nor set.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::cookie::Cookie;
use crate::random::Random;
use crate::token;

/// Most fields of one form.
const MAX_FIELDS: usize = 20_000;
/// Largest file of an upload in bytes.
const MAX_FILE: usize = 16 << 20;
/// Most parts of an upload.
const MAX_PARTS: usize = 64;

/// What the layer needs: the half's form cookie, its origin, and randomness for the first visit.
#[derive(Debug, Clone)]
pub struct FormGuard {
    cookie: Cookie,
    origin: String,
    random: Random,
}

/// The token that a page puts into its forms as the hidden field `csrf`.
#[derive(Debug, Clone)]
pub struct Csrf(pub String);

/// Why a form was not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FormError {
    /// The browser says that another site sent it.
    #[error("the form was sent from another site")]
    OtherSite,
    /// The token is missing or not that of this browser.
    #[error("the form's token is missing or old")]
    Token,
    /// The body is not what a form sends.
    #[error("the form cannot be read: {0}")]
    Malformed(String),
}

impl FormGuard {
    /// A guard for a half at `origin` whose cookie is called `name`.
    pub fn new(name: &str, origin: &url::Url, random: Random) -> Self {
        Self { cookie: Cookie::new(name, origin), origin: origin.origin().ascii_serialization(), random }
    }
}

/// The layer for pages: refuses state changes that come from elsewhere and gives handlers [`Csrf`].
pub async fn guard(State(guard): State<FormGuard>, mut request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && !same_site(request.headers(), &guard.origin) {
        return FormError::OtherSite.into_response();
    }
    let known = guard.cookie.read(request.headers());
    let key = known.clone().unwrap_or_else(|| guard.random.token(""));
    request.extensions_mut().insert(Csrf(token_for(&key)));
    let mut response = next.run(request).await;
    if known.is_none() {
        response.headers_mut().append(header::SET_COOKIE, guard.cookie.set(&key));
    }
    response
}

fn token_for(key: &str) -> String {
    hex::encode(Sha256::digest(format!("form token of {key}")))
}

/// Fetch Metadata says it best; browsers without it send `Origin` with every POST. A request with
/// neither comes from no browser, and then the token alone decides.
fn same_site(headers: &HeaderMap, origin: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    headers.get(header::ORIGIN).is_none_or(|o| o == origin)
}

impl<S: Send + Sync> FromRequestParts<S> for Csrf {
    type Rejection = FormError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, FormError> {
        parts.extensions.get::<Self>().cloned().ok_or(FormError::Token)
    }
}

/// The fields of a form, in the order sent; a name may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of `name`, trimmed; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
    }

    /// The first value of `name` as it was sent, for secrets, which may begin or end with blanks.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// Every value of `name`, trimmed.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.trim())
    }

    /// Whether `name` was sent at all, as a ticked box is.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }
}

/// A form of our own page, its token checked.
#[derive(Debug, Clone)]
pub struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = FormError;

    async fn from_request(request: Request, state: &S) -> Result<Self, FormError> {
        let expected = request.extensions().get::<Csrf>().cloned().ok_or(FormError::Token)?;
        let body =
            Bytes::from_request(request, state).await.map_err(|e| FormError::Malformed(e.body_text()))?;
        let pairs = form_urlencoded::parse(&body).take(MAX_FIELDS + 1);
        let fields = Fields(pairs.map(|(n, v)| (n.into_owned(), v.into_owned())).collect());
        if fields.0.len() > MAX_FIELDS {
            return Err(FormError::Malformed(format!("more than {MAX_FIELDS} fields")));
        }
        check_token(&fields, &expected)?;
        Ok(Self(fields))
    }
}

/// A file of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The field's name.
    pub field: String,
    /// The name that the browser gave; for display alone.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A form with files of our own page, its token checked. The token must come before the files.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The plain fields.
    pub fields: Fields,
    /// The files that were chosen; a file input left empty gives none.
    pub files: Vec<File>,
}

impl Upload {
    /// The file of a field.
    pub fn file(&self, field: &str) -> Option<&File> {
        self.files.iter().find(|f| f.field == field)
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = FormError;

    async fn from_request(request: Request, state: &S) -> Result<Self, FormError> {
        let expected = request.extensions().get::<Csrf>().cloned().ok_or(FormError::Token)?;
        let malformed = |e: String| FormError::Malformed(e);
        let mut parts =
            Multipart::from_request(request, state).await.map_err(|e| malformed(e.body_text()))?;
        let (mut fields, mut files) = (Fields::default(), Vec::new());
        let mut seen = 0;
        while let Some(part) = parts.next_field().await.map_err(|e| malformed(e.body_text()))? {
            seen += 1;
            if seen > MAX_PARTS {
                return Err(malformed(format!("more than {MAX_PARTS} parts")));
            }
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().map(ToOwned::to_owned);
            if file.is_some() {
                check_token(&fields, &expected)?;
            }
            let bytes = part.bytes().await.map_err(|e| malformed(e.body_text()))?;
            if bytes.len() > MAX_FILE {
                return Err(malformed(format!("the file is larger than {MAX_FILE} bytes")));
            }
            match file {
                Some(_) if bytes.is_empty() => {}
                Some(file) => files.push(File { field: name, name: file, bytes }),
                None => {
                    let text =
                        String::from_utf8(bytes.to_vec()).map_err(|_| malformed("not UTF-8".to_owned()))?;
                    fields.0.push((name, text));
                }
            }
        }
        check_token(&fields, &expected)?;
        Ok(Self { fields, files })
    }
}

fn check_token(fields: &Fields, expected: &Csrf) -> Result<(), FormError> {
    let sent = fields.raw("csrf");
    if token::same(sent.as_bytes(), expected.0.as_bytes()) { Ok(()) } else { Err(FormError::Token) }
}

impl IntoResponse for FormError {
    fn into_response(self) -> Response {
        let (status, title, text) = match &self {
            Self::OtherSite => (
                StatusCode::FORBIDDEN,
                "This form was sent from another site",
                "Nothing was changed. Open the page here and send the form from it.".to_owned(),
            ),
            Self::Token => (
                StatusCode::FORBIDDEN,
                "This form is too old",
                "Nothing was changed. Go back, reload the page and send the form again. Cookies must be allowed."
                    .to_owned(),
            ),
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, "This form cannot be read", why.clone()),
        };
        crate::page::message(status, title, &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use http::HeaderValue;
    use tower::ServiceExt;

    fn app() -> Router {
        let origin = url::Url::parse("http://127.0.0.1:1").unwrap();
        let state = FormGuard::new("form", &origin, Random::seeded(1));
        let show = |Csrf(token): Csrf| async move { token };
        let take = |Form(fields): Form| async move { fields.text("name").to_owned() };
        Router::new().route("/", get(show).post(take)).layer(from_fn_with_state(state, guard))
    }

    async fn send(request: Request) -> (StatusCode, HeaderMap, String) {
        let response = app().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn first_visit() -> (String, String) {
        let (_, headers, token) = send(Request::get("/").body(Body::empty()).unwrap()).await;
        let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        (cookie, token)
    }

    fn post(cookie: &str, body: String) -> Request {
        Request::post("/").header(header::COOKIE, cookie).body(Body::from(body)).unwrap()
    }

    #[tokio::test]
    async fn our_own_form_is_taken() {
        let (cookie, token) = first_visit().await;
        let (status, _, body) = send(post(&cookie, format!("csrf={token}&name=+Ana+"))).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "Ana"));
    }

    #[tokio::test]
    async fn without_token_or_cookie_nothing_is_taken() {
        let (cookie, token) = first_visit().await;
        for request in [
            post(&cookie, "name=Ana".to_owned()),
            post(&cookie, format!("csrf={token}x&name=Ana")),
            post("form=other", format!("csrf={token}&name=Ana")),
        ] {
            assert_eq!(send(request).await.0, StatusCode::FORBIDDEN);
        }
    }

    #[tokio::test]
    async fn another_site_is_refused_even_with_the_token() {
        let (cookie, token) = first_visit().await;
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
        ] {
            let mut request = post(&cookie, format!("csrf={token}&name=Ana"));
            request.headers_mut().insert(name, HeaderValue::from_static(value));
            assert_eq!(send(request).await.0, StatusCode::FORBIDDEN, "{name}: {value}");
        }
    }
}
