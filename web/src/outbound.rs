//! Requests to other systems: no redirects, no proxies of the environment, limits on size and time,
//! and no way into private networks unless an administrator has allowed the target.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::{Host, Url};

/// Where requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, by HTTPS.
    Public,
    /// Also private addresses, and plain HTTP to loopback: for a target that an administrator has
    /// allowed, and for commands that a person runs.
    Private,
}

/// Why a request got no answer.
#[derive(Debug, Error)]
pub enum OutboundError {
    /// The URL cannot be read or has no host.
    #[error("{0:?} is not an https:// URL with a host")]
    Url(String),
    /// Plain HTTP to anywhere but loopback.
    #[error("{0} is plain HTTP; only https:// (or http:// on loopback) keeps the token secret")]
    Insecure(String),
    /// The address is private and the target is not allowed to be.
    #[error("{0} is in a private network; allow the target explicitly if that is meant")]
    Private(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The answer is larger than allowed.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection failed; the words are the system's.
    #[error("no connection: {0}")]
    Connect(String),
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// How long the server asks to be left alone: seconds, or a date measured by the answer's own clock (RFC 9110
    /// §10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = |text: &str| OffsetDateTime::parse(&text.replace("GMT", "+0000"), &Rfc2822).ok();
        let now = date(self.headers.get(header::DATE)?.to_str().ok()?)?;
        (date(text)? - now).try_into().ok()
    }
}

/// The client.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: reqwest::Client,
    reach: Reach,
    timeout: Duration,
    max_body: usize,
}

impl Outbound {
    /// A client that goes as far as `reach`; 30 s and 8 MiB for each answer.
    ///
    /// # Errors
    /// [`OutboundError::Connect`] where TLS cannot be set up on this machine.
    pub fn new(reach: Reach) -> Result<Self, OutboundError> {
        Self::within(reach, Duration::from_secs(30))
    }

