//! Which product a client seems to be, from what it sends.

use crate::quirks::Quirk;

/// A way of speaking SCIM that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Microsoft Entra ID as it speaks by default.
    EntraDefault,
    /// Microsoft Entra ID with the flag `aadOptscim062020`.
    EntraOptScim,
    /// Okta.
    Okta,
    /// Google Workspace.
    Google,
    /// OneLogin.
    OneLogin,
    /// JumpCloud.
    JumpCloud,
    /// `PingOne` and `PingFederate`.
    Ping,
    /// The RFCs.
    Rfc,
}

/// What tells dialects apart beside the quirks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signs<'a> {
    /// The header `User-Agent`.
    pub user_agent: &'a str,
    /// The query string.
    pub query: &'a str,
    /// Whether the request has the header `ADSCIMVersion`, which Entra sends.
    pub adscim_version: bool,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::EntraDefault,
        Self::EntraOptScim,
        Self::Okta,
        Self::Google,
        Self::OneLogin,
        Self::JumpCloud,
        Self::Ping,
        Self::Rfc,
    ];

    /// Its stable name, for rows and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EntraDefault => "entra-default",
            Self::EntraOptScim => "entra-aadOptscim062020",
            Self::Okta => "okta",
            Self::Google => "google",
            Self::OneLogin => "onelogin",
            Self::JumpCloud => "jumpcloud",
            Self::Ping => "ping",
            Self::Rfc => "rfc",
        }
    }

    /// The dialect of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::EntraDefault => "Entra (default dialect)",
            Self::EntraOptScim => "Entra (aadOptscim062020)",
            Self::Okta => "Okta",
            Self::Google => "Google",
            Self::OneLogin => "OneLogin",
            Self::JumpCloud => "JumpCloud",
            Self::Ping => "Ping",
            Self::Rfc => "RFC 7644",
        }
    }

    /// The vendor's page about it.
    #[must_use]
    pub const fn link(self) -> &'static str {
        match self {
            Self::EntraDefault => {
                "https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups"
            }
            Self::EntraOptScim => {
                "https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility"
            }
            Self::Okta => "https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/",
            Self::Google => "https://support.google.com/a/answer/7681608",
            Self::OneLogin => "https://developers.onelogin.com/scim/dev-overview",
            Self::JumpCloud => {
                "https://jumpcloud.com/support/provision-and-manage-users-and-groups-in-apps-using-custom-scim-identity-management-integration"
            }
            Self::Ping => {
                "https://docs.pingidentity.com/pingone/integrations/p1_scim_provisioning_features.html"
            }
            Self::Rfc => "https://www.rfc-editor.org/rfc/rfc7644",
        }
    }

    /// What one request shows. A name in `User-Agent` decides; else Entra's marks; else the quirks.
    /// None: the request shows nothing that others do not send too.
    #[must_use]
    pub fn detect(met: &[Quirk], signs: &Signs<'_>) -> Option<Self> {
        let agent = signs.user_agent.to_ascii_lowercase();
        let named = [
            ("okta", Self::Okta),
            ("google", Self::Google),
            ("onelogin", Self::OneLogin),
            ("jumpcloud", Self::JumpCloud),
            ("pingone", Self::Ping),
            ("pingfederate", Self::Ping),
        ];
        if let Some((_, dialect)) = named.iter().find(|(word, _)| agent.contains(word)) {
            return Some(*dialect);
        }
        if signs.query.split(['&', '?', '/']).any(|p| p.split('=').next() == Some("aadOptscim062020")) {
            return Some(Self::EntraOptScim);
        }
        let has = |list: &[Quirk]| met.iter().any(|quirk| list.contains(quirk));
        if has(&[Quirk::EntraPathAsKey, Quirk::EntraUrnAsKey]) {
            return Some(Self::EntraOptScim);
        }
        let default = [
            Quirk::EntraCapitalisedOp,
            Quirk::EntraScalarAsString,
            Quirk::EntraRemoveInValue,
            Quirk::EntraBareValue,
            Quirk::EntraValuePathCreates,
            Quirk::EntraUnknownSchema,
            Quirk::EntraRolesJsonText,
            Quirk::EntraValuePathComparison,
        ];
        if signs.adscim_version || agent.contains("azure") || has(&default) {
            return Some(Self::EntraDefault);
        }
        match (has(&[Quirk::OktaReadOnlyInValue]), has(&[Quirk::GoogleMissingSchemas])) {
            (true, _) => Some(Self::Okta),
            (_, true) => Some(Self::Google),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(met: &[Quirk], user_agent: &str, query: &str, expected: Option<Dialect>) {
        let signs = Signs { user_agent, query, adscim_version: false };
        assert_eq!(Dialect::detect(met, &signs), expected, "{met:?} {user_agent} {query}");
    }

    #[test]
    fn dialects_are_told_apart() {
        check(&[], "Okta SCIM Client 1.0.0", "", Some(Dialect::Okta));
        check(&[], "Google-Auto-Provisioning", "", Some(Dialect::Google));
        check(&[], "OneLogin SCIM", "", Some(Dialect::OneLogin));
        check(&[], "JumpCloud-SCIM", "", Some(Dialect::JumpCloud));
        check(&[], "PingOne", "", Some(Dialect::Ping));
        check(&[], "shipping-sync/1.0", "", None);
        check(&[], "", "filter=a&aadOptscim062020=", Some(Dialect::EntraOptScim));
        check(&[Quirk::EntraPathAsKey], "", "", Some(Dialect::EntraOptScim));
        check(&[Quirk::EntraCapitalisedOp], "", "", Some(Dialect::EntraDefault));
        check(&[Quirk::OktaReadOnlyInValue], "", "", Some(Dialect::Okta));
        check(&[Quirk::GoogleMissingSchemas], "", "", Some(Dialect::Google));
        check(&[], "curl/8", "filter=userName", None);
    }

    #[test]
    fn names_are_found_again() {
        assert!(Dialect::ALL.iter().all(|d| Dialect::of(d.name()) == Some(*d)));
        assert!(Quirk::ALL.iter().all(|q| Quirk::of(q.name()) == Some(*q)));
    }
}
