//! Why nobody was signed in, beyond what the crate `saml` checks by itself.

use saml::bindings::BindingRefusal;
use saml::response::Reject;
use web::Timestamp;

use super::attempt::Check;

/// Why nobody was signed in. The person hears a reference; the administrator all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInRefusal {
    /// The request is larger than any response.
    BodyTooLarge,
    /// The form carries no message.
    Binding(BindingRefusal),
    /// People do not sign in at an identity provider.
    SourceNotExternal,
    /// The message proves nothing, or not to us. Its own check stands in the trace already.
    Rejected(Reject),
    /// The assertion was taken before.
    Replayed(String),
    /// It answers a request that was never made, or so long ago that it is forgotten.
    RequestUnknown(String),
    /// It answers a request that was answered before.
    RequestUsed(String),
    /// It answers a request whose time is over.
    RequestExpired {
        /// The request.
        id: String,
        /// When it ended.
        ended: Timestamp,
    },
    /// It answers a request that another browser started.
    RequestOfOtherBrowser(String),
    /// The identity provider's session has ended at this moment.
    SessionOver(Timestamp),
    /// No user has this name.
    UserNotFound {
        /// The NameID.
        name_id: String,
        /// The user whose name differs in letter case alone.
        similar: Option<String>,
    },
    /// The user was deleted and can be restored.
    UserDeleted {
        /// The id in the recycle bin.
        id: String,
        /// The user name.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// It answers no request, and only answers are taken.
    Unsolicited,
    /// Somebody unknown did not become a user.
    JustInTime {
        /// The NameID.
        name_id: String,
        /// Why.
        why: String,
    },
    /// The user is disabled.
    UserDisabled(String),
}

impl SignInRefusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge => "TooLarge",
            Self::Binding(refusal) => refusal.code(),
            Self::SourceNotExternal => "SourceNotExternal",
            Self::Rejected(reject) => reject.code(),
            Self::Replayed(_) => "Replayed",
            Self::RequestUnknown(_) => "RequestUnknown",
            Self::RequestUsed(_) => "RequestUsed",
            Self::RequestExpired { .. } => "RequestExpired",
            Self::RequestOfOtherBrowser(_) => "RequestOfOtherBrowser",
            Self::SessionOver(_) => "SessionExpired",
            Self::UserNotFound { .. } => "UserNotFound",
            Self::UserDeleted { .. } => "UserDeleted",
            Self::Unsolicited => "InResponseToMissing",
            Self::JustInTime { .. } => "JustInTimeRefused",
            Self::UserDisabled(_) => "UserDisabled",
        }
    }

    /// The check that failed; `None` where the trace of `saml` has it.
    pub fn check(&self) -> Option<Check> {
        let failed = |name: &str, expected: &str, found: &str| {
            Some(Check {
                name: name.to_owned(),
                expected: expected.to_owned(),
                found: found.to_owned(),
                passed: false,
            })
        };
        let open = "an open request that this browser started";
        match self {
            Self::BodyTooLarge => failed("Form", "a form of at most 1 MiB", "a larger one"),
            Self::Binding(refusal) => failed("Form", refusal.expected(), refusal.found()),
            Self::SourceNotExternal => {
                failed("Identity source", "an external identity provider", "Identity Center directory")
            }
            Self::Rejected(_) => None,
            Self::Replayed(id) => {
                failed("Replay", "an assertion that was not taken before", &format!("{id}, taken before"))
            }
            Self::RequestUnknown(id) => failed("Request", open, &format!("{id}, not one of ours")),
            Self::RequestUsed(id) => failed("Request", open, &format!("{id}, answered before")),
            Self::RequestExpired { id, ended } => {
                failed("Request", open, &format!("{id}, which ended {}", ended.readable()))
            }
            Self::RequestOfOtherBrowser(id) => {
                failed("Request", open, &format!("{id}, started in another browser"))
            }
            Self::SessionOver(end) => {
                failed("Session", "a session that goes on", &format!("ended {}", end.readable()))
            }
            Self::UserNotFound { name_id, similar } => failed(
                "User",
                &format!("a user with the user name {name_id}"),
                &match similar {
                    None => "none".to_owned(),
                    Some(user) => format!("{user}, which differs in letter case"),
                },
            ),
            Self::UserDeleted { name, at, .. } => failed(
                "User",
                &format!("a user with the user name {name}"),
                &format!("{name}, deleted {} and in the recycle bin", at.readable()),
            ),
            Self::Unsolicited => failed("Request", open, "none: the sign-in began at the identity provider"),
            Self::JustInTime { name_id, why } => {
                failed("Just-in-time user", &format!("{name_id} can become a user"), why)
            }
            Self::UserDisabled(name) => failed("User", "an active user", &format!("{name}, disabled")),
        }
    }

    /// Which side has to do what.
    pub fn fix(&self) -> String {
        match self {
            Self::Binding(refusal) => refusal.fix(),
            Self::Rejected(reject) => reject.fix(),
            Self::UserNotFound { name_id, similar: Some(user) } => {
                return format!(
                    "User names are compared letter by letter: rename the user {user} here to {name_id}, or let the \
                     identity provider send {user} as NameID."
                );
            }
            Self::UserNotFound { name_id, .. } => {
                return format!(
                    "Add a user with the user name {name_id} (Users, or automatic provisioning), or let the identity \
                     provider send the name of an existing user as NameID. The e-mail attribute plays no part."
                );
            }
            Self::UserDeleted { id, name, .. } => {
                return format!(
                    "Restore {name} under Recycle bin (or: entente center recycle-bin restore {id}): the person comes back \
                     with the same id, memberships and assignments. Where another person has this name now, remove \
                     the old user there for good; then a new one can be made."
                );
            }
            Self::Unsolicited => {
                "Start the sign-in from the access portal, or allow sign-ins that begin at the identity provider \
                 under SAML settings."
            }
            Self::JustInTime { name_id, .. } => {
                return format!(
                    "Add a user with the user name {name_id} where users are managed, or correct the claim that is named. \
                     A user who is there is never taken over."
                );
            }
            Self::UserDisabled(name) => return format!("Enable {name} where the user is managed, if access is wanted."),
            Self::BodyTooLarge => "Send fewer claims from the identity provider; groups are usually what makes it long.",
            Self::SourceNotExternal => "Choose an external identity provider under Settings, or let people sign in here.",
            Self::Replayed(_) => "Start the sign-in again. When it repeats, somebody sends a message that was stolen.",
            Self::RequestUnknown(_) | Self::RequestUsed(_) | Self::RequestExpired { .. } => {
                "Start the sign-in again from the access portal; do not reload or bookmark the sign-in page."
            }
            Self::RequestOfOtherBrowser(_) => {
                "Start the sign-in again in the same browser, with cookies allowed. When it repeats, somebody passes on \
                 answers that belong to another browser."
            }
            Self::SessionOver(_) => "Sign in again at the identity provider; the session there is over.",
        }
        .to_owned()
    }
}
