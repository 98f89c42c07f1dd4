//! The names that SAML documents are made of. Each is written once, here.

use crate::xml::Element;

/// Namespace of SAML assertions (SAML Core 1.2).
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Namespace of SAML requests and responses (SAML Core 1.2).
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Namespace of SAML metadata (SAML Metadata 1.1).
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// Namespace of XML signatures (XML-DSig 1).
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Namespace of XML encryption (XML Encryption 1.1 section 1.3).
pub const XMLENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// Namespace of what XML Encryption 1.1 added.
pub const XMLENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// Namespace bound to the prefix `xml` (Namespaces in XML 3).
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Namespace bound to the prefix `xmlns` (Namespaces in XML 3).
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The Format of an Issuer that is there and names something else than an entity.
pub(crate) fn other_issuer_format<'a>(issuer: Element<'a>) -> Option<&'a str> {
    issuer.attribute("Format").filter(|format| *format != FORMAT_ENTITY)
}

/// HTTP-POST binding (SAML Bindings 3.5).
pub const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// HTTP-Redirect binding (SAML Bindings 3.4).
pub const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

/// NameID format: an e-mail address (SAML Core 8.3.2).
pub const FORMAT_EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// NameID format: an entity ID (SAML Core 8.3.6); the only one that an Issuer may have (SAML Profiles 4.1.4).
pub const FORMAT_ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
/// NameID format: left to the identity provider (SAML Core 8.3.1).
pub const FORMAT_UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
/// NameID format: Windows domain qualified name (SAML Core 8.3.4).
pub const FORMAT_WINDOWS: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName";
/// NameID format: an opaque name that stays (SAML Core 8.3.7).
pub const FORMAT_PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
/// NameID format: a name for one session (SAML Core 8.3.8).
pub const FORMAT_TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// Status: success (SAML Core 3.2.2.2).
pub const STATUS_SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// Status: the requester's fault (SAML Core 3.2.2.2).
pub const STATUS_REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";
/// Status: the responder's fault (SAML Core 3.2.2.2).
pub const STATUS_RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
/// Nested status: the request cannot be served (SAML Core 3.2.2.2).
pub const STATUS_REQUEST_UNSUPPORTED: &str = "urn:oasis:names:tc:SAML:2.0:status:RequestUnsupported";
/// Nested status: the person could not be signed in without showing a page (SAML Core 3.2.2.2).
pub const STATUS_NO_PASSIVE: &str = "urn:oasis:names:tc:SAML:2.0:status:NoPassive";
/// Nested status: the NameID format cannot be delivered (SAML Core 3.2.2.2).
pub const STATUS_INVALID_NAME_ID_POLICY: &str = "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy";

/// Nested status: some sessions could not be ended (SAML Core 3.2.2.2).
pub const STATUS_PARTIAL_LOGOUT: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";

/// Subject confirmation by bearing the assertion (SAML Profiles 3.3).
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// Authentication by password (SAML AuthnContext 3.4.16).
pub const CONTEXT_PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
/// Authentication by password over TLS (SAML AuthnContext 3.4.17).
pub const CONTEXT_PASSWORD_PROTECTED: &str =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
