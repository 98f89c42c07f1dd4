//! What the library costs on one core, beside what the machine's own RSA-2048 costs in the same run.
//!
//! `cargo xtask bench saml` runs it. It prints each figure beside its target and ends with an error when one is missed.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use common::{certificate, der, expect, issue, signing_key, testdata};
use saml::certificate::Certificate;
use saml::response::{Attribute, SignOption, accept_response, issue_response};

/// Rounds; limit and subject are measured in turn within each.
const ROUNDS: usize = 150;
/// Runs of which the fastest counts, where a time and no rate is asked for.
const RUNS: usize = 25;
/// Length of one measurement.
const SLICE: Duration = Duration::from_millis(4);
/// Issuing a signed response, in parts of the rate at which the machine signs.
const ISSUE_TARGET: f64 = 0.95;
/// Accepting a response, in parts of the rate at which the machine verifies.
const ACCEPT_TARGET: f64 = 0.35;
/// Twice the size may cost so many times as much.
const LINEAR_TARGET: f64 = 2.3;
/// A hostile message is refused within so many milliseconds.
const HOSTILE_TARGET: f64 = 5.0;

fn main() -> ExitCode {
    let met = [issuing(), accepting(), linear_in_the_assertion(), linear_in_the_message(), hostile()];
    if met.iter().all(|met| *met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Attributes such as a workforce directory sends.
fn attributes() -> Vec<Attribute> {
    let claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
    let microsoft = "http://schemas.microsoft.com/identity/claims";
    [
        (format!("{microsoft}/tenantid"), "6f1c0a52-2f0d-4c39-9c0f-3d3a2b7a9b11"),
        (format!("{microsoft}/objectidentifier"), "0b4c3d5e-7a52-4f77-a3a0-6c8c5d5b1f2a"),
        (format!("{microsoft}/displayname"), "Ana Example"),
        (format!("{claims}/givenname"), "Ana"),
        (format!("{claims}/surname"), "Example"),
        (format!("{claims}/emailaddress"), "ana@example.com"),
        (format!("{claims}/name"), "ana@example.com"),
    ]
    .into_iter()
    .map(|(name, value)| Attribute { name, name_format: None, values: vec![value.to_owned()] })
    .collect()
}

fn issuing() -> bool {
    let (key, attributes) = (signing_key("idp"), attributes());
    let pair = RsaKeyPair::from_pkcs8(&der("keys/idp.key.pem")).unwrap();
    let random = SystemRandom::new();
    let message = [b'x'; 512];
    let mut signature = vec![0; pair.public_modulus_len()];
    let (limit, ours) = in_turn(
        || pair.sign(&RSA_PKCS1_SHA256, &random, black_box(&message), &mut signature).unwrap(),
        || {
            black_box(issue_response(black_box(&issue(&attributes, SignOption::Assertion)), &key).unwrap());
        },
    );
    compare("issue a signed response", "signs", limit, ours, ISSUE_TARGET)
}

fn accepting() -> bool {
    let attributes = attributes();
    let xml = issue_response(&issue(&attributes, SignOption::Assertion), &signing_key("idp")).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&der("keys/idp.key.pem")).unwrap();
    let message = [b'x'; 512];
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
    let certificates = [certificate("idp")];
    let public =
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, certificates[0].public_key_info()).unwrap();
    let (limit, ours) = in_turn(
        || public.verify_sig(black_box(&message), &signature).unwrap(),
        || {
            black_box(accept_response(black_box(xml.as_bytes()), &expect(&certificates)).unwrap());
        },
    );
    println!("  a message of {} bytes, assertion signed", xml.len());
    compare("accept a response", "verifies", limit, ours, ACCEPT_TARGET)
}

