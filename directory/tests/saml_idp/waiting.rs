//! Requests that wait for their person.

use std::time::Duration;

use directory::testing::Browser;
use http::StatusCode;

use crate::bench::{ACS, Bench, engines, field, request_file, sqlite};

async fn waiting(bench: &Bench, browser: &mut Browser) -> String {
    let answer = browser.get(&bench.redirect(&request_file("good.xml"), None)).await;
    bench.sign_in(browser, &answer, "ana").await
}

#[tokio::test]
async fn a_request_is_answered_once() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let mut browser = Browser::new(&bench.t.router);
        let back = waiting(&bench, &mut browser).await;
        let answer = browser.get(&back).await;
        bench.accept(&answer, ACS, Some("_r1")).await.unwrap();
        let again = browser.get(&back).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
        assert!(again.text.contains("AADSTS76026") && field(&again, "SAMLResponse").is_none());
        assert_eq!(bench.record_of(&again).await["code"], "RequestGone");
    }
}

#[tokio::test]
async fn a_request_waits_for_ten_minutes() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let mut browser = Browser::new(&bench.t.router);
        let back = waiting(&bench, &mut browser).await;
        bench.t.advance(Duration::from_secs(600));
        let answer = browser.get(&back).await;
        assert!(answer.text.contains("AADSTS76026"), "{}", answer.text);
        waiting(&bench, &mut Browser::new(&bench.t.router)).await;
        let tenant = bench.t.directory.tenant_id.clone();
        let left = bench.t.directory.store.read(move |tx| {
            tx.int("SELECT count(*) FROM saml_requests WHERE tenant_id = ?1", &[(&tenant).into()])
        });
        assert_eq!(left.await.unwrap(), 1, "expired requests are cleared away");
    }
}

#[tokio::test]
async fn a_request_belongs_to_the_browser_that_brought_it() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut attacker = Browser::new(&bench.t.router);
    let answer = attacker.get(&bench.redirect(&request_file("good.xml"), None)).await;
    let back = answer.location().strip_prefix("/sign-in?return_to=").unwrap().replace("%2F", "/");
    let mut victim = bench.t.browser("ana").await;
    let answer = victim.get(&back).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(field(&answer, "SAMLResponse"), None);
    assert_eq!(bench.record_of(&answer).await["code"], "OtherBrowser");
}

#[tokio::test]
async fn two_tabs_of_a_browser_both_finish() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = Browser::new(&bench.t.router);
    let first = browser.get(&bench.redirect(&request_file("good.xml"), Some("one"))).await;
    let second = browser.get(&bench.redirect(&request_file("good.xml"), Some("two"))).await;
    let two = bench.sign_in(&mut browser, &second, "ana").await;
    let answer = browser.get(&two).await;
    assert_eq!(field(&answer, "RelayState").as_deref(), Some("two"));
    let one = first.location().strip_prefix("/sign-in?return_to=").unwrap().replace("%2F", "/");
    let answer = browser.get(&one).await;
    assert_eq!(field(&answer, "RelayState").as_deref(), Some("one"));
}

#[tokio::test]
async fn what_changed_while_it_waited_counts() {
    let bench = sqlite().await;
    bench.assigned("ana").await;
    let mut browser = Browser::new(&bench.t.router);
    let back = waiting(&bench, &mut browser).await;
    bench.sql(&format!("UPDATE application_reply_urls SET url = url || '/new' WHERE url = '{ACS}'")).await;
    let answer = browser.get(&back).await;
    assert!(answer.text.contains("AADSTS50011<"), "{}", answer.text);
    bench.sql("UPDATE users SET account_enabled = 0 WHERE user_principal_name = 'ana@contoso.example'").await;
    let answer = browser.get(&back).await;
    assert!(answer.location().starts_with("/sign-in?"), "a disabled account has no session");
}

#[tokio::test]
async fn nonsense_in_the_path_is_refused() {
    for bench in engines().await {
        for id in ["x", "%00", "%20", "a%2Fb"] {
            let answer =
                bench.get(&format!("{}/requests/{id}", bench.path()), "entente_directory_saml=a%0d").await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn of_two_answers_at_once_one_is_given() {
    for bench in engines().await {
        bench.assigned("ana").await;
        let mut browser = Browser::new(&bench.t.router);
        let back = waiting(&bench, &mut browser).await;
        let cookies = browser.cookie_header();
        let answers =
            tokio::join!(bench.get(&back, &cookies), bench.get(&back, &cookies), bench.get(&back, &cookies));
        let issued = [&answers.0, &answers.1, &answers.2].map(|a| field(a, "SAMLResponse").is_some());
        assert_eq!(issued.iter().filter(|i| **i).count(), 1, "{issued:?}");
    }
}
