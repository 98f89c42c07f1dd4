//! Encrypted assertions: what a stranger can put into one, and around one.

use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::dsig::SignatureReason as Sig;
use saml::encryption::EncryptionReason as Enc;
use saml::response::RejectReason::{self, Encryption, Response, Signature};
use saml::response::ResponseReason as Rule;
use saml::response::SignedPart::{Assertion as OfAssertion, Response as OfResponse};
use saml::response::{AcceptOptions, accept_response_with};

use super::{File, check, files};
use crate::common::{ACS, ANA, IDP, REQUEST, SP, certificate, decryption_key, expect};
use crate::forge::{Signer, assertion, response};

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
const CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
const KEY: [u8; 32] = [5; 32];
const EVE: &str = "eve@example.com";

const TABLE: &[(&str, Result<&str, RejectReason>)] = &[
    ("valid-cbc", Ok(ANA)),
    ("valid-gcm", Ok(ANA)),
    ("valid-response-signed", Ok(ANA)),
    ("forged-cbc", Err(Encryption(Enc::DecryptionFailed))),
    ("forged-gcm", Err(Signature(OfAssertion, Sig::SignatureMismatch))),
    ("unsigned-cbc", Err(Encryption(Enc::DecryptionFailed))),
    ("unsigned-gcm", Err(Response(Rule::Unsigned))),
    ("changed-gcm", Err(Encryption(Enc::DecryptionFailed))),
    ("changed-cbc-first-block", Err(Encryption(Enc::DecryptionFailed))),
    ("changed-cbc-padding", Err(Encryption(Enc::DecryptionFailed))),
    ("changed-under-signed-response", Err(Signature(OfResponse, Sig::DigestMismatch))),
    ("ciphertext-empty", Err(Encryption(Enc::DecryptionFailed))),
    ("ciphertext-of-another-recipient", Err(Encryption(Enc::DecryptionFailed))),
    ("not-xml", Err(Encryption(Enc::DecryptionFailed))),
    ("doctype-inside", Err(Encryption(Enc::DecryptionFailed))),
    ("two-roots-inside", Err(Encryption(Enc::DecryptionFailed))),
    ("another-element-inside", Err(Encryption(Enc::DecryptionFailed))),
    ("deep-nesting-inside", Err(Encryption(Enc::DecryptionFailed))),
    ("two-assertions-inside", Err(Response(Rule::AssertionCountNotOne))),
    ("encrypted-assertion-inside", Err(Response(Rule::AssertionCountNotOne))),
    ("wrapped-inside", Err(Response(Rule::AssertionCountNotOne))),
    ("signature-misplaced-inside", Err(Response(Rule::SignatureMisplaced))),
    ("long-assertion-inside", Err(Response(Rule::AssertionTooLong))),
    ("id-of-the-response-inside", Err(Response(Rule::DuplicateId))),
    ("content-changed-inside", Err(Signature(OfAssertion, Sig::DigestMismatch))),
    ("clear-assertion-beside", Err(Response(Rule::AssertionCountNotOne))),
    ("two-encrypted-assertions", Err(Response(Rule::AssertionCountNotOne))),
    ("encrypted-in-extensions", Err(Response(Rule::AssertionMisplaced))),
    ("signature-in-extensions", Err(Response(Rule::SignatureMisplaced))),
    ("rsa-1.5", Err(Encryption(Enc::KeyTransportNotAllowed))),
    ("oaep-label", Err(Encryption(Enc::KeyTransportNotAllowed))),
    ("triple-des", Err(Encryption(Enc::ContentAlgorithmNotAllowed))),
    ("type-content", Err(Encryption(Enc::TypeNotElement))),
    ("cipher-reference", Err(Encryption(Enc::EncryptionShape))),
    ("two-encrypted-keys", Err(Encryption(Enc::EncryptionShape))),
    ("no-encrypted-key", Err(Encryption(Enc::EncryptionShape))),
    ("key-not-base64", Err(Encryption(Enc::CiphertextNotBase64))),
    ("encrypted-data-missing", Err(Encryption(Enc::EncryptionShape))),
    ("padding-length-invalid", Err(Encryption(Enc::DecryptionFailed))),
    ("key-too-long", Err(Encryption(Enc::DecryptionFailed))),
    ("two-cipher-values", Err(Encryption(Enc::EncryptionShape))),
    ("swapped-under-signed-response", Err(Signature(OfResponse, Sig::DigestMismatch))),
    ("swapped-under-response-of-stranger", Err(Signature(OfResponse, Sig::SignatureMismatch))),
    ("swapped-signed-for-another-request", Err(Response(Rule::InResponseToMismatch))),
    ("swapped-signed-for-another-audience", Err(Response(Rule::AudienceMismatch))),
    ("swapped-signed-for-another-reply-url", Err(Response(Rule::RecipientMismatch))),
    ("swapped-signed-by-another-identity-provider", Err(Response(Rule::IssuerMismatch))),
    ("swapped-and-original-in-extensions", Err(Response(Rule::AssertionCountNotOne))),
    ("symmetric-key-of-stranger", Err(Encryption(Enc::DecryptionFailed))),
];

