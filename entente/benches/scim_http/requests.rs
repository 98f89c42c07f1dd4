//! Requests as a client sends them, and what a right answer looks like.

use serde_json::{Value, json};

use crate::load::Answer;

/// The headers that every request has.
pub struct Client {
    pub host: String,
    pub base: String,
    pub token: String,
}

impl Client {
    pub fn get(&self, path: &str) -> Vec<u8> {
        format!("GET {}{path} HTTP/1.1\r\n{}\r\n", self.base, self.headers()).into_bytes()
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let (base, headers, body) = (&self.base, self.headers(), body.to_string());
        let length = body.len();
        format!(
            "{method} {base}{path} HTTP/1.1\r\n{headers}content-type: application/scim+json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn headers(&self) -> String {
        format!("host: {}\r\nauthorization: Bearer {}\r\n", self.host, self.token)
    }
}

/// A user as identity providers send them.
pub fn user(email: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "externalId": format!("external-{email}"), "userName": email, "active": true,
        "displayName": format!("Ana {email}"),
        "name": { "formatted": "Ana Example", "familyName": "Example", "givenName": "Ana" },
        "emails": [{ "primary": true, "type": "work", "value": email }],
        "title": "Engineer", "preferredLanguage": "en-GB",
    })
}

pub fn patch(operation: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] })
}

pub fn is_user(answer: &Answer<'_>) -> bool {
    answer.head.starts_with("HTTP/1.1 200") && has(answer.body, b"\"userName\":")
}

pub fn is_list_of_one(answer: &Answer<'_>) -> bool {
    answer.head.starts_with("HTTP/1.1 200") && has(answer.body, b"\"totalResults\":1")
}

pub fn is_created(answer: &Answer<'_>) -> bool {
    answer.head.starts_with("HTTP/1.1 201")
}

pub fn is_changed(answer: &Answer<'_>) -> bool {
    answer.head.starts_with("HTTP/1.1 204")
}

fn has(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}
