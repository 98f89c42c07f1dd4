use super::*;
use crate::testing;

const XML: &str = "<samlp:AuthnRequest ID=\"é\"/>";

fn request(query: &str) -> Result<RedirectMessage, BindingRefusal> {
    decode_redirect(query, Parameter::SamlRequest)
}

fn reason(query: &str) -> Reason {
    request(query).unwrap_err().reason
}

fn query(xml: &str, relay_state: Option<&str>) -> String {
    let url = encode_redirect("https://idp.example.com/sso", Parameter::SamlRequest, xml, relay_state);
    url.split_once('?').unwrap().1.to_owned()
}

#[test]
fn what_is_encoded_is_decoded() {
    let relay_state = "https://a.example.com/?x=1&y=é %+";
    let message = request(&query(XML, Some(relay_state))).unwrap();
    assert_eq!(message.xml, XML.as_bytes());
    assert_eq!(message.relay_state.as_deref(), Some(relay_state));
    assert_eq!(message.signature, None);
    assert_eq!(request(&query(XML, None)).unwrap().relay_state, None);
}

#[test]
fn an_endpoint_keeps_its_own_query() {
    let url = encode_redirect("https://idp.example.com/sso?app=1", Parameter::SamlResponse, XML, None);
    assert!(url.starts_with("https://idp.example.com/sso?app=1&SAMLResponse="));
    let message = decode_redirect(url.split_once('?').unwrap().1, Parameter::SamlResponse).unwrap();
    assert_eq!(message.xml, XML.as_bytes());
}

#[test]
fn other_parameters_and_the_usual_encodings_do_no_harm() {
    let encoding = "&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE";
    let message = request(&format!("login_hint=ana%40example.com&{}{encoding}&x", query(XML, None))).unwrap();
    assert_eq!(message.xml, XML.as_bytes());
}

#[test]
fn queries_without_a_message_are_refused() {
    let good = query(XML, None);
    let zlib = "SAMLRequest=eJyzKU7MLchJ1bezAQAh2QV%2B";
    assert_eq!(reason(""), Reason::ParameterMissing);
    assert_eq!(reason("SAMLRequest="), Reason::ParameterMissing);
    assert_eq!(reason("SAMLResponse=abc"), Reason::ParameterMissing);
    assert_eq!(reason(&format!("{good}&SAMLResponse=")), Reason::BothMessages);
    assert_eq!(reason("SAMLRequest=%"), Reason::BadEscape);
    assert_eq!(reason("SAMLRequest=%f"), Reason::BadEscape);
    assert_eq!(reason("SAMLRequest=%ff"), Reason::BadEscape);
    assert_eq!(reason("SAMLRequest=%21"), Reason::NotBase64);
    assert_eq!(reason("SAMLRequest=PGEvPg%3D%3D"), Reason::NotDeflate);
    assert_eq!(reason(zlib), Reason::NotDeflate);
    assert_eq!(reason(&format!("{good}&SAMLEncoding=none")), Reason::EncodingNotSupported);
    assert_eq!(reason(&format!("{good}&{good}")), Reason::ParameterRepeated);
    assert_eq!(reason(&format!("{good}&RelayState=a&RelayState=a")), Reason::ParameterRepeated);
    assert_eq!(reason(&format!("{good}&SAML%52equest=x")), Reason::ParameterRepeated);
    assert_eq!(reason(&good.replace("SAMLRequest", "SAML%52equest")), Reason::ParameterRepeated);
    assert_eq!(reason(&format!("{good}&RelayState={}", "x".repeat(2049))), Reason::RelayStateTooLong);
    assert_eq!(reason(&format!("{good}&SigAlg=x")), Reason::SignatureIncomplete);
    assert_eq!(reason(&"a&".repeat(65)), Reason::TooLarge);
    assert_eq!(reason(&"a".repeat(200_000)), Reason::TooLarge);
}

// Some kilobytes that would become 20 MB.
#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let bomb = query(&" ".repeat(20_000_000), None);
    assert!(bomb.len() < 30_000, "{}", bomb.len());
    assert_eq!(reason(&bomb), Reason::TooLarge);
}

fn signed_query(who: &str, algorithm: &str) -> String {
    let unsigned = format!("{}&SigAlg={}", query(XML, Some("a b")), escape(algorithm));
    let signature = testing::signing_key(who).sign(unsigned.as_bytes()).unwrap();
    format!("{unsigned}&Signature={}", escape(&STANDARD.encode(signature)))
}

// SAML Bindings 3.4.4.1: the signature covers the parameters as they were escaped, in the order of the standard.
#[test]
fn a_signature_over_the_query_is_verified() {
    let rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let trusted = [testing::certificate("evil"), testing::certificate("idp")];
    let verify =
        |query: &str, trusted: &[Certificate]| request(query).unwrap().verify(trusted).map_err(|e| e.reason);
    let good = signed_query("idp", rsa);
    assert_eq!(verify(&good, &trusted), Ok(()));
    let mut parts: Vec<&str> = good.split('&').collect();
    parts.reverse();
    assert_eq!(
        verify(&parts.join("&"), &trusted),
        Ok(()),
        "the order in which they were sent does not matter"
    );
    assert_eq!(verify(&good, &trusted[..1]), Err(Reason::SignatureMismatch));
    assert_eq!(verify(&good, &[testing::certificate("p256")]), Err(Reason::SignatureMismatch));
    assert_eq!(verify(&good, &[]), Err(Reason::NoTrustedCertificate));
    assert_eq!(verify(&good.replace("a%20b", "a+b"), &trusted), Err(Reason::SignatureMismatch));
    assert_eq!(verify(&good.replace("RelayState=", "Relay="), &trusted), Err(Reason::SignatureMismatch));
    assert_eq!(verify(&query(XML, None), &trusted), Err(Reason::SignatureMissing));
    let sha1 = signed_query("idp", "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
    assert_eq!(verify(&sha1, &trusted), Err(Reason::AlgorithmNotAllowed));
}
