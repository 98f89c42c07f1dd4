//! The claims of an application in the form that Graph has for them (Microsoft identity platform, "Claims
//! mapping policy type"). One policy belongs to one service principal; what the form cannot say is named
//! beside it.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use web::routes::Routes;

use super::configuration::{Claim, Configuration};
use super::function::FunctionName;
use super::mapping_policy_read::read;
use super::names::NAME_IDENTIFIER;
use super::notation::{Function, Input, Operand, Source};
use super::store;
use crate::access::Caller;
use crate::applications::{self, Application, NameId, SamlChange};
use crate::graph::GraphError;
use crate::refused::Refused;
use crate::{Directory, body};

const PATH: &str = "/v1.0/servicePrincipals/{id}/claimsMappingPolicies";

pub(super) fn routes() -> Routes<Directory> {
    Routes::new("api_client").get(PATH, show).put(PATH, replace)
}

/// GET /v1.0/servicePrincipals/{id}/claimsMappingPolicies
async fn show(State(directory): State<Directory>, Path(id): Path<String>) -> Result<Response, GraphError> {
    let (application, configuration) = directory
        .read(move |tx, tenant| {
            let application = applications::by_any_id(tx, tenant, &id)?;
            let configuration = store::configuration(tx, tenant, &application.id)?;
            Ok((application, configuration))
        })
        .await?;
    let (definition, not_expressible) = export(&application, &configuration);
    let policy = json!({
        "id": application.service_principal_id,
        "displayName": format!("Claims of {}", application.display_name),
        "definition": [definition.to_string()],
        "isOrganizationDefault": false,
        "@entente.notExpressible": not_expressible,
    });
    let context = directory.url("/v1.0/$metadata#claimsMappingPolicies");
    Ok(Json(json!({ "@odata.context": context, "value": [policy] })).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Policy {
    definition: Vec<String>,
    #[serde(default, rename = "displayName")]
    _display_name: Option<String>,
    #[serde(default, rename = "isOrganizationDefault")]
    _is_organization_default: Option<bool>,
}

/// PUT /v1.0/servicePrincipals/{id}/claimsMappingPolicies: replaces the claims, and the source of the
/// NameID where the policy maps it. The group claim, which no policy holds, stays.
async fn replace(
    State(directory): State<Directory>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<StatusCode, GraphError> {
    let policy: Policy = body::read(request, &directory).await?;
    let [definition] = policy.definition.as_slice() else {
        let found = policy.definition.len().to_string();
        return Err(Refused::invalid("definition", "a list of one text", &found).into());
    };
    let imported = read(definition)?;
    directory
        .write(&caller, move |tx, change| {
            let application = applications::by_any_id(tx, &change.tenant, &id)?;
            let imported = imported.clone();
            if let Some(source) = imported.name_id_source {
                let name_id = NameId { source, format: application.name_id.format.clone() };
                let wanted = SamlChange { name_id: Some(name_id), ..SamlChange::default() };
                applications::update_saml(tx, change, &application.id, &wanted)?;
            }
            store::update(tx, change, &application, |before| {
                Ok(Configuration {
                    claims: imported.claims.clone(),
                    name_id_transformation: imported.name_id_transformation.clone(),
                    issuer_with_application_id: imported.issuer_with_application_id,
                    audience_override: imported.audience_override.clone(),
                    ..before
                })
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The policy, and the names of what it cannot say.
fn export(application: &Application, configuration: &Configuration) -> (Value, Vec<String>) {
    let (mut schema, mut transformations, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let basic = Configuration::default().claims;
    let include_basic = basic.iter().all(|claim| configuration.claims.contains(claim));
    if configuration.name_id_transformation.is_some() {
        others.push(NAME_IDENTIFIER.to_owned());
    } else {
        let id = application.name_id.source.to_lowercase();
        schema.push(json!({ "Source": "user", "ID": id, "SamlClaimType": NAME_IDENTIFIER }));
    }
    let own = configuration.claims.iter().filter(|claim| !(include_basic && basic.contains(claim)));
    for (n, claim) in own.enumerate() {
        match entry(claim, n, &mut transformations) {
            Some(entry) => schema.push(entry),
            None => others.push(claim.full_name()),
        }
    }
    others.extend(configuration.groups.as_ref().map(super::GroupClaim::attribute_name));
    let mut policy = json!({
        "Version": 1,
        "IncludeBasicClaimSet": include_basic.to_string(),
        "ClaimsSchema": schema,
        "ClaimsTransformation": transformations,
    });
    if configuration.issuer_with_application_id {
        policy["issuerWithApplicationId"] = json!(true);
    }
    if let Some(audience) = &configuration.audience_override {
        policy["audienceOverride"] = json!(audience);
    }
    (json!({ "ClaimsMappingPolicy": policy }), others)
}

/// A claim as an entry of the schema; none where it has conditions or a function that policies have not.
fn entry(claim: &Claim, n: usize, transformations: &mut Vec<Value>) -> Option<Value> {
    let [value] = claim.values.as_slice() else { return None };
    let everybody = value.groups.is_empty() && value.user_type == super::UserType::Any;
    if !everybody || claim.required || value.multivalued {
        return None;
    }
    let mut entry = match Source::read(&value.source).ok()? {
        Source::Attribute(attribute) => json!({ "Source": "user", "ID": attribute.id }),
        Source::Constant(text) => json!({ "Value": text }),
        Source::Transformation(functions) => {
            let [function] = functions.as_slice() else { return None };
            let id = format!("Transformation{n}");
            transformations.push(transformation(function, &id)?);
            json!({ "Source": "transformation", "ID": format!("Output{n}"), "TransformationId": id })
        }
    };
    entry["SamlClaimType"] = json!(claim.full_name());
    if let Some(format) = claim.name_format {
        entry["SAMLNameForm"] = json!(format.words().1);
    }
    Some(entry)
}

fn transformation(function: &Function, id: &str) -> Option<Value> {
    let Input::Operand(Operand::Attribute(attribute)) = &function.input else { return None };
    let claim = |id: &str, kind: &str| json!({ "ClaimTypeReferenceId": id, "TransformationClaimType": kind });
    let parameter = |id: &str, value: &str| json!({ "ID": id, "Value": value });
    let (inputs, parameters) = match (function.name, function.arguments.as_slice(), &function.otherwise) {
        (FunctionName::ExtractMailPrefix, [], None) => (vec![claim(attribute.id, "mail")], vec![]),
        (FunctionName::ToLowercase | FunctionName::ToUppercase, [], None) => {
            (vec![claim(attribute.id, "inputClaim")], vec![])
        }
        (FunctionName::Join, [Operand::Text(separator), second], None) => {
            let (mut inputs, mut parameters) =
                (vec![claim(attribute.id, "string1")], vec![parameter("separator", separator)]);
            match second {
                Operand::Attribute(second) => inputs.push(claim(second.id, "string2")),
                Operand::Text(text) => parameters.push(parameter("string2", text)),
            }
            (inputs, parameters)
        }
        (FunctionName::RegexReplace, [Operand::Text(regex), Operand::Text(replacement)], None) => (
            vec![claim(attribute.id, "sourceClaim")],
            vec![parameter("regex", regex), parameter("replacement", replacement)],
        ),
        _ => return None,
    };
    let output = format!("Output{}", id.trim_start_matches("Transformation"));
    Some(json!({
        "ID": id,
        "TransformationMethod": function.name.signature().name,
        "InputClaims": inputs,
        "InputParameters": parameters,
        "OutputClaims": [claim(&output, "outputClaim")],
    }))
}
