//! The least that a server on the same stack can do for a request.

use axum::Router;
use axum::routing::get;
use web::serve::Bound;

use crate::load::Answer;

pub struct Hello {
    pub address: String,
}

impl Hello {
    pub async fn start() -> Self {
        let bound = Bound::new("127.0.0.1:0".parse().unwrap(), None, None).await.unwrap();
        let address = bound.address().to_string();
        let router = Router::new().route("/", get(async || "hello"));
        tokio::spawn(bound.serve(router, std::future::pending()));
        Self { address }
    }

    pub fn requests(&self, count: usize) -> Vec<Vec<u8>> {
        vec![format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", self.address).into_bytes(); count]
    }
}

pub fn right(answer: &Answer<'_>) -> bool {
    answer.body == b"hello"
}
