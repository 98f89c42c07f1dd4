//! Where a sign-in that began at the identity provider goes on. Its RelayState is the identity provider's word, or
//! that of whoever put it into a link there: it leads to pages of the portal, and nowhere else.

use percent_encoding::percent_decode_str;
use url::Url;

/// What a RelayState asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: there is none.
    Nothing,
    /// A page of the portal. Where it names an account, the person must have access to it.
    Portal { path: String, account_id: Option<String>, role_name: Option<String> },
    /// Something that is not followed, and why.
    Ignored(&'static str),
}

/// Reads a RelayState. Followed are `/start`, with what follows it, as a path or as a URL of `origin`; among these the
/// shortcut links that the portal gives out, `/start/#/console?account_id=…&role_name=…`.
pub(super) fn wanted(relay_state: &str, origin: &Url) -> Wanted {
    let text = relay_state.trim();
    if text.is_empty() {
        return Wanted::Nothing;
    }
    if text.bytes().any(|b| !b.is_ascii_graphic() || b == b'\\') {
        return Wanted::Ignored("has characters that no URL has");
    }
    let rooted = text.starts_with('/') && !text.starts_with("//");
    let url = if rooted { origin.join(text) } else { Url::parse(text) };
    let Ok(url) = url else { return Wanted::Ignored("is no address") };
    if url.origin() != origin.origin() || !url.username().is_empty() || url.password().is_some() {
        return Wanted::Ignored("leads to another site");
    }
    if url.path() != "/start" && !url.path().starts_with("/start/") {
        return Wanted::Ignored("leads to no page of the portal");
    }
    let mut path = url.path().to_owned();
    for (mark, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            path.push(mark);
            path.push_str(part);
        }
    }
    let asked = url.fragment().and_then(|f| f.split_once('?')).map(|(_, query)| query).or(url.query());
    let value = |name: &str| {
        let pairs = asked.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
        found.next().map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    Wanted::Portal { path, account_id: value("account_id"), role_name: value("role_name") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Wanted {
        wanted(text, &Url::parse("https://center.example").unwrap())
    }

    #[test]
    fn pages_of_the_portal_are_followed() {
        let shortcut = "/start/#/console?account_id=111122223333&role_name=Read%20Only";
        for text in [shortcut.to_owned(), format!("https://center.example{shortcut}")] {
            let Wanted::Portal { path, account_id, role_name } = read(&text) else { panic!("{text}") };
            assert_eq!(path, shortcut);
            assert_eq!(
                (account_id.as_deref(), role_name.as_deref()),
                (Some("111122223333"), Some("Read Only"))
            );
        }
        assert!(matches!(read("/start?q=x"), Wanted::Portal { path, .. } if path == "/start?q=x"));
        assert_eq!(read(""), Wanted::Nothing);
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "https://evil.example/start",
            "https://center.example.evil.example/start",
            "https://u@center.example/start",
            "http://center.example/start",
            "//evil.example/start",
            "/\\evil.example/start",
            "/startle",
            "/start/../console",
            "/start/%2e%2e/console/users",
            "/console",
            "/api/users",
            "javascript:alert(1)",
            "aws_0123",
            "/start\r\nX: y",
        ] {
            assert!(matches!(read(text), Wanted::Ignored(_)), "{text}: {:?}", read(text));
        }
    }
}
