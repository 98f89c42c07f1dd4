//! The calls of the API that several tests make.

use center::testing::{Answer, TestCenter};
use http::Method;
use serde_json::{Value, json};

pub async fn source(test: &TestCenter) -> Value {
    test.api(Method::GET, "/api/identity-source", Value::Null).await.json()
}

pub async fn put(test: &TestCenter, body: Value) -> Answer {
    test.api(Method::PUT, "/api/identity-source/proposal", body).await
}

pub async fn confirm(test: &TestCenter, step: &str, word: &str) -> Answer {
    let path = format!("/api/identity-source/{step}");
    test.api(Method::POST, &path, json!({ "confirm": word })).await
}
