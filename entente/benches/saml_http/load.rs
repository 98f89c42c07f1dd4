//! Many browsers at once, as cheap as they can be: they share the machine with the server that is measured.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// Threads that make the load.
const THREADS: usize = 2;
/// Connections of each; every one has a request on its way all the time.
const CONNECTIONS: usize = 32;

/// An answer.
pub struct Answer<'a> {
    /// Status line and headers.
    pub head: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// Sends all `requests` and gives how many were answered in a second; `right` says whether an answer is the one that
/// is wanted.
pub fn run(address: &str, requests: &[Vec<u8>], right: fn(&Answer<'_>) -> bool) -> f64 {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let own: Vec<&[u8]> = requests.iter().skip(thread).step_by(THREADS).map(Vec::as_slice).collect();
            scope.spawn(move || all(address, &own, right));
        }
    });
    requests.len() as f64 / began.elapsed().as_secs_f64()
}

/// Each connection in turn: its answer, then its next request.
fn all(address: &str, requests: &[&[u8]], right: fn(&Answer<'_>) -> bool) {
    let mut connections: Vec<Connection> = (0..CONNECTIONS).map(|_| Connection::open(address)).collect();
    for (at, request) in requests.iter().enumerate() {
        let connection = &mut connections[at % CONNECTIONS];
        if at >= CONNECTIONS {
            connection.answered(right);
        }
        connection.stream.write_all(request).unwrap();
    }
    for at in requests.len().saturating_sub(CONNECTIONS)..requests.len() {
        connections[at % CONNECTIONS].answered(right);
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 64 * 1024] }
    }

    fn answered(&mut self, right: fn(&Answer<'_>) -> bool) {
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).unwrap();
            assert!(read > 0, "the server closed a connection");
            filled += read;
            let Some(head_end) = self.buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..head_end]).unwrap();
            let end = head_end + 4 + content_length(head);
            if filled >= end {
                let answer = Answer { head, body: &self.buffer[head_end + 4..end] };
                let shown = || String::from_utf8_lossy(&self.buffer[..filled]);
                assert!(filled == end && right(&answer), "an unexpected answer: {}", shown());
                return;
            }
        }
    }
}

fn content_length(head: &str) -> usize {
    head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap())
}
