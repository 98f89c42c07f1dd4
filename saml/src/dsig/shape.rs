//! Reads a `ds:Signature` that has the allowed shape; everything else is refused before any cryptography.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{self, AcceptedAlgorithms, Method};
use super::reason::{SignatureReason as Reason, SignatureRefusal};
use crate::certificate::Certificate;
use crate::names::DSIG;
use crate::xml::Element;

/// A signature of the allowed shape and algorithms. Nothing in it is proven yet.
pub(super) struct Shape<'a> {
    pub(super) signed_info: Element<'a>,
    /// InclusiveNamespaces of CanonicalizationMethod.
    pub(super) signed_info_prefixes: Vec<&'a str>,
    pub(super) method: Method,
    pub(super) signature_value: Vec<u8>,
    /// InclusiveNamespaces of the exc-c14n transform.
    pub(super) prefixes: Vec<&'a str>,
    pub(super) digest: &'static aws_lc_rs::digest::Algorithm,
    pub(super) digest_value: Vec<u8>,
    /// The certificate that the message carries. It is never trusted; it explains a refusal.
    pub(super) carried: Option<Certificate>,
}

/// Checks the shape of `signature` for the element with the ID `id`.
pub(super) fn read<'a>(
    signature: Element<'a>,
    id: &str,
    accepted: AcceptedAlgorithms,
) -> Result<Shape<'a>, SignatureRefusal> {
    let (signed_info, signature_value) = signature_parts(signature)?;
    let [canonicalization, method, reference] = signed_info_parts(signed_info)?;
    let signed_info_prefixes = exclusive(canonicalization, Reason::CanonicalizationNotAllowed)?;
    let method = signature_method(method, accepted)?;
    let [transforms, digest_method, digest_value] = reference_parts(reference, id)?;
    Ok(Shape {
        signed_info,
        signed_info_prefixes,
        method,
        signature_value: base64(signature_value)?,
        prefixes: transform_prefixes(transforms)?,
        digest: digest(digest_method, accepted)?,
        digest_value: base64(digest_value)?,
        carried: carried_certificate(signature),
    })
}

/// KeyInfo may be there and is not looked at: keys come from the administrator alone.
fn signature_parts(signature: Element<'_>) -> Result<(Element<'_>, Element<'_>), SignatureRefusal> {
    let children = elements(signature, Reason::SignatureShape)?;
    match children[..] {
        [info, value] if named(info, "SignedInfo") && named(value, "SignatureValue") => Ok((info, value)),
        [info, value, key]
            if named(info, "SignedInfo") && named(value, "SignatureValue") && named(key, "KeyInfo") =>
        {
            Ok((info, value))
        }
        _ => Err(refuse(
            Reason::SignatureShape,
            "SignedInfo, SignatureValue and at most one KeyInfo",
            &children,
        )),
    }
}

/// The certificate in KeyInfo. It is a name of the key, never the key.
pub(crate) fn carried_certificate(signature: Element<'_>) -> Option<Certificate> {
    let info = signature.children_named(DSIG, "KeyInfo").next()?;
    let data = info.children_named(DSIG, "X509Data").next()?;
    let certificate = data.children_named(DSIG, "X509Certificate").next()?;
    Certificate::from_text(certificate.text().ok()?).ok()
}

fn signed_info_parts(signed_info: Element<'_>) -> Result<[Element<'_>; 3], SignatureRefusal> {
    let children = elements(signed_info, Reason::SignedInfoShape)?;
    let references = children.iter().filter(|c| named(**c, "Reference")).count();
    if references != 1 {
        let found = format!("{references} Reference elements");
        return Err(SignatureRefusal::new(Reason::ReferenceCountNotOne, "exactly one Reference", found));
    }
    match children[..] {
        [canonicalization, method, reference]
            if named(canonicalization, "CanonicalizationMethod") && named(method, "SignatureMethod") =>
        {
            Ok([canonicalization, method, reference])
        }
        _ => {
            let expected = "CanonicalizationMethod, SignatureMethod and one Reference";
            Err(refuse(Reason::SignedInfoShape, expected, &children))
        }
    }
}