#[test]
fn table_of_encrypted_attacks() {
    let (keys, certificates) = ([decryption_key("evil")], [certificate("idp")]);
    let options = AcceptOptions { decryption_keys: &keys, ..AcceptOptions::default() };
    check(&files("attacks-encrypted", generate), TABLE, |_, xml| {
        match accept_response_with(xml, &expect(&certificates), &options) {
            Ok(accepted) if accepted.name_id == ANA => Ok(ANA),
            Ok(accepted) => panic!("{} was let in", accepted.name_id),
            Err(refused) => Err(refused.reason),
        }
    });
}

fn generate() -> Vec<File> {
    let (idp, evil) = (Signer::new("idp"), Signer::new("evil"));
    let mut files = inside(&idp, &evil);
    files.extend(around(&idp));
    files.extend(swapped(&idp, &evil));
    files
}

/// What can be inside: anybody can encrypt for us.
fn inside(idp: &Signer, evil: &Signer) -> Vec<File> {
    let signed = idp.signed("_a1", &assertion("_a1", ANA));
    let forged = evil.signed("_a1", &assertion("_a1", EVE));
    let plain = assertion("_a1", ANA);
    let gcm = |inside: &str| response("_r1", &wrap(inside, GCM));
    let cbc = |inside: &str| response("_r1", &wrap(inside, CBC));
    let nested = plain.replace("</Assertion>", &format!("<Advice>{signed}</Advice></Assertion>"));
    let signature = idp.signature("_a1", &plain);
    let groups = format!(
        "<AttributeStatement><Attribute Name=\"g\"><AttributeValue>{}</AttributeValue></Attribute></AttributeStatement>",
        "g".repeat(50_000)
    );
    let long = plain.replace("<AuthnStatement ", &format!("{groups}<AuthnStatement "));
    vec![
        ("valid-cbc", cbc(&signed)),
        ("valid-gcm", gcm(&signed)),
        ("valid-response-signed", idp.signed("_r1", &gcm(&plain))),
        ("forged-cbc", cbc(&forged)),
        ("forged-gcm", gcm(&forged)),
        ("unsigned-cbc", cbc(&plain)),
        ("unsigned-gcm", gcm(&plain)),
        ("not-xml", gcm("SAMLResponse")),
        ("doctype-inside", gcm(&format!("<!DOCTYPE a [<!ENTITY e \"x\">]>{signed}"))),
        ("two-roots-inside", gcm(&format!("{signed}{}", assertion("_a2", EVE)))),
        ("another-element-inside", gcm(&format!("<a>{signed}</a>"))),
        ("deep-nesting-inside", gcm(&("<a>".repeat(100) + &"</a>".repeat(100)))),
        (
            "two-assertions-inside",
            gcm(&signed.replace("</Assertion>", &format!("{}</Assertion>", assertion("_a2", EVE)))),
        ),
        (
            "encrypted-assertion-inside",
            gcm(&plain.replace("</Assertion>", &format!("{}</Assertion>", wrap(&signed, GCM)))),
        ),
        ("wrapped-inside", gcm(&nested.replacen("\"_a1\"", "\"_evil\"", 1).replacen(ANA, EVE, 1))),
        ("signature-misplaced-inside", gcm(&plain.replace("<Subject>", &format!("<Subject>{signature}")))),
        ("long-assertion-inside", gcm(&idp.signed("_a1", &long))),
        ("id-of-the-response-inside", gcm(&idp.signed("_r1", &assertion("_r1", ANA)))),
        ("content-changed-inside", gcm(&signed.replace(ANA, EVE))),
    ]
}

