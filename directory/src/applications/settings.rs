//! The SAML settings of an application, and which values they may have.

use std::collections::HashSet;

use saml::names::{FORMAT_EMAIL, FORMAT_PERSISTENT, FORMAT_UNSPECIFIED, FORMAT_WINDOWS};
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::{Application, NameId, ReplyUrl, RequestSignatureVerification, SigningAlgorithm, SigningOption};
use crate::refused::Refused;
use crate::users::{Kind, PROPERTIES};

const MOST: usize = 100;
const LONGEST_IDENTIFIER: usize = 1024;
const LONGEST_URL: usize = 2048;
const LONGEST_RELAY_STATE: usize = 1024;

/// What to change about the SAML settings; absent stays as it is, null or an empty text removes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SamlChange {
    /// Its entity IDs.
    pub identifiers: Option<Vec<String>>,
    /// Where responses may go.
    pub reply_urls: Option<Vec<ReplyUrl>>,
    /// Where its tile leads.
    #[serde(default, deserialize_with = "given")]
    pub sign_on_url: Option<Option<String>>,
    /// Where it signs people out.
    #[serde(default, deserialize_with = "given")]
    pub logout_url: Option<Option<String>>,
    /// Sent along where the sign-on starts here.
    #[serde(default, deserialize_with = "given")]
    pub relay_state: Option<Option<String>>,
    /// The NameID.
    pub name_id: Option<NameId>,
    /// What is signed.
    pub signing_option: Option<SigningOption>,
    /// With what.
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// Which signatures its requests must have.
    pub request_signature_verification: Option<RequestSignatureVerification>,
    /// The key credential that assertions are encrypted for.
    #[serde(default, deserialize_with = "given")]
    pub token_encryption_key_id: Option<Option<String>>,
}

/// Tells null, which removes, from absent, which leaves.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Application {
    /// The application with other SAML settings.
    ///
    /// # Errors
    /// [`Refused::Invalid`], [`Refused::TooMany`].
    pub(super) fn with_saml(&self, change: &SamlChange) -> Result<Self, Refused> {
        let mut after = self.clone();
        if let Some(identifiers) = &change.identifiers {
            after.identifiers = checked_identifiers(identifiers)?;
        }
        if let Some(reply_urls) = &change.reply_urls {
            after.reply_urls = checked_reply_urls(reply_urls)?;
        }
        if let Some(url) = &change.sign_on_url {
            after.sign_on_url = optional_url("signOnUrl", url.as_deref())?;
        }
        if let Some(url) = &change.logout_url {
            after.logout_url = optional_url("logoutUrl", url.as_deref())?;
        }
        if let Some(state) = &change.relay_state {
            after.relay_state = checked_relay_state(state.as_deref())?;
        }
        if let Some(name_id) = &change.name_id {
            after.name_id = checked_name_id(name_id)?;
        }
        if let Some(option) = change.signing_option {
            after.signing_option = option;
        }
        if let Some(algorithm) = change.signing_algorithm {
            after.signing_algorithm = algorithm;
        }
        if let Some(verification) = change.request_signature_verification {
            after.request_signature_verification = verification;
        }
        if let Some(key) = &change.token_encryption_key_id {
            after.token_encryption_key_id = key.clone().filter(|key| !key.is_empty());
        }
        Ok(after)
    }
}

fn checked_identifiers(given: &[String]) -> Result<Vec<String>, Refused> {
    few("identifiers", given.len())?;
    let mut seen = HashSet::new();
    for identifier in given {
        let plain = !identifier.chars().any(|c| c.is_control() || c.is_whitespace());
        // SAML Core 8.3.6: an entity identifier has at most 1024 characters.
        let length = (1..=LONGEST_IDENTIFIER).contains(&identifier.chars().count());
        if !plain || !length || !seen.insert(identifier) {
            let expected = "different texts of 1 to 1024 characters without blanks";
            return Err(Refused::invalid("identifiers", expected, identifier));
        }
    }
    Ok(given.to_vec())
}

fn checked_reply_urls(given: &[ReplyUrl]) -> Result<Vec<ReplyUrl>, Refused> {
    few("replyUrls", given.len())?;
    let (mut urls, mut indexes) = (HashSet::new(), HashSet::new());
    for reply in given {
        checked_url("replyUrls", &reply.url)?;
        if !urls.insert(&reply.url) {
            return Err(Refused::invalid("replyUrls", "each URL once", &reply.url));
        }
        if let Some(index) = reply.index
            && !indexes.insert(index)
        {
            return Err(Refused::invalid("replyUrls", "each index once", &index.to_string()));
        }
    }
    let defaults = given.iter().filter(|reply| reply.is_default).count();
    if defaults > 1 {
        return Err(Refused::invalid("replyUrls", "one default at most", &defaults.to_string()));
    }
    let mut replies = given.to_vec();
    if defaults == 0
        && let Some(first) = replies.first_mut()
    {
        first.is_default = true;
    }
    Ok(replies)
}

fn few(target: &'static str, found: usize) -> Result<(), Refused> {
    if found > MOST { Err(Refused::TooMany { target, limit: MOST, found }) } else { Ok(()) }
}

