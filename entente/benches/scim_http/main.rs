//! SCIM over HTTP: how many requests a center answers in a second, beside what its machine can do in the same run
//! at the same concurrency.
//!
//! `cargo xtask bench scim` runs it. The center is a process of its own, as people run it, on each engine in turn; the
//! load comes from this process on the same machine, over 64 connections that stay open. It prints each figure beside
//! its target and ends with an error when one is missed. `ENTENTE_BENCH_USERS` makes the largest number of users
//! smaller, for a quick look.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

mod engine;
mod hello;
#[path = "../saml_http/load.rs"]
mod load;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/it/process.rs"]
mod process;
mod requests;
mod served;

use std::process::ExitCode;

use store::Engine;

use hello::Hello;
use served::Served;

/// As the server has it: the comparison is not to be one of allocators.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds; the machine and the server are measured in turn within each, and the best of each counts: what is done
/// when others leave the machine alone.
const ROUNDS: usize = 4;
/// Reads of a round.
const READS: usize = 20_000;
/// Creates of a round.
const CREATES: usize = 6_000;
/// Changes of a group of a round.
const PATCHES: usize = 4_000;

/// Users at which most is measured.
const FEW: usize = 10_000;
/// Users of the largest group, and in memory.
const MANY: usize = 100_000;
/// Users at which reads are measured again, unless `ENTENTE_BENCH_USERS` says otherwise.
const MOST: usize = 1_000_000;

/// Durable creates, in parts of what the engine inserts durably (SQLite).
const CREATES_TARGET: f64 = 0.50;
/// Reads, in parts of the answers of a server that only says hello.
const READS_TARGET: f64 = 0.50;
/// What of a rate must be left where there is more data.
const EVEN_TARGET: f64 = 0.85;
/// Resident memory with users loaded, in parts of that when idle.
const MEMORY_TARGET: f64 = 2.0;

#[tokio::main]
async fn main() -> ExitCode {
    let most = std::env::var("ENTENTE_BENCH_USERS").ok().and_then(|n| n.parse().ok()).unwrap_or(MOST);
    let hello = Hello::start().await;
    let mut met = true;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        println!("{engine:?}");
        met &= measure(engine, &hello, most).await;
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(engine: Engine, hello: &Hello, most: usize) -> bool {
    let mut served = Served::start(engine).await;
    served.users(FEW).await;
    let idle = served.memory();
    let few = Reads::of(&served, hello);
    let mut met = few.print(FEW);
    met &= creates(engine, &served).await;
    let small = served.group(FEW).await;
    served.users(MANY).await;
    let large = served.group(MANY).await;
    met &= patches(&served, [&small, &large]);
    Reads::of(&served, hello);
    let loaded = served.memory();
    println!("  idle {idle:.1} MiB, with {MANY} users {loaded:.1} MiB");
    met &= at_most("memory with users to memory idle", loaded / idle, MEMORY_TARGET);
    served.users(most).await;
    let many = Reads::of(&served, hello);
    met &= many.print(most);
    met & few.stays(&many, most)
}

/// Rates of reads, each with that of the hello server in the same rounds.
struct Reads {
    hello: f64,
    by_id: f64,
    by_name: f64,
}

impl Reads {
    fn of(served: &Served, hello: &Hello) -> Self {
        let [by_id, by_name] = [served.by_id(READS), served.by_name(READS)];
        let mut rates = [const { Vec::new() }; 3];
        for round in 0..=ROUNDS {
            let measured = [
                load::run(&hello.address, &hello.requests(READS), hello::right),
                load::run(&served.address, &by_id, requests::is_user),
                load::run(&served.address, &by_name, requests::is_list_of_one),
            ];
            // The first round only warms up.
            if round > 0 {
                rates.iter_mut().zip(measured).for_each(|(all, rate)| all.push(rate));
            }
        }
        let [hello, by_id, by_name] = rates.map(|all| best(&all));
        Self { hello, by_id, by_name }
    }

    fn print(&self, users: usize) -> bool {
        println!("  hello {:.0} /s", self.hello);
        let by_id = rate("GET by id", users, self.by_id, self.hello, READS_TARGET);
        rate("userName eq", users, self.by_name, self.hello, READS_TARGET) & by_id
    }

    /// Whether the rates are the same with more users, as seen beside the hello server: the machine may have changed
    /// its pace in between.
    fn stays(&self, with_more: &Self, users: usize) -> bool {
        let of = |rate: f64, hello: f64| rate / hello;
        let by_id = of(with_more.by_id, with_more.hello) / of(self.by_id, self.hello);
        let by_name = of(with_more.by_name, with_more.hello) / of(self.by_name, self.hello);
        at_least(&format!("GET by id, {users} users to {FEW}"), by_id, EVEN_TARGET)
            & at_least(&format!("userName eq, {users} users to {FEW}"), by_name, EVEN_TARGET)
    }
}

/// Creates, each durable before it is answered, beside inserts of the same rows without HTTP.
async fn creates(engine: Engine, served: &Served) -> bool {
    let limit = engine::Limit::open(engine).await;
    let (mut created, mut inserted) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        inserted.push(limit.rate(round, CREATES).await);
        let rate = load::run(&served.address, &served.creates(round, CREATES), requests::is_created);
        if round > 0 {
            created.push(rate);
        }
    }
    let target = if engine == Engine::Sqlite { CREATES_TARGET } else { 0.0 };
    let (created, inserted) = (best(&created), best(&inserted));
    println!("  the engine inserts the rows of {inserted:.0} users /s durably");
    rate("durable creates", FEW, created, inserted, target)
}

/// Removing and adding one member, in a small and in a large group.
fn patches(served: &Served, groups: [&str; 2]) -> bool {
    let mut rates = [const { Vec::new() }; 2];
    for round in 0..=ROUNDS {
        for (group, all) in groups.iter().zip(&mut rates) {
            let removed = load::run(&served.address, &served.removals(group, PATCHES), requests::is_changed);
            let added = load::run(&served.address, &served.additions(group, PATCHES), requests::is_changed);
            if round > 0 {
                all.push(2.0 / (1.0 / removed + 1.0 / added));
            }
        }
    }
    let [small, large] = rates.map(|all| best(&all));
    println!("  PATCH of one member {small:.0} /s in a group of {FEW}, {large:.0} /s in one of {MANY}");
    at_least(&format!("PATCH of a member, {MANY} members to {FEW}"), large / small, EVEN_TARGET)
}

fn rate(name: &str, users: usize, rate: f64, limit: f64, target: f64) -> bool {
    at_least(&format!("{name}, {users} users, {rate:.0} /s"), rate / limit, target)
}

fn at_least(name: &str, ratio: f64, target: f64) -> bool {
    let met = ratio >= target;
    println!("{name:<48} ratio {ratio:>5.2}  target ≥ {target:.2}  {}", verdict(met));
    met
}

fn at_most(name: &str, ratio: f64, target: f64) -> bool {
    let met = ratio <= target;
    println!("{name:<48} ratio {ratio:>5.2}  target ≤ {target:.2}  {}", verdict(met));
    met
}

fn verdict(met: bool) -> &'static str {
    if met { "ok" } else { "MISSED" }
}

fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
