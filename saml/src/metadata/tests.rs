use time::macros::datetime;

use super::*;
use crate::certificate::{Certificate, SigningKey};
use crate::names::FORMAT_EMAIL;
use crate::refusal::Reason as _;
use crate::testing;

const ENTRA: &str = "metadata/entra-shaped-idp.xml";
const ENTITIES: &str = "metadata/entities-with-one-idp.xml";
const AWS: &str = "metadata/aws-shaped-sp.xml";

fn certificate(who: &str) -> Certificate {
    testing::certificate(who)
}

/// Reads the file with an edit, as IdP or SP metadata, and says the code of the refusal and what was expected.
fn refused(file: &str, from: &str, to: &str) -> (&'static str, String) {
    let text = testing::read_text(file);
    assert!(text.contains(from), "{from} is not in {file}");
    let edited = text.replace(from, to);
    let refusal = if file == AWS {
        SpMetadata::read(edited.as_bytes()).map(|_| ()).unwrap_err()
    } else {
        IdpMetadata::read(edited.as_bytes()).map(|_| ()).unwrap_err()
    };
    (refusal.code(), refusal.expected().to_owned())
}

#[test]
fn reads_the_federation_metadata_of_entra() {
    let metadata = IdpMetadata::read(&testing::read(ENTRA)).unwrap();
    let url = "https://login.example.com/6f1c0a52-2f0d-4c39-9c0f-3d3a2b7a9b11/saml2";
    assert_eq!(metadata.entity_id, "https://sts.example.com/6f1c0a52-2f0d-4c39-9c0f-3d3a2b7a9b11/");
    assert_eq!(metadata.single_sign_on_url(&Binding::HttpRedirect), Some(url));
    assert_eq!(metadata.single_sign_on_url(&Binding::HttpPost), Some(url));
    assert_eq!(metadata.single_logout_services.len(), 1);
    assert_eq!(metadata.signing_certificates, [certificate("idp")]);
    assert!(!metadata.want_authn_requests_signed && metadata.name_id_formats.is_empty());
}

#[test]
fn reads_the_only_entity_of_a_group_and_keys_without_use() {
    let metadata = IdpMetadata::read(&testing::read(ENTITIES)).unwrap();
    assert_eq!(metadata.entity_id, "http://idp.example.org/exk1");
    assert_eq!(metadata.signing_certificates, [certificate("idp"), certificate("evil")]);
    assert_eq!(metadata.single_sign_on_url(&Binding::HttpPost), Some("https://idp.example.org/sso?a=1&b=2"));
    assert_eq!(metadata.single_sign_on_url(&Binding::HttpRedirect), None);
    assert!(metadata.want_authn_requests_signed);
}

#[test]
fn reads_the_metadata_of_a_service_provider() {
    let metadata = SpMetadata::read(&testing::read(AWS)).unwrap();
    assert_eq!(metadata.assertion_consumer_services.len(), 3);
    assert_eq!(metadata.default_assertion_consumer_service().unwrap().index, 1);
    let hosts: Vec<&str> = metadata.reply_urls().iter().map(|url| url.split('/').nth(2).unwrap()).collect();
    assert_eq!(hosts, ["us-east-1.sso.signin.example", "us-east-1.signin.example.com"]);
    assert_eq!(metadata.name_id_formats, [FORMAT_EMAIL]);
    assert!(metadata.want_assertions_signed && !metadata.authn_requests_signed);
    assert_eq!(metadata.signing_certificates, [certificate("idp")]);
    assert_eq!(metadata.encryption_certificates, [certificate("evil")]);
    assert_eq!(metadata.single_logout_services[0].binding, Binding::HttpRedirect);
}

#[test]
fn the_wrong_role_is_named() {
    let sp = IdpMetadata::read(&testing::read(AWS)).unwrap_err();
    assert_eq!(sp.reason, MetadataReason::Metadata(Reason::SpInsteadOfIdp));
    assert_eq!((sp.expected(), sp.found()), ("IDPSSODescriptor", "SPSSODescriptor"));
    assert!(sp.fix().starts_with("This is SP metadata, IdP metadata expected"));
    let idp = SpMetadata::read(&testing::read(ENTRA)).unwrap_err();
    assert_eq!(idp.reason, MetadataReason::Metadata(Reason::IdpInsteadOfSp));
}

