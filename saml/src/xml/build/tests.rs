use crate::refusal::Reason as _;
use crate::xml::{Document, Limits, XmlReason};

fn check(xml: &str, expected: Result<(), XmlReason>) {
    let found = Document::parse(xml.as_bytes(), &Limits::default()).map(|_| ()).map_err(|e| e.reason);
    assert_eq!(found, expected, "{xml:.200}");
}

#[test]
fn well_formed_documents_are_read() {
    for xml in [
        "<a/>",
        "\u{feff}<a/>",
        "<?xml version=\"1.0\" encoding='utf-8'?>\n<a>x<!-- c -->y</a>\n",
        "<?xml version=\"1.0\" standalone=\"yes\" ?><a/>",
        "<a xmlns=\"urn:u\" xmlns:p='urn:v' p:b=\"1\" b=\"2\"><p:c/></a>",
        "<a>&lt;&#x41;&#66;<![CDATA[<&]]></a><!-- end -->",
    ] {
        check(xml, Ok(()));
    }
}

#[test]
fn each_breach_has_its_reason() {
    for (xml, reason) in [
        ("", XmlReason::NoRoot),
        ("  ", XmlReason::NoRoot),
        ("<a>", XmlReason::NotWellFormed),
        ("<a></b>", XmlReason::NotWellFormed),
        ("</a>", XmlReason::NotWellFormed),
        ("<a/><b/>", XmlReason::SecondRoot),
        ("<a/>x", XmlReason::TextOutsideRoot),
        ("<a/>&#32;", XmlReason::TextOutsideRoot),
        ("<a/><![CDATA[]]>", XmlReason::TextOutsideRoot),
        ("<![CDATA[x]]><a/>", XmlReason::TextOutsideRoot),
        ("<!DOCTYPE a><a/>", XmlReason::Doctype),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", XmlReason::Doctype),
        ("<a><?php x?></a>", XmlReason::ProcessingInstruction),
        ("<a>&e;</a>", XmlReason::UnknownEntity),
        ("<a b='&e;'/>", XmlReason::UnknownEntity),
        ("<a>&#1;</a>", XmlReason::IllegalCharacter),
        ("<a>&#xFFFE;</a>", XmlReason::IllegalCharacter),
        ("<a>\u{1}</a>", XmlReason::IllegalCharacter),
        ("<a b='&#1;'/>", XmlReason::IllegalCharacter),
        ("<a>]]></a>", XmlReason::CdataEndInText),
        ("<a b='1'c='2'/>", XmlReason::BadAttribute),
        ("<a b='<'/>", XmlReason::BadAttribute),
        ("<a b/>", XmlReason::BadAttribute),
        ("<a b='1' b='2'/>", XmlReason::DuplicateAttribute),
        ("<a xmlns='urn:u' xmlns='urn:v'/>", XmlReason::DuplicateAttribute),
        ("<a xmlns:p='urn:u' xmlns:q='urn:u' p:b='1' q:b='2'/>", XmlReason::DuplicateAttribute),
        ("<p:a/>", XmlReason::UndeclaredPrefix),
        ("<a p:b='1'/>", XmlReason::UndeclaredPrefix),
        ("<a:b:c xmlns:a='urn:u'/>", XmlReason::BadName),
        ("<1a/>", XmlReason::BadName),
        ("<xml:a/>", XmlReason::BadName),
        ("<a xmlns:xml='urn:u'/>", XmlReason::BadNamespaceDeclaration),
        ("<a xmlns:xmlns='urn:u'/>", XmlReason::BadNamespaceDeclaration),
        ("<a xmlns='urn:a b'/>", XmlReason::NamespaceNotAbsolute),
        ("<a xmlns='urn:é'/>", XmlReason::NamespaceNotAbsolute),
        ("<a xmlns='urn:%'/>", XmlReason::NamespaceNotAbsolute),
        ("<a xmlns='u'/>", XmlReason::NamespaceNotAbsolute),
        ("<a xmlns:p='../u'/>", XmlReason::NamespaceNotAbsolute),
        ("<a xmlns:p='1:u'/>", XmlReason::NamespaceNotAbsolute),
        ("<a xmlns:p=''/>", XmlReason::BadNamespaceDeclaration),
        ("<a xmlns:='urn:u'/>", XmlReason::BadNamespaceDeclaration),
        ("<a xmlns='http://www.w3.org/XML/1998/namespace'/>", XmlReason::BadNamespaceDeclaration),
        ("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", XmlReason::BadNamespaceDeclaration),
        (" <?xml version='1.0'?><a/>", XmlReason::Declaration),
        ("<?xml version='1.1'?><a/>", XmlReason::Declaration),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>", XmlReason::Declaration),
        ("<?xml encoding='UTF-8'?><a/>", XmlReason::Declaration),
    ] {
        check(xml, Err(reason));
    }
}

#[test]
fn limits_stop_bombs_inside_the_builder() {
    let limits = Limits::default();
    check(&"<a>".repeat(limits.depth + 1), Err(XmlReason::TooDeep));
    check(&format!("<r>{}</r>", "<a/>".repeat(limits.nodes)), Err(XmlReason::TooManyNodes));
    check(&" ".repeat(limits.bytes + 1), Err(XmlReason::TooLarge));
    let attributes: String = (0..=limits.attributes).map(|i| format!(" a{i}=''")).collect();
    check(&format!("<r{attributes}/>"), Err(XmlReason::TooManyAttributes));
    let declarations: String =
        (0..=limits.namespace_declarations).map(|i| format!(" xmlns:p{i}='urn:u'")).collect();
    check(&format!("<r{declarations}/>"), Err(XmlReason::TooManyNamespaceDeclarations));
}

#[test]
fn utf16_is_refused() {
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [&[0xff, 0xfe][..], &utf16].concat();
    let reasons = [&utf16, &with_mark].map(|b| Document::parse(b, &Limits::default()).unwrap_err().reason);
    assert_eq!(reasons, [XmlReason::IllegalCharacter, XmlReason::NotUtf8]);
}

#[test]
fn every_reason_has_a_fix() {
    assert!(XmlReason::ALL.iter().all(|r| r.fix().ends_with('.') && !r.code().is_empty()));
}
