//! `entente signin`: a real sign-in over HTTP, as a browser does it, with each hop named.

mod browser;
mod html;

use std::path::PathBuf;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

use crate::Failure;
use crate::credentials::{Credentials, secret};
use crate::output::Output;
pub use browser::{Browser, Page};
pub use html::HtmlForm;

/// Most pages on the way from the portal through the identity provider and back.
const MOST_HOPS: usize = 20;

/// Who signs in, and where.
#[derive(Debug, Args)]
pub struct SigninArguments {
    /// The user name at the identity provider.
    #[arg(long, value_name = "USER")]
    user: String,
    /// File with the password; without it, it is asked for or read from standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The center's origin; by default the one in the credentials file.
    #[arg(long, value_name = "URL", env = "ENTENTE_CENTER_URL")]
    url: Option<String>,
    /// Print every hop on the way.
    #[arg(long, short)]
    verbose: bool,
}

/// `entente signin`
pub async fn run(
    arguments: SigninArguments,
    output: &Output,
    credentials: Option<&std::path::Path>,
) -> Result<(), Failure> {
    let url = match arguments.url {
        Some(url) => url,
        None => Credentials::load(credentials)?.center.map(|c| c.url).ok_or_else(|| {
            Failure::new("CenterUnknown", "it is not known which center to sign in to")
                .with_fix("Give --url, or run `entente setup center` first.")
        })?,
    };
    let password = secret(arguments.password_file.as_deref(), &format!("Password of {}", arguments.user))?;
    let signed_in = sign_in(&url, &arguments.user, &password).await;
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(refusal) => {
            if arguments.verbose {
                refusal.hops.iter().for_each(|hop| output.say(hop));
            }
            return Err(refusal.failure);
        }
    };
    if arguments.verbose {
        signed_in.hops.iter().for_each(|hop| output.say(hop));
    }
    if output.json {
        output.data(&signed_in.access);
    } else {
        describe(&signed_in.access).iter().for_each(|line| output.say(line));
    }
    Ok(())
}

/// A sign-in that reached the portal.
pub struct SignedIn {
    /// What the portal says can be opened: `{userName, accounts: [{accountId, accountName, roles}]}`.
    pub access: Json,
    /// The pages on the way.
    pub hops: Vec<String>,
}

/// A sign-in that did not.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub failure: Failure,
    /// The pages on the way.
    pub hops: Vec<String>,
}

/// Signs in at the portal of the center at `origin`.
pub async fn sign_in(origin: &str, user: &str, password: &SecretString) -> Result<SignedIn, Refusal> {
    let mut browser = match Browser::new() {
        Ok(browser) => browser,
        Err(failure) => return Err(Refusal { failure, hops: Vec::new() }),
    };
    match walk(&mut browser, origin, user, password).await {
        Ok(access) => Ok(SignedIn { access, hops: browser.hops }),
        Err(failure) => Err(Refusal { failure, hops: browser.hops }),
    }
}

async fn walk(
    browser: &mut Browser,
    origin: &str,
    user: &str,
    password: &SecretString,
) -> Result<Json, Failure> {
    let portal = format!("{}/start", origin.trim_end_matches('/'));
    let mut page = browser.get(&portal).await?;
    let mut password_sent = false;
    for _ in 0..MOST_HOPS {
        if page.status.is_success() && page.url.as_str() == portal {
            let accounts = browser.get(&format!("{portal}/accounts")).await?;
            return serde_json::from_slice(&accounts.body)
                .map_err(|e| Failure::new("AnswerInvalid", format!("{portal}/accounts: {e}")));
        }
        if !page.status.is_success() {
            return Err(refused(&page));
        }
        page = match page.sign_in_form() {
            Some(_) if password_sent => return Err(refused(&page)),
            Some(form) => {
                password_sent = true;
                let form = form.with("user_name", user).with("password", password.expose_secret());
                browser.submit(&page.url, &form).await?
            }
            None => match page.auto_form() {
                Some(form) => browser.submit(&page.url, &form).await?,
                None => return Err(refused(&page)),
            },
        };
    }
    Err(Failure::new("SignInLoops", format!("more than {MOST_HOPS} pages and no portal")))
}

/// What a page that is neither form nor portal says.
fn refused(page: &Page) -> Failure {
    let text = page.text();
    let code = match page.status.as_u16() {
        200 => "SignInRefused".to_owned(),
        status => format!("SignInRefused{status}"),
    };
    Failure::new(&code, format!("{}: {text}", page.url))
}

/// For people: the accounts, each with its permission sets.
pub fn describe(access: &Json) -> Vec<String> {
    let empty = Vec::new();
    let accounts = access["accounts"].as_array().unwrap_or(&empty);
    let who = access["userName"].as_str().unwrap_or_default();
    let mut lines = vec![format!("{who} can open {} accounts:", accounts.len())];
    for account in accounts {
        let text = |key: &str| account[key].as_str().unwrap_or_default();
        let roles: Vec<&str> =
            account["roles"].as_array().unwrap_or(&empty).iter().filter_map(Json::as_str).collect();
        lines.push(format!("  {}  {:<24}  {}", text("accountId"), text("accountName"), roles.join(", ")));
    }
    lines
}

/// What the portal would say, as `accountId/permission set` texts, to compare with what is expected.
pub fn pairs(access: &Json) -> std::collections::BTreeSet<String> {
    let empty = json!([]);
    let list = |value: &Json| value.as_array().or(empty.as_array()).cloned().unwrap_or_default();
    let mut pairs = std::collections::BTreeSet::new();
    for account in list(&access["accounts"]) {
        for role in list(&account["roles"]) {
            let id = account["accountId"].as_str().unwrap_or_default();
            pairs.insert(format!("{id}/{}", role.as_str().unwrap_or_default()));
        }
    }
    pairs
}