/// An EncryptedAssertion that was cut out of one answer and put into another. Both were good where they belonged.
fn swapped(idp: &Signer, evil: &Signer) -> Vec<File> {
    let own = wrap(&assertion("_a1", ANA), GCM);
    let others = wrap(&assertion("_a2", EVE), GCM);
    let signed =
        |from: &str, to: &str| wrap(&idp.signed("_a1", &assertion("_a1", ANA).replace(from, to)), GCM);
    let response_of = |other: &str| response("_r1", other);
    vec![
        // The Response vouches for what it was signed with.
        ("swapped-under-signed-response", idp.signed("_r1", &response_of(&own)).replace(&own, &others)),
        ("swapped-under-response-of-stranger", evil.signed("_r1", &response_of(&own))),
        // The assertion inside is signed for itself, and says for what.
        (
            "swapped-signed-for-another-request",
            response_of(&signed(REQUEST, "aws_other")).replacen(
                &format!(" InResponseTo=\"{REQUEST}\""),
                "",
                1,
            ),
        ),
        ("swapped-signed-for-another-audience", response_of(&signed(SP, "https://other.test/"))),
        ("swapped-signed-for-another-reply-url", response_of(&signed(ACS, "https://other.test/acs"))),
        ("swapped-signed-by-another-identity-provider", response_of(&signed(IDP, "https://other.test/idp"))),
        ("swapped-and-original-in-extensions", {
            let signed = idp.signed("_r1", &response_of(&own));
            signed.replace(&own, &format!("<samlp:Extensions>{own}</samlp:Extensions>{others}"))
        }),
    ]
}

/// What can be done to the outside.
fn around(idp: &Signer) -> Vec<File> {
    let signed = idp.signed("_a1", &assertion("_a1", ANA));
    let (gcm, cbc) = (wrap(&signed, GCM), wrap(&signed, CBC));
    let of = |inner: &str| response("_r1", inner);
    let extensions = |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions>");
    let with = |from: &str, to: &str| of(&gcm.replacen(from, to, 1));
    let key = gcm.split_once("<xenc:EncryptedKey>").unwrap().1.split_once("</xenc:EncryptedKey>").unwrap().0;
    let key = format!("<xenc:EncryptedKey>{key}</xenc:EncryptedKey>");
    let stranger = gcm.replacen(&key, &key.replace(&wrapped_key(&KEY), &wrapped_key(&[6; 32])), 1);
    let label = "></xenc:EncryptionMethod><xenc:CipherData>";
    let labelled = "><xenc:OAEPparams>AA==</xenc:OAEPparams></xenc:EncryptionMethod><xenc:CipherData>";
    vec![
        ("changed-gcm", of(&flipped(&gcm, 40))),
        ("changed-cbc-first-block", of(&flipped(&cbc, 3))),
        ("changed-cbc-padding", of(&flipped_at_end(&cbc))),
        ("changed-under-signed-response", {
            let response = idp.signed("_r1", &response("_r1", &wrap(&assertion("_a1", ANA), CBC)));
            flipped(&response, 3)
        }),
        ("ciphertext-empty", of(&without_content(&gcm))),
        (
            "ciphertext-of-another-recipient",
            of(&gcm.replace(&encrypted_key(&gcm), &wrapped_for("idp", &KEY))),
        ),
        ("clear-assertion-beside", of(&(assertion("_evil", EVE) + &gcm))),
        ("two-encrypted-assertions", of(&(gcm.clone() + &cbc))),
        ("encrypted-in-extensions", of(&extensions(&gcm))),
        ("signature-in-extensions", of(&(extensions(&idp.signature("_a1", &assertion("_a1", ANA))) + &gcm))),
        ("rsa-1.5", {
            let wrapped = wrapped_with_rsa_15(&KEY);
            of(&gcm.replace("rsa-oaep-mgf1p", "rsa-1_5").replace(&encrypted_key(&gcm), &wrapped))
        }),
        ("oaep-label", with(label, labelled)),
        ("triple-des", with(GCM, &format!("{XENC}tripledes-cbc"))),
        ("type-content", with("xmlenc#Element", "xmlenc#Content")),
        ("cipher-reference", of(&gcm.replace("xenc:CipherValue", "xenc:CipherReference"))),
        ("two-encrypted-keys", with(&key, &(key.clone() + &key))),
        ("no-encrypted-key", with(&key, "")),
        ("padding-length-invalid", {
            // Spaces up to the end of the block: the last of them would be a padding of 32 bytes.
            let sealed = seal_blocks(format!("{signed}{}", " ".repeat(16 - signed.len() % 16)).into_bytes());
            of(&cbc.replace(values(&cbc)[1], &STANDARD.encode(sealed)))
        }),
        ("key-too-long", {
            let sealed = STANDARD.encode(sealed_with(&AES_128_GCM, &KEY[..16], &signed));
            of(&gcm.replace(values(&gcm)[1], &sealed).replace("aes256-gcm", "aes128-gcm"))
        }),
        (
            "two-cipher-values",
            with("</xenc:CipherValue>", "</xenc:CipherValue><xenc:CipherValue></xenc:CipherValue>"),
        ),
        ("key-not-base64", with(&encrypted_key(&gcm), "!")),
        (
            "encrypted-data-missing",
            of("<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>"),
        ),
        (
            "symmetric-key-of-stranger",
            of(&stranger.replace(&encrypted_key(&stranger), &wrapped_key(&[6; 32]))),
        ),
    ]
}

