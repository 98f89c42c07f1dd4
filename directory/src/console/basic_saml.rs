//! The first card of the single sign-on page: identifiers and addresses, by hand or from the service
//! provider's metadata file, to be checked before they are saved.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use web::form::{Csrf, Fields, Form, Upload};
use web::page::{Banner, Tone};

use super::refused;
use super::single_sign_on::{Extra, answer, page};
use crate::Directory;
use crate::access::Caller;
use crate::applications::{self, Application, NameId, Proposal, ReplyUrl, SamlChange};
use crate::refused::Refused;

/// What the card's form holds, as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Basic {
    /// One on a line, the default first.
    pub identifiers: String,
    /// URL and index on a line, the default first.
    pub reply_urls: String,
    pub sign_on_url: String,
    pub relay_state: String,
    pub logout_url: String,
    /// The NameID format that an uploaded file asks for; empty where nothing was uploaded.
    pub name_id_format: String,
    /// Whether these are saved.
    pub saved: bool,
}

fn lines(replies: &[ReplyUrl]) -> String {
    let mut sorted: Vec<&ReplyUrl> = replies.iter().collect();
    sorted.sort_by_key(|reply| !reply.is_default);
    let line = |reply: &&ReplyUrl| match reply.index {
        Some(index) => format!("{} {index}", reply.url),
        None => reply.url.clone(),
    };
    sorted.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Basic {
    /// As saved.
    pub(super) fn of(application: &Application) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            identifiers: application.identifiers.join("\n"),
            reply_urls: lines(&application.reply_urls),
            sign_on_url: text(&application.sign_on_url),
            relay_state: text(&application.relay_state),
            logout_url: text(&application.logout_url),
            name_id_format: String::new(),
            saved: true,
        }
    }

    /// As an uploaded file says, the rest as saved.
    fn proposed(application: &Application, proposal: &Proposal) -> Self {
        let saved = Self::of(application);
        Self {
            identifiers: proposal.identifiers.join("\n"),
            reply_urls: lines(&proposal.reply_urls),
            logout_url: proposal.logout_url.clone().unwrap_or(saved.logout_url),
            name_id_format: proposal.name_id_format.clone().unwrap_or_default(),
            saved: false,
            ..saved
        }
    }

    /// As sent.
    fn sent(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            identifiers: text("identifiers"),
            reply_urls: text("reply_urls"),
            sign_on_url: text("sign_on_url"),
            relay_state: text("relay_state"),
            logout_url: text("logout_url"),
            name_id_format: text("name_id_format"),
            saved: false,
        }
    }

    /// The change that saves it.
    fn change(&self, application: &Application) -> Result<SamlChange, Refused> {
        let filled =
            |text: &str| text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
        let lines: Vec<String> = filled(&self.reply_urls);
        let replies: Result<Vec<ReplyUrl>, Refused> =
            lines.iter().enumerate().map(|(n, line)| reply(line, n == 0)).collect();
        let name_id = (!self.name_id_format.is_empty()).then(|| NameId {
            source: application.name_id.source.clone(),
            format: self.name_id_format.clone(),
        });
        Ok(SamlChange {
            identifiers: Some(filled(&self.identifiers)),
            reply_urls: Some(replies?),
            sign_on_url: Some(Some(self.sign_on_url.clone())),
            logout_url: Some(Some(self.logout_url.clone())),
            relay_state: Some(Some(self.relay_state.clone())),
            name_id,
            ..SamlChange::default()
        })
    }
}

fn reply(line: &str, is_default: bool) -> Result<ReplyUrl, Refused> {
    let (url, index) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let index = match index.trim() {
        "" => None,
        text => {
            let parsed = text.parse();
            Some(
                parsed
                    .map_err(|_| Refused::invalid("replyUrls", "a URL and an index from 0 to 65535", line))?,
            )
        }
    };
    Ok(ReplyUrl { url: url.to_owned(), index, is_default })
}

/// POST …/single-sign-on/basic
pub(super) async fn save(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let basic = Basic::sent(&fields);
    let outcome = save_basic(&directory, &caller, &id, &basic).await;
    let extra = Extra { basic: Some(basic), ..Extra::default() };
    answer(&directory, &caller, &csrf, &id, "saved", extra, outcome).await
}

async fn save_basic(
    directory: &Directory,
    caller: &Caller,
    id: &str,
    basic: &Basic,
) -> Result<Application, Refused> {
    let known = id.to_owned();
    let application = directory.read(move |tx, tenant| applications::by_any_id(tx, tenant, &known)).await?;
    let wanted = basic.change(&application)?;
    applications::save_saml(directory, caller, id.to_owned(), move |_| wanted.clone()).await
}

/// POST …/single-sign-on/metadata: shows what the file says, to be checked. Nothing is saved.
pub(super) async fn upload(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    csrf: Csrf,
    upload: Upload,
) -> Response {
    let (extra, banners, status) = match read(&directory, &id, &upload).await {
        Ok((basic, banners)) => (Extra { basic: Some(basic), ..Extra::default() }, banners, StatusCode::OK),
        Err(error) => (Extra::default(), vec![refused(&error)], error.code().1),
    };
    match page(&directory, &caller, &csrf, &id, extra, banners, status).await {
        Ok(response) => response,
        Err(other) => other.into_response(),
    }
}

async fn read(directory: &Directory, id: &str, upload: &Upload) -> Result<(Basic, Vec<Banner>), Refused> {
    let file = upload.file("metadata").ok_or_else(|| Refused::invalid("metadata", "a file", ""))?;
    let proposal = applications::read_sp_metadata(&file.bytes)?;
    let (known, identifiers) = (id.to_owned(), proposal.identifiers.clone());
    let (application, taken) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &known)?;
            let mut taken = Vec::new();
            for identifier in &identifiers {
                let owner = applications::by_identifier(tx, tenant, identifier)?;
                taken
                    .extend(owner.filter(|owner| owner.id != application.id).map(|owner| owner.display_name));
            }
            Ok((application, taken))
        })
        .await?;
    let text = "These are the values of the uploaded file. Check them and save.";
    let mut banners = vec![Banner::new(Tone::Info, "Not saved yet", text)];
    banners.extend(taken.iter().map(|owner| {
        let text = format!("It belongs to the application {owner}. Remove it there before you save here.");
        Banner::new(Tone::Warning, "The identifier is taken", text)
    }));
    let warnings = proposal.warnings.iter();
    banners.extend(warnings.map(|warning| Banner::new(Tone::Warning, "Please note", warning.as_str())));
    Ok((Basic::proposed(&application, &proposal), banners))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_urls_are_lines_with_the_default_first() {
        let first = ReplyUrl { url: "https://a/1".to_owned(), index: None, is_default: false };
        let second = ReplyUrl { url: "https://a/2".to_owned(), index: Some(7), is_default: true };
        assert_eq!(lines(&[first, second.clone()]), "https://a/2 7\nhttps://a/1");
        assert_eq!(reply("https://a/2  7", true).unwrap(), second);
        assert!(reply("https://a/2 x", true).is_err());
    }
}
