//! A center with automatic provisioning on, and many users in it.

use entente::client;
use saml::certificate::{SelfSigned, SigningKey};
use saml::metadata::{WriteIdpMetadata, write_idp};
use secrecy::SecretString;
use serde_json::json;
use store::testing::fresh_url;
use store::{Engine, Store, StoreError, Tx};

use crate::process::Half;
use crate::requests::{Client, patch, user};

/// The first of the numbers in the names of users that are loaded: all have as many digits.
const FIRST: usize = 10_000_001;
/// How many are loaded in one transaction.
const AT_ONCE: usize = 50_000;
/// Whose row the others are made of.
const TEMPLATE: &str = "template@example.com";

pub struct Served {
    pub address: String,
    half: Half,
    client: Client,
    store: Store,
    users: usize,
    _folders: (tempfile::TempDir, Option<tempfile::TempDir>),
}

impl Served {
    pub async fn start(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, data) = fresh_url(engine);
        let half = Half::start("center", folder.path(), Some(url.clone()));
        let (secret, password) =
            (SecretString::from(half.secret.clone().unwrap()), SecretString::from("a password for benches"));
        let made = client::Center::setup(&half.origin, &secret, "admin", &password).await.unwrap();
        let center = client::Center::connect(&made).unwrap();
        let source = json!({ "kind": "external", "metadataXml": metadata() });
        center.propose(&source).await.unwrap();
        center.accept().await.unwrap();
        let enabled = center.http.post("/api/scim/enable", &json!({})).await.unwrap();
        // What is measured is the server, not its limit on what one token may send.
        let limit = json!({ "requestsPerSecond": 100_000 });
        let body = client::Body::Json(&limit);
        center.http.call(http::Method::PUT, "/api/scim/rate-limit", body).await.unwrap();
        let address = half.origin.trim_start_matches("http://").to_owned();
        let endpoint = enabled["endpoint"].as_str().unwrap().trim_end_matches('/');
        let client = Client {
            host: address.clone(),
            base: endpoint.strip_prefix(&half.origin).unwrap().to_owned(),
            token: enabled["token"]["secret"].as_str().unwrap().to_owned(),
        };
        let template = [client.send("POST", "/Users", &user(TEMPLATE))];
        crate::load::run(&address, &template, crate::requests::is_created);
        let store = Store::open(&url, center::MIGRATIONS).await.unwrap();
        // What is measured is not to be the limit on the rate of a token.
        let unlimited =
            |tx: &mut Tx<'_>| tx.exec("UPDATE instances SET scim_requests_per_second = 100000", &[]);
        store.write(unlimited).await.unwrap();
        Self { address, half, client, store, users: 0, _folders: (folder, data) }
    }

    /// Loads users straight into the store until there are so many.
    pub async fn users(&mut self, count: usize) {
        while self.users < count {
            let (from, to) = (FIRST + self.users, FIRST + count.min(self.users + AT_ONCE) - 1);
            self.store.write(move |tx| load(tx, from, to)).await.unwrap();
            self.users = to + 1 - FIRST;
        }
        let recount = |tx: &mut Tx<'_>| match tx.row("SELECT id FROM instances", &[])? {
            Some(row) => center::identity_store::store::recount(tx, &row.text(0)?),
            None => Ok(()),
        };
        self.store.write(recount).await.unwrap();
        if self.store.engine() == Engine::Postgres {
            // Otherwise the server's own statistics come some time later.
            self.store.write(|tx| tx.exec("ANALYZE", &[])).await.unwrap();
        }
    }

    /// A group of the first users; its id.
    pub async fn group(&self, members: usize) -> String {
        let id = format!("group-{members}");
        let made = id.clone();
        let load = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.exec(
                "INSERT INTO groups (instance_id, id, display_name, display_name_key, owner, description, \
                 created_at, updated_at) SELECT instance_id, ?1, ?1, ?1, owner, '', 0, 0 FROM users \
                 WHERE user_name_key = ?2",
                &[(&made).into(), TEMPLATE.into()],
            )?;
            tx.exec(
                "INSERT INTO group_members (instance_id, group_id, user_id) \
                 SELECT instance_id, ?1, id FROM users WHERE id >= ?2 AND id <= ?3",
                &[(&made).into(), (&id_of(0)).into(), (&id_of(members - 1)).into()],
            )?;
            Ok(())
        };
        self.store.write(load).await.unwrap();
        id
    }

    /// Takes all groups away again: they would be in the answers about their members.
    pub async fn forget_groups(&self) {
        let forget = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.exec("DELETE FROM group_members", &[])?;
            tx.exec("DELETE FROM groups", &[]).map(|_| ())
        };
        self.store.write(forget).await.unwrap();
    }

    /// Resident memory in MiB (Linux).
    pub fn memory(&self) -> f64 {
        let process = self.half.process.as_ref().unwrap().child.id();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    pub fn by_id(&self, count: usize) -> Vec<Vec<u8>> {
        self.anybody(count).map(|n| self.client.get(&format!("/Users/{}", id_of(n)))).collect()
    }

    pub fn by_name(&self, count: usize) -> Vec<Vec<u8>> {
        let path = |n| format!("/Users?filter=userName+eq+%22{}%40example.com%22", FIRST + n);
        self.anybody(count).map(|n| self.client.get(&path(n))).collect()
    }

    pub fn creates(&self, round: usize, count: usize) -> Vec<Vec<u8>> {
        let email = |n| format!("new-{round}-{n:06}@example.com");
        (0..count).map(|n| self.client.send("POST", "/Users", &user(&email(n)))).collect()
    }

    pub fn removals(&self, group: &str, count: usize) -> Vec<Vec<u8>> {
        let path = |n| format!("members[value eq \"{}\"]", id_of(n));
        self.changes(group, count, |n| json!({ "op": "remove", "path": path(n) }))
    }

    pub fn additions(&self, group: &str, count: usize) -> Vec<Vec<u8>> {
        self.changes(
            group,
            count,
            |n| json!({ "op": "add", "path": "members", "value": [{ "value": id_of(n) }] }),
        )
    }

    fn changes(
        &self,
        group: &str,
        count: usize,
        operation: impl Fn(usize) -> serde_json::Value,
    ) -> Vec<Vec<u8>> {
        let path = format!("/Groups/{group}");
        (0..count).map(|n| self.client.send("PATCH", &path, &patch(&operation(n)))).collect()
    }

    /// Users from everywhere, the same ones each time.
    fn anybody(&self, count: usize) -> impl Iterator<Item = usize> {
        let users = self.users as u64;
        let mut state = 1_u64;
        (0..count).map(move |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % users) as usize
        })
    }
}

