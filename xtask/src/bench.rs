//! `cargo xtask bench`

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use clap::ValueEnum;

use crate::root;

/// What to measure.
#[derive(Clone, Copy, ValueEnum)]
pub enum What {
    /// Time from start to first answer, and memory when idle.
    Start,
    /// Issuing and accepting SAML responses, beside the machine's own RSA-2048.
    Saml,
    /// SCIM requests on both engines, beside what the engines and the machine can do.
    Scim,
    /// Provisioning: an initial cycle, the cost of a change, and how soon it has its effect.
    Provisioning,
}

/// Longest start, in milliseconds.
const START_TARGET: f64 = 300.0;
/// Most memory of both halves together when idle, in MiB.
const MEMORY_TARGET: f64 = 60.0;
const RUNS: usize = 5;

/// `cargo xtask bench`
pub fn run(what: What, users: Option<u32>) -> Result<(), String> {
    match what {
        What::Start => start(),
        What::Saml => benches(&[("saml", "saml"), ("entente", "saml_http")]),
        What::Scim => crate::bench_scim::run(users),
        What::Provisioning => benches(&[("directory", "provisioning")]),
    }
}

/// Builds benches optimised and runs them. They print the figures and fail when one misses its target.
fn benches(all: &[(&str, &str)]) -> Result<(), String> {
    let mut missed = Vec::new();
    for (package, bench) in all {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(root()).args(["bench", "--quiet", "-p", package, "--bench", bench]);
        if crate::run(&mut command).is_err() {
            missed.push(*bench);
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(format!("a target was missed, or the bench could not be built: {}", missed.join(", ")))
}

/// Starts both halves on data that is there already, several times; the medians count.
fn start() -> Result<(), String> {
    let cargo = env!("CARGO");
    crate::run(Command::new(cargo).current_dir(root()).args([
        "build",
        "--release",
        "--quiet",
        "-p",
        "entente",
    ]))?;
    let data = std::env::temp_dir().join(format!("entente-bench-{}", std::process::id()));
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for warm in [false, true, true, true, true, true] {
        let (time, resident) = once(&data)?;
        if warm {
            times.push(time);
            memory.push(resident);
        }
    }
    let _ = std::fs::remove_dir_all(&data);
    debug_assert_eq!(times.len(), RUNS);
    let ok = [
        figure("start to first answer", median(times), START_TARGET, "ms"),
        figure("both halves idle", median(memory), MEMORY_TARGET, "MiB"),
    ];
    if ok.iter().all(|ok| *ok) { Ok(()) } else { Err("a target was missed".to_owned()) }
}

fn figure(name: &str, found: f64, target: f64, unit: &str) -> bool {
    let (ratio, met) = (found / target, found <= target);
    println!(
        "{name:<24} {found:>8.1} {unit}  target ≤ {target} {unit}  ratio {ratio:.2}  {}",
        if met { "ok" } else { "MISSED" }
    );
    met
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn once(data: &std::path::Path) -> Result<(f64, f64), String> {
    let program = root().join("target/release/entente");
    let began = Instant::now();
    let mut child = Command::new(&program)
        .args(["up", "--directory-listen", "127.0.0.1:0", "--center-listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let measured = first_answers(&mut child, began);
    let _ = child.kill();
    let _ = child.wait();
    measured
}

fn first_answers(child: &mut Child, began: Instant) -> Result<(f64, f64), String> {
    let output = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let mut origins = Vec::new();
    while origins.len() < 2 {
        let line = lines.next().ok_or("the server ended early")?;
        if let Some((_, origin)) = line.split_once(" is at http://") {
            origins.push(origin.trim_end_matches('/').to_owned());
        }
    }
    for origin in &origins {
        answer(origin)?;
    }
    let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
    std::thread::sleep(std::time::Duration::from_secs(2));
    Ok((milliseconds, resident(child.id())?))
}

fn answer(address: &str) -> Result<(), String> {
    use std::io::{Read, Write};
    let failed = |e: std::io::Error| format!("{address}: {e}");
    let mut stream = std::net::TcpStream::connect(address).map_err(failed)?;
    write!(stream, "GET /api/about HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")
        .map_err(failed)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(failed)?;
    if text.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(format!("{address} answered {}", text.lines().next().unwrap_or("")))
    }
}

/// The resident memory of a process in MiB (Linux).
fn resident(process: u32) -> Result<f64, String> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: f64 =
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).ok_or("VmRSS is no number")?;
    Ok(kilobytes / 1024.0)
}
