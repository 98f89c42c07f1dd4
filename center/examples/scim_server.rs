//! A center with automatic provisioning on, for SCIM clients to be tried against. Prints the endpoint and
//! a token as JSON and serves until it is stopped. The rows are gone with the process.
#![expect(clippy::print_stdout, reason = "the address and the token are its output")]

use std::net::SocketAddr;

use center::scim_server::tokens::{NewToken, store as tokens};
use center::{Center, MIGRATIONS, instance};
use store::Store;
use web::sealed::MasterKey;
use web::serve::Bound;
use web::{Clock, Random};

type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("center.db").display());
    let store = Store::open(&url, MIGRATIONS).await?;
    let (clock, random) = (Clock::system(), Random::system());
    let bound = Bound::new(SocketAddr::from(([127, 0, 0, 1], 0)), None, None).await?;
    let (now, source) = (clock.now(), random.clone());
    let instance = store.write(move |tx| instance::create(tx, &source, "eu-central-1", now)).await?;
    let center = Center::new(store, clock, random, MasterKey::new([7; 32]), bound.origin(), instance.id);
    let (endpoint, secret) = provisioned(&center).await?;
    println!("{}", serde_json::json!({ "url": endpoint, "token": secret }));
    let (router, _) = center::router::router(&center);
    bound.serve(router, std::future::pending()).await?;
    Ok(())
}

/// An external identity source and a token.
async fn provisioned(center: &Center) -> Result<(String, String), Failed> {
    let author = center.author_named("system");
    let new = NewToken::draw(&center.random, author.now);
    let made = new.clone();
    let state = center.store.write(move |tx| {
        let sql = "UPDATE identity_sources SET kind = 'external' WHERE instance_id = ?1 AND state = 'active'";
        tx.exec(sql, &[(&author.instance_id).into()])?;
        tokens::enable(tx, &author, &made)
    });
    let tenant = state.await?.scim_tenant_id;
    Ok((center.url(&format!("/{tenant}/scim/v2")), new.secret))
}
