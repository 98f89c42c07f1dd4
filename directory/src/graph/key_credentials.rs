//! `keyCredentials`, `tokenEncryptionKeyId` and `requestSignatureVerification` of an application (Graph
//! v1.0, "keyCredential resource type"; Entra: "SAML token encryption", "Enforce signed SAML authentication
//! requests").

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use store::Tx;
use uuid::Uuid;

use super::object::Object;
use crate::applications::{self, KeyCredential, RequestSignatureVerification, Usage};
use crate::change::Change;
use crate::refused::Refused;

const COLLECTION: &str = "keyCredentials";

/// A certificate as Graph lists it. `key` is the certificate in base64 where it was asked for.
pub(super) fn as_json(credential: &KeyCredential, with_key: bool) -> Value {
    json!({
        "customKeyIdentifier": STANDARD.encode(hex::decode(&credential.thumbprint).unwrap_or_default()),
        "displayName": credential.subject(),
        "startDateTime": credential.not_before.rfc3339(),
        "endDateTime": credential.not_after.rfc3339(),
        "key": with_key.then(|| STANDARD.encode(&credential.der)),
        "keyId": credential.key_id,
        "type": "AsymmetricX509Cert",
        "usage": credential.usage.as_str(),
    })
}

/// An entry of the collection that a client wants.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    key_id: Option<String>,
    usage: Usage,
    /// Absent: the one that is known under the id.
    certificate: Option<Vec<u8>>,
}

/// Takes the collection; `None` where it is absent.
pub(super) fn wanted(object: &mut Object) -> Result<Option<Vec<Wanted>>, Refused> {
    let entries = match object.0.remove(COLLECTION) {
        None => return Ok(None),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(Refused::invalid(COLLECTION, "a list", "")),
    };
    let mut ids = HashSet::new();
    let entries: Result<Vec<Wanted>, Refused> = entries.into_iter().map(entry).collect();
    let entries = entries?;
    match entries.iter().filter_map(|e| e.key_id.as_ref()).find(|id| !ids.insert((*id).clone())) {
        Some(twice) => Err(Refused::invalid("keyId", "each id once", twice)),
        None => Ok(Some(entries)),
    }
}

fn entry(value: Value) -> Result<Wanted, Refused> {
    let Value::Object(map) = value else { return Err(Refused::invalid(COLLECTION, "objects", "")) };
    let mut object = Object(map);
    let kind = object.text("type")?.unwrap_or_default();
    if kind != "AsymmetricX509Cert" {
        return Err(Refused::invalid("type", "AsymmetricX509Cert", &kind));
    }
    let usage = object.required("usage")?;
    let usage =
        Usage::from_name(&usage).ok_or_else(|| Refused::invalid("usage", "Verify or Encrypt", &usage))?;
    let key = object.optional("key")?.flatten();
    let certificate = key.map(|key| {
        STANDARD
            .decode(key.trim())
            .map_err(|_| Refused::invalid("key", "a certificate in base64", "other text"))
    });
    let key_id = object.optional("keyId")?.flatten().map(|id| uuid(&id)).transpose()?;
    // The rest follows from the certificate itself.
    object
        .nothing_else(COLLECTION, &["customKeyIdentifier", "displayName", "startDateTime", "endDateTime"])?;
    Ok(Wanted { key_id, usage, certificate: certificate.transpose()? })
}

fn uuid(text: &str) -> Result<String, Refused> {
    let id = Uuid::try_parse(text).map_err(|_| Refused::invalid("keyId", "a UUID", text))?;
    Ok(id.to_string())
}

/// Takes `requestSignatureVerification`; null is the default, under which nothing is required.
pub(super) fn verification(object: &mut Object) -> Result<Option<RequestSignatureVerification>, Refused> {
    const NAME: &str = "requestSignatureVerification";
    let Some(mut value) = object.0.remove(NAME) else { return Ok(None) };
    if value.is_null() {
        return Ok(Some(RequestSignatureVerification::default()));
    }
    if let Some(map) = value.as_object_mut() {
        map.retain(|name, _| !name.starts_with("@odata"));
    }
    let read = serde_json::from_value(value);
    read.map(Some).map_err(|e| {
        let expected = "isSignedRequestRequired (true or false) and allowedWeakAlgorithms (null or rsaSha1)";
        Refused::invalid(NAME, expected, &e.to_string())
    })
}

/// Adds what is wanted and not known. What is known and not wanted any more is answered: it is to be
/// removed by [`remove`] after the rest of the change, which may choose another certificate to encrypt for.
pub(super) fn add(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    wanted: &[Wanted],
) -> Result<Vec<String>, Refused> {
    let known = applications::key_credentials(tx, &change.tenant, application)?;
    for entry in wanted {
        let same = known.iter().find(|k| Some(&k.key_id) == entry.key_id.as_ref());
        match (same, &entry.certificate) {
            (Some(known), None) if known.usage == entry.usage => {}
            (Some(known), Some(der)) if known.der == *der && known.usage == entry.usage => {}
            (Some(known), _) => {
                let expected =
                    "the certificate and usage that it names already; another one needs another keyId";
                return Err(Refused::invalid("keyId", expected, &known.key_id));
            }
            (None, Some(der)) => {
                let id = entry.key_id.clone().unwrap_or_else(|| change.id());
                applications::add_key_credential(tx, change, application, entry.usage, der, id)?;
            }
            (None, None) => {
                let found = entry.key_id.as_deref().unwrap_or("neither");
                return Err(Refused::invalid("key", "a certificate, or a keyId that is known", found));
            }
        }
    }
    let kept = |id: &String| wanted.iter().any(|entry| entry.key_id.as_ref() == Some(id));
    Ok(known.into_iter().map(|k| k.key_id).filter(|id| !kept(id)).collect())
}

/// Removes certificates.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    ids: &[String],
) -> Result<(), Refused> {
    ids.iter().try_for_each(|id| applications::delete_key_credential(tx, change, application, id))
}
