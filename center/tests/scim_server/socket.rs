//! A center that listens as the program does, and requests to it as bytes.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use web::serve::Bound;
use web::serve::Hardened;

/// A server, and a token of it.
pub struct Server {
    pub socket: SocketAddr,
    pub tenant: String,
    pub secret: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub json: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Server {
    pub async fn start(router: &Hardened, tenant: &str, secret: &str) -> Self {
        let bound = Bound::new("127.0.0.1:0".parse().unwrap(), None, None).await.unwrap();
        let socket = bound.address();
        let router = router.clone();
        tokio::spawn(async move { bound.serve(router, std::future::pending()).await });
        Self { socket, tenant: tenant.to_owned(), secret: secret.to_owned() }
    }

    /// The first line of a request below the SCIM root, and its host.
    pub fn head(&self, method: &str, path: &str) -> String {
        format!("{method} /{}/scim/v2{path} HTTP/1.1\r\nhost: {}\r\n", self.tenant, self.socket)
    }

    /// One request on a connection of its own, which it says is the last.
    pub async fn send(&self, bytes: Vec<u8>) -> Reply {
        let (mut from, mut to) = TcpStream::connect(self.socket).await.unwrap().into_split();
        // A server that has read enough answers and closes, so the rest cannot always be sent.
        let writer = tokio::spawn(async move {
            let _ = to.write_all(&bytes).await;
            to
        });
        let mut answer = Vec::new();
        let read = from.read_to_end(&mut answer).await;
        assert!(read.is_ok() || !answer.is_empty(), "no answer: {read:?}");
        drop(writer.await);
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        reply(head, body.to_owned())
    }

    pub async fn connect(&self) -> Connection {
        Connection { stream: BufReader::new(TcpStream::connect(self.socket).await.unwrap()) }
    }
}

/// A connection that is kept. A byte too many in one answer makes nonsense of the next.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next answer; to HEAD there is no body whatever its headers say (RFC 9110 §6.4.1).
    pub async fn reply(&mut self, to_head: bool) -> Reply {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.stream.read_line(&mut head).await.unwrap(), 0, "closed after {head:?}");
        }
        assert!(head.starts_with("HTTP/1.1 "), "{head:?} is the rest of something else");
        let mut reply = reply(&head, String::new());
        if to_head || matches!(reply.status, 204 | 304) {
            return reply;
        }
        let length: usize = reply.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        reply.text = String::from_utf8(body).unwrap();
        reply.json = serde_json::from_str(&reply.text).unwrap_or(Value::Null);
        reply
    }
}

fn reply(head: &str, text: String) -> Reply {
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Reply { status, headers: lines.filter_map(pair).collect(), text, json }
}
