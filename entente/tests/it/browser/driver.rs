//! Debian's Chromium behind its driver, without a window.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use crate::process::free_port;

/// A browser with a profile of its own, gone with its handle.
pub struct Browser {
    pub client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

fn named(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run the tests with `cargo xtask test`"))
}

impl Browser {
    /// Starts it. Without scripts the pages have to work too.
    pub async fn start(scripts: bool) -> Self {
        let port = free_port();
        let driver = Command::new(named("ENTENTE_TEST_CHROMEDRIVER"))
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let capabilities = capabilities(profile.path(), scripts);
        let mut tried = 0;
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder
                .capabilities(capabilities.clone())
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
            {
                Ok(client) => break client,
                Err(error) if tried >= 50 => panic!("the driver does not answer: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
            tried += 1;
        };
        client.set_window_size(1280, 900).await.unwrap();
        Self { client, driver, _profile: profile }
    }

    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits for an element.
    pub async fn find(&self, css: &str) -> fantoccini::elements::Element {
        let wait = self.client.wait().at_most(Duration::from_secs(20));
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                let url = self.client.current_url().await.unwrap();
                panic!("no {css} at {url}: {error}\n{}", self.text().await);
            }
        }
    }

    /// Types into an input, in place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Names a file to an upload input.
    pub async fn choose(&self, css: &str, path: &std::path::Path) {
        self.find(css).await.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Clicks the button or link whose text begins so.
    pub async fn press(&self, text: &str) {
        let xpath = format!(
            "//main//*[self::button or self::a][not(ancestor::nav)][starts-with(normalize-space(.), \"{text}\")]"
        );
        let wait = self.client.wait().at_most(Duration::from_secs(20));
        let page = self.find("html").await;
        match wait.for_element(Locator::XPath(&xpath)).await {
            Ok(element) => {
                element.click().await.unwrap();
                Self::left(&page).await;
            }
            Err(error) => {
                let url = self.client.current_url().await.unwrap();
                panic!("nothing to press called {text:?} at {url}: {error}\n{}", self.text().await);
            }
        }
    }

    /// Waits until a page gave way to the next: a form is sent after its click is over, and would else take the
    /// browser away from the step after it. What changes nothing but the page itself only costs the wait.
    async fn left(page: &fantoccini::elements::Element) {
        for _ in 0..40 {
            if page.tag_name().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What stands on the page.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(error) => format!("(no body: {error})"),
        }
    }

    /// Waits until the page says something.
    pub async fn sees(&self, text: &str) {
        for _ in 0..100 {
            // Where lines break is not what is asked.
            let words: Vec<String> = self.text().await.split_whitespace().map(ToOwned::to_owned).collect();
            if words.join(" ").contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let url = self.client.current_url().await.unwrap();
        panic!("{text:?} is not on the page at {url}:\n{}", self.text().await);
    }

    /// A picture of the page, where `ENTENTE_TEST_PICTURES` names a folder for them.
    pub async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("ENTENTE_TEST_PICTURES") {
            let png = self.client.screenshot().await.unwrap();
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), png).unwrap();
        }
    }

    /// A picture with what is below the fold of the window.
    pub async fn tall_picture(&self, name: &str) {
        let (width, height) = self.client.get_window_size().await.unwrap();
        let all = "return document.documentElement.scrollHeight";
        let all = self.client.execute(all, Vec::new()).await.unwrap();
        let all = u32::try_from(all.as_u64().unwrap()).unwrap();
        self.client.set_window_size(u32::try_from(width).unwrap(), all + 150).await.unwrap();
        self.picture(name).await;
        self.client
            .set_window_size(u32::try_from(width).unwrap(), u32::try_from(height).unwrap())
            .await
            .unwrap();
    }

    pub async fn close(self) {
        let _ = self.client.clone().close().await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn capabilities(profile: &std::path::Path, scripts: bool) -> Capabilities {
    let javascript = if scripts { 1 } else { 2 };
    let options = json!({
        "binary": named("ENTENTE_TEST_CHROMIUM"),
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", format!("--user-data-dir={}", profile.display()),
        ],
        "prefs": { "profile.managed_default_content_settings.javascript": javascript },
    });
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    capabilities
}
