//! From bytes to the one role descriptor that is wanted.

use time::OffsetDateTime;

use super::LONGEST_METADATA;
use super::reason::{MetadataReason, MetadataRefusal, Reason};
use crate::instant;
use crate::names::{METADATA, PROTOCOL};
use crate::xml::{Document, Element, Limits};

/// Which role a file must describe.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    Idp,
    Sp,
}

impl Role {
    fn element(self) -> &'static str {
        match self {
            Role::Idp => "IDPSSODescriptor",
            Role::Sp => "SPSSODescriptor",
        }
    }

    fn other(self) -> (Role, Reason) {
        match self {
            Role::Idp => (Role::Sp, Reason::SpInsteadOfIdp),
            Role::Sp => (Role::Idp, Reason::IdpInsteadOfSp),
        }
    }
}

pub(super) fn parse(xml: &[u8]) -> Result<Document, MetadataRefusal> {
    let characters = String::from_utf8_lossy(xml).chars().count();
    if characters > LONGEST_METADATA {
        let expected = format!("at most {LONGEST_METADATA} characters");
        return Err(refuse(Reason::TooLong, expected, &format!("{characters} characters")));
    }
    Document::parse(xml, &Limits::METADATA).map_err(|e| e.under(MetadataReason::Xml))
}

/// The only EntityDescriptor of the file, its entity ID, and its descriptor of `role`.
pub(super) fn entity(document: &Document, role: Role) -> Result<(String, Element<'_>), MetadataRefusal> {
    let entity = single_entity(document.root())?;
    let id = entity.attribute("entityID").unwrap_or("").trim();
    if id.is_empty() || id.chars().count() > 1024 {
        let expected = "EntityDescriptor with entityID of 1 to 1024 characters";
        return Err(refuse(Reason::EntityIdMissing, expected, if id.is_empty() { "none" } else { id }));
    }
    Ok((id.to_owned(), descriptor(entity, role)?))
}

/// EntitiesDescriptor is accepted when it holds one entity, at any depth.
fn single_entity(root: Element<'_>) -> Result<Element<'_>, MetadataRefusal> {
    if root.is(METADATA, "EntityDescriptor") {
        return Ok(root);
    }
    if !root.is(METADATA, "EntitiesDescriptor") {
        let expected = "EntityDescriptor of SAML 2.0 metadata as root element";
        return Err(refuse(Reason::NotMetadata, expected, root.local_name()));
    }
    let mut entities = Vec::new();
    let mut groups = vec![root];
    while let Some(group) = groups.pop() {
        entities.extend(group.children_named(METADATA, "EntityDescriptor"));
        groups.extend(group.children_named(METADATA, "EntitiesDescriptor"));
    }
    match entities[..] {
        [only] => Ok(only),
        _ => {
            let found = format!("{} EntityDescriptor elements", entities.len());
            Err(refuse(Reason::EntityCountNotOne, "one EntityDescriptor in EntitiesDescriptor", &found))
        }
    }
}

fn descriptor(entity: Element<'_>, role: Role) -> Result<Element<'_>, MetadataRefusal> {
    let name = role.element();
    let descriptors: Vec<_> = entity.children_named(METADATA, name).collect();
    let (other, mistaken) = role.other();
    match descriptors[..] {
        [only] => check_protocol(only),
        [] if entity.children_named(METADATA, other.element()).next().is_some() => {
            Err(refuse(mistaken, name, other.element()))
        }
        [] => Err(refuse(Reason::RoleMissing, format!("{name} in EntityDescriptor"), "none")),
        _ => Err(refuse(Reason::RoleRepeated, format!("one {name}"), &descriptors.len().to_string())),
    }
}

fn check_protocol(descriptor: Element<'_>) -> Result<Element<'_>, MetadataRefusal> {
    let protocols = descriptor.attribute("protocolSupportEnumeration").unwrap_or("");
    if protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL) {
        return Ok(descriptor);
    }
    let expected = format!("{}/@protocolSupportEnumeration with {PROTOCOL}", descriptor.local_name());
    Err(refuse(Reason::ProtocolNotSupported, expected, protocols))
}

/// Until when the file may be used (SAML Metadata 2.3.1 and 2.4.1): the earliest validUntil of the entity, what it stands
/// in and its role.
pub(super) fn valid_until(
    document: &Document,
    role: Role,
) -> Result<Option<OffsetDateTime>, MetadataRefusal> {
    let limited = ["EntitiesDescriptor", "EntityDescriptor", role.element()];
    let mut earliest: Option<OffsetDateTime> = None;
    for element in document.elements().filter(|e| limited.iter().any(|local| e.is(METADATA, local))) {
        let Some(text) = element.attribute("validUntil") else { continue };
        let expected = format!("{}/@validUntil as a time in UTC", element.local_name());
        let end = instant::read(text.trim()).ok_or_else(|| refuse(Reason::TimeMalformed, expected, text))?;
        earliest = Some(earliest.map_or(end, |known| known.min(end)));
    }
    Ok(earliest)
}

/// xs:boolean; absent is false.
pub(super) fn boolean(element: Element<'_>, name: &str) -> Result<bool, MetadataRefusal> {
    match element.attribute(name).map(str::trim) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => {
            let expected = format!("{}/@{name} true or false", element.local_name());
            Err(refuse(Reason::BooleanMalformed, expected, other))
        }
    }
}

/// The texts of the child elements `local`.
pub(super) fn texts(parent: Element<'_>, local: &str) -> Result<Vec<String>, MetadataRefusal> {
    parent
        .children_named(METADATA, local)
        .map(|element| match element.text() {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(e) => Err(refuse(Reason::TextExpected, format!("text in {local}"), e.found())),
        })
        .collect()
}

pub(super) fn refuse(reason: Reason, expected: impl Into<String>, found: &str) -> MetadataRefusal {
    MetadataRefusal::new(MetadataReason::Metadata(reason), expected, found)
}
