//! What the machine itself can do.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;

use crate::process::Half;

/// RSA-2048 signatures in a second on one core.
pub struct Signer(KeyPair);

impl Signer {
    pub fn new() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// The key as PKCS #8.
    pub fn pkcs8(&self) -> Vec<u8> {
        self.0.as_der().unwrap().as_ref().to_vec()
    }

    /// Signs for a while.
    pub fn rate(&self) -> f64 {
        let (random, mut signature) = (SystemRandom::new(), vec![0; self.0.public_modulus_len()]);
        rate(Duration::from_millis(500), || {
            self.0.sign(&RSA_PKCS1_SHA256, &random, b"a message", &mut signature).unwrap();
        })
    }
}

/// How often a page can be written to a file of this folder so that it outlives a power cut, in a second.
pub fn flushes(folder: &Path) -> f64 {
    let mut file = std::fs::File::create(folder.join("flushes")).unwrap();
    rate(Duration::from_millis(500), || {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
    })
}

fn rate(length: Duration, mut work: impl FnMut()) -> f64 {
    let (began, mut times) = (Instant::now(), 0_u32);
    while began.elapsed() < length {
        work();
        times += 1;
    }
    f64::from(times) / began.elapsed().as_secs_f64()
}

/// Processor time of a process and of its thread that writes to SQLite, so far (Linux).
#[derive(Debug, Clone, Copy)]
pub struct Used {
    at: Instant,
    process: f64,
    writer: f64,
}

/// Processor time between two moments, in processors.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    /// Of the process.
    pub process: f64,
    /// Of the thread that writes to SQLite.
    pub writer: f64,
}

impl Used {
    /// Until now.
    pub fn by(half: &Half) -> Self {
        let folder = format!("/proc/{}", half.process.as_ref().unwrap().child.id());
        let threads = std::fs::read_dir(format!("{folder}/task")).unwrap();
        let writers = threads.flatten().map(|thread| thread.path()).filter(|thread| {
            std::fs::read_to_string(thread.join("comm")).is_ok_and(|name| name.trim() == "store-writer")
        });
        let writer = writers.map(|thread| seconds(&thread)).sum();
        Self { at: Instant::now(), process: seconds(Path::new(&folder)), writer }
    }

    /// Since then.
    pub fn since(self, earlier: Self) -> Share {
        let wall = self.at.duration_since(earlier.at).as_secs_f64();
        Share {
            process: (self.process - earlier.process) / wall,
            writer: (self.writer - earlier.writer) / wall,
        }
    }
}

/// User and system time of a process or thread: fields 14 and 15 of `stat`, in hundredths (proc(5)).
fn seconds(folder: &Path) -> f64 {
    let stat = std::fs::read_to_string(folder.join("stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().skip(11).take(2).map(|n| n.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
