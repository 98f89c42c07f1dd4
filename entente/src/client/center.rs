//! A center's admin API: what the originals have no API for.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

use super::{Body, Http, encode};
use crate::Failure;
use crate::credentials::CenterCredentials;

/// Calls to a center.
#[derive(Debug, Clone)]
pub struct Center {
    /// The calls.
    pub http: Http,
}

impl Center {
    /// Uses the one-time set-up secret.
    pub async fn setup(
        url: &str,
        secret: &SecretString,
        user_name: &str,
        password: &SecretString,
    ) -> Result<CenterCredentials, Failure> {
        let body = json!({
            "secret": secret.expose_secret(), "userName": user_name, "password": password.expose_secret(),
        });
        let made = Http::new(url)?.post("/api/setup", &body).await?;
        let api_key = made["apiKey"].as_str().unwrap_or_default().to_owned();
        Ok(CenterCredentials { url: url.trim_end_matches('/').to_owned(), api_key })
    }

    /// Calls with the API key.
    pub fn connect(credentials: &CenterCredentials) -> Result<Self, Failure> {
        Ok(Self { http: Http::new(&credentials.url)?.with_bearer(credentials.api_key.clone()) })
    }

    /// The service provider's metadata file.
    pub async fn sp_metadata(&self) -> Result<String, Failure> {
        self.http.text("/api/identity-source/sp-metadata").await
    }

    /// Puts a new identity source up for review; the review.
    pub async fn propose(&self, proposal: &Json) -> Result<Json, Failure> {
        self.http.call(Method::PUT, "/api/identity-source/proposal", Body::Json(proposal)).await
    }

    /// Makes the reviewed source the active one.
    pub async fn accept(&self) -> Result<Json, Failure> {
        self.http.post("/api/identity-source/accept", &json!({ "confirm": "ACCEPT" })).await
    }

    /// Imports a CSV text: `what` is `organization`, `permission-sets` or `assignments`, `key` the member
    /// that carries it.
    pub async fn import(&self, what: &str, key: &str, csv: &str) -> Result<Json, Failure> {
        self.http.post(&format!("/api/{what}/import"), &json!({ key: csv })).await
    }

    /// What a user may open, and why.
    pub async fn access(&self, user: &str) -> Result<Json, Failure> {
        self.http.get(&format!("/api/users/{}/access", encode(user))).await
    }
}
