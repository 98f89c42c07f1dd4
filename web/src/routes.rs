//! A router that can be read back: every route with its method and the audience that may use it.
//! The access test walks this list, so a route without a row in its table fails there.

use axum::Router;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, Route, delete, get, patch, post, put};
use http::{Method, Request};
use std::convert::Infallible;
use tower::{Layer, Service};

/// One route, as the access table names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its method.
    pub method: Method,
    /// Its path, with `{parameters}`.
    pub path: &'static str,
    /// Who may use it, for example `administrator`.
    pub audience: &'static str,
}

/// Routes of one audience, or of several once merged.
pub struct Routes<S> {
    router: Router<S>,
    listed: Vec<Listed>,
    audience: &'static str,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet, for `audience`.
    pub fn new(audience: &'static str) -> Self {
        Self { router: Router::new(), listed: Vec::new(), audience }
    }

    fn add(mut self, method: Method, path: &'static str, handler: MethodRouter<S>) -> Self {
        self.listed.push(Listed { method, path, audience: self.audience });
        self.router = self.router.route(path, handler);
        self
    }

    /// Adds a GET route.
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::GET, path, get(handler))
    }

    /// Adds a POST route.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::POST, path, post(handler))
    }

    /// Adds a PUT route.
    #[must_use]
    pub fn put<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::PUT, path, put(handler))
    }

    /// Adds a PATCH route.
    #[must_use]
    pub fn patch<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::PATCH, path, patch(handler))
    }

    /// Adds a DELETE route.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.add(Method::DELETE, path, delete(handler))
    }

    /// Puts `layer` before every route added so far: the check that the audience's name promises.
    #[must_use]
    pub fn guarded<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request<axum::body::Body>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<axum::body::Body>>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request<axum::body::Body>>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request<axum::body::Body>>>::Future: Send + 'static,
    {
        if !self.listed.is_empty() {
            self.router = self.router.route_layer(layer);
        }
        self
    }

    /// Adds the routes of another audience.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.listed.extend(other.listed);
        self
    }

    /// The router, and the list of what is in it.
    pub fn finish(self) -> (Router<S>, Vec<Listed>) {
        (self.router, self.listed)
    }
}