/// SAML Core 5.4.2: the Reference names the ID of the root of what is signed. An empty URI, an XPointer or another ID
/// are refused, whatever they would resolve to.
fn reference_parts<'a>(reference: Element<'a>, id: &str) -> Result<[Element<'a>; 3], SignatureRefusal> {
    let uri = reference.attribute("URI").unwrap_or("no URI");
    if uri.strip_prefix('#') != Some(id) {
        return Err(SignatureRefusal::new(Reason::ReferenceNotParent, format!("URI=\"#{id}\""), uri));
    }
    let children = elements(reference, Reason::ReferenceShape)?;
    match children[..] {
        [transforms, method, value]
            if named(transforms, "Transforms")
                && named(method, "DigestMethod")
                && named(value, "DigestValue") =>
        {
            Ok([transforms, method, value])
        }
        _ => Err(refuse(Reason::ReferenceShape, "Transforms, DigestMethod and DigestValue", &children)),
    }
}

/// SAML Core 5.4.4 allows these two transforms; this order is the one that every signer writes.
fn transform_prefixes(transforms: Element<'_>) -> Result<Vec<&str>, SignatureRefusal> {
    let expected = "enveloped-signature and then xml-exc-c14n#";
    let children = elements(transforms, Reason::TransformsNotAllowed)?;
    let [enveloped, exclusively] = children[..] else {
        return Err(refuse(Reason::TransformsNotAllowed, expected, &children));
    };
    for (transform, uri) in [(enveloped, algorithm::ENVELOPED), (exclusively, algorithm::EXCLUSIVE)] {
        let found = transform.attribute("Algorithm").unwrap_or("no Algorithm");
        if !named(transform, "Transform") || found != uri {
            return Err(SignatureRefusal::new(Reason::TransformsNotAllowed, expected, found));
        }
    }
    no_parameters(enveloped)?;
    exclusive(exclusively, Reason::TransformsNotAllowed)
}

/// Exclusive canonicalization with its one parameter, the PrefixList.
fn exclusive<'a>(method: Element<'a>, reason: Reason) -> Result<Vec<&'a str>, SignatureRefusal> {
    let found = method.attribute("Algorithm").unwrap_or("no Algorithm");
    if found != algorithm::EXCLUSIVE {
        return Err(SignatureRefusal::new(reason, algorithm::EXCLUSIVE, found));
    }
    let children = elements(method, reason)?;
    match children[..] {
        [] => Ok(Vec::new()),
        [list] if list.is(algorithm::EXCLUSIVE, "InclusiveNamespaces") => {
            no_parameters(list)?;
            Ok(list.attribute("PrefixList").unwrap_or("").split_ascii_whitespace().collect())
        }
        _ => Err(refuse(Reason::AlgorithmParameters, "at most InclusiveNamespaces", &children)),
    }
}

fn signature_method(method: Element<'_>, accepted: AcceptedAlgorithms) -> Result<Method, SignatureRefusal> {
    no_parameters(method)?;
    let found = method.attribute("Algorithm").unwrap_or("no Algorithm");
    accepted
        .method(found)
        .ok_or_else(|| SignatureRefusal::new(Reason::SignatureMethodNotAllowed, accepted.methods(), found))
}

fn digest(
    method: Element<'_>,
    accepted: AcceptedAlgorithms,
) -> Result<&'static aws_lc_rs::digest::Algorithm, SignatureRefusal> {
    no_parameters(method)?;
    let found = method.attribute("Algorithm").unwrap_or("no Algorithm");
    accepted
        .digest(found)
        .ok_or_else(|| SignatureRefusal::new(Reason::DigestMethodNotAllowed, accepted.digests(), found))
}

fn no_parameters(method: Element<'_>) -> Result<(), SignatureRefusal> {
    let children = elements(method, Reason::AlgorithmParameters)?;
    if children.is_empty() {
        return Ok(());
    }
    Err(refuse(Reason::AlgorithmParameters, &format!("nothing inside {}", method.local_name()), &children))
}

fn base64(element: Element<'_>) -> Result<Vec<u8>, SignatureRefusal> {
    let refuse = |found: &str| {
        SignatureRefusal::new(Reason::NotBase64, format!("base64 in {}", element.local_name()), found)
    };
    let text = element.text().map_err(|e| refuse(e.found()))?;
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let value = STANDARD.decode(compact).map_err(|_| refuse(text))?;
    if value.is_empty() { Err(refuse("nothing")) } else { Ok(value) }
}

fn named(element: Element<'_>, local: &str) -> bool {
    element.is(DSIG, local)
}

fn elements(parent: Element<'_>, reason: Reason) -> Result<Vec<Element<'_>>, SignatureRefusal> {
    parent.only_children().map_err(|e| e.under(|_| reason))
}

fn refuse(reason: Reason, expected: &str, found: &[Element<'_>]) -> SignatureRefusal {
    let names: Vec<&str> = found.iter().take(12).map(|e| e.local_name()).collect();
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    SignatureRefusal::new(reason, expected, names)
}
