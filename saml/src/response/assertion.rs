//! Reads an assertion from verified bytes. There is no way to read one from anything else.

use time::OffsetDateTime;

use super::reason::{Reject, ResponseReason as Reason, refuse};
use crate::dsig::VerifiedElement;
use crate::instant;
use crate::names::{ASSERTION, BEARER, FORMAT_UNSPECIFIED, other_issuer_format};
use crate::xml::Element;

/// A claim: a name and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, usually a URI.
    pub name: String,
    /// How the name is to be read (SAML Core 2.7.3.1); none means unspecified.
    pub name_format: Option<String>,
    /// The values in their order.
    pub values: Vec<String>,
}

/// An assertion as the identity provider signed it.
#[derive(Debug)]
pub(super) struct Assertion {
    pub(super) id: String,
    pub(super) issuer: String,
    /// The Format of the Issuer, where it is none that an Issuer may have.
    pub(super) issuer_format: Option<String>,
    pub(super) name_id: String,
    pub(super) name_id_format: String,
    pub(super) confirmation: Confirmation,
    pub(super) conditions: Conditions,
    pub(super) authn: AuthnStatement,
    pub(super) attributes: Vec<Attribute>,
}

/// SubjectConfirmationData of the bearer confirmation.
#[derive(Debug)]
pub(super) struct Confirmation {
    pub(super) in_response_to: Option<String>,
    pub(super) recipient: Option<String>,
    pub(super) not_before: Option<OffsetDateTime>,
    pub(super) not_on_or_after: Option<OffsetDateTime>,
}

#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) not_before: Option<OffsetDateTime>,
    pub(super) not_on_or_after: Option<OffsetDateTime>,
    /// One list per AudienceRestriction; each must have a match.
    pub(super) audiences: Vec<Vec<String>>,
    /// The first condition that is not known.
    pub(super) unknown: Option<String>,
}

#[derive(Debug)]
pub(super) struct AuthnStatement {
    pub(super) instant: OffsetDateTime,
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<OffsetDateTime>,
    pub(super) context: Option<String>,
}

impl Assertion {
    /// Reads the assertion that `verified` is, or the one in it when the response was verified.
    pub(super) fn read(verified: &VerifiedElement) -> Result<Assertion, Reject> {
        let root = verified.root();
        let assertion = if root.is(ASSERTION, "Assertion") { root } else { only(root, "Assertion")? };
        let version = assertion.attribute("Version").unwrap_or("none");
        if version != "2.0" {
            return Err(refuse(Reason::VersionNot20, "an assertion of Version 2.0", version));
        }
        let subject = only(assertion, "Subject")?;
        let name_id = name_id(subject)?;
        let issuer = only(assertion, "Issuer")?;
        Ok(Assertion {
            id: required(assertion, "ID")?.to_owned(),
            issuer: text(issuer)?.trim().to_owned(),
            issuer_format: other_issuer_format(issuer).map(ToOwned::to_owned),
            name_id: text(name_id)?.to_owned(),
            // SAML Core 2.2.2: without Format, unspecified is in effect.
            name_id_format: name_id.attribute("Format").unwrap_or(FORMAT_UNSPECIFIED).to_owned(),
            confirmation: confirmation(subject)?,
            conditions: conditions(assertion)?,
            authn: authn_statement(assertion)?,
            attributes: attributes(assertion)?,
        })
    }
}

