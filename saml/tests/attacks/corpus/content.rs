//! XML that two readers could read differently, or that costs too much to read.

use super::{EVE, File, file};
use crate::common::ANA;
use crate::forge::{Signer, assertion, response, signed_after, valid};

/// The whole signed value must be read: a comment, CDATA or reference inside it must not cut it (CVE-2017-11427 and kin).
pub fn text(idp: &Signer) -> Vec<File> {
    let name = "ana@example.com.evil.test";
    let message = response("_r1", &idp.signed("_a1", &assertion("_a1", name)));
    let with = |inner: &str| message.replace(name, inner);
    vec![
        file("comment-in-name-id", with("ana@example.com<!-- -->.evil.test")),
        file("cdata-in-name-id", with("ana@example.com<![CDATA[.evil.test]]>")),
        file("character-reference-in-name-id", with("ana@example.com&#46;evil.test")),
        file("processing-instruction-in-name-id", with("ana@example.com<?x?>.evil.test")),
        file("element-in-name-id", signed_after(idp, ANA, "ana@example.com<x></x>.evil.test")),
        file("empty-name-id", signed_after(idp, ANA, "")),
        file("name-id-with-line-break", signed_after(idp, ANA, "ana@example.com\n")),
        file("name-id-no-address", signed_after(idp, ANA, "ana")),
    ]
}

pub fn syntax(idp: &Signer) -> Vec<File> {
    let valid = valid(idp);
    let doctype = |dtd: &str| format!("<!DOCTYPE Response{dtd}>{valid}");
    let laughs =
        "<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">";
    let utf16: Vec<u8> = valid.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        file("doctype", doctype("")),
        file("doctype-entity", doctype(" [<!ENTITY e \"x\">]")),
        file("doctype-entity-in-name-id", doctype(&format!(" [<!ENTITY e \"{EVE}\">]")).replace(ANA, "&e;")),
        file("doctype-external", doctype(" SYSTEM \"file:///etc/passwd\"")),
        file(
            "doctype-external-entity",
            doctype(" [<!ENTITY e SYSTEM \"file:///etc/passwd\">]").replace(ANA, "&e;"),
        ),
        file("doctype-billion-laughs", doctype(&format!(" [{laughs}]")).replace(ANA, "&c;")),
        file("doctype-default-attribute", doctype(" [<!ATTLIST Response ID CDATA \"_r2\">]")),
        file("entity-without-doctype", valid.replace(ANA, "&eve;")),
        file("second-root", valid.clone() + &assertion("_evil", EVE)),
        file("text-after-root", valid.clone() + "x"),
        file("text-before-root", format!("x{valid}")),
        file("utf16", [&[0xff, 0xfe][..], &utf16].concat()),
        file("declared-utf16", format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{valid}")),
        file("attributes-not-separated", valid.replacen("\" ID=", "\"ID=", 1)),
        file("null-character", valid.replace(ANA, "ana\0@example.com")),
        file("reference-to-null", valid.replace(ANA, "ana&#0;@example.com")),
        file("undeclared-prefix", valid.replace("<NameID", "<q:NameID").replace("</NameID", "</q:NameID")),
        file("duplicate-attribute", valid.replacen("Version=", "Version=\"2.0\" Version=", 1)),
        file("rebound-xml-prefix", valid.replacen("xmlns:samlp=", "xmlns:xml=\"urn:e\" xmlns:samlp=", 1)),
        file("malformed-namespace", valid.replacen("xmlns:samlp=", "xmlns:r=\"urn:a\\b\" xmlns:samlp=", 1)),
        file("relative-namespace", valid.replacen("xmlns:samlp=", "xmlns:r=\"../e\" xmlns:samlp=", 1)),
        file("declared-latin1", format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{valid}")),
        file("declared-utf7", format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{valid}")),
        file(
            "latin1",
            [valid.replace("</samlp:Response>", "").as_bytes(), b"\xe9</samlp:Response>"].concat(),
        ),
        file("xml-1.1", format!("<?xml version=\"1.1\"?>{valid}")),
        file("unclosed", valid.replace("</samlp:Response>", "")),
        file("empty", ""),
        file("not-xml", "SAMLResponse"),
    ]
}

pub fn bombs(idp: &Signer) -> Vec<File> {
    let signed = idp.signed("_a1", &assertion("_a1", ANA));
    let inside =
        |inner: &str| response("_r1", &(format!("<samlp:Extensions>{inner}</samlp:Extensions>") + &signed));
    let many = |count: usize, make: &dyn Fn(usize) -> String| (0..count).map(make).collect::<String>();
    let signature = idp.signature("_a1", &assertion("_a1", ANA));
    vec![
        file("deep-nesting", inside(&("<a>".repeat(100) + &"</a>".repeat(100)))),
        file("many-attributes", inside(&format!("<a{}></a>", many(65, &|i| format!(" a{i}=\"\""))))),
        file(
            "many-namespaces",
            inside(&format!("<a{}></a>", many(129, &|i| format!(" xmlns:a{i}=\"urn:{i}\"")))),
        ),
        file(
            "tens-of-thousands-of-attributes",
            inside(&format!("<a{}></a>", many(20_000, &|i| format!(" a{i}=\"\"")))),
        ),
        file(
            "tens-of-thousands-of-namespaces",
            inside(&many(10_000, &|i| format!("<a xmlns:n=\"u:{i}\"/>"))),
        ),
        file("nested-namespaces", {
            let open = many(42, &|i| format!("<a xmlns:n{i}=\"urn:{i}\">"));
            inside(&(open + &"</a>".repeat(42)))
        }),
        file("many-elements", inside(&"<a/>".repeat(20_001))),
        file("many-signatures", inside(&signature.repeat(40))),
        file("canonical-explosion", {
            let declared = response("_r1", &signed).replacen(
                "xmlns:samlp=",
                &format!("xmlns:q=\"urn:{}\" xmlns:samlp=", "u".repeat(4_000)),
                1,
            );
            declared.replace("<Subject>", &format!("{}<Subject>", "<q:a/>".repeat(500)))
        }),
        file(
            "long-assertion",
            signed_after(
                idp,
                "<AuthnStatement ",
                &format!(
                    "<AttributeStatement><Attribute Name=\"groups\"><AttributeValue>{}</AttributeValue></Attribute></AttributeStatement>\
             <AuthnStatement ",
                    "g".repeat(50_000)
                ),
            ),
        ),
    ]
}