#[test]
fn every_defect_has_its_reason_and_names_the_element() {
    let protocol = "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"";
    for (file, from, to, code, expected) in [
        (ENTRA, "EntityDescriptor", "Entity", "NotMetadata", "EntityDescriptor"),
        (ENTRA, "entityID=", "name=", "EntityIdMissing", "entityID"),
        (ENTRA, "IDPSSODescriptor", "PDPDescriptor", "RoleMissing", "IDPSSODescriptor"),
        (
            ENTRA,
            protocol,
            "protocolSupportEnumeration=\"x\"",
            "ProtocolNotSupported",
            "IDPSSODescriptor/@protocol",
        ),
        (ENTRA, "SingleSignOnService", "Other", "ServiceMissing", "SingleSignOnService"),
        (ENTRA, "use=\"signing\"", "use=\"encryption\"", "SigningCertificateMissing", "X509Certificate"),
        (ENTRA, "https://login", "javascript:login", "LocationNotHttp", "/@Location"),
        (ENTRA, "Location=", "Url=", "LocationNotHttp", "SingleSignOnService/@Location"),
        (ENTRA, "https://login.example.com/", "https:///", "LocationNotHttp", "/@Location"),
        (ENTRA, "Binding=", "Kind=", "BindingMissing", "/@Binding"),
        (ENTRA, "<X509Certificate>M", "<X509Certificate>!", "NotACertificate", "certificate"),
        (ENTRA, "<EntityDescriptor", "<!DOCTYPE x><EntityDescriptor", "Doctype", "without DOCTYPE"),
        (
            ENTITIES,
            "</md:EntitiesDescriptor>",
            "<md:EntityDescriptor/></md:EntitiesDescriptor>",
            "EntityCountNotOne",
            "one",
        ),
        (ENTITIES, "=\"1\"", "=\"yes\"", "BooleanMalformed", "WantAuthnRequestsSigned"),
        (AWS, "HTTP-POST", "PAOS", "ServiceMissing", "AssertionConsumerService"),
        (AWS, "index=\"1\"", "index=\"0\"", "IndexMalformed", "AssertionConsumerService/@index"),
        (AWS, "index=\"1\"", "index=\"65536\"", "IndexMalformed", "0 to 65535"),
        (AWS, "isDefault=\"true\"", "isDefault=\"TRUE\"", "BooleanMalformed", "isDefault"),
        (AWS, "<md:NameIDFormat>", "<md:NameIDFormat><b/>", "TextExpected", "NameIDFormat"),
        (
            AWS,
            "</md:EntityDescriptor>",
            &("x".repeat(75_000) + "</md:EntityDescriptor>"),
            "TooLong",
            "75000 characters",
        ),
        (AWS, "<md:EntityDescriptor", "<md:EntityDescriptor x=", "BadAttribute", "well-formed"),
    ] {
        let (found, text) = refused(file, from, to);
        assert_eq!(found, code, "{file} {from}");
        assert!(text.contains(expected), "{code}: {text}");
    }
}

#[test]
fn a_second_role_descriptor_is_refused() {
    let text = testing::read_text(AWS);
    let (before, rest) = text.split_once("<md:SPSSODescriptor").unwrap();
    let descriptor = format!("<md:SPSSODescriptor{}", rest.split_once("</md:EntityDescriptor>").unwrap().0);
    let twice = format!("{before}{descriptor}{descriptor}</md:EntityDescriptor>");
    let refusal = SpMetadata::read(twice.as_bytes()).unwrap_err();
    assert_eq!(refusal.reason, MetadataReason::Metadata(Reason::RoleRepeated));
}

#[test]
fn our_service_provider_metadata_is_read_back() {
    let urls = ["https://center.example.com/acs/1", "https://dual.example.com/acs/1?a=1&b=2"];
    let xml = write_sp(&WriteSpMetadata {
        entity_id: "https://center.example.com/saml/d-1",
        assertion_consumer_service_urls: &urls,
        name_id_format: FORMAT_EMAIL,
    })
    .unwrap();
    let read = SpMetadata::read(xml.as_bytes()).unwrap();
    assert_eq!(read.entity_id, "https://center.example.com/saml/d-1");
    assert_eq!(read.reply_urls(), urls);
    assert!(
        read.assertion_consumer_services[0].is_default && !read.assertion_consumer_services[1].is_default
    );
    assert_eq!(read.assertion_consumer_services[1].index, 1);
    assert!(read.want_assertions_signed && !read.authn_requests_signed);
    assert!(!xml.contains("KeyDescriptor"));
}

#[test]
fn our_identity_provider_metadata_is_read_back_in_the_order_of_entra() {
    let key: SigningKey = testing::signing_key("idp");
    let url = "https://directory.example.com/6f1c/saml2";
    let further = [certificate("evil"), certificate("idp")];
    let xml = write_idp(
        &WriteIdpMetadata {
            id: "_m1",
            entity_id: "https://directory.example.com/6f1c/",
            single_sign_on_url: url,
            single_logout_url: url,
            further_certificates: &further,
        },
        &key,
    )
    .unwrap();
    let read = IdpMetadata::read(xml.as_bytes()).unwrap();
    assert_eq!(read.signature, MetadataSignature::Unverified);
    assert_eq!(read.signing_certificates, [certificate("idp"), certificate("evil")]);
    let places: Vec<_> =
        ["<Signature ", "<IDPSSODescriptor ", "<KeyDescriptor ", "<SingleLogoutService ", "HTTP-POST"]
            .iter()
            .map(|part| xml.find(part).unwrap())
            .collect();
    assert!(places.is_sorted(), "{places:?}");
    for absent in [
        "WantAuthnRequestsSigned",
        "NameIDFormat",
        "validUntil",
        "cacheDuration",
        "Organization",
        "ContactPerson",
        "encryption",
    ] {
        assert!(!xml.contains(absent), "{absent}");
    }
    assert!(read.signing_certificates[0].not_after() > datetime!(2030-01-01 00:00 UTC));
}

