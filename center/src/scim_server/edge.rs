//! What is done around every SCIM answer, whether its route exists or not.

use std::borrow::Cow;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use tower::ServiceExt;

use super::refusal::{Refusal, Refused};
use crate::Center;

const BASE: &str = "/scim/v2/";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The router with an answer for SCIM paths that no route has: some are a way to write one that there is.
pub fn around(router: Router, center: &Center) -> Router {
    let (routed, center) = (router.clone(), center.clone());
    router.fallback(move |request: Request| elsewhere(routed.clone(), center.clone(), request))
}

async fn elsewhere(routed: Router, center: Center, mut request: Request) -> Response {
    if !is_scim(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(regular) = regular(request.uri()) else {
        return finished(&center, Refusal::NoEndpoint.into_response());
    };
    *request.uri_mut() = regular;
    let Ok(response) = routed.oneshot(request).await;
    if response.headers().contains_key(REQUEST_ID) { response } else { finished(&center, response) }
}

/// The answer as SCIM has it: with a request id, and where something was refused the body that says so.
pub(super) fn finished(center: &Center, response: Response) -> Response {
    let request_id = center.request_ids.next();
    let mut response = unrouted(response);
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        tracing::info!(%request_id, status = refused.status().as_u16(), "a SCIM request was refused");
        let body = refused.body(&request_id, center.clock.now()).to_string();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(refused.media_type()));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(body);
    }
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Whether the path can name something: it is UTF-8, and PostgreSQL takes no U+0000 in a text.
pub(super) fn is_text(path: &str) -> bool {
    !path.contains('%') || percent_decode_str(path).decode_utf8().is_ok_and(|decoded| !decoded.contains('\0'))
}

/// The tenant in `/{tenant}/scim/v2/…`: the first segment.
pub(super) fn tenant(path: &str) -> Cow<'_, str> {
    let segment = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    percent_decode_str(segment).decode_utf8_lossy()
}

/// `/{tenant}/scim/v2/…`, and nothing of the consoles.
fn is_scim(path: &str) -> bool {
    path.strip_prefix('/').and_then(|p| p.find('/').map(|i| &p[i..])).is_some_and(|p| p.starts_with(BASE))
}

/// AWS shows its endpoint with a slash at the end, and clients append another one: a known cause of
/// failures there. Here `/scim/v2//Users` and `/scim/v2/Users/` mean `/scim/v2/Users`.
fn regular(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let (before, after) = path.split_once(BASE)?;
    let regular = format!("{before}{BASE}{}", after.trim_start_matches('/').trim_end_matches('/'));
    if regular == path {
        return None;
    }
    let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
    format!("{regular}{query}").parse().ok()
}

/// The router's own 404 and 405 as SCIM's.
fn unrouted(response: Response) -> Response {
    let known = response.extensions().get::<Refused>().is_some();
    let refusal = match response.status() {
        StatusCode::NOT_FOUND if !known => Refusal::NoEndpoint,
        StatusCode::METHOD_NOT_ALLOWED if !known => Refusal::Method,
        _ => return response,
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut refused = refusal.into_response();
    refused.headers_mut().extend(allow.map(|a| (header::ALLOW, a)));
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: Option<&str>) {
        assert_eq!(regular(&from.parse().unwrap()).map(|u| u.to_string()).as_deref(), to, "{from}");
    }

    #[test]
    fn paths_are_made_regular() {
        check("/t/scim/v2/Users", None);
        check("/t/scim/v2//Users", Some("/t/scim/v2/Users"));
        check("/t/scim/v2/Users/?a=b//c", Some("/t/scim/v2/Users?a=b//c"));
        check("/t/scim/v2///Users/1", Some("/t/scim/v2/Users/1"));
    }

    #[test]
    fn the_tenant_is_the_first_segment() {
        assert_eq!(tenant("/t/scim/v2/Users"), "t");
        assert_eq!(tenant("/a%2Fb/scim/v2/Users"), "a/b");
        assert_eq!(tenant(""), "");
    }

    #[test]
    fn only_scim_paths_are_touched() {
        assert!(is_scim("/t/scim/v2/Users"));
        for path in ["/scim/v2/Users", "/console/users", "/a/b/scim/v2/Users", "/t/scim/v1/Users", "/"] {
            assert!(!is_scim(path), "{path}");
        }
    }
}
