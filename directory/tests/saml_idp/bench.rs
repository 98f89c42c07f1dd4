//! An application with its service provider, a directory that knows it, and the requests between them.

use std::sync::LazyLock;

use axum::body::Body;
use directory::testing::{Answer, Browser, TestDirectory, send};
use http::{Request, StatusCode, header};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_RSA_SHA256};
use saml::certificate::{Certificate, SigningKey};
use saml::names::FORMAT_EMAIL;
use saml::response::{Accepted, Expect, ExpectInResponseTo, Reject, accept_response};
use store::StoreError;
use time::{Duration, OffsetDateTime};
use web::Timestamp;

pub const SP: &str = "https://sp.example/saml";
pub const ACS: &str = "https://sp.example/acs";
pub const SECOND_ACS: &str = "https://sp.example/acs2";
pub const APP: &str = "11111111-1111-4111-8111-111111111111";
pub const APP_ID: &str = "22222222-2222-4222-8222-222222222222";

static KEYS: LazyLock<[KeyPair; 2]> =
    LazyLock::new(|| [0, 1].map(|_| KeyPair::generate_for(&PKCS_RSA_SHA256).expect("an RSA key")));

/// A signing certificate to put into the rows.
pub struct Signer {
    pub key_id: &'static str,
    pub which: usize,
    pub active: bool,
    /// In days from now.
    pub from: i64,
    pub until: i64,
}

pub const FIRST: Signer = Signer { key_id: "k1", which: 0, active: true, from: -1, until: 365 };

pub struct Bench {
    pub t: TestDirectory,
}

pub async fn engines() -> Vec<Bench> {
    let mut all = Vec::new();
    for t in directory::testing::engines().await {
        all.push(Bench::with(t).await);
    }
    all
}

pub async fn sqlite() -> Bench {
    Bench::with(TestDirectory::new(store::Engine::Sqlite).await).await
}

