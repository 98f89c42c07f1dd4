//! The rules for the content of a verified assertion (SAML Profiles 4.1.4.3), each compared with what is expected.

use time::OffsetDateTime;

use super::assertion::{Assertion, Conditions, Confirmation};
use super::expect::{Expect, ExpectInResponseTo};
use super::reason::{Reject, ResponseReason as Reason, refuse};
use super::trace::Recorder;
use crate::instant;
use crate::names::{ASSERTION, FORMAT_EMAIL, FORMAT_ENTITY, other_issuer_format};
use crate::xml::Element;

/// Checks every rule in order. `response` is the verified response when `response_signed`, else the received one.
pub(super) fn check(
    assertion: &Assertion,
    response: Element<'_>,
    response_signed: bool,
    expect: &Expect<'_>,
    trace: &mut Recorder,
) -> Result<(), Reject> {
    let confirmation = &assertion.confirmation;
    let conditions = &assertion.conditions;
    let value = |value: &String| value.clone();
    trace.step("Issuer", expect.idp_entity_id, issuer(assertion, response, expect), value)?;
    trace.step("Destination", expect.acs_url, destination(response, response_signed, expect), value)?;
    trace.step("Recipient", expect.acs_url, recipient(confirmation, expect), value)?;
    trace.step("Audience", expect.sp_entity_id, audience(conditions, expect), value)?;
    let now = if trace.is_on() { format!("valid at {}", instant::write(expect.now)) } else { String::new() };
    let until = |end: &OffsetDateTime| format!("until {}", instant::write(*end));
    trace.step("Conditions", &now, validity(conditions, expect), until)?;
    trace.step("Subject confirmation", &now, confirmed(confirmation, expect), until)?;
    let answered = in_response_to(confirmation, response, expect);
    trace.step("InResponseTo", &expected_request(expect), answered, value)?;
    trace.step("Session", &now, session(assertion, expect), value)?;
    trace.step("NameID", expect.name_id_format, name_id(assertion, expect), value)?;
    Ok(())
}

/// The assertion's Issuer decides. The response may leave its own out; when it is there it must be the same.
fn issuer(assertion: &Assertion, response: Element<'_>, expect: &Expect<'_>) -> Result<String, Reject> {
    let formats = response.children_named(ASSERTION, "Issuer").filter_map(other_issuer_format);
    if let Some(found) = formats.chain(assertion.issuer_format.as_deref()).next() {
        return Err(refuse(Reason::IssuerFormatNotEntity, FORMAT_ENTITY, found));
    }
    let of_response = response.children_named(ASSERTION, "Issuer").map(|i| i.text().unwrap_or("").trim());
    let other = of_response.chain([assertion.issuer.as_str()]).find(|found| *found != expect.idp_entity_id);
    match other {
        None => Ok(assertion.issuer.clone()),
        Some(found) => Err(refuse(Reason::IssuerMismatch, expect.idp_entity_id, found)),
    }
}

/// SAML Bindings 3.5.5.2: a signed response must have a Destination. In an unsigned one it proves nothing, and Recipient
/// says the same under the signature; so it may be absent, but not wrong.
fn destination(response: Element<'_>, signed: bool, expect: &Expect<'_>) -> Result<String, Reject> {
    match response.attribute("Destination") {
        Some(found) if found == expect.acs_url => Ok(found.to_owned()),
        Some(found) => Err(refuse(Reason::DestinationMismatch, expect.acs_url, found)),
        None if signed => Err(refuse(Reason::DestinationMissing, expect.acs_url, "none")),
        None => Ok("none, in an unsigned response".to_owned()),
    }
}

fn recipient(confirmation: &Confirmation, expect: &Expect<'_>) -> Result<String, Reject> {
    match &confirmation.recipient {
        Some(found) if found == expect.acs_url => Ok(found.clone()),
        Some(found) => Err(refuse(Reason::RecipientMismatch, expect.acs_url, found)),
        None => Err(refuse(Reason::RecipientMissing, expect.acs_url, "none")),
    }
}

/// SAML Core 2.5.1.4: every restriction must name us; within one, any audience may.
fn audience(conditions: &Conditions, expect: &Expect<'_>) -> Result<String, Reject> {
    if conditions.audiences.is_empty() {
        return Err(refuse(Reason::AudienceMissing, expect.sp_entity_id, "no AudienceRestriction"));
    }
    let names_us = |restriction: &&Vec<String>| !restriction.iter().any(|a| a == expect.sp_entity_id);
    match conditions.audiences.iter().find(names_us) {
        None => Ok(expect.sp_entity_id.to_owned()),
        Some(others) => Err(refuse(Reason::AudienceMismatch, expect.sp_entity_id, others.join(", "))),
    }
}

/// NotOnOrAfter is demanded although SAML Core leaves it optional: an assertion without end would have to be remembered
/// for ever. NotBefore may be absent.
fn validity(conditions: &Conditions, expect: &Expect<'_>) -> Result<OffsetDateTime, Reject> {
    if let Some(unknown) = &conditions.unknown {
        return Err(refuse(Reason::ConditionUnknown, "known conditions", unknown));
    }
    if let Some(begin) = conditions.not_before.filter(|begin| is_future(*begin, expect)) {
        return Err(refuse(Reason::NotYetValid, at_most(expect), instant::write(begin)));
    }
    match conditions.not_on_or_after {
        None => Err(refuse(Reason::ConditionsMissing, "Conditions with NotOnOrAfter", "none")),
        Some(end) if is_past(end, expect) => Err(refuse(Reason::Expired, after(expect), instant::write(end))),
        Some(end) => Ok(end),
    }
}

