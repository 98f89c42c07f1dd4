use super::*;
use crate::refusal::Reason as _;
use crate::testing::{certificate, private_key};
use crate::xml::{Document, Limits};

const PLAIN: &str = "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_1\">é</Assertion>";
const CONTENTS: [ContentAlgorithm; 4] = [
    ContentAlgorithm::Aes128Gcm,
    ContentAlgorithm::Aes256Gcm,
    ContentAlgorithm::Aes128Cbc,
    ContentAlgorithm::Aes256Cbc,
];
const TRANSPORTS: [KeyTransport; 2] = [KeyTransport::OaepSha1, KeyTransport::OaepSha256];

fn key(who: &str) -> DecryptionKey {
    DecryptionKey::new(&private_key(who)).unwrap()
}

fn encrypted(content: ContentAlgorithm, transport: KeyTransport) -> String {
    let certificate = certificate("idp");
    let (key, iv) = ([7; 32], [9; 16]);
    encrypt(PLAIN, &Encryption { certificate: &certificate, content, transport, key: &key, iv: &iv }).unwrap()
}

fn shape(xml: &str) -> Result<Encrypted, EncryptionReason> {
    let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
    Encrypted::read(document.root()).map_err(|e| e.reason)
}

fn open(encrypted: &Encrypted, keys: &[DecryptionKey]) -> Result<String, EncryptionReason> {
    let document = decrypt(encrypted, keys).map_err(|e| e.reason)?;
    Ok(document.root().text().unwrap().to_owned())
}

#[test]
fn what_is_encrypted_is_decrypted_by_any_of_the_keys() {
    let keys = [key("evil"), key("idp")];
    for content in CONTENTS {
        for transport in TRANSPORTS {
            let xml = encrypted(content, transport);
            assert!(!xml.contains("ID=\"_1\""));
            assert_eq!(open(&shape(&xml).unwrap(), &keys), Ok("é".to_owned()), "{content:?} {transport:?}");
        }
    }
}

// Every single byte, changed, is noticed or harmless; and never is anything but the one refusal said.
#[test]
fn whatever_goes_wrong_with_key_or_content_is_said_in_one_way() {
    let failed = Err(EncryptionReason::DecryptionFailed);
    let keys = [key("idp")];
    for content in CONTENTS {
        let good = || shape(&encrypted(content, KeyTransport::OaepSha1)).unwrap();
        assert_eq!(open(&good(), &[key("evil")]), failed, "another key");
        assert_eq!(open(&good(), &[]), failed, "no key");
        for length in [0, 1, 12, 15, 16, 17, 28, 31, 32, 33, 48] {
            let mut short = good();
            short.content.truncate(length);
            assert_eq!(open(&short, &keys), failed, "{length} bytes of content");
        }
        let mut wrapped = good();
        wrapped.key[3] ^= 1;
        assert_eq!(open(&wrapped, &keys), failed, "changed key");
        wrapped.key.clear();
        assert_eq!(open(&wrapped, &keys), failed, "no wrapped key");
        let mut other = good();
        other.content_algorithm = match content {
            ContentAlgorithm::Aes128Gcm => ContentAlgorithm::Aes256Gcm,
            ContentAlgorithm::Aes256Gcm => ContentAlgorithm::Aes128Gcm,
            ContentAlgorithm::Aes128Cbc => ContentAlgorithm::Aes256Cbc,
            ContentAlgorithm::Aes256Cbc => ContentAlgorithm::Aes128Cbc,
        };
        assert_eq!(open(&other, &keys), failed, "a key of another length");
        for at in 0..good().content.len() {
            let mut changed = good();
            changed.content[at] ^= 0x81;
            let found = open(&changed, &keys);
            if content.is_authenticated() {
                assert_eq!(found, failed, "byte {at} of {content:?}");
            } else {
                assert!(found.is_ok() || found == failed, "byte {at} of {content:?}");
            }
        }
    }
}

#[test]
fn shapes_and_algorithms_outside_the_list_are_refused_without_a_key() {
    use EncryptionReason as R;
    let xml = encrypted(ContentAlgorithm::Aes256Cbc, KeyTransport::OaepSha1);
    for (from, to, reason) in [
        ("xmlenc#Element", "xmlenc#Content", R::TypeNotElement),
        ("aes256-cbc", "tripledes-cbc", R::ContentAlgorithmNotAllowed),
        ("aes256-cbc", "aes192-cbc", R::ContentAlgorithmNotAllowed),
        ("rsa-oaep-mgf1p", "rsa-1_5", R::KeyTransportNotAllowed),
        ("xmldsig#sha1", "xmldsig-more#md5", R::KeyTransportNotAllowed),
        (
            "></DigestMethod>",
            "></DigestMethod><xenc:OAEPparams>AA==</xenc:OAEPparams>",
            R::KeyTransportNotAllowed,
        ),
        ("<xenc:CipherValue>", "<xenc:CipherValue>!", R::CiphertextNotBase64),
        ("<xenc:CipherValue>", "<xenc:CipherValue><x/>", R::CiphertextNotBase64),
        ("xenc:CipherValue", "xenc:CipherReference", R::EncryptionShape),
        ("xenc:EncryptedKey", "xenc:Other", R::EncryptionShape),
        ("xenc:EncryptedData", "xenc:Other", R::EncryptionShape),
        (
            "</xenc:EncryptedKey>",
            "</xenc:EncryptedKey><xenc:EncryptedKey></xenc:EncryptedKey>",
            R::EncryptionShape,
        ),
        (
            "</xenc:EncryptedData>",
            "</xenc:EncryptedData><xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"></xenc:EncryptedKey>",
            R::EncryptionShape,
        ),
    ] {
        assert!(xml.contains(from), "{from}");
        assert_eq!(shape(&xml.replace(from, to)).unwrap_err(), reason, "{from} -> {to}");
    }
}

#[test]
fn an_encrypted_key_may_stand_beside_the_data() {
    let xml = encrypted(ContentAlgorithm::Aes128Gcm, KeyTransport::OaepSha256);
    let (head, tail) = xml.split_once("<xenc:EncryptedKey>").unwrap();
    let (key_body, tail) = tail.split_once("</xenc:EncryptedKey>").unwrap();
    let beside = format!(
        "<xenc:EncryptedKey xmlns:xenc=\"{}\" xmlns=\"{}\">{key_body}</xenc:EncryptedKey></EncryptedAssertion>",
        crate::names::XMLENC,
        crate::names::DSIG
    );
    let moved = format!("{head}{tail}").replace("</EncryptedAssertion>", &beside);
    assert_eq!(open(&shape(&moved).unwrap(), &[key("idp")]), Ok("é".to_owned()));
}

#[test]
fn keys_that_cannot_encrypt_are_refused() {
    let certificate = certificate("p256");
    let (key, iv) = ([7; 32], [9; 16]);
    let encryption = Encryption {
        certificate: &certificate,
        content: ContentAlgorithm::default(),
        transport: KeyTransport::default(),
        key: &key,
        iv: &iv,
    };
    assert_eq!(encrypt(PLAIN, &encryption), Err(EncryptionError::NotRsa));
    assert!(DecryptionKey::new(&private_key("p256")).is_err());
    let debug = format!("{:?}", DecryptionKey::new(&private_key("idp")).unwrap());
    assert_eq!(debug, "DecryptionKey { .. }");
    assert!(EncryptionReason::ALL.iter().all(|r| r.fix().ends_with('.')));
}
