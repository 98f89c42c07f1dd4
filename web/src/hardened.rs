//! What stands around every half: headers, limits on size and time, and a panic that ends one request alone.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use tower::{BoxError, Layer, Service};
use url::Url;

/// Largest body that a handler gets unless its route says otherwise.
pub const MAX_BODY: usize = 1 << 20;
const SLOWEST: Duration = Duration::from_secs(60);

/// A half's router with these around it. One service: as layers of the router they would be put around each of its
/// routes, and cost every request an allocation or two each.
#[derive(Clone)]
pub struct Hardened {
    limited: <DefaultBodyLimit as Layer<Router>>::Service,
    headers: Arc<[(HeaderName, HeaderValue)]>,
    slowest: Duration,
}

impl Hardened {
    /// Puts them around `router`. `origin` is where browsers find it.
    pub fn new(router: Router, origin: &Url) -> Self {
        let limited = DefaultBodyLimit::max(MAX_BODY).layer(router);
        Self { limited, headers: fixed_headers(origin).into(), slowest: SLOWEST }
    }
}

impl<B> Service<Request<B>> for Hardened
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (headers, slowest) = (Arc::clone(&self.headers), self.slowest);
        let answer = self.limited.call(request.map(Body::new));
        Box::pin(async move {
            let answered = tokio::time::timeout(slowest, AssertUnwindSafe(answer).catch_unwind()).await;
            let mut response = match answered {
                Ok(Ok(Ok(response))) => response,
                Ok(Err(panic)) => on_panic(&*panic),
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            };
            for (name, value) in &*headers {
                response.headers_mut().entry(name).or_insert_with(|| value.clone());
            }
            Ok(response)
        })
    }
}

/// The headers of every answer that does not set them itself.
fn fixed_headers(origin: &Url) -> Vec<(HeaderName, HeaderValue)> {
    let policy = crate::page::content_security_policy("'self'");
    let policy =
        HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let mut headers = vec![
        (header::CONTENT_SECURITY_POLICY, policy),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::REFERRER_POLICY, "no-referrer"),
        fixed(header::CACHE_CONTROL, "no-store"),
        fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    if origin.scheme() == "https" {
        headers.push(fixed(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    headers
}

fn on_panic(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<&str>().copied().unwrap_or("not a text");
    tracing::error!(panic = text, "a request ended in a panic");
    crate::page::message(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something failed on our side",
        "Nothing was changed. The server's log says what happened.",
    )
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[expect(clippy::panic, reason = "that is what is tested")]
    async fn panics() -> &'static str {
        panic!("a bug")
    }

    async fn answer(path: &str) -> Response {
        let router = Router::new()
            .route("/panics", get(panics))
            .route("/hangs", get(std::future::pending::<&'static str>))
            .route("/own", get(|| async { [(header::CACHE_CONTROL, "max-age=60")] }));
        let origin = Url::parse("https://id.example").unwrap();
        let request = Request::get(path).body(Body::empty()).unwrap();
        let hardened = Hardened { slowest: Duration::from_millis(300), ..Hardened::new(router, &origin) };
        hardened.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_and_a_handler_that_hangs_end_one_request() {
        for (path, status) in [("/panics", 500), ("/hangs", 503), ("/own", 200), ("/nowhere", 404)] {
            let answer = answer(path).await;
            assert_eq!(answer.status().as_u16(), status, "{path}");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000", "{path}");
            let cached = if path == "/own" { "max-age=60" } else { "no-store" };
            assert_eq!(answer.headers()["cache-control"], cached, "{path}");
        }
    }
}