/// SAML Profiles 4.1.4.2: Recipient and NotOnOrAfter must be there, NotBefore must not.
fn confirmed(confirmation: &Confirmation, expect: &Expect<'_>) -> Result<OffsetDateTime, Reject> {
    if let Some(begin) = confirmation.not_before {
        return Err(refuse(Reason::ConfirmationNotBefore, "no NotBefore", instant::write(begin)));
    }
    match confirmation.not_on_or_after {
        None => Err(refuse(Reason::ConfirmationUnlimited, "NotOnOrAfter", "none")),
        Some(end) if is_past(end, expect) => {
            Err(refuse(Reason::ConfirmationExpired, after(expect), instant::write(end)))
        }
        Some(end) => Ok(end),
    }
}

/// Only the signed InResponseTo counts. The one of the response may be absent, but not another.
fn in_response_to(
    confirmation: &Confirmation,
    response: Element<'_>,
    expect: &Expect<'_>,
) -> Result<String, Reject> {
    let signed = confirmation.in_response_to.as_deref();
    let outer = response.attribute("InResponseTo");
    if outer.is_some() && outer != signed {
        let expected = format!("{} in both places", signed.unwrap_or("no request"));
        return Err(refuse(Reason::InResponseToDiffers, expected, outer.unwrap_or("none")));
    }
    let expected = expected_request(expect);
    let mismatch = |found: &str| Err(refuse(Reason::InResponseToMismatch, expected.clone(), found));
    match (expect.in_response_to, signed) {
        (ExpectInResponseTo::Request(id), Some(found)) if found != id => mismatch(found),
        (ExpectInResponseTo::Known { known, .. }, Some(found)) if !known(found) => mismatch(found),
        (ExpectInResponseTo::NoRequest, Some(found)) => {
            Err(refuse(Reason::InResponseToUnexpected, expected, found))
        }
        (ExpectInResponseTo::Request(_) | ExpectInResponseTo::Known { unsolicited: false, .. }, None) => {
            Err(refuse(Reason::InResponseToMissing, expected, "none"))
        }
        (_, found) => Ok(found.unwrap_or("none").to_owned()),
    }
}

fn session(assertion: &Assertion, expect: &Expect<'_>) -> Result<String, Reject> {
    match assertion.authn.session_not_on_or_after {
        None => Ok("no limit by the identity provider".to_owned()),
        Some(end) if is_past(end, expect) => {
            Err(refuse(Reason::SessionExpired, after(expect), instant::write(end)))
        }
        Some(end) => Ok(format!("until {}", instant::write(end))),
    }
}

/// The value is taken whole, with every character: it must equal a user name.
fn name_id(assertion: &Assertion, expect: &Expect<'_>) -> Result<String, Reject> {
    if assertion.name_id_format != expect.name_id_format {
        let format = &assertion.name_id_format;
        return Err(refuse(Reason::NameIdFormatMismatch, expect.name_id_format, format));
    }
    if assertion.name_id.is_empty() {
        return Err(refuse(Reason::NameIdMissing, "a NameID with text", "an empty one"));
    }
    if expect.name_id_format == FORMAT_EMAIL && !is_address(&assertion.name_id) {
        return Err(refuse(Reason::NameIdNotAnAddress, "an e-mail address", &assertion.name_id));
    }
    Ok(assertion.name_id.clone())
}

/// Can `text` be a NameID of the format emailAddress? SAML Core 8.3.2 asks for an RFC 2822 addr-spec. Quoted local parts
/// and comments, which it allows, are refused: they would let two texts name one mailbox.
pub fn is_address(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.chars().any(|c| c.is_whitespace() || c.is_control() || "\"(),:;<>@[\\]".contains(c))
    };
    text.split_once('@').is_some_and(|(local, domain)| plain(local) && plain(domain))
}

fn expected_request(expect: &Expect<'_>) -> String {
    match expect.in_response_to {
        ExpectInResponseTo::Request(id) => id.to_owned(),
        ExpectInResponseTo::NoRequest => "no request".to_owned(),
        ExpectInResponseTo::Known { unsolicited: false, .. } => "an open request".to_owned(),
        ExpectInResponseTo::Known { unsolicited: true, .. } => "an open request or none".to_owned(),
        ExpectInResponseTo::CheckedByCaller => "checked afterwards".to_owned(),
    }
}

fn is_future(begin: OffsetDateTime, expect: &Expect<'_>) -> bool {
    begin > expect.now.saturating_add(expect.clock_skew)
}

/// "On or after": the limit itself is outside.
fn is_past(end: OffsetDateTime, expect: &Expect<'_>) -> bool {
    end.saturating_add(expect.clock_skew) <= expect.now
}

fn at_most(expect: &Expect<'_>) -> String {
    format!("at most {} and {}", instant::write(expect.now), skew(expect))
}

fn after(expect: &Expect<'_>) -> String {
    format!("after {} less {}", instant::write(expect.now), skew(expect))
}

fn skew(expect: &Expect<'_>) -> String {
    format!("{} seconds of clock skew", expect.clock_skew.whole_seconds())
}