fn linear_in_the_assertion() -> bool {
    let certificates = [certificate("idp")];
    let of = |groups: usize| {
        let values = (0..groups).map(|i| format!("0b4c3d5e-7a52-4f77-a3a0-6c8c5d5b{i:04}")).collect();
        let attributes = [Attribute { name: "groups".to_owned(), name_format: None, values }];
        issue_response(&issue(&attributes, SignOption::Response), &signing_key("idp")).unwrap()
    };
    doubled("assertion of 23 kB and 46 kB", &of(290), &of(650), &certificates)
}

fn linear_in_the_message() -> bool {
    let certificates = [certificate("idp")];
    let signed = issue_response(&issue(&attributes(), SignOption::Assertion), &signing_key("idp")).unwrap();
    let of = |count: usize| {
        let filling = "<x a=\"1\">text</x>".repeat(count);
        signed.replace(
            "<samlp:Status>",
            &format!("<samlp:Extensions>{filling}</samlp:Extensions><samlp:Status>"),
        )
    };
    doubled("message of 80 kB and 160 kB", &of(4_400), &of(9_100), &certificates)
}

/// The time for the larger message, in parts of what the sizes would make of the time for the smaller one.
fn doubled(name: &str, small: &str, large: &str, certificates: &[Certificate]) -> bool {
    let accept = |xml: &str| {
        black_box(accept_response(black_box(xml.as_bytes()), &expect(certificates)).unwrap());
    };
    let (small_time, large_time) = (fastest(|| accept(small)), fastest(|| accept(large)));
    let sizes = large.len() as f64 / small.len() as f64;
    let times = large_time / small_time / sizes * 2.0;
    let met = times <= LINEAR_TARGET;
    println!(
        "{name:<32} {:>6.0} µs, {:>6.0} µs  twice the size costs {times:.2} times  target ≤ {LINEAR_TARGET}  {}",
        1e6 * small_time,
        1e6 * large_time,
        verdict(met)
    );
    met
}

/// Every file of the attack corpus, and messages that go to the limits.
fn hostile() -> bool {
    let mut messages: Vec<(String, Vec<u8>)> = std::fs::read_dir(testdata("attacks"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap())
        })
        .filter(|(name, _)| !name.starts_with("valid-"))
        .collect();
    messages.extend(bombs());
    let certificates = [certificate("idp")];
    let mut slowest: Vec<(f64, String)> = messages
        .iter()
        .map(|(name, xml)| {
            let time = fastest(|| {
                let refused = accept_response(black_box(xml), &expect(&certificates));
                black_box(&refused);
            });
            (time * 1e3, name.clone())
        })
        .collect();
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (time, name) in slowest.iter().take(4) {
        println!("  {time:>7.3} ms  {name}");
    }
    let met = slowest[0].0 <= HOSTILE_TARGET;
    println!(
        "{:<32} {:>6.2} ms  target ≤ {HOSTILE_TARGET} ms  {}",
        format!("refuse {} hostile messages", messages.len()),
        slowest[0].0,
        verdict(met)
    );
    met
}