fn id_of(number: usize) -> String {
    format!("user-{}", FIRST + number)
}

fn load(tx: &mut Tx<'_>, from: usize, to: usize) -> Result<(), StoreError> {
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}) SELECT u.instance_id"
    );
    let template = format!("FROM n CROSS JOIN users u WHERE u.user_name_key = '{TEMPLATE}'");
    let column = |name: &str| format!("REPLACE(u.{name}, 'template', CAST(i AS TEXT))");
    let columns = [
        "user_name",
        "user_name_key",
        "display_name",
        "display_name_key",
        "external_id",
        "primary_email_key",
        "resource",
    ];
    let replaced: Vec<String> = columns.iter().map(|name| column(name)).collect();
    tx.exec(
        &format!(
            "INSERT INTO users (instance_id, id, active, owner, created_at, updated_at, {}) {numbers}, \
             'user-' || CAST(i AS TEXT), u.active, u.owner, u.created_at, u.updated_at, {} {template}",
            columns.join(", "),
            replaced.join(", ")
        ),
        &[],
    )?;
    tx.exec(
        &format!(
            "INSERT INTO user_emails (instance_id, email_key, user_id) {numbers}, {}, \
             'user-' || CAST(i AS TEXT) {template}",
            column("primary_email_key")
        ),
        &[],
    )?;
    Ok(())
}

/// Of an identity provider that nobody signs in at.
fn metadata() -> String {
    let now = web::Clock::system().now().to_offset();
    let values = SelfSigned {
        common_name: "bench",
        serial: [7; 16],
        not_before: now - time::Duration::days(1),
        not_after: now + time::Duration::days(30),
    };
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let pkcs8 = aws_lc_rs::encoding::AsDer::as_der(&pair).unwrap();
    let key = SigningKey::self_signed(pkcs8.as_ref(), &values).unwrap();
    let metadata = WriteIdpMetadata {
        id: "_m",
        entity_id: "https://idp.example/metadata",
        single_sign_on_url: "https://idp.example/sso",
        single_logout_url: "https://idp.example/sso",
        further_certificates: &[],
    };
    write_idp(&metadata, &key).unwrap()
}
