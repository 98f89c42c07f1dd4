//! Serving a half: where it may listen, TLS, and a clean end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::response::Response;
use axum_server::tls_rustls::RustlsConfig;
use http::Request;
use hyper::body::Incoming;
use thiserror::Error;
use tokio::net::TcpListener;
use tower::Service;
use tower::make::Shared;
use url::{Host, Url};

pub use crate::hardened::{Hardened, MAX_BODY};

/// How long a connection may take to send the head of a request, the wait for the next request included.
const SLOWEST_HEAD: Duration = Duration::from_secs(60);
/// How often certificate files are looked at again.
const RELOAD: Duration = Duration::from_secs(60);

/// Certificate chain and private key, as PEM files.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Why a half cannot serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Plain HTTP where others could listen in.
    #[error(
        "listening on {0} without TLS would send passwords and tokens in the clear; \
         give --tls-cert and --tls-key, or a public URL with https:// when a proxy in front does TLS"
    )]
    Plain(SocketAddr),
    /// The address is taken or not ours.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The certificate or key cannot be used.
    #[error("cannot use the TLS files: {0}")]
    Tls(std::io::Error),
    /// The server stopped by itself.
    #[error("serving failed: {0}")]
    Serve(std::io::Error),
}

/// A socket that is bound, so that its port is known before anything is served.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsFiles>,
}

impl Bound {
    /// Binds `listen`. `public` is the origin in all URLs that leave the system, where it is given.
    ///
    /// # Errors
    /// [`ServeError::Plain`] and [`ServeError::Listen`].
    pub async fn new(
        listen: SocketAddr,
        tls: Option<TlsFiles>,
        public: Option<&Url>,
    ) -> Result<Self, ServeError> {
        let proxied = public.is_some_and(|url| url.scheme() == "https");
        if tls.is_none() && !proxied && !listen.ip().is_loopback() {
            return Err(ServeError::Plain(listen));
        }
        let listener = TcpListener::bind(listen).await.map_err(|e| ServeError::Listen(listen, e))?;
        let address = listener.local_addr().map_err(|e| ServeError::Listen(listen, e))?;
        Ok(Self { listener, address, tls })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The origin for a half without a configured one.
    pub fn origin(&self) -> Url {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let text = format!("{scheme}://{}", self.address);
        Url::parse(&text).unwrap_or_else(|_| unreachable!("a socket address makes a URL"))
    }

    /// Serves `service` until `shutdown` ends, then lets open requests finish for a few seconds.
    ///
    /// # Errors
    /// [`ServeError::Tls`] and [`ServeError::Serve`].
    pub async fn serve<S>(
        self,
        service: S,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError>
    where
        S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
    {
        self.serve_within(SLOWEST_HEAD, service, shutdown).await
    }

    async fn serve_within<S>(
        self,
        slowest_head: Duration,
        service: S,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError>
    where
        S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
    {
        let handle = axum_server::Handle::new();
        let ending = handle.clone();
        tokio::spawn(async move {
            shutdown.await;
            ending.graceful_shutdown(Some(Duration::from_secs(5)));
        });
        let listener = self.listener.into_std().map_err(ServeError::Serve)?;
        let service = Shared::new(service);
        match self.tls {
            None => {
                let mut server = axum_server::from_tcp(listener).map_err(ServeError::Serve)?;
                // Without these there is no limit: axum-server takes that of hyper away, and it would not hold
                // before a connection has shown its protocol.
                server.http_builder().http1().header_read_timeout(slowest_head);
                let server = server.first_request_timeout(slowest_head);
                server.handle(handle).serve(service).await.map_err(ServeError::Serve)
            }
            Some(files) => {
                let config = load(&files).await.map_err(ServeError::Tls)?;
                tokio::spawn(reload(files, config.clone()));
                let mut server = axum_server::from_tcp_rustls(listener, config).map_err(ServeError::Serve)?;
                server.http_builder().http1().header_read_timeout(slowest_head);
                let server = server.first_request_timeout(slowest_head);
                server.handle(handle).serve(service).await.map_err(ServeError::Serve)
            }
        }
    }
}

async fn load(files: &TlsFiles) -> std::io::Result<RustlsConfig> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    RustlsConfig::from_pem_file(&files.certificate, &files.key).await
}

/// Takes up renewed certificates without a restart; keeps the old ones where the new cannot be read.
async fn reload(files: TlsFiles, config: RustlsConfig) {
    loop {
        tokio::time::sleep(RELOAD).await;
        if let Err(error) = config.reload_from_pem_file(&files.certificate, &files.key).await {
            tracing::warn!(%error, "the TLS files cannot be read; the certificate in use stays");
        }
    }
}

/// Whether `url` can be the public origin of a half: `https`, or `http` on loopback, and nothing after
/// the host.
pub fn is_origin(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    bare && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}

#[cfg(test)]
mod tests {
    use axum::Router;

    use super::*;

    #[tokio::test]
    async fn plain_http_stays_on_loopback_or_behind_a_declared_proxy() {
        let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
        let proxied = Url::parse("https://id.example").unwrap();
        assert!(matches!(Bound::new(everywhere, None, None).await, Err(ServeError::Plain(_))));
        assert!(Bound::new(everywhere, None, Some(&proxied)).await.is_ok());
        assert!(Bound::new("127.0.0.1:0".parse().unwrap(), None, None).await.is_ok());
    }

    #[tokio::test]
    async fn who_sends_nothing_or_half_a_head_does_not_hold_a_connection_for_ever() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let bound = Bound::new("127.0.0.1:0".parse().unwrap(), None, None).await.unwrap();
        let address = bound.address();
        let router = Router::new().route("/", axum::routing::get(|| async { "here" }));
        tokio::spawn(bound.serve_within(Duration::from_millis(200), router, std::future::pending()));
        let half = "GET / HTTP/1.1\r\nhost: x";
        for head in ["", "PRI * HTTP/2.0\r\n", half, &format!("{half}\r\n\r\nGET / ")] {
            let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
            connection.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            // It ends, or the test does not.
            connection.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer.contains("here"), head.contains("\r\n\r\n"), "{answer}");
        }
    }

    #[test]
    fn an_origin_is_bare_and_safe() {
        let ok = |text| is_origin(&Url::parse(text).unwrap());
        assert!(ok("https://id.example") && ok("http://127.0.0.1:7001/") && ok("http://localhost:7001"));
        assert!(
            !ok("http://id.example")
                && !ok("https://id.example/x")
                && !ok("https://u@id.example")
                && !ok("https://a/?q")
        );
    }
}
