//! The corpus: every known way to deceive a SAML service provider, and every rule broken once.

use crate::forge::Signer;

mod content;
mod edges;
mod rules;
mod signature;
mod wrapping;

const EVE: &str = "eve@example.com";

/// Name and content of each file.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let (idp, evil) = (Signer::new("idp"), Signer::new("evil"));
    let mut files = Vec::new();
    files.extend(wrapping::good(&idp));
    files.extend(wrapping::wrapping(&idp));
    files.extend(wrapping::identifiers(&idp));
    files.extend(content::text(&idp));
    files.extend(content::syntax(&idp));
    files.extend(signature::signature_parts(&idp));
    files.extend(signature::algorithms(&idp));
    files.extend(signature::keys(&idp, &evil));
    files.extend(content::bombs(&idp));
    files.extend(rules::response_rules(&idp));
    files.extend(rules::assertion_rules(&idp));
    files.extend(edges::places(&idp));
    files.extend(edges::values(&idp));
    files.into_iter().map(|(name, xml)| (format!("{name}.xml"), xml)).collect()
}

type File = (&'static str, Vec<u8>);

fn file(name: &'static str, xml: impl Into<Vec<u8>>) -> File {
    (name, xml.into())
}
