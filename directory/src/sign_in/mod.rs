//! Signing in to the directory's own pages, which is also where SAML sign-ins pass through.

mod http;
mod password;
mod refusal;

pub use http::{redirect, redirect_with_hint, routes};
pub(crate) use password::LIFETIME;
pub use password::{CHANGE_AUDIENCE, Outcome, sign_in};
pub use refusal::PasswordRefusal;

/// Where a browser goes after it signed in: a path of this origin, `/` for everything else. Browsers read
/// `//host`, `/\host` and control characters in ways that leave the origin.
pub fn local_path(return_to: &str) -> &str {
    let local = return_to.starts_with('/')
        && !return_to.starts_with("//")
        && !return_to.contains('\\')
        && return_to.len() <= 8192
        && return_to.chars().all(|c| c.is_ascii_graphic());
    if local { return_to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_this_origin_are_returned_to() {
        for good in ["/", "/console/users?q=a%20b#x", "/t/saml2?SAMLRequest=abc&RelayState=%2F%2Fx"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "console",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x",
            " /",
            "/ä",
        ] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
    }
}
