//! What goes back: a resource, a list or nothing.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use scim::resource::Sent;

use super::media_type::SCIM_JSON;

/// A resource as one answer shows it.
#[derive(Debug)]
pub(super) struct Shown {
    /// What the client asked for of it.
    pub(super) document: Sent,
    /// Its address.
    pub(super) location: String,
    /// Its version; none where versions are not shown.
    pub(super) version: Option<String>,
}

/// A SCIM answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// The body.
    pub(super) document: Option<Sent>,
    /// The address of the resource that it is about.
    pub(super) location: Option<String>,
    /// The version of the resource that it is about.
    pub(super) version: Option<String>,
}

impl Answer {
    /// 200 with a document that is no resource.
    pub(super) fn document(document: impl Into<Sent>) -> Self {
        Self { status: StatusCode::OK, document: Some(document.into()), location: None, version: None }
    }

    /// 200 with a resource.
    pub(super) fn ok(shown: Shown) -> Self {
        Self { location: Some(shown.location), version: shown.version, ..Self::document(shown.document) }
    }

    /// 201 with the new resource and its address, RFC 7644 §3.3.
    pub(super) fn created(shown: Shown) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(shown) }
    }

    /// 204 about a resource.
    pub(super) fn changed(shown: Shown) -> Self {
        Self { status: StatusCode::NO_CONTENT, document: None, ..Self::ok(shown) }
    }

    /// 204 about nothing that is there any more.
    pub(super) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, document: None, location: None, version: None }
    }

    /// 304 in its place: the client has this version, RFC 7644 §3.14.
    pub(super) fn not_modified(self) -> Self {
        Self { status: StatusCode::NOT_MODIFIED, document: None, ..self }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let typed = self.document.is_some();
        let mut response = Response::new(self.document.map_or_else(Body::empty, |d| d.into_bytes().into()));
        *response.status_mut() = self.status;
        // Room for these and for those that every answer has.
        *response.headers_mut() = HeaderMap::with_capacity(16);
        if typed {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON));
        }
        let mut set = |name: HeaderName, value: Option<String>| {
            if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
                response.headers_mut().insert(name, value);
            }
        };
        set(header::LOCATION, self.location.filter(|_| self.status == StatusCode::CREATED));
        set(header::ETAG, self.version);
        response
    }
}
