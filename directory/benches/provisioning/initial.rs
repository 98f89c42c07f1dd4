//! The initial cycle, beside the rate at which the same client searches and creates without an engine behind it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use directory::provisioning::personality::Personality;
use directory::provisioning::target::Target;
use directory::provisioning::{Kind, Pace};
use futures::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::json;

use crate::company::Company;
use crate::target::Scim;
use crate::verdict;

/// Objects in a second.
const TARGET: f64 = 1500.0;
const PEOPLE: usize = 10_000;
const GROUPS: usize = 100;

/// Prints the figure; whether it meets its target.
pub async fn measure() -> bool {
    let bound = client_alone().await;
    let company = Company::new(PEOPLE, GROUPS).await;
    let began = Instant::now();
    company.cycle().await;
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(company.scim.objects(), PEOPLE + GROUPS, "everybody is there");
    assert_eq!(company.scim.rows.lock().unwrap().members, GROUPS * 100, "and every membership");
    let rate = (PEOPLE + GROUPS) as f64 / seconds;
    let met = rate >= TARGET;
    println!(
        "initial cycle            {rate:>7.0} objects/s  target ≥ {TARGET:.0}  ratio {:.2}  {}",
        rate / TARGET,
        verdict(met)
    );
    println!(
        "  {seconds:.2} s for {PEOPLE} people and {GROUPS} groups of 100; client and target alone do {bound:.0} objects/s, ratio {:.2}",
        rate / bound
    );
    met
}

/// Search and create, as often as the client can: what client, target and machine allow.
async fn client_alone() -> f64 {
    let scim = Scim::start().await;
    // As a job has it whose target is not AWS: nothing waits for its turn.
    let pace = Personality::Generic.pace(Pace::default());
    let target = Target::new(&scim.url, SecretString::from("token"), true, pace).unwrap();
    let made = AtomicUsize::new(0);
    let began = Instant::now();
    stream::iter(0..4000)
        .map(|n| {
            let (target, made) = (&target, &made);
            async move {
                let name = format!("person.{n:06}@bench.example");
                let body = json!({ "userName": name, "displayName": name, "active": true });
                target.find(Kind::User, "userName", &name).await.unwrap();
                target.create(Kind::User, &body, "userName").await.unwrap();
                made.fetch_add(1, Ordering::Relaxed);
            }
        })
        .buffer_unordered(pace.at_once)
        .collect::<()>()
        .await;
    made.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}
