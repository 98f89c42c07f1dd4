//! Where a request arrived: at the address of the tenant, or at that of one service principal, by which
//! several applications of one vendor, which all send the same Issuer, live in one tenant (Entra: "Configure
//! app multi-instancing").

use saml::authn_request::AuthnRequest;
use store::{StoreError, Tx};
use uuid::Uuid;

use super::refusal::Refusal;
use super::trace::Trace;
use crate::applications::{self, Application};

/// What the path of a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The tenant, by its id or its domain.
    pub tenant: String,
    /// The object id of the service principal, where the path has one.
    pub service_principal: Option<String>,
}

impl Endpoint {
    /// `/{tenant}/saml2`
    pub fn of_tenant(tenant: String) -> Self {
        Self { tenant, service_principal: None }
    }

    /// `/{tenant}/saml2/{service principal}`
    pub fn of_service_principal(tenant: String, service_principal: String) -> Self {
        Self { tenant, service_principal: Some(service_principal) }
    }

    /// The application that a request is for. The path decides where it names a service principal, by its
    /// object id alone; else the request's Issuer.
    ///
    /// # Errors
    /// The engine's.
    pub fn application(
        &self,
        tx: &mut Tx<'_>,
        tenant: &str,
        issuer: &str,
    ) -> Result<Option<Application>, StoreError> {
        let Some(named) = &self.service_principal else {
            return applications::by_identifier(tx, tenant, issuer);
        };
        match Uuid::try_parse(named) {
            Ok(id) => applications::by_service_principal(tx, tenant, &id.to_string()),
            Err(_) => Ok(None),
        }
    }

    /// The request as it counts. Where the path names a service principal, the application's own identifier
    /// takes the place of the request's Issuer, so the audience of the answer never follows what was sent.
    ///
    /// # Errors
    /// [`Refusal::ApplicationNotFound`]; [`Refusal::SignedRequestOverridden`], also where the signature is
    /// good: what was signed would not be what counts; [`Refusal::NoIdentifier`].
    pub fn addressed(
        &self,
        request: AuthnRequest,
        application: Option<&Application>,
        trace: &mut Trace,
    ) -> Result<AuthnRequest, Refusal> {
        let Some(named) = &self.service_principal else { return Ok(request) };
        let sent = request.issuer.clone();
        let outcome = overridden(named, request, application);
        let shown = |r: &AuthnRequest| format!("{} in place of the Issuer {sent}", r.issuer);
        trace.step("Service principal in the address", "one that need not sign", outcome, shown)
    }
}

fn overridden(
    named: &str,
    request: AuthnRequest,
    application: Option<&Application>,
) -> Result<AuthnRequest, Refusal> {
    let application = application.ok_or_else(|| Refusal::application_not_found(named))?;
    let name = || application.display_name.clone();
    if application.request_signature_verification.is_signed_request_required {
        return Err(Refusal::SignedRequestOverridden { application: name() });
    }
    let own = application.identifiers.first().ok_or_else(|| Refusal::NoIdentifier { application: name() })?;
    Ok(AuthnRequest { issuer: own.clone(), ..request })
}