fn name_id(subject: Element<'_>) -> Result<Element<'_>, Reject> {
    let found: Vec<_> = subject.children_named(ASSERTION, "NameID").collect();
    match found[..] {
        [only] => Ok(only),
        _ => {
            let found = format!("{} in Subject", found.len());
            Err(refuse(Reason::NameIdMissing, "one NameID in Subject", found))
        }
    }
}

/// SAML allows several confirmations of which any may hold. Everybody sends one bearer confirmation; with two, it would be
/// open which InResponseTo counts.
fn confirmation(subject: Element<'_>) -> Result<Confirmation, Reject> {
    let bearers: Vec<_> = subject
        .children_named(ASSERTION, "SubjectConfirmation")
        .filter(|confirmation| confirmation.attribute("Method") == Some(BEARER))
        .collect();
    let [bearer] = bearers[..] else {
        let found = format!("{} bearer confirmations", bearers.len());
        return Err(refuse(Reason::BearerConfirmationCountNotOne, "one bearer SubjectConfirmation", found));
    };
    let data = only(bearer, "SubjectConfirmationData")?;
    Ok(Confirmation {
        in_response_to: data.attribute("InResponseTo").map(str::to_owned),
        recipient: data.attribute("Recipient").map(str::to_owned),
        not_before: optional_instant(data, "NotBefore")?,
        not_on_or_after: optional_instant(data, "NotOnOrAfter")?,
    })
}

/// SAML Core 2.5.1. OneTimeUse is kept by the replay memory, which every assertion passes; ProxyRestriction speaks to
/// those who issue assertions in turn.
fn conditions(assertion: Element<'_>) -> Result<Conditions, Reject> {
    let found: Vec<_> = assertion.children_named(ASSERTION, "Conditions").collect();
    let [conditions] = found[..] else {
        let found = format!("{} Conditions", found.len());
        return Err(refuse(Reason::ConditionsMissing, "one Conditions element", found));
    };
    let known = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
    let mut audiences = Vec::new();
    let mut unknown = None;
    for condition in conditions.children() {
        if condition.is(ASSERTION, "AudienceRestriction") {
            let restriction = condition.children_named(ASSERTION, "Audience");
            let texts = restriction.map(|a| text(a).map(|t| t.trim().to_owned()));
            audiences.push(texts.collect::<Result<_, _>>()?);
        } else if condition.namespace() != ASSERTION || !known.contains(&condition.local_name()) {
            unknown = unknown.or_else(|| Some(condition.local_name().to_owned()));
        }
    }
    Ok(Conditions {
        not_before: optional_instant(conditions, "NotBefore")?,
        not_on_or_after: optional_instant(conditions, "NotOnOrAfter")?,
        audiences,
        unknown,
    })
}

fn authn_statement(assertion: Element<'_>) -> Result<AuthnStatement, Reject> {
    let statements: Vec<_> = assertion.children_named(ASSERTION, "AuthnStatement").collect();
    let [statement] = statements[..] else {
        let found = format!("{} AuthnStatement elements", statements.len());
        return Err(refuse(Reason::AuthnStatementCountNotOne, "one AuthnStatement", found));
    };
    let context = statement.children_named(ASSERTION, "AuthnContext").next();
    let class = context.and_then(|c| c.children_named(ASSERTION, "AuthnContextClassRef").next());
    let instant = optional_instant(statement, "AuthnInstant")?;
    Ok(AuthnStatement {
        instant: instant.ok_or_else(|| malformed("AuthnStatement/@AuthnInstant", "none"))?,
        session_index: statement.attribute("SessionIndex").map(str::to_owned),
        session_not_on_or_after: optional_instant(statement, "SessionNotOnOrAfter")?,
        context: class.map(text).transpose()?.map(|class| class.trim().to_owned()),
    })
}

/// Values that hold elements are left out: no claim of ours is structured, and refusing the sign-in for a claim that
/// nobody reads would help nobody. Encrypted attributes are left out for the same reason.
fn attributes(assertion: Element<'_>) -> Result<Vec<Attribute>, Reject> {
    let statements = assertion.children_named(ASSERTION, "AttributeStatement");
    let attributes = statements.flat_map(|statement| statement.children_named(ASSERTION, "Attribute"));
    attributes
        .map(|attribute| {
            let values = attribute.children_named(ASSERTION, "AttributeValue");
            let values = values.filter_map(|value| value.text().ok()).map(str::to_owned).collect();
            let name_format = attribute.attribute("NameFormat").map(str::to_owned);
            Ok(Attribute { name: required(attribute, "Name")?.to_owned(), name_format, values })
        })
        .collect()
}

fn only<'a>(parent: Element<'a>, local: &str) -> Result<Element<'a>, Reject> {
    let mut found = parent.children_named(ASSERTION, local);
    if let (Some(only), None) = (found.next(), found.next()) {
        return Ok(only);
    }
    let expected = format!("one {local} in {}", parent.local_name());
    Err(malformed(&expected, &parent.children_named(ASSERTION, local).count().to_string()))
}

fn text(element: Element<'_>) -> Result<&str, Reject> {
    element.text().map_err(|e| malformed(e.expected(), e.found()))
}

fn required<'a>(element: Element<'a>, name: &str) -> Result<&'a str, Reject> {
    let value = element.attribute(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| malformed(&format!("{}/@{name}", element.local_name()), "none"))
}

fn optional_instant(element: Element<'_>, name: &str) -> Result<Option<OffsetDateTime>, Reject> {
    let Some(text) = element.attribute(name) else {
        return Ok(None);
    };
    let expected = format!("{}/@{name} as a time in UTC", element.local_name());
    instant::read(text).map(Some).ok_or_else(|| malformed(&expected, text))
}

fn malformed(expected: &str, found: &str) -> Reject {
    refuse(Reason::AssertionMalformed, expected, found)
}
