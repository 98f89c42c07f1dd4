//! What would have been right in place of what was refused, and what to do about it, for the administrator.

use super::{Refusal, printable};

/// What would have been right.
pub(super) fn expected(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::TenantNotFound { .. } => "the id or the domain of this tenant in the path",
        Refusal::Binding(_) | Refusal::Request(_) => "a request that keeps the rules",
        Refusal::NameQualifierTooLong { .. } => "an SPNameQualifier of at most 1024 bytes",
        Refusal::ApplicationNotFound { .. } => "the identifier of a registered application",
        Refusal::ApplicationDisabled { .. } => "enabled for users to sign in",
        Refusal::NotSaml { .. } => "single sign-on mode SAML",
        Refusal::NoIdentifier { .. } => "an identifier (entity ID)",
        Refusal::ReplyUrlUnusable { .. } => "an absolute https:// or http:// URL",
        Refusal::NoSigningKey { .. } => "a signing certificate with its key",
        Refusal::CustomSigningKeyMissing { .. } => "a signing certificate of the application's own",
        Refusal::Password(_) => "a name with its password",
        Refusal::AuthnContextMismatch { .. } => "Password, PasswordProtectedTransport or unspecified",
        Refusal::SignedRequestRequired { .. } => "a request with a good signature",
        Refusal::SignedRequestOverridden { .. } => "the Login URL without the service principal's object id",
        Refusal::DestinationMismatch { .. } | Refusal::SignOut(_) => "this address",
        Refusal::NoEncryptionCertificate { .. } => "an encryption certificate with an RSA key",
        Refusal::NoSession => "a session",
        Refusal::RequestGone => "a request of the last ten minutes that was not answered yet",
        Refusal::OtherBrowser => "the browser that started the sign-in",
        Refusal::UserNotFound { .. } => "a user of this tenant",
        Refusal::UserDisabled { .. } => "an enabled account",
        Refusal::NotAssigned { .. } => "assigned directly or through a group",
        Refusal::NameIdMissing { .. } => "a value",
        Refusal::NameIdTransformation { .. } => "a name",
        Refusal::ClaimMissing { .. } => "a value for each required claim",
        Refusal::ClaimInvalid { .. } => "claims that can be evaluated",
        Refusal::GroupOverage { .. } => "at most as many groups as the limit of the group claim",
        Refusal::ValueNotXml { .. } => "characters that XML can carry",
    }
}

/// What was there instead.
pub(super) fn found(refusal: &Refusal) -> String {
    match refusal {
        Refusal::TenantNotFound { found } | Refusal::UserNotFound { found } => found.clone(),
        Refusal::NameQualifierTooLong { length } => format!("{length} bytes"),
        Refusal::ApplicationNotFound { identifier } => identifier.clone(),
        Refusal::ApplicationDisabled { .. } => "off".to_owned(),
        Refusal::NotSaml { .. } => "another single sign-on mode, or none".to_owned(),
        Refusal::NoIdentifier { .. } | Refusal::NameIdMissing { .. } => "none".to_owned(),
        Refusal::ReplyUrlUnusable { url, .. } => url.clone(),
        Refusal::Binding(_) | Refusal::Request(_) | Refusal::SignOut(_) | Refusal::Password(_) => {
            String::new()
        }
        Refusal::CustomSigningKeyMissing { .. } => "no certificate".to_owned(),
        Refusal::NoSigningKey { found, .. } => found.clone(),
        Refusal::AuthnContextMismatch { requested, .. } => requested.join(" or "),
        Refusal::SignedRequestRequired { .. } => "no verified request".to_owned(),
        Refusal::SignedRequestOverridden { .. } => {
            "the address of one service principal, which overrides the Issuer".to_owned()
        }
        Refusal::DestinationMismatch { found, .. } => printable(found),
        Refusal::NoEncryptionCertificate { key_id, .. } => key_id.clone(),
        Refusal::NoSession => "no session".to_owned(),
        Refusal::RequestGone => "no such request".to_owned(),
        Refusal::OtherBrowser => "another browser, or one that keeps no cookies".to_owned(),
        Refusal::UserDisabled { .. } => "disabled".to_owned(),
        Refusal::NotAssigned { only_nested: true, .. } => "assigned through a nested group only".to_owned(),
        Refusal::NotAssigned { .. } => "not assigned".to_owned(),
        Refusal::NameIdTransformation { transformation, input, .. } => {
            format!("nothing from {transformation} with the source {input:?}")
        }
        Refusal::ClaimMissing { sources, .. } => format!("none from {sources}"),
        Refusal::ClaimInvalid { why, .. } => why.clone(),
        Refusal::GroupOverage { found, assigned, limit, .. } => {
            format!("{found} groups, {assigned} of them assigned to the application; the limit is {limit}")
        }
        Refusal::ValueNotXml { value } => value.escape_debug().to_string(),
    }
}

