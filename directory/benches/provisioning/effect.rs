//! From the commit of a change to the target that has it, while changes keep coming.

use std::time::{Duration, Instant};

use directory::provisioning;
use tokio::sync::oneshot;

use crate::company::Company;
use crate::verdict;

/// Seconds for 99 of 100 changes.
const TARGET: f64 = 2.0;
const EVERY: Duration = Duration::from_millis(50);
const CHANGES: usize = 400;

/// Prints the figure; whether it meets its target.
pub async fn measure() -> bool {
    let company = Company::new(2_000, 20).await;
    company.cycle().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(provisioning::run(company.directory.clone(), async {
        let _ = stopped.await;
    }));
    let mut times = changes(&company).await;
    let _ = stop.send(());
    running.await.unwrap();
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let met = at(0.99) < TARGET;
    println!(
        "from commit to effect    {:>7.2} s p99, {:.2} s p50 at 20 changes/s  target < {TARGET} s  ratio {:.2}  {}",
        at(0.99),
        at(0.5),
        at(0.99) / TARGET,
        verdict(met)
    );
    met
}

async fn changes(company: &Company) -> Vec<f64> {
    let mut tick = tokio::time::interval(EVERY);
    let mut committed = Vec::new();
    for n in 0..CHANGES {
        tick.tick().await;
        let name = format!("Effect {n}");
        company.rename(&company.people[n..=n], &name).await;
        committed.push((name, Instant::now()));
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while !committed.iter().all(|(name, _)| company.scim.rows.lock().unwrap().renamed.contains_key(name)) {
        assert!(Instant::now() < deadline, "every change arrives");
        tokio::time::sleep(EVERY).await;
    }
    let rows = company.scim.rows.lock().unwrap();
    committed.iter().map(|(name, at)| rows.renamed[name].duration_since(*at).as_secs_f64()).collect()
}