#[test]
fn every_reason_has_a_fix() {
    assert!(Reason::ALL.iter().all(|r| r.fix().ends_with('.') && r.fix().len() > 20));
}

#[test]
fn a_service_provider_names_its_keys_and_logout_where_it_has_them() {
    let metadata = WriteSpMetadata {
        entity_id: "https://sp.example.com/",
        assertion_consumer_service_urls: &["https://sp.example.com/acs"],
        name_id_format: FORMAT_EMAIL,
    };
    let plain = SpMetadata::read(write_sp(&metadata).unwrap().as_bytes()).unwrap();
    assert!(plain.single_logout_services.is_empty() && plain.signing_certificates.is_empty());
    let (signing, encryption) = ([certificate("idp")], [certificate("evil")]);
    let capabilities = SpCapabilities {
        single_logout_url: Some("https://sp.example.com/logout"),
        authn_requests_signed: true,
        signing_certificates: &signing,
        encryption_certificates: &encryption,
    };
    let full = SpMetadata::read(write_sp_with(&metadata, &capabilities).unwrap().as_bytes()).unwrap();
    let services: Vec<_> =
        full.single_logout_services.iter().map(|s| (&s.binding, s.location.as_str())).collect();
    let url = "https://sp.example.com/logout";
    assert_eq!(services, [(&Binding::HttpRedirect, url), (&Binding::HttpPost, url)]);
    assert!(full.authn_requests_signed);
    assert_eq!(
        (full.signing_certificates, full.encryption_certificates),
        (signing.to_vec(), encryption.to_vec())
    );
}

/// Metadata that the key of `idp` signed.
fn signed() -> String {
    let url = "https://directory.example.com/6f1c/saml2";
    let metadata = WriteIdpMetadata {
        id: "_m1",
        entity_id: "https://directory.example.com/6f1c/",
        single_sign_on_url: url,
        single_logout_url: url,
        further_certificates: &[],
    };
    write_idp(&metadata, &testing::signing_key("idp")).unwrap()
}

/// The signature, and the file without it.
fn cut_out(xml: &str) -> (String, String) {
    let (from, to) =
        (xml.find("<Signature ").unwrap(), xml.find("</Signature>").unwrap() + "</Signature>".len());
    (xml[from..to].to_owned(), format!("{}{}", &xml[..from], &xml[to..]))
}

#[test]
fn whoever_is_named_must_have_signed_all_of_the_file() {
    let good = signed();
    let (signature, unsigned) = cut_out(&good);
    let read = IdpMetadata::read_signed(good.as_bytes(), &[certificate("evil"), certificate("idp")]).unwrap();
    assert_eq!(read.signature, MetadataSignature::Verified { thumbprint: certificate("idp").thumbprint() });
    assert_eq!(read.single_sign_on_url(&Binding::HttpPost), Some("https://directory.example.com/6f1c/saml2"));
    assert_eq!(IdpMetadata::read(unsigned.as_bytes()).unwrap().signature, MetadataSignature::Absent);
    let namespace = "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"";
    let around = |start: &str| format!("<md:EntitiesDescriptor {namespace}{start}</md:EntitiesDescriptor>");
    let renamed = unsigned.replace("_m1", "_m2");
    for (xml, code) in [
        (unsigned.clone(), "SignatureMissing"),
        (good.replace("/saml2", "/evil2"), "DigestMismatch"),
        // Everything stands, but in a root that nobody signed.
        (around(&format!(">{good}")), "SignatureMisplaced"),
        // The signature of the entity inside is moved up to a root that has something of its own.
        (around(&format!(" ID=\"_m2\">{signature}{unsigned}")), "ReferenceNotParent"),
        (around(&format!(" ID=\"_m1\">{signature}{unsigned}")), "DuplicateId"),
        // The signed entity is kept for the reference, in an extension of the one that is read.
        (renamed.replacen("><", &format!(">{signature}<"), 1), "ReferenceNotParent"),
        (good.replacen(&signature, &format!("{signature}{signature}"), 1), "SignatureMisplaced"),
        (good.replacen("ID=\"_m1\"", "", 1), "IdMissing"),
    ] {
        let refusal = IdpMetadata::read_signed(xml.as_bytes(), &[certificate("idp")]).unwrap_err();
        assert_eq!(refusal.code(), code, "{xml}");
    }
    let refused =
        |signers: &[Certificate]| IdpMetadata::read_signed(good.as_bytes(), signers).unwrap_err().code();
    assert_eq!(refused(&[certificate("evil")]), "SignatureMismatch");
    assert_eq!(refused(&[]), "NoTrustedCertificate");
}