/// What to do about it, and where.
pub(super) fn fix(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Binding(_) | Refusal::Request(_) => "Correct the application's request.",
        Refusal::TenantNotFound { .. } | Refusal::DestinationMismatch { .. } => {
            "Copy the Login URL from the application's single sign-on page into the application again."
        }
        Refusal::NameQualifierTooLong { .. } => {
            "Make the application send a shorter SPNameQualifier, or none."
        }
        Refusal::ApplicationNotFound { .. } => {
            "Add this identifier under Basic SAML configuration of the application, or correct the entity ID \
             in the application; letter case and a slash at the end count."
        }
        Refusal::ApplicationDisabled { .. } => {
            "Switch on \"Enabled for users to sign in\" in the properties of the application."
        }
        Refusal::NotSaml { .. } => "Choose SAML on the single sign-on page of the application.",
        Refusal::NoIdentifier { .. } => {
            "Add an identifier under Basic SAML configuration of the application."
        }
        Refusal::ReplyUrlUnusable { .. } => "Correct the reply URL under Basic SAML configuration.",
        Refusal::AuthnContextMismatch { .. } => {
            "Make the application ask for Password or PasswordProtectedTransport, or for no authentication context."
        }
        Refusal::SignOut(_) => "Sign out again.",
        Refusal::Password(_) => "Sign in again.",
        Refusal::NoSession => "Sign in first, or let the application send its request without IsPassive.",
        Refusal::RequestGone => "Go back to the application and sign in again.",
        Refusal::OtherBrowser => {
            "Open the application in this browser and sign in from there. Cookies must be allowed."
        }
        Refusal::UserNotFound { .. } => "Choose a user that exists.",
        Refusal::UserDisabled { .. } => "Enable the account on the user's page.",
        Refusal::NotAssigned { only_nested: true, .. } => {
            "The user is in a group inside an assigned group. Assign the user or the inner group under Users and \
             groups of the application, or let nested groups count in the tenant's settings."
        }
        Refusal::NotAssigned { .. } => {
            "Assign the user, or a group that the user is in, under Users and groups of the application."
        }
        Refusal::NameIdMissing { .. }
        | Refusal::NameIdTransformation { .. }
        | Refusal::ClaimMissing { .. }
        | Refusal::ClaimInvalid { .. }
        | Refusal::GroupOverage { .. } => fix_claims(refusal),
        Refusal::NoSigningKey { .. }
        | Refusal::CustomSigningKeyMissing { .. }
        | Refusal::SignedRequestRequired { .. }
        | Refusal::SignedRequestOverridden { .. }
        | Refusal::NoEncryptionCertificate { .. } => fix_keys(refusal),
        Refusal::ValueNotXml { .. } => "Remove the control characters from the value.",
    }
}

fn fix_keys(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoSigningKey { .. } | Refusal::CustomSigningKeyMissing { .. } => {
            "Create and activate a certificate under SAML certificates, and give the application the new metadata. \
             If the key does not open, the process runs with another master key file than before."
        }
        Refusal::SignedRequestRequired { .. } => {
            "Start at the application, and let it sign its requests. A tile of My Apps and the test have no request that \
             could be signed: give the application a sign-on URL, or do not require signed requests."
        }
        Refusal::SignedRequestOverridden { .. } => {
            "Give the application the Login URL of its single sign-on page, which ends in /saml2, and an identifier \
             that no other application has; or do not require signed requests. A good signature changes nothing: \
             it would vouch for an Issuer that does not count."
        }
        Refusal::NoEncryptionCertificate { .. } => {
            "Choose another certificate under Token encryption of the application, or switch token encryption off."
        }
        _ => "Look at SAML certificates of the application.",
    }
}

fn fix_claims(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NameIdMissing { .. } => {
            "Fill the property on the user's page, or choose another source of the Unique User Identifier under \
             Attributes & claims."
        }
        Refusal::NameIdTransformation { .. } => {
            "Correct the value on the user's page, or the transformation of the Unique User Identifier under \
             Attributes & claims."
        }
        Refusal::ClaimMissing { .. } => {
            "Fill the property on the user's page, give the claim another value for this user, or do not require \
             it, under Attributes & claims."
        }
        Refusal::ClaimInvalid { .. } => "Save the claim again under Attributes & claims.",
        Refusal::GroupOverage { .. } => {
            "Under Attributes & claims, send only groups assigned to the application, filter them, or raise the \
             limit; or take the user out of groups."
        }
        _ => "Look at Attributes & claims of the application.",
    }
}
