//! What is done around every SCIM answer, whether its route exists or not.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;

use super::refusal::{Refusal, Refused};
use crate::Center;

const BASE: &str = "/scim/v2/";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The router with SCIM paths made regular before routing, and SCIM's answers finished: request id,
/// error bodies, also for paths and methods that no route has.
pub fn around(router: Router, center: &Center) -> Router {
    Router::new().fallback_service(router).layer(from_fn_with_state(center.clone(), edge))
}

async fn edge(State(center): State<Center>, mut request: Request, next: Next) -> Response {
    if !is_scim(request.uri().path()) {
        return next.run(request).await;
    }
    if let Some(regular) = regular(request.uri()) {
        *request.uri_mut() = regular;
    }
    let request_id = center.random.uuid();
    let mut response = match is_text(request.uri().path()) {
        true => unrouted(next.run(request).await),
        false => Refusal::NoEndpoint.into_response(),
    };
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
fn is_text(path: &str) -> bool {
    !path.contains('%') || percent_decode_str(path).decode_utf8().is_ok_and(|decoded| !decoded.contains('\0'))
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
    fn only_scim_paths_are_touched() {
        assert!(is_scim("/t/scim/v2/Users"));
        for path in ["/scim/v2/Users", "/console/users", "/a/b/scim/v2/Users", "/t/scim/v1/Users", "/"] {
            assert!(!is_scim(path), "{path}");
        }
    }
}
