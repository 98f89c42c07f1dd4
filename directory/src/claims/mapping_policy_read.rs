//! Reads the definition of a claims mapping policy. Its keys are case-sensitive, as Graph's are; a key that
//! has no meaning here is refused, because a claim that is silently missing shows only at a sign-in.

use serde::Deserialize;
use serde_json::Value;

use super::attribute::{Attribute, ids};
use super::check::MOST_CLAIMS;
use super::configuration::{Claim, Configuration, NameFormat};
use super::names::NAME_IDENTIFIER;
use super::notation::{Function, Input, Operand, Source, written};
use crate::refused::Refused;

/// Longest definition, in bytes.
const LONGEST: usize = 64 << 10;

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The claims, with the default ones where the policy includes the basic set.
    pub claims: Vec<Claim>,
    /// The source of the NameID, where the policy maps it.
    pub name_id_source: Option<String>,
    /// Its transformation.
    pub name_id_transformation: Option<String>,
    /// Whether the issuer has the application's id.
    pub issuer_with_application_id: bool,
    /// The audience in place of the request's.
    pub audience_override: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    #[serde(rename = "ClaimsMappingPolicy")]
    policy: Policy,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    version: u32,
    include_basic_claim_set: Value,
    #[serde(default)]
    claims_schema: Vec<Entry>,
    #[serde(default, alias = "ClaimsTransformations")]
    claims_transformation: Vec<Transformation>,
    #[serde(default, rename = "issuerWithApplicationId", alias = "IssuerWithApplicationId")]
    issuer_with_application_id: Value,
    #[serde(default, rename = "audienceOverride", alias = "AudienceOverride")]
    audience_override: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    source: Option<String>,
    #[serde(rename = "ID")]
    id: Option<String>,
    value: Option<String>,
    #[serde(alias = "TransformationID")]
    transformation_id: Option<String>,
    saml_claim_type: Option<String>,
    jwt_claim_type: Option<String>,
    #[serde(rename = "SAMLNameForm")]
    name_form: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Transformation {
    #[serde(rename = "ID")]
    id: String,
    transformation_method: String,
    #[serde(default)]
    input_claims: Vec<InputClaim>,
    #[serde(default)]
    input_parameters: Vec<InputParameter>,
    #[serde(default, rename = "OutputClaims")]
    _output_claims: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InputClaim {
    claim_type_reference_id: String,
    transformation_claim_type: String,
    #[serde(default)]
    treat_as_multi_value: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputParameter {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Value")]
    value: String,
    #[serde(default, rename = "DataType")]
    _data_type: Option<String>,
}

fn refused(expected: impl Into<String>, found: &str) -> Refused {
    Refused::invalid("definition", expected, found)
}

/// Reads a definition.
///
/// # Errors
/// [`Refused::Invalid`] with the key or value that cannot be taken over.
pub fn read(text: &str) -> Result<Imported, Refused> {
    if text.len() > LONGEST {
        return Err(refused(format!("at most {LONGEST} bytes"), &text.len().to_string()));
    }
    let definition: Definition = serde_json::from_str(text).map_err(|error| {
        refused(
            "a ClaimsMappingPolicy of Version, IncludeBasicClaimSet, ClaimsSchema, ClaimsTransformation, \
             issuerWithApplicationId and audienceOverride; group filters are set on the application's pages",
            &error.to_string(),
        )
    })?;
    let policy = definition.policy;
    if policy.version != 1 {
        return Err(refused("Version 1", &policy.version.to_string()));
    }
    if policy.claims_schema.len() > MOST_CLAIMS {
        let found = policy.claims_schema.len();
        return Err(Refused::TooMany { target: "ClaimsSchema", limit: MOST_CLAIMS, found });
    }
    let basic = boolean("IncludeBasicClaimSet", &policy.include_basic_claim_set)?;
    let issuer_with_application_id = match &policy.issuer_with_application_id {
        Value::Null => false,
        given => boolean("issuerWithApplicationId", given)?,
    };
    let mut imported = Imported {
        claims: if basic { Configuration::default().claims } else { Vec::new() },
        name_id_source: None,
        name_id_transformation: None,
        issuer_with_application_id,
        audience_override: policy.audience_override.clone(),
    };
    for entry in &policy.claims_schema {
        add(&mut imported, &policy, entry)?;
    }
    Ok(imported)
}

fn boolean(key: &str, value: &Value) -> Result<bool, Refused> {
    match value {
        Value::Bool(given) => Ok(*given),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => Err(refused(format!("{key} \"true\" or \"false\""), &other.to_string())),
    }
}

fn add(imported: &mut Imported, policy: &Policy, entry: &Entry) -> Result<(), Refused> {
    let (source, multivalued) = source(policy, entry)?;
    // An entry without a SAML name is an input of a transformation or a claim of other tokens.
    let Some(name) = &entry.saml_claim_type else {
        return match entry.jwt_claim_type.is_some() || entry.id.is_some() {
            true => Ok(()),
            false => Err(refused("SamlClaimType in each entry of ClaimsSchema without an ID", "none")),
        };
    };
    if name == NAME_IDENTIFIER {
        return name_id(imported, &source);
    }
    let (namespace, short) = name.rsplit_once('/').unwrap_or(("", name));
    let mut claim = Claim::of(namespace, short, &source.to_string());
    claim.name_format = entry.name_form.as_deref().map(name_format).transpose()?;
    claim.values.iter_mut().for_each(|value| value.multivalued = multivalued);
    imported.claims.retain(|known| known.full_name() != *name);
    imported.claims.push(claim);
    Ok(())
}

fn name_format(uri: &str) -> Result<NameFormat, Refused> {
    let found = NameFormat::ALL.into_iter().find(|(_, _, known)| *known == uri);
    let expected = "SAMLNameForm urn:oasis:names:tc:SAML:2.0:attrname-format: with unspecified, uri or basic";
    found.map(|(format, _, _)| format).ok_or_else(|| refused(expected, uri))
}

fn name_id(imported: &mut Imported, source: &Source) -> Result<(), Refused> {
    let property = |a: &Attribute| if a.id == "objectid" { "objectId" } else { a.property }.to_owned();
    let (attribute, transformation) = match source {
        Source::Attribute(attribute) => (property(attribute), None),
        Source::Transformation(functions) => {
            let mut functions: Vec<Function> = functions.clone();
            let Some(Input::Operand(Operand::Attribute(attribute))) = functions.first().map(|f| &f.input)
            else {
                return Err(refused("a NameID from an attribute of the user", &source.to_string()));
            };
            let property = property(attribute);
            if let Some(first) = functions.first_mut() {
                first.input = Input::Before;
            }
            (property, Some(written(&functions)))
        }
        Source::Constant(text) => return Err(refused("a NameID from an attribute of the user", text)),
    };
    imported.name_id_source = Some(attribute);
    imported.name_id_transformation = transformation;
    Ok(())
}

/// The source of an entry, and whether all of its values are meant.
fn source(policy: &Policy, entry: &Entry) -> Result<(Source, bool), Refused> {
    if let Some(value) = &entry.value {
        return Ok((Source::Constant(value.clone()), false));
    }
    let id = entry.id.as_deref().unwrap_or_default();
    match entry.source.as_deref() {
        Some("user") => match Attribute::find(id) {
            Some(attribute) => Ok((Source::Attribute(attribute), false)),
            // Microsoft's own sample for AWS writes the session duration so.
            None if !id.is_empty() && id.chars().all(|c| c.is_ascii_digit()) => {
                Ok((Source::Constant(id.to_owned()), false))
            }
            None => Err(refused(format!("an ID among {}", ids()), id)),
        },
        Some("transformation") => {
            let wanted = entry.transformation_id.as_deref().unwrap_or_default();
            let found = policy.claims_transformation.iter().find(|t| t.id == wanted);
            let found = found.ok_or_else(|| refused("a TransformationId of ClaimsTransformation", wanted))?;
            let text = transformation(policy, found, 0)?;
            let multivalued = found.input_claims.iter().any(|input| {
                matches!(&input.treat_as_multi_value, Some(Value::Bool(true)))
                    || matches!(&input.treat_as_multi_value, Some(Value::String(text)) if text == "true")
            });
            let source = Source::read(&text).map_err(|error| refused(error.to_string(), &text))?;
            Ok((source, multivalued))
        }
        other => Err(refused("Source \"user\" or \"transformation\", or a Value", other.unwrap_or("none"))),
    }
}

/// A transformation in our notation.
fn transformation(policy: &Policy, of: &Transformation, depth: usize) -> Result<String, Refused> {
    if depth >= super::notation::MOST_FUNCTIONS {
        return Err(refused("at most two transformations, one after the other", &of.id));
    }
    let first = of.input_claims.first().ok_or_else(|| refused("InputClaims with an entry", &of.id))?;
    let input = operand(policy, &first.claim_type_reference_id, depth)?;
    let parameter = |id: &str| of.input_parameters.iter().find(|p| p.id == id).map(|p| quoted(&p.value));
    let needed = |id: &str| {
        parameter(id).ok_or_else(|| refused(format!("InputParameters with the ID {id:?}"), &of.id))
    };
    match of.transformation_method.as_str() {
        method @ ("ExtractMailPrefix" | "ToLowercase" | "ToUppercase") => Ok(format!("{method}({input})")),
        "Join" => {
            let claim = |kind: &str| {
                let found = of.input_claims.iter().find(|c| c.transformation_claim_type == kind);
                found.map(|c| operand(policy, &c.claim_type_reference_id, depth))
            };
            let input = claim("string1").unwrap_or(Ok(input))?;
            let second = claim("string2").unwrap_or_else(|| needed("string2"))?;
            Ok(format!("Join({input}, {}, {second})", needed("separator")?))
        }
        "RegexReplace" => {
            Ok(format!("RegexReplace({input}, {}, {})", needed("regex")?, needed("replacement")?))
        }
        other => Err(refused(
            "TransformationMethod ExtractMailPrefix, Join, ToLowercase, ToUppercase or RegexReplace; others are \
             configured on the application's page of claims",
            other,
        )),
    }
}

/// What a reference of a transformation means: an entry of the schema with this ID, or an attribute.
fn operand(policy: &Policy, id: &str, depth: usize) -> Result<String, Refused> {
    let entry = policy.claims_schema.iter().find(|entry| entry.id.as_deref() == Some(id));
    if let Some(value) = entry.and_then(|entry| entry.value.as_deref()) {
        return Ok(quoted(value));
    }
    if let Some(transformation_id) = entry.and_then(|entry| entry.transformation_id.as_deref()) {
        let found = policy.claims_transformation.iter().find(|t| t.id == transformation_id);
        let found =
            found.ok_or_else(|| refused("a TransformationId of ClaimsTransformation", transformation_id))?;
        return transformation(policy, found, depth + 1);
    }
    let found = Attribute::find(id).map(|attribute| attribute.to_string());
    found.ok_or_else(|| refused(format!("a ClaimTypeReferenceId of ClaimsSchema, or one of {}", ids()), id))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