fn optional_url(target: &'static str, url: Option<&str>) -> Result<Option<String>, Refused> {
    match url.map(str::trim).filter(|url| !url.is_empty()) {
        None => Ok(None),
        Some(url) => checked_url(target, url).map(Some),
    }
}

/// A URL that a browser may be sent to: absolute, HTTPS or, on this machine alone, HTTP; the same text.
///
/// # Errors
/// [`Refused::Invalid`].
pub fn checked_url(target: &'static str, text: &str) -> Result<String, Refused> {
    let refused = || Refused::invalid(target, "an absolute https URL without a fragment", text);
    if text.len() > LONGEST_URL || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(refused());
    }
    let url = Url::parse(text).map_err(|_| refused())?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    // A name before the host makes another host look like this one.
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if safe && bare && url.has_host() { Ok(text.to_owned()) } else { Err(refused()) }
}

fn checked_relay_state(state: Option<&str>) -> Result<Option<String>, Refused> {
    match state.filter(|state| !state.is_empty()) {
        None => Ok(None),
        Some(state) if state.len() <= LONGEST_RELAY_STATE && !state.chars().any(char::is_control) => {
            Ok(Some(state.to_owned()))
        }
        Some(state) => {
            Err(Refused::invalid("relayState", "at most 1024 bytes without control characters", state))
        }
    }
}

/// Formats that can be configured; transient comes only where a request asks for it, as with Entra.
pub(crate) const FORMATS: [(&str, &str); 4] = [
    (FORMAT_EMAIL, "Email address"),
    (FORMAT_PERSISTENT, "Persistent"),
    (FORMAT_UNSPECIFIED, "Unspecified"),
    (FORMAT_WINDOWS, "Windows domain qualified name"),
];

/// A NameID that this application alone knows, instead of a property of the user.
pub(crate) const PAIRWISE: &str = "pairwiseid";

/// What a NameID can come from.
pub(crate) fn name_id_sources() -> impl Iterator<Item = String> {
    let single = PROPERTIES.iter().filter(|(_, kind)| *kind == Kind::Text).map(|(name, _)| *name);
    let extensions = (1..=15).map(|n| format!("extensionAttribute{n}"));
    ["userPrincipalName", "objectId", "displayName", PAIRWISE]
        .into_iter()
        .chain(single)
        .map(str::to_owned)
        .chain(extensions)
}

fn checked_name_id(name_id: &NameId) -> Result<NameId, Refused> {
    let given = name_id.source.strip_prefix("user.").unwrap_or(&name_id.source);
    let source = name_id_sources().find(|source| source.eq_ignore_ascii_case(given));
    let source = source
        .ok_or_else(|| Refused::invalid("nameId.source", "a property of users with one value", given))?;
    if !FORMATS.iter().any(|(format, _)| *format == name_id.format) {
        let known: Vec<&str> = FORMATS.iter().map(|(format, _)| *format).collect();
        let expected = format!("one of {}", known.join(", "));
        return Err(Refused::invalid("nameId.format", expected, &name_id.format));
    }
    Ok(NameId { source, format: name_id.format.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_sent_to_safe_urls_alone() {
        for good in
            ["https://a.example/acs?x=1", "http://127.0.0.1:7002/acs", "http://localhost/x", "http://[::1]/"]
        {
            assert_eq!(checked_url("replyUrls", good).unwrap(), good);
        }
        for bad in [
            "",
            "acs",
            "/acs",
            "http://a.example/acs",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a.example/#x",
            "https://user@a.example/",
            "https://a.example/ x",
            "https:///x\n",
            "ftp://localhost/",
        ] {
            assert!(checked_url("replyUrls", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_reply_url_is_the_default() {
        let url = |url: &str, is_default| ReplyUrl { url: url.to_owned(), index: None, is_default };
        let one = checked_reply_urls(&[url("https://a/1", false), url("https://a/2", false)]).unwrap();
        assert_eq!(one.iter().map(|r| r.is_default).collect::<Vec<_>>(), [true, false]);
        assert!(checked_reply_urls(&[url("https://a/1", true), url("https://a/2", true)]).is_err());
        assert!(checked_reply_urls(&[url("https://a/1", true), url("https://a/1", false)]).is_err());
    }

    #[test]
    fn identifiers_are_plain_and_different() {
        let of =
            |texts: &[&str]| checked_identifiers(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert!(of(&["urn:a", "https://b"]).is_ok());
        for bad in [&[""][..], &["a b"], &["a", "a"], &["a\0"]] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
        assert!(of(&[&"x".repeat(1025)]).is_err());
    }

    #[test]
    fn a_name_id_comes_from_a_known_property() {
        let of = |source: &str, format: &str| {
            checked_name_id(&NameId { source: source.to_owned(), format: format.to_owned() })
        };
        assert_eq!(of("user.userprincipalname", FORMAT_EMAIL).unwrap().source, "userPrincipalName");
        assert_eq!(of("extensionattribute3", FORMAT_PERSISTENT).unwrap().source, "extensionAttribute3");
        assert!(of("businessPhones", FORMAT_EMAIL).is_err());
        assert!(of("mail", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient").is_err());
    }
}
