//! A directory's API: Microsoft Graph's paths where Graph has them, our own beside them.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

use super::{Body, Http, encode};
use crate::Failure;
use crate::credentials::DirectoryCredentials;

/// The template of applications that are in no gallery (Microsoft's id for it).
const NON_GALLERY: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

/// Calls to a directory.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The calls.
    pub http: Http,
    /// The tenant.
    pub tenant_id: String,
}

impl Directory {
    /// Uses the one-time set-up secret.
    pub async fn setup(
        url: &str,
        secret: &SecretString,
        user_principal_name: &str,
        password: &SecretString,
    ) -> Result<DirectoryCredentials, Failure> {
        let body = json!({
            "secret": secret.expose_secret(),
            "userPrincipalName": user_principal_name,
            "password": password.expose_secret(),
        });
        let made = Http::new(url)?.post("/api/setup", &body).await?;
        let text = |key: &str| made[key].as_str().unwrap_or_default().to_owned();
        Ok(DirectoryCredentials {
            url: url.trim_end_matches('/').to_owned(),
            tenant_id: text("tenantId"),
            client_id: text("clientId"),
            client_secret: text("clientSecret"),
        })
    }

    /// Signs the command in with its client credentials (RFC 6749 §4.4).
    pub async fn connect(credentials: &DirectoryCredentials) -> Result<Self, Failure> {
        let http = Http::new(&credentials.url)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", credentials.client_id.as_str()),
            ("client_secret", credentials.client_secret.as_str()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let path = format!("/{}/oauth2/v2.0/token", credentials.tenant_id);
        let answer = http.call(Method::POST, &path, Body::Form(&form)).await?;
        let token = answer["access_token"].as_str().unwrap_or_default().to_owned();
        Ok(Self { http: http.with_bearer(token), tenant_id: credentials.tenant_id.clone() })
    }

    /// Imports CSV texts, all or nothing.
    pub async fn import(&self, files: &Json, dry_run: bool) -> Result<Json, Failure> {
        self.http.post(&format!("/api/import?dryRun={dry_run}"), files).await
    }

    /// Sets a password.
    pub async fn set_password(
        &self,
        user: &str,
        password: &SecretString,
        must_change: bool,
    ) -> Result<(), Failure> {
        let profile =
            json!({ "password": password.expose_secret(), "forceChangePasswordNextSignIn": must_change });
        self.patch_user(user, &json!({ "passwordProfile": profile })).await
    }

    /// Changes a user's properties.
    pub async fn patch_user(&self, user: &str, changes: &Json) -> Result<(), Failure> {
        let path = format!("/v1.0/users/{}", encode(user));
        self.http.call(Method::PATCH, &path, Body::Json(changes)).await.map(|_| ())
    }

    /// Makes an enterprise application that is in no gallery, with SAML chosen for single sign-on. The
    /// application and its service principal.
    pub async fn create_application(&self, name: &str) -> Result<Json, Failure> {
        let path = format!("/v1.0/applicationTemplates/{NON_GALLERY}/instantiate");
        let made = self.http.post(&path, &json!({ "displayName": name })).await?;
        let principal = made["servicePrincipal"]["id"].as_str().unwrap_or_default();
        let path = format!("/v1.0/servicePrincipals/{principal}");
        let mode = json!({ "preferredSingleSignOnMode": "saml" });
        self.http.call(Method::PATCH, &path, Body::Json(&mode)).await?;
        Ok(made)
    }

    /// The service principal whose app id, object id or display name is `name`.
    pub async fn application(&self, name: &str) -> Result<Json, Failure> {
        let all = self.http.pages("/v1.0/servicePrincipals", "@odata.nextLink").await?;
        let is = |app: &&Json| ["id", "appId", "displayName"].iter().any(|key| app[*key] == name);
        let mut found: Vec<&Json> = all.iter().filter(is).collect();
        match (found.pop(), found.len()) {
            (Some(app), 0) => Ok(app.clone()),
            (None, _) => {
                Err(Failure::new("ApplicationNotFound", format!("no application is called {name:?}"))
                    .with_fix("`entente directory app list` shows them all."))
            }
            (Some(_), more) => Err(Failure::new(
                "ApplicationNotUnique",
                format!("{} applications are called {name:?}", more + 1),
            )
            .with_fix("Give the app id instead.")),
        }
    }

    /// Reads, and with `save` takes over, a service provider's metadata.
    pub async fn sp_metadata(&self, app: &str, xml: Vec<u8>, save: bool) -> Result<Json, Failure> {
        let path = format!("/api/applications/{app}/saml/sp-metadata?save={save}");
        self.http.call(Method::POST, &path, Body::Xml(xml)).await
    }

    /// The application's SAML settings and what the service provider needs of them.
    pub async fn saml(&self, app: &str) -> Result<Json, Failure> {
        self.http.get(&format!("/api/applications/{app}/saml")).await
    }

    /// The Federation Metadata XML of an application.
    pub async fn federation_metadata(&self, app_id: &str) -> Result<String, Failure> {
        let tenant = &self.tenant_id;
        self.http
            .text(&format!("/{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}"))
            .await
    }

    /// Assigns users and groups, or takes their assignments away.
    pub async fn assign(&self, app: &str, principals: &[Json], remove: bool) -> Result<Json, Failure> {
        self.assign_role(app, principals, None, remove).await
    }

    /// The same in a role, named by its id, value or display name; without one, `User` is assigned, and whatever
    /// role they have taken away.
    pub async fn assign_role(
        &self,
        app: &str,
        principals: &[Json],
        role: Option<&str>,
        remove: bool,
    ) -> Result<Json, Failure> {
        let method = if remove { Method::DELETE } else { Method::POST };
        let path = format!("/api/applications/{app}/assignments");
        let body = json!({ "principals": principals, "appRole": role });
        self.http.call(method, &path, Body::Json(&body)).await
    }

    /// The path of an application's roles, or of one of them by its id, value or display name.
    pub fn app_roles_path(app: &str, role: Option<&str>) -> String {
        let role = role.map(|role| format!("/{}", encode(role))).unwrap_or_default();
        format!("/api/applications/{app}/app-roles{role}")
    }

    /// Why somebody is in scope of an application, or in a group that is provisioned to it.
    pub async fn provenance(&self, app: &str, user: &str, group: Option<&str>) -> Result<Json, Failure> {
        let group = group.map(|group| format!("&group={}", encode(group))).unwrap_or_default();
        self.http.get(&format!("/api/applications/{app}/provenance?user={}{group}", encode(user))).await
    }

    fn synchronization(principal: &str, rest: &str) -> String {
        format!("/v1.0/servicePrincipals/{principal}/synchronization/{rest}")
    }

    /// The provisioning job of a service principal; made where there is none.
    pub async fn job(&self, principal: &str) -> Result<Json, Failure> {
        let path = Self::synchronization(principal, "jobs");
        let mut jobs = self.http.get(&path).await?;
        match jobs["value"].as_array_mut().and_then(Vec::pop) {
            Some(job) => Ok(job),
            None => self.http.post(&path, &json!({ "templateId": "scim" })).await,
        }
    }

    /// Says where the target is and how to get in.
    pub async fn provisioning_secrets(
        &self,
        principal: &str,
        secrets: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let value: Vec<Json> =
            secrets.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        let path = Self::synchronization(principal, "secrets");
        self.http.call(Method::PUT, &path, Body::Json(&json!({ "value": value }))).await.map(|_| ())
    }

    /// Tests the connection with the saved target.
    pub async fn test_connection(&self, principal: &str, job: &str) -> Result<Json, Failure> {
        let path = Self::synchronization(principal, &format!("jobs/{job}/validateCredentials"));
        self.http.post(&path, &json!({ "useSavedCredentials": true })).await
    }

    /// `start`, `pause` or `restart`.
    pub async fn job_action(
        &self,
        principal: &str,
        job: &str,
        action: &str,
        body: &Json,
    ) -> Result<Json, Failure> {
        self.http.post(&Self::synchronization(principal, &format!("jobs/{job}/{action}")), body).await
    }

    /// What AWS would refuse of what a job sends.
    pub async fn lint(&self, principal: &str, job: &str) -> Result<Json, Failure> {
        self.http.get(&Self::synchronization(principal, &format!("jobs/{job}/lint"))).await
    }

    /// A comparison of a job's target, with what became of its differences by now.
    pub async fn comparison(&self, principal: &str, job: &str, id: &str) -> Result<Json, Failure> {
        self.http.get(&Self::synchronization(principal, &format!("jobs/{job}/comparisons/{id}"))).await
    }

    /// The newest provisioning log entries of a job, those alone whose properties are as `only` says.
    pub async fn provisioning_logs(
        &self,
        job: &str,
        top: u32,
        only: &[(&str, &str)],
    ) -> Result<Vec<Json>, Failure> {
        let mut filter = format!("jobId eq '{job}'");
        for (name, value) in only {
            filter.push_str(&format!(" and {name} eq '{}'", value.replace('\'', "''")));
        }
        let filter = encode(&filter);
        let mut page =
            self.http.get(&format!("/v1.0/auditLogs/provisioning?$filter={filter}&$top={top}")).await?;
        match page["value"].take() {
            Json::Array(entries) => Ok(entries),
            _ => Ok(Vec::new()),
        }
    }
}
