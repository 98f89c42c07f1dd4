//! A program and an administrator's browser at the router of a directory with an application.

use axum::body::Body;
use directory::access::{GLOBAL_ADMINISTRATOR, SESSION_AUDIENCE};
use directory::router::router;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use tower::ServiceExt;
use web::serve::Hardened;
use web::session::Session;
use web::{Timestamp, session, token};

use super::world::{TENANT, World, worlds};

pub const SYNC: &str = "/v1.0/servicePrincipals/sp-1/synchronization";
pub const PAGES: &str = "/console/applications/app-1/provisioning";

pub struct Client {
    router: Hardened,
    pub world: World,
}

impl Client {
    pub async fn all() -> Vec<Self> {
        let mut clients = Vec::new();
        for world in worlds().await {
            world.write(sign_in).await;
            for user in ["ana", "leo", "eve"] {
                world.user(user).await;
            }
            world.group("sea").await;
            world.member("sea", "ana", true).await;
            world.assign("sea", true).await;
            world.assign("leo", true).await;
            clients.push(Self { router: router(&world.directory).0, world });
        }
        clients
    }

    pub async fn send(&self, request: Request<Body>) -> (StatusCode, String, http::HeaderMap) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8(body.to_vec()).unwrap(), parts.headers)
    }

    pub async fn graph(&self, method: &str, path: &str, body: Json) -> (StatusCode, Json) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, "Bearer program")
            .body(Body::from(body.to_string()));
        let (status, text, _) = self.send(request.unwrap()).await;
        (status, serde_json::from_str(&text).unwrap_or(Json::Null))
    }

    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header(header::COOKIE, "entente_directory_session=person; entente_directory_form=key");
        let (status, text, _) = self.send(request.body(Body::empty()).unwrap()).await;
        (status, text)
    }

    /// Sends a form with the token of the page.
    pub async fn form(&self, path: &str, fields: &str) -> (StatusCode, String) {
        let (_, page) = self.page(PAGES).await;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let request = Request::post(path)
            .header(header::COOKIE, "entente_directory_session=person; entente_directory_form=key")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={csrf}&{fields}")));
        let (status, text, headers) = self.send(request.unwrap()).await;
        let place = headers.get(header::LOCATION).map(|l| l.to_str().unwrap().to_owned());
        (status, place.unwrap_or(text))
    }
}

fn sign_in(tx: &mut store::Tx<'_>) -> Result<(), store::StoreError> {
    let end = 4_000_000_000_000_000i64;
    tx.exec("INSERT INTO api_clients VALUES (?1, 'c', 'C', ?2, 1)", &[TENANT.into(), (&[1u8][..]).into()])?;
    tx.exec(
        "INSERT INTO api_tokens VALUES (?1, ?2, 'c', ?3)",
        &[token::hash("program")[..].into(), TENANT.into(), end.into()],
    )?;
    let sql = "INSERT INTO users (tenant_id, id, user_principal_name, user_principal_name_key, display_name, \
               display_name_key, account_enabled, profile, created_at, updated_at) \
               VALUES (?1, 'root', 'root@t', 'root@t', 'Root', 'root', 1, '{}', 1, 1)";
    tx.exec(sql, &[TENANT.into()])?;
    let sql = "INSERT INTO role_assignments VALUES (?1, 'root', ?2)";
    tx.exec(sql, &[TENANT.into(), GLOBAL_ADMINISTRATOR.into()])?;
    let session = Session {
        realm: TENANT.to_owned(),
        audience: SESSION_AUDIENCE.to_owned(),
        subject_id: "root".to_owned(),
        created_at: Timestamp(1_800_000_000_000_000),
        expires_at: Timestamp(end),
        data: json!({}),
    };
    session::create(tx, "person", &session)
}