/// Messages as large as they may be, each made to hurt in another way.
fn bombs() -> Vec<(String, Vec<u8>)> {
    let signed = issue_response(&issue(&attributes(), SignOption::Assertion), &signing_key("idp")).unwrap();
    let room = 256 * 1024 - signed.len() - 100;
    let inside = |what: &str| {
        signed
            .replace("<samlp:Status>", &format!("<samlp:Extensions>{what}</samlp:Extensions><samlp:Status>"))
    };
    let filled = |unit: &str| unit.repeat(room / unit.len());
    let declarations: String = (0..38).map(|i| format!(" xmlns:n{i}=\"urn:n:{i}\"")).collect();
    let attributes: String = (0..64).map(|i| format!(" a{i}=\"\"")).collect();
    let prefixed: String = (0..64).map(|i| format!(" n0:a{i}=\"\"")).collect();
    let within = |unit: &str| {
        let unit = unit.to_owned();
        let count = (room - declarations.len() - 20) / unit.len();
        inside(&format!("<r{declarations}>{}</r>", unit.repeat(count)))
    };
    let ids: String = (0..room / 16).map(|i| format!("<a ID=\"{i:06}\"/>")).collect();
    let assertion_text =
        |unit: &str, count: usize| signed.replace("<Subject>", &format!("{}<Subject>", unit.repeat(count)));
    let long_uri = format!("xmlns:q=\"urn:{}\" ID=\"_r1\"", "u".repeat(100_000));
    [
        ("many elements", inside(&"<a/>".repeat(19_000))),
        ("many elements over the limit", inside(&filled("<a/>"))),
        ("many prefixed elements", within("<n0:a/>")),
        ("many attributes", inside(&filled(&format!("<a{attributes}/>")))),
        ("many prefixed attributes", within(&format!("<a{prefixed}/>"))),
        ("many IDs", inside(&ids)),
        ("many references", inside(&filled("&amp;"))),
        ("many character references", inside(&filled("&#x41;"))),
        ("many references in an attribute", inside(&format!("<a b=\"{}\"/>", filled("&#x41;")))),
        ("many comments", inside(&filled("<!---->"))),
        ("many comments in text", inside(&filled("a<!---->"))),
        ("many CDATA sections", inside(&filled("<![CDATA[a]]>"))),
        ("many carriage returns", inside(&filled("\r"))),
        ("many high characters", inside(&filled("\u{f000}"))),
        ("a long text", inside(&filled("a"))),
        ("a long assertion", assertion_text("<a>&gt;&gt;</a>", 10_000)),
        ("a long name", inside(&format!("<{}/>", filled("a")))),
        ("unclosed elements", inside(&filled("<a>"))),
        ("a long namespace used often", {
            assertion_text("<q:a/>", 15_000).replacen("ID=\"_r1\"", &long_uri, 1)
        }),
        ("a long PrefixList", {
            let list = "<InclusiveNamespaces xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"";
            let method = format!("{list}{}\"/></CanonicalizationMethod>", "a ".repeat(100_000));
            signed.replacen("</CanonicalizationMethod>", &method, 1)
        }),
        (
            "a long signature value",
            signed.replace("<SignatureValue>", &format!("<SignatureValue>{}", filled("AAAA"))),
        ),
        (
            "a large certificate",
            signed.replace("<X509Certificate>", &format!("<X509Certificate>{}", filled("AAAA"))),
        ),
    ]
    .into_iter()
    .map(|(name, xml)| (format!("{name} ({} kB)", xml.len() / 1024), xml.into_bytes()))
    .collect()
}

/// The rates of both, per second: the best but a few of the rounds, in each of which they take turns.
fn in_turn(mut limit: impl FnMut(), mut ours: impl FnMut()) -> (f64, f64) {
    let (mut limits, mut ourselves) = (Vec::new(), Vec::new());
    rate(&mut limit);
    rate(&mut ours);
    for _ in 0..ROUNDS {
        limits.push(rate(&mut limit));
        ourselves.push(rate(&mut ours));
    }
    (best(limits), best(ourselves))
}

fn rate(work: &mut impl FnMut()) -> f64 {
    let began = Instant::now();
    let mut times = 0;
    while began.elapsed() < SLICE {
        work();
        times += 1;
    }
    f64::from(times) / began.elapsed().as_secs_f64()
}

/// Nearly the best: what the machine does when others leave it alone.
fn best(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * 19 / 20]
}

/// The fastest of several runs, in seconds: what the work costs when others leave the machine alone.
fn fastest(mut work: impl FnMut()) -> f64 {
    let mut once = || {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    };
    (0..RUNS).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn compare(name: &str, verb: &str, limit: f64, ours: f64, target: f64) -> bool {
    let (ratio, met) = (ours / limit, ours / limit >= target);
    println!(
        "{name:<32} {ours:>6.0} /s  the machine {verb} {limit:>6.0} /s  ratio {ratio:.3}  target ≥ {target}  {}",
        verdict(met)
    );
    met
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}
