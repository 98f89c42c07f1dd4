//! A cycle of a hundred changes in a small and in a large company: the cost follows the changes, not the company.

use std::time::Instant;

use crate::company::Company;
use crate::verdict;

/// The large company's time, in parts of the small one's.
const TARGET: f64 = 1.2;
const SMALL: usize = 1_000;
const LARGE: usize = 100_000;
const CHANGES: usize = 100;
/// Measured in turn; the best of each counts: what is done when others leave the machine alone.
const ROUNDS: usize = 9;

/// Prints the figure; whether it meets its target.
pub async fn measure() -> bool {
    let large = std::env::var("ENTENTE_BENCH_LARGE").ok().and_then(|n| n.parse().ok()).unwrap_or(LARGE);
    let mut companies = Vec::new();
    for size in [SMALL, large] {
        let company = Company::new(size, size / 100).await;
        let began = Instant::now();
        company.cycle().await;
        println!("  the first cycle of {size} people took {:.1} s", began.elapsed().as_secs_f64());
        companies.push(company);
    }
    let mut times = [f64::INFINITY; 2];
    for round in 0..ROUNDS {
        for (company, best) in companies.iter().zip(&mut times) {
            *best = best.min(cycle(company, round).await);
        }
    }
    let ratio = times[1] / times[0];
    let met = ratio <= TARGET;
    println!(
        "a cycle of {CHANGES} changes   {:>7.1} ms at {SMALL}, {:.1} ms at {large} people  ratio {ratio:.2}  target ≤ {TARGET}  {}",
        times[0],
        times[1],
        verdict(met)
    );
    met
}

/// Milliseconds of a cycle with changes of people all over the company.
async fn cycle(company: &Company, round: usize) -> f64 {
    let step = company.people.len() / CHANGES;
    let some: Vec<String> =
        company.people.iter().skip(round % step).step_by(step).take(CHANGES).cloned().collect();
    company.rename(&some, &format!("Renamed {round}")).await;
    let before = company.scim.rows.lock().unwrap().requests;
    let began = Instant::now();
    company.cycle().await;
    let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
    assert_eq!(company.scim.rows.lock().unwrap().requests - before, CHANGES, "one request for each");
    milliseconds
}