fn wrap(inside: &str, algorithm: &str) -> String {
    let content = STANDARD.encode(if algorithm == GCM { sealed_gcm(inside) } else { sealed_cbc(inside) });
    format!(
        "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData xmlns:xenc=\"{XENC}\" \
         Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{algorithm}\"></xenc:EncryptionMethod><KeyInfo \
         xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod \
         Algorithm=\"{XENC}rsa-oaep-mgf1p\"></xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{}\
         </xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></KeyInfo><xenc:CipherData><xenc:CipherValue>{content}\
         </xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></EncryptedAssertion>",
        wrapped_key(&KEY)
    )
}

fn sealed_gcm(inside: &str) -> Vec<u8> {
    sealed_with(&AES_256_GCM, &KEY, inside)
}

fn sealed_with(algorithm: &'static aead::Algorithm, key: &[u8], inside: &str) -> Vec<u8> {
    let mut sealed = inside.as_bytes().to_vec();
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let nonce = Nonce::assume_unique_for_key([1; 12]);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed).unwrap();
    [&[1; 12][..], &sealed].concat()
}

fn sealed_cbc(inside: &str) -> Vec<u8> {
    let padding = 16 - inside.len() % 16;
    seal_blocks([inside.as_bytes(), &vec![u8::try_from(padding).unwrap(); padding]].concat())
}

fn seal_blocks(mut sealed: Vec<u8>) -> Vec<u8> {
    let key = EncryptingKey::cbc(UnboundCipherKey::new(&AES_256, &KEY).unwrap()).unwrap();
    key.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from([1; 16]))).unwrap();
    [&[1; 16][..], &sealed].concat()
}

fn wrapped_key(key: &[u8]) -> String {
    wrapped_for("evil", key)
}

fn wrapped_for(who: &str, key: &[u8]) -> String {
    let public = PublicEncryptingKey::from_der(certificate(who).public_key_info()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    public.encrypt(&OAEP_SHA1_MGF1SHA1, key, &mut wrapped, None).unwrap();
    STANDARD.encode(wrapped)
}

fn wrapped_with_rsa_15(key: &[u8]) -> String {
    let public = PublicEncryptingKey::from_der(certificate("evil").public_key_info()).unwrap();
    let public = Pkcs1PublicEncryptingKey::new(public).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    public.encrypt(key, &mut wrapped).unwrap();
    STANDARD.encode(wrapped)
}

fn values(xml: &str) -> Vec<&str> {
    xml.split("<xenc:CipherValue>").skip(1).map(|rest| rest.split_once('<').unwrap().0).collect()
}

fn encrypted_key(xml: &str) -> String {
    values(xml)[0].to_owned()
}

fn without_content(xml: &str) -> String {
    xml.replace(values(xml)[1], "")
}

fn flipped(xml: &str, at: usize) -> String {
    changed(xml, |bytes| bytes[at] ^= 0x80)
}

/// The byte before the last block decides what the padding's length decrypts to.
fn flipped_at_end(xml: &str) -> String {
    changed(xml, |bytes| {
        let at = bytes.len() - 17;
        bytes[at] ^= 0x40;
    })
}

fn changed(xml: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let content = values(xml)[1];
    let mut bytes = STANDARD.decode(content).unwrap();
    change(&mut bytes);
    xml.replace(content, &STANDARD.encode(bytes))
}
