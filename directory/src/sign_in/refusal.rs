//! Why a name and a password signed nobody in. Whoever tried hears none of it; administrators find it
//! among the sign-ins.

use thiserror::Error;

use crate::users;

/// A sign-in that is refused, or that goes no further than the change of the password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PasswordRefusal {
    /// Nobody has this name.
    #[error("there is no user \"{name}\"")]
    UserUnknown {
        /// What was typed, where it can be a name.
        name: String,
    },
    /// Nobody has this name, and it is of another domain.
    #[error("\"{name}\" is a user of another directory, if of any")]
    UserOfAnotherDomain {
        /// What was typed.
        name: String,
        /// The domain of this tenant.
        domain: String,
    },
    /// The user has never got a password.
    #[error("{user} has no password")]
    NoPassword {
        /// The user principal name.
        user: String,
    },
    /// The password is wrong.
    #[error("the password for {user} was wrong")]
    WrongPassword {
        /// The user principal name.
        user: String,
    },
    /// The password is right and the account is disabled.
    #[error("the account {user} is disabled")]
    AccountDisabled {
        /// The user principal name.
        user: String,
    },
    /// There were too many wrong passwords; the password was not looked at.
    #[error("{user} has to wait after too many wrong passwords")]
    Locked {
        /// The user principal name.
        user: String,
        /// Until when, for people.
        until: String,
    },
    /// The password is right and good for choosing another one alone.
    #[error("{user} has to choose another password first")]
    MustChange {
        /// The user principal name.
        user: String,
    },
}

impl PasswordRefusal {
    /// The refusal of a name that no user has. What cannot be a name is not repeated: people type their
    /// password into the wrong field.
    pub fn unknown(typed: &str, domain: &str) -> Self {
        match users::checked_name(typed).ok().filter(|name| domain_of(name).contains('.')) {
            None => Self::UserUnknown { name: "(no user principal name, so it is not kept)".to_owned() },
            Some(name) if domain_of(&name).eq_ignore_ascii_case(domain) => Self::UserUnknown { name },
            Some(name) => Self::UserOfAnotherDomain { name, domain: domain.to_owned() },
        }
    }

    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UserUnknown { .. } => "UserUnknown",
            Self::UserOfAnotherDomain { .. } => "UserOfAnotherDomain",
            Self::NoPassword { .. } => "NoPassword",
            Self::WrongPassword { .. } => "WrongPassword",
            Self::AccountDisabled { .. } => "AccountDisabled",
            Self::Locked { .. } => "Locked",
            Self::MustChange { .. } => "PasswordMustChange",
        }
    }

    /// The number at Entra.
    pub fn aadsts(&self) -> u32 {
        match self {
            Self::UserUnknown { .. } => 50034,
            Self::UserOfAnotherDomain { .. } => 50020,
            Self::NoPassword { .. } | Self::WrongPassword { .. } => 50126,
            Self::AccountDisabled { .. } => 50057,
            Self::Locked { .. } => 50053,
            Self::MustChange { .. } => 50055,
        }
    }

    /// What would have been right.
    pub fn expected(&self) -> String {
        match self {
            Self::UserUnknown { .. } => "the name of a user of this tenant".to_owned(),
            Self::UserOfAnotherDomain { domain, .. } => {
                format!("a user of this tenant, such as name@{domain}")
            }
            Self::NoPassword { .. } | Self::WrongPassword { .. } => "the user's password".to_owned(),
            Self::AccountDisabled { .. } => "an enabled account".to_owned(),
            Self::Locked { .. } => "fewer wrong passwords one after another".to_owned(),
            Self::MustChange { .. } => "a password that the user chose".to_owned(),
        }
    }

    /// What was there.
    pub fn found(&self) -> String {
        match self {
            Self::UserUnknown { name } | Self::UserOfAnotherDomain { name, .. } => name.clone(),
            Self::NoPassword { .. } => "no password is set".to_owned(),
            Self::WrongPassword { .. } => "another password".to_owned(),
            Self::AccountDisabled { .. } => "disabled".to_owned(),
            Self::Locked { until, .. } => format!("a pause until {until}"),
            Self::MustChange { .. } => "one that an administrator set".to_owned(),
        }
    }

    /// How to fix it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::UserUnknown { .. } => "Correct the name, or create the user.",
            Self::UserOfAnotherDomain { .. } => {
                "Sign in with the name that the user has in this directory, or create the user. Guests of other \
                 directories do not sign in here."
            }
            Self::NoPassword { .. } => "Set a password on the user's page.",
            Self::WrongPassword { .. } => "Try again, or set a new password on the user's page.",
            Self::AccountDisabled { .. } => "Enable the account on the user's page.",
            Self::Locked { .. } => {
                "Wait until then. Where it was not the user who tried, look for the pattern among the sign-ins."
            }
            Self::MustChange { .. } => "Choose another password on the page that follows.",
        }
    }
}

fn domain_of(name: &str) -> &str {
    name.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::PasswordRefusal;

    #[test]
    fn what_may_be_a_password_is_not_kept() {
        for typed in ["Tr0ub4dor&3", "P@ssw0rd", "a b@contoso.example", "@", ""] {
            let refusal = PasswordRefusal::unknown(typed, "contoso.example");
            assert_eq!((refusal.code(), refusal.aadsts()), ("UserUnknown", 50034), "{typed}");
            assert!(typed.is_empty() || !refusal.found().contains(typed), "{typed}");
        }
    }
}
