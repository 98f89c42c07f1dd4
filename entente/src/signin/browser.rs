//! The little that a browser does on the way: cookies, redirects, forms.

use std::collections::HashMap;

use http::{HeaderMap, Method, StatusCode, header};
use url::Url;
use web::outbound::{Answer, Outbound, Reach};

use super::html::{self, HtmlForm};
use crate::Failure;

/// Cookies by host and port; a real browser would share them between ports, which the two halves do
/// not rely on.
pub struct Browser {
    outbound: Outbound,
    cookies: HashMap<String, HashMap<String, String>>,
    /// Each page on the way, for people.
    pub hops: Vec<String>,
}

/// A page that was reached.
pub struct Page {
    /// Where it is.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its content.
    pub body: Vec<u8>,
}

impl Page {
    fn html(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The form that asks for a password, if the page has one.
    pub fn sign_in_form(&self) -> Option<HtmlForm> {
        html::forms(&self.html()).into_iter().find(|form| form.has("password"))
    }

    /// The form that a script would send at once (the SAML POST binding).
    pub fn auto_form(&self) -> Option<HtmlForm> {
        html::forms(&self.html()).into_iter().find(|form| form.has("SAMLResponse") || form.has("SAMLRequest"))
    }

    /// What a person reads on it.
    pub fn text(&self) -> String {
        html::text(&self.html())
    }
}

impl Browser {
    /// Without cookies.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { outbound: Outbound::new(Reach::Private)?, cookies: HashMap::new(), hops: Vec::new() })
    }

    /// Opens a page and follows its redirects.
    pub async fn get(&mut self, url: &str) -> Result<Page, Failure> {
        let url = Url::parse(url).map_err(|_| Failure::new("UrlInvalid", format!("{url} is not a URL")))?;
        self.visit(Method::GET, url, Vec::new()).await
    }

    /// Sends a form of the page at `base` and follows the redirects.
    pub async fn submit(&mut self, base: &Url, form: &HtmlForm) -> Result<Page, Failure> {
        let url = base.join(&form.action).map_err(|_| Failure::new("UrlInvalid", form.action.clone()))?;
        self.visit(Method::POST, url, form.fields.clone()).await
    }

    /// The cookies that go to a site, as they are sent (RFC 6265 section 4.2).
    pub fn cookies(&self, site: &str) -> Option<String> {
        let cookies = self.cookies.get(site).filter(|c| !c.is_empty())?;
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some(pairs.join("; "))
    }

    async fn visit(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut fields: Vec<(String, String)>,
    ) -> Result<Page, Failure> {
        for _ in 0..super::MOST_HOPS {
            let answer = self.send(&method, &url, &fields).await?;
            let bare = format!("{}{}", url.origin().ascii_serialization(), url.path());
            self.hops.push(format!("{method} {bare} → {}", answer.status.as_u16()));
            let location = answer.headers.get(header::LOCATION).and_then(|l| l.to_str().ok());
            match location {
                Some(location) if answer.status.is_redirection() => {
                    url = url.join(location).map_err(|_| Failure::new("UrlInvalid", location.to_owned()))?;
                    (method, fields) = (Method::GET, Vec::new());
                }
                _ => return Ok(Page { url, status: answer.status, body: answer.body }),
            }
        }
        Err(Failure::new("RedirectLoop", format!("{url} keeps redirecting")))
    }

    async fn send(
        &mut self,
        method: &Method,
        url: &Url,
        fields: &[(String, String)],
    ) -> Result<Answer, Failure> {
        let mut request = self.outbound.request(method.clone(), url.as_str())?;
        let site = url.origin().ascii_serialization();
        if let Some(cookies) = self.cookies(&site) {
            request = request.header(header::COOKIE, cookies);
        }
        if *method == Method::POST {
            request = request.form(fields);
        }
        let answer = self.outbound.send(request).await?;
        self.keep_cookies(&site, &answer.headers);
        Ok(answer)
    }

    fn keep_cookies(&mut self, site: &str, headers: &HeaderMap) {
        let jar = self.cookies.entry(site.to_owned()).or_default();
        for line in headers.get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok()) {
            let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if value.is_empty() || line.contains("Max-Age=0") {
                jar.remove(name.trim());
            } else {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}
