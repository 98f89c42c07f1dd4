//! Cookies (RFC 6265). Their names carry the half, because cookies do not tell ports apart, and
//! `__Host-` wherever the origin is HTTPS.

use http::{HeaderMap, HeaderValue, header};

/// A cookie of one half.
#[derive(Debug, Clone)]
pub struct Cookie {
    name: String,
    secure: bool,
}

impl Cookie {
    /// A cookie called `name` for a server at `origin`.
    pub fn new(name: &str, origin: &url::Url) -> Self {
        let secure = origin.scheme() == "https";
        Self { name: if secure { format!("__Host-{name}") } else { name.to_owned() }, secure }
    }

    /// Its value in a request; nothing where the request has it twice, which no browser sends.
    pub fn read(&self, headers: &HeaderMap) -> Option<String> {
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
        let mut found = pairs
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value.to_owned());
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The header that sets it until the browser closes. `Lax`: it comes along on links from other
    /// sites, and not on their forms.
    ///
    /// # Panics
    /// For a value that is no token or identifier.
    pub fn set(&self, value: &str) -> HeaderValue {
        self.header(value, "")
    }

    /// The header that removes it.
    pub fn clear(&self) -> HeaderValue {
        self.header("", "; Max-Age=0")
    }

    /// The header that sets it so that it also comes along on forms that other sites post, which a
    /// SAML response is. Browsers take `SameSite=None` from HTTPS alone; a loopback origin gets `Lax`,
    /// which is enough there because ports are one site.
    ///
    /// # Panics
    /// For a value that is no token or identifier.
    pub fn set_cross_site(&self, value: &str, max_age_seconds: u32) -> HeaderValue {
        let same_site = if self.secure { "None" } else { "Lax" };
        self.build(value, same_site, &format!("; Max-Age={max_age_seconds}"))
    }

    fn header(&self, value: &str, more: &str) -> HeaderValue {
        self.build(value, "Lax", more)
    }

    fn build(&self, value: &str, same_site: &str, more: &str) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{more}", self.name);
        HeaderValue::try_from(text).expect("names and values of our cookies are tokens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for line in lines {
            map.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        map
    }

    #[test]
    fn https_gets_host_prefix_and_secure() {
        let cookie = Cookie::new("s", &url::Url::parse("https://c.example").unwrap());
        assert_eq!(cookie.set("v"), "__Host-s=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(cookie.read(&headers(&["a=1; __Host-s=v"])).as_deref(), Some("v"));
        assert_eq!(cookie.read(&headers(&["s=v"])), None);
    }

    #[test]
    fn a_cookie_sent_twice_counts_as_none() {
        let cookie = Cookie::new("s", &url::Url::parse("http://127.0.0.1:1").unwrap());
        assert_eq!(cookie.read(&headers(&["s=1; s=2"])), None);
        assert_eq!(cookie.read(&headers(&["s=1", "s=2"])), None);
        assert_eq!(cookie.read(&headers(&["s=1"])).as_deref(), Some("1"));
    }
}
