//! Addresses in metadata (SAML Metadata 1.1 sections 2.2.2 and 2.2.3).

use super::document::{boolean, refuse};
use super::reason::{MetadataRefusal, Reason};
use crate::names::{HTTP_POST, HTTP_REDIRECT, METADATA};
use crate::xml::Element;

/// How messages reach an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// A form that the browser posts.
    HttpPost,
    /// A redirect.
    HttpRedirect,
    /// One that we do not speak, by its URI.
    Other(String),
}

impl Binding {
    /// From the URI.
    pub fn from_uri(uri: &str) -> Binding {
        match uri {
            HTTP_POST => Binding::HttpPost,
            HTTP_REDIRECT => Binding::HttpRedirect,
            other => Binding::Other(other.to_owned()),
        }
    }

    /// The URI.
    pub fn uri(&self) -> &str {
        match self {
            Binding::HttpPost => HTTP_POST,
            Binding::HttpRedirect => HTTP_REDIRECT,
            Binding::Other(uri) => uri,
        }
    }
}

/// An address and how messages reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How.
    pub binding: Binding,
    /// Where: an absolute http or https URL.
    pub location: String,
}

/// A numbered address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedEndpoint {
    /// How.
    pub binding: Binding,
    /// Where: an absolute http or https URL.
    pub location: String,
    /// The number.
    pub index: u16,
    /// Is it declared to be the default? See [`super::SpMetadata::default_assertion_consumer_service`].
    pub is_default: bool,
}

/// The addresses `local` in `descriptor`, in the order of the file.
pub(super) fn endpoints(descriptor: Element<'_>, local: &str) -> Result<Vec<Endpoint>, MetadataRefusal> {
    descriptor
        .children_named(METADATA, local)
        .map(|element| Ok(Endpoint { binding: binding(element)?, location: location(element)? }))
        .collect()
}

/// The numbered addresses `local` in `descriptor`, in the order of the file.
pub(super) fn indexed(descriptor: Element<'_>, local: &str) -> Result<Vec<IndexedEndpoint>, MetadataRefusal> {
    let mut endpoints: Vec<IndexedEndpoint> = Vec::new();
    for element in descriptor.children_named(METADATA, local) {
        let index = index(element)?;
        if endpoints.iter().any(|known| known.index == index) {
            let expected = format!("{local}/@index once each");
            return Err(refuse(Reason::IndexMalformed, expected, &format!("{index} twice")));
        }
        let is_default = boolean(element, "isDefault")?;
        endpoints.push(IndexedEndpoint {
            binding: binding(element)?,
            location: location(element)?,
            index,
            is_default,
        });
    }
    Ok(endpoints)
}

fn index(element: Element<'_>) -> Result<u16, MetadataRefusal> {
    let found = element.attribute("index").unwrap_or("none");
    found.trim().parse().map_err(|_| {
        let expected = format!("{}/@index from 0 to 65535", element.local_name());
        refuse(Reason::IndexMalformed, expected, found)
    })
}

fn binding(element: Element<'_>) -> Result<Binding, MetadataRefusal> {
    let uri = element.attribute("Binding").map(str::trim).filter(|uri| !uri.is_empty());
    uri.map(Binding::from_uri)
        .ok_or_else(|| refuse(Reason::BindingMissing, format!("{}/@Binding", element.local_name()), "none"))
}

/// Only http and https: a browser posts forms to this address, and `javascript:` would run in our page.
fn location(element: Element<'_>) -> Result<String, MetadataRefusal> {
    let location = element.attribute("Location").unwrap_or("").trim();
    if is_http_url(location) {
        return Ok(location.to_owned());
    }
    let expected = format!("{}/@Location with an absolute https URL", element.local_name());
    Err(refuse(Reason::LocationNotHttp, expected, if location.is_empty() { "none" } else { location }))
}

fn is_http_url(text: &str) -> bool {
    let after_scheme = ["https://", "http://"].iter().find_map(|scheme| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let has_host =
        after_scheme.is_some_and(|rest| rest.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '['));
    has_host && text.len() <= 2048 && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
