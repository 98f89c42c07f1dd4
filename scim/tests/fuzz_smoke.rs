//! The functions of the fuzz targets on mutants of captured requests, with fixed seeds. See `fuzz/README.md`.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use serde_json::Value;

const MUTANTS: usize = 6_000;

/// Words of the grammar and of its edges; put in anywhere.
const WORDS: &[&str] = &[
    " eq ",
    " and ",
    " or ",
    "not (",
    ")",
    "(",
    "[",
    "]",
    ".",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\u{0}",
    "null",
    "true",
    "pr",
    "urn:ietf:params:scim:schemas:core:2.0:User:",
    "$ref",
    "emails[type eq \"work\"].value",
    "members",
    "{",
    "}",
    "[]",
    "\"\"",
    "1e999",
    "-",
    "schemas",
    "ä",
    "İ",
    "\u{2028}",
    "primary",
    ",",
];

/// xorshift64*
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides.max(1)
    }
}

/// Every text, and every object, in the captured requests.
fn corpus() -> (Vec<String>, Vec<String>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (mut texts, mut bodies) = (Vec::new(), Vec::new());
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        collect(&fixture, &mut texts);
        bodies.extend(
            ["request", "resource"].iter().filter_map(|name| fixture.get(name)).map(Value::to_string),
        );
    }
    bodies.retain(|body| body.len() < 20_000);
    texts.retain(|text| text.len() < 2_000);
    (texts, bodies)
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| collect(value, texts)),
        Value::Object(map) => map.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

fn run(seeds: &[String], dice: u64, target: fn(&[u8])) {
    assert!(seeds.len() > 30, "{}", seeds.len());
    let mut dice = Dice(dice);
    seeds.iter().for_each(|seed| target(seed.as_bytes()));
    for _ in 0..MUTANTS {
        let mut mutant = seeds[dice.roll(seeds.len())].clone().into_bytes();
        for _ in 0..=dice.roll(4) {
            mutate(&mut mutant, &mut dice);
        }
        target(&mutant);
    }
}

fn mutate(mutant: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.roll(mutant.len() + 1);
    let end = (at + dice.roll(40)).min(mutant.len());
    match dice.roll(5) {
        0 if at < mutant.len() => mutant[at] ^= 1 << dice.roll(8),
        1 => drop(mutant.drain(at..end)),
        2 => {
            let copy = mutant[at..end].to_vec();
            let to = dice.roll(mutant.len() + 1);
            drop(mutant.splice(to..to, copy));
        }
        _ => drop(mutant.splice(at..at, WORDS[dice.roll(WORDS.len())].bytes())),
    }
}

#[test]
fn filter() {
    run(&corpus().0, 0x5c1b_0011, fuzz::filter);
}

#[test]
fn path() {
    run(&corpus().0, 0x5c1b_0012, fuzz::path);
}

#[test]
fn patch() {
    run(&corpus().1, 0x5c1b_0013, fuzz::patch);
}

#[test]
fn resource() {
    run(&corpus().1, 0x5c1b_0014, fuzz::resource);
}