pub fn request_file(name: &str) -> String {
    let path = format!("{}/testdata/saml_idp/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

impl Bench {
    /// An application that is ready, nobody assigned.
    async fn with(t: TestDirectory) -> Self {
        let bench = Self { t };
        let now = bench.t.directory.clock.now().micros();
        bench
            .sql(&format!(
                "INSERT INTO applications (tenant_id, id, app_id, service_principal_id, display_name, \
                 display_name_key, account_enabled, assignment_required, visible, single_sign_on_mode, \
                 name_id_source, name_id_format, signing_option, created_at, updated_at) VALUES \
                 ('{{t}}', '{APP}', '{APP_ID}', 'sp-1', 'AWS SSO', 'aws sso', 1, 1, 1, 'saml', \
                 'userPrincipalName', '{FORMAT_EMAIL}', 'assertion', {now}, {now})"
            ))
            .await;
        bench
            .sql(&format!(
                "INSERT INTO application_identifiers (tenant_id, identifier, application_id, position) \
                 VALUES ('{{t}}', '{SP}', '{APP}', 0)"
            ))
            .await;
        for (position, url) in [SECOND_ACS, ACS].iter().enumerate() {
            let is_default = i32::from(*url == ACS);
            bench
                .sql(&format!(
                    "INSERT INTO application_reply_urls (tenant_id, application_id, position, url, acs_index, \
                     is_default) VALUES ('{{t}}', '{APP}', {position}, '{url}', {position}, {is_default})"
                ))
                .await;
        }
        bench.certificate(&FIRST).await;
        bench
    }

    /// Runs a statement; `{t}` is the tenant.
    pub async fn sql(&self, sql: &str) {
        let sql = sql.replace("{t}", &self.t.directory.tenant_id);
        let changed = self.t.directory.store.write(move |tx| tx.exec(&sql, &[]));
        let changed: Result<u64, StoreError> = changed.await;
        assert!(changed.unwrap() > 0, "the statement changes something");
    }

    /// Puts a certificate and its sealed key into the rows.
    pub async fn certificate(&self, signer: &Signer) {
        let key = &KEYS[signer.which];
        let now = self.t.directory.clock.now().to_offset();
        let (from, until) = (now + Duration::days(signer.from), now + Duration::days(signer.until));
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        (params.not_before, params.not_after) = (from, until);
        let der = params.self_signed(key).unwrap().der().to_vec();
        let thumbprint = Certificate::from_der(&der).unwrap().thumbprint();
        let place = format!("application_certificates/private_key/{}", signer.key_id);
        let sealed = self.t.directory.master_key.seal(&place, &key.serialize_der()).unwrap();
        let (tenant, key_id, active) = (self.t.directory.tenant_id.clone(), signer.key_id, signer.active);
        let times = [from, until].map(|t| Timestamp::from(t).micros());
        let sql = "INSERT INTO application_certificates (tenant_id, application_id, key_id, thumbprint, \
                   certificate_der, private_key_sealed, not_before, not_after, active, created_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?7)";
        let written: Result<u64, StoreError> = self
            .t
            .directory
            .store
            .write(move |tx| {
                let row = [
                    (&tenant).into(),
                    APP.into(),
                    key_id.into(),
                    (&thumbprint).into(),
                    (&der).into(),
                    (&sealed).into(),
                    times[0].into(),
                    times[1].into(),
                    active.into(),
                ];
                tx.exec(sql, &row)
            })
            .await;
        written.unwrap();
    }

    /// A certificate of the application with its private key (PKCS#8).
    pub fn application_certificate(&self) -> (Vec<u8>, Vec<u8>) {
        let now = self.t.directory.clock.now().to_offset();
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (now, now + Duration::days(365));
        let der = params.self_signed(&KEYS[1]).unwrap().der().to_vec();
        (der, KEYS[1].serialize_der())
    }

    /// Uploads a certificate of the application; its id.
    pub async fn key_credential(&self, usage: &str, der: &[u8]) -> String {
        let token = self.t.program().await.token;
        let request = Request::post(format!("/api/applications/{APP}/key-credentials?usage={usage}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(der.to_vec()))
            .unwrap();
        let added = send(&self.t.router, request).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        added.json()["keyId"].as_str().unwrap().to_owned()
    }

    /// Uploads a verification certificate; the key that signs the application's requests.
    pub async fn verification_key(&self) -> SigningKey {
        let (der, key) = self.application_certificate();
        self.key_credential("Verify", &der).await;
        SigningKey::new(&key, &der).unwrap()
    }

    /// The URL of the endpoint.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:7001{}", self.path())
    }

    /// Assigns a user or group.
    pub async fn assign(&self, principal: &str, kind: &str) {
        self.sql(&format!(
            "INSERT INTO app_role_assignments (tenant_id, id, application_id, principal_id, principal_type, \
             app_role_id, created_at) VALUES ('{{t}}', 'a-{principal}', '{APP}', '{principal}', '{kind}', 'r', 1)"
        ))
        .await;
    }

    /// A user `{name}` who is assigned.
    pub async fn assigned(&self, name: &str) -> String {
        let id = self.t.user(name).await.id;
        self.assign(&id, "user").await;
        id
    }

    pub fn path(&self) -> String {
        format!("/{}/saml2", self.t.directory.tenant_id)
    }

    pub fn entity_id(&self) -> String {
        format!("http://127.0.0.1:7001/{}/", self.t.directory.tenant_id)
    }

    /// The path of a request by HTTP-Redirect.
    pub fn redirect(&self, xml: &str, relay_state: Option<&str>) -> String {
        let parameter = saml::bindings::Parameter::SamlRequest;
        saml::bindings::encode_redirect(&self.path(), parameter, xml, relay_state)
    }

    /// A post from the service provider's page: the browser leaves its `Lax` session cookie at home.
    pub async fn post(&self, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = Request::post(self.path())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://sp.example");
        send(&self.t.router, request.body(Body::from(form.finish())).unwrap()).await
    }

    pub async fn get(&self, path: &str, cookies: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookies);
        send(&self.t.router, request.body(Body::empty()).unwrap()).await
    }

    /// The certificates in the rows, by way of the metadata.
    pub async fn metadata(&self) -> saml::metadata::IdpMetadata {
        let tenant = &self.t.directory.tenant_id;
        let path = format!("/{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid={APP_ID}");
        let answer = self.get(&path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/samlmetadata+xml");
        saml::metadata::IdpMetadata::read(&answer.bytes).unwrap()
    }

    /// The response on a page as the service provider takes it.
    pub async fn accept(
        &self,
        answer: &Answer,
        acs: &str,
        request: Option<&str>,
    ) -> Result<Accepted, Reject> {
        self.accept_as(answer, acs, request, (&self.entity_id(), SP)).await
    }

    /// The same where issuer and audience are others.
    pub async fn accept_as(
        &self,
        answer: &Answer,
        acs: &str,
        request: Option<&str>,
        (issuer, audience): (&str, &str),
    ) -> Result<Accepted, Reject> {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(action(answer), acs);
        let xml = saml::bindings::decode_post(&field(answer, "SAMLResponse").expect("a response")).unwrap();
        let certificates = self.metadata().await.signing_certificates;
        let expect = Expect {
            acs_url: acs,
            sp_entity_id: audience,
            idp_entity_id: issuer,
            certificates: &certificates,
            in_response_to: request.map_or(ExpectInResponseTo::NoRequest, ExpectInResponseTo::Request),
            now: self.now(),
            clock_skew: Duration::seconds(0),
            name_id_format: FORMAT_EMAIL,
        };
        accept_response(&xml, &expect)
    }

    pub fn now(&self) -> OffsetDateTime {
        self.t.directory.clock.now().to_offset()
    }

    /// Signs in as `{name}` at the sign-in page that `answer` leads to; the path that it leads back to.
    pub async fn sign_in(&self, browser: &mut Browser, answer: &Answer, name: &str) -> String {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let page = answer.location().to_owned();
        let back = page.strip_prefix("/sign-in?return_to=").unwrap_or_else(|| panic!("{page}"));
        let back = form_urlencoded::parse(format!("r={back}").as_bytes()).next().unwrap().1.into_owned();
        let user = format!("{name}@{}", directory::testing::DOMAIN);
        let fields = [
            ("user_name", user.as_str()),
            ("password", directory::testing::PASSWORD),
            ("return_to", back.as_str()),
        ];
        let done = browser.submit(&page, "/sign-in", &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        assert_eq!(done.location(), back);
        back
    }

    /// The record under the reference that a page of refusal shows.
    pub async fn record_of(&self, answer: &Answer) -> serde_json::Value {
        let reference = answer.text.split("data-copy=\"").nth(1).and_then(|t| t.split('"').next());
        let reference = reference.unwrap_or_else(|| panic!("no reference: {}", answer.text));
        let found = self.t.program().await.get(&format!("/api/sign-ins/{reference}")).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.text);
        found.json()
    }

    /// The newest sign-on in the record.
    pub async fn newest(&self) -> serde_json::Value {
        let answer = self.t.program().await.get("/api/sign-ins?limit=1").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["value"][0].clone()
    }
}

fn unescape(html: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(html.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The cookies of a browser together with the one that an answer to a post sets.
pub fn cookies(browser: &Browser, answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    format!("{}; {}", browser.cookie_header(), set.split(';').next().unwrap())
}

/// The value of a hidden field.
pub fn field(answer: &Answer, name: &str) -> Option<String> {
    let (_, rest) = answer.text.split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split('"').next().map(unescape)
}

/// Where the form goes.
pub fn action(answer: &Answer) -> String {
    let rest = answer.text.split("action=\"").nth(1).unwrap_or_default();
    unescape(rest.split('"').next().unwrap_or_default())
}
