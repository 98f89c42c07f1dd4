//! The functions of the fuzz targets on mutants of the corpus, with fixed seeds. See `fuzz/README.md`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use common::{Dice, mutate, testdata};
use saml::bindings::{Parameter, encode_redirect};

const MUTANTS: usize = 1_500;

fn corpus(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(testdata(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    // The bombs are measured elsewhere; here they would only take the time of many mutants.
    paths.iter().map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < 20_000).collect()
}

/// Runs the target on each seed, on mutants of tokens, and on mutants of bytes.
fn run(seeds: &[Vec<u8>], dice: u64, target: fn(&[u8])) {
    let mut dice = Dice(dice);
    seeds.iter().for_each(|seed| target(seed));
    for turn in 0..MUTANTS {
        let seed = &seeds[dice.roll(seeds.len())];
        let mutant = match std::str::from_utf8(seed) {
            Ok(text) if turn % 3 > 0 => mutate(text, &mut dice).into_bytes(),
            _ => bytes(seed, &mut dice),
        };
        target(&mutant);
    }
}

/// Flips, removes and doubles bytes, as no text editor would.
fn bytes(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut mutant = seed.to_vec();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(mutant.len() + 1);
        match dice.roll(4) {
            0 if at < mutant.len() => mutant[at] ^= 1 << dice.roll(8),
            1 if at < mutant.len() => drop(mutant.drain(at..(at + 1 + dice.roll(30)).min(mutant.len()))),
            2 => mutant.insert(at, u8::try_from(dice.roll(256)).unwrap()),
            _ => {
                let end = (at + dice.roll(60)).min(mutant.len());
                let copy = mutant[at..end].to_vec();
                let to = dice.roll(mutant.len() + 1);
                mutant.splice(to..to, copy);
            }
        }
    }
    mutant
}

#[test]
fn parse() {
    run(&corpus(&["attacks", "metadata", "requests"]), 0x5eed_0011, fuzz::parse);
}

#[test]
fn canonicalization() {
    run(&corpus(&["attacks", "metadata", "requests"]), 0x5eed_0012, fuzz::canonicalization);
}

#[test]
fn verify() {
    run(&corpus(&["attacks", "attacks-encrypted", "attacks-messages"]), 0x5eed_0013, fuzz::verify);
}

#[test]
fn redirect() {
    let queries: Vec<Vec<u8>> = corpus(&["requests", "attacks-messages"])
        .iter()
        .filter_map(|bytes| std::str::from_utf8(bytes).ok())
        .flat_map(|xml| {
            [Parameter::SamlRequest, Parameter::SamlResponse].map(|parameter| {
                let url = encode_redirect("https://a.test/", parameter, xml, Some("a b&c"));
                let signed =
                    "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=AAAA";
                format!("{}{signed}", url.split_once('?').unwrap().1).into_bytes()
            })
        })
        .collect();
    run(&queries, 0x5eed_0014, fuzz::redirect);
}

#[test]
fn metadata() {
    run(&corpus(&["metadata", "keys"]), 0x5eed_0015, fuzz::metadata);
}

#[test]
fn messages() {
    run(&corpus(&["requests", "attacks-messages"]), 0x5eed_0016, fuzz::messages);
}