    /// The same with another time for each answer, from the connection to its last byte.
    fn within(reach: Reach, timeout: Duration) -> Result<Self, OutboundError> {
        // A process that serves has installed its provider already; the second call changes nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        #[expect(clippy::disallowed_methods, reason = "this is the guarded client")]
        let builder = reqwest::Client::builder();
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(timeout)
            .connect_timeout(Duration::from_secs(10))
            .dns_resolver(Arc::new(GuardedResolver(reach)))
            .user_agent(concat!("entente/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| OutboundError::Connect(e.to_string()))?;
        Ok(Self { client, reach, timeout, max_body: 8 << 20 })
    }

    /// Starts a request.
    ///
    /// # Errors
    /// [`OutboundError::Url`], [`OutboundError::Insecure`] and [`OutboundError::Private`], before anything
    /// is sent.
    pub fn request(&self, method: Method, url: &str) -> Result<reqwest::RequestBuilder, OutboundError> {
        let parsed = Url::parse(url).map_err(|_| OutboundError::Url(url.to_owned()))?;
        self.check(&parsed)?;
        Ok(self.client.request(method, parsed))
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// [`OutboundError::Timeout`], [`OutboundError::TooLarge`] and [`OutboundError::Connect`].
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, OutboundError> {
        let mut response = request.send().await.map_err(|e| self.failed(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failed(&e))? {
            if body.len() + chunk.len() > self.max_body {
                return Err(OutboundError::TooLarge(self.max_body));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let host = url.host().ok_or_else(|| OutboundError::Url(url.to_string()))?;
        match url.scheme() {
            "https" => {}
            "http" if self.reach == Reach::Private && is_loopback(&host) => {}
            "http" => return Err(OutboundError::Insecure(url.to_string())),
            _ => return Err(OutboundError::Url(url.to_string())),
        }
        // An address in the URL never reaches the resolver, so it is looked at here.
        let literal = match host {
            Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
            Host::Domain(_) => None,
        };
        match literal {
            Some(ip) if self.reach == Reach::Public && is_private(ip) => {
                Err(OutboundError::Private(ip.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, error: &reqwest::Error) -> OutboundError {
        if error.is_timeout() {
            return OutboundError::Timeout(self.timeout);
        }
        // The innermost cause says most; the URL is left out because the caller knows it.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        OutboundError::Connect(cause.to_string())
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

#[derive(Debug)]
struct GuardedResolver(Reach);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (mut allowed, mut refused) = (Vec::new(), None);
            for address in found {
                match reach {
                    Reach::Public if is_private(address.ip()) => refused = Some(address),
                    _ => allowed.push(address),
                }
            }
            match refused {
                Some(address) if allowed.is_empty() => {
                    Err(Box::new(OutboundError::Private(format!("{} ({})", name.as_str(), address.ip())))
                        .into())
                }
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

/// Addresses that are not on the public internet (IANA special-purpose registries).
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            matches!(a, 0 | 10 | 127 | 224..)
                || (a == 100 && (64..128).contains(&b))
                || (a == 169 && b == 254)
                || (a == 172 && (16..32).contains(&b))
                || (a == 192 && b == 168)
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19))
        }
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    // Addresses that carry an IPv4 address lead where that one leads.
    let carried = |hi: u16, lo: u16| is_private(IpAddr::V4((u32::from(hi) << 16 | u32::from(lo)).into()));
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => true,
        [0, 0, 0, 0, 0, 0 | 0xffff, hi, lo] => carried(hi, lo),
        [0x64, 0xff9b, ..] => true,
        [0x2002, hi, lo, ..] => carried(hi, lo),
        [first, ..] => first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 || first & 0xff00 == 0xff00,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    fn refused(reach: Reach, url: &str) -> Option<OutboundError> {
        Outbound::new(reach).unwrap().request(Method::GET, url).err()
    }

    #[test]
    fn private_networks_are_closed_unless_allowed() {
        for url in [
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://[fd00::1]/",
            "https://[2002:0a00:0001::]/",
        ] {
            assert!(matches!(refused(Reach::Public, url), Some(OutboundError::Private(_))), "{url}");
            assert!(refused(Reach::Private, url).is_none(), "{url}");
        }
        assert!(refused(Reach::Public, "https://93.184.216.34/").is_none());
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date() {
        let mut answer = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: Vec::new() };
        let mut asked = |name, value| {
            answer.headers.insert(name, http::HeaderValue::from_static(value));
            answer.retry_after()
        };
        assert_eq!(asked(header::RETRY_AFTER, "7"), Some(Duration::from_secs(7)));
        assert_eq!(asked(header::RETRY_AFTER, "Wed, 21 Oct 2015 07:28:05 GMT"), None, "measured by what?");
        assert_eq!(asked(header::DATE, "Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(5)));
        assert_eq!(asked(header::RETRY_AFTER, "soon"), None);
    }

    #[test]
    fn plain_http_goes_to_loopback_alone() {
        assert!(refused(Reach::Private, "http://127.0.0.1:8080/").is_none());
        assert!(refused(Reach::Private, "http://localhost/").is_none());
        assert!(matches!(refused(Reach::Private, "http://10.0.0.1/"), Some(OutboundError::Insecure(_))));
        assert!(matches!(refused(Reach::Public, "http://127.0.0.1/"), Some(OutboundError::Insecure(_))));
        assert!(matches!(refused(Reach::Public, "file:///etc/passwd"), Some(OutboundError::Url(_))));
    }

    /// Serves one connection: the head of an answer, then `drop` again and again.
    async fn dripping(head: &'static str, drop: &'static [u8]) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The request comes first.
            let read = stream.read(&mut [0; 4096]).await.unwrap();
            assert!(read > 0);
            let mut turn = tokio::time::interval(Duration::from_millis(10));
            stream.write_all(head.as_bytes()).await.unwrap();
            while stream.write_all(drop).await.is_ok() {
                turn.tick().await;
            }
        });
        url
    }

    /// Each drop comes in time; the whole answer has to.
    #[tokio::test]
    async fn an_answer_that_drips_ends_in_time() {
        let client = Outbound::within(Reach::Private, Duration::from_millis(300)).unwrap();
        for head in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"] {
            let url = dripping(head, b"a").await;
            let answer = client.send(client.request(Method::GET, &url).unwrap()).await;
            assert!(matches!(answer, Err(OutboundError::Timeout(_))), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_when_it_is_resolved() {
        let client = Outbound::new(Reach::Public).unwrap();
        let request = client.request(Method::GET, "https://localhost/").unwrap();
        let error = client.send(request).await.unwrap_err().to_string();
        assert!(error.contains("private network"), "{error}");
    }
}
