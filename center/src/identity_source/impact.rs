//! What a change of the identity source does to whom. Nothing here reads or writes; the same people and the
//! same sources give the same answer.
//!
//! What this side cannot know is said, not guessed: an identity provider does not tell which names it will
//! send. So nobody "has no match there"; a user keeps access *if* the name is sent exactly, or loses it
//! for a reason that is certain here.

use saml::response::is_address;
use web::Timestamp;

use super::source::{ExternalIdp, Source};

/// How many names a sentence lists.
const NAMES_IN_SENTENCE: usize = 5;
/// AWS shows a certificate in yellow from 90 days before its end.
const SOON_DAYS: i64 = 90;

/// Everybody whom a change can touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// The users, by user name.
    pub users: Vec<Person>,
    /// How many administrators have a way in of their own.
    pub administrators: i64,
    /// Whether automatic provisioning is enabled.
    pub provisioning: bool,
}

/// A user, as far as signing in is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user name as written.
    pub user_name: String,
    /// Whether the user may sign in at all.
    pub active: bool,
    /// Whether there is a password of the Identity Center directory, used or dormant.
    pub has_password: bool,
}

/// What a change does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// How many can sign in afterwards: with an external source, if it sends their names exactly.
    pub keep: usize,
    /// Who certainly cannot, and why.
    pub lose: Vec<Loss>,
    /// Who keeps access and has a name in which upper and lower case matter.
    pub exact_case: Vec<String>,
    /// What else happens, in sentences.
    pub consequences: Vec<String>,
    /// How many administrators keep their way in.
    pub administrators: i64,
}

/// A user without access after the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Who.
    pub user_name: String,
    /// Why.
    pub reason: LossReason,
}

/// Why a user has no access after the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossReason {
    /// Disabled here, before and after.
    Disabled,
    /// The user name is no e-mail address, so that no NameID of the format can equal it.
    NotAnAddress,
    /// The directory has no password for the user.
    NoPassword,
}

impl LossReason {
    /// The reason for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Disabled => "is disabled here: cannot sign in before the change and not after it",
            Self::NotAnAddress => {
                "the user name is no e-mail address, and a NameID of the format emailAddress can never equal it"
            }
            Self::NoPassword => "has no password in the Identity Center directory and needs one",
        }
    }
}

/// What changing from `from` to `to` does to `people` at `now`.
pub fn impact(from: &Source, to: &Source, people: &People, now: Timestamp) -> Impact {
    let mut impact = Impact {
        keep: 0,
        lose: Vec::new(),
        exact_case: Vec::new(),
        consequences: Vec::new(),
        administrators: people.administrators,
    };
    for person in &people.users {
        match loss(to, person) {
            Some(reason) => impact.lose.push(Loss { user_name: person.user_name.clone(), reason }),
            None => {
                impact.keep += 1;
                if to.external().is_some() && person.user_name.chars().any(char::is_uppercase) {
                    impact.exact_case.push(person.user_name.clone());
                }
            }
        }
    }
    impact.consequences = match to {
        Source::External(idp) => to_external(from, idp, people, &impact, now),
        Source::IdentityCenterDirectory => to_directory(people, &impact),
    };
    impact.consequences.extend(always(from, people));
    impact
}

fn loss(to: &Source, person: &Person) -> Option<LossReason> {
    if !person.active {
        return Some(LossReason::Disabled);
    }
    match to {
        Source::External(_) => (!is_address(&person.user_name)).then_some(LossReason::NotAnAddress),
        Source::IdentityCenterDirectory => (!person.has_password).then_some(LossReason::NoPassword),
    }
}

fn to_external(
    from: &Source,
    idp: &ExternalIdp,
    people: &People,
    impact: &Impact,
    now: Timestamp,
) -> Vec<String> {
    let mut said = vec![format!(
        "{} access if the identity provider sends a NameID of the format emailAddress that equals the user \
         name here, letter by letter. Which names it will send cannot be seen from here.",
        count(impact.keep, "user keeps", "users keep")
    )];
    if !impact.exact_case.is_empty() {
        said.push(format!(
            "{} upper-case letters ({}). The identity provider must send them in the same case: a name that differs \
             only in letter case signs nobody in.",
            count(impact.exact_case.len(), "user name has", "user names have"),
            some(&impact.exact_case)
        ));
    }
    if from.external().is_none() {
        said.push(
            "Passwords of the Identity Center directory are kept, unused, and work again when that source is restored."
                .to_owned(),
        );
    }
    said.push("The identity provider is responsible for multi-factor authentication.".to_owned());
    said.push(if people.provisioning {
        "Automatic provisioning stays enabled, with the same endpoint and tokens.".to_owned()
    } else {
        "Automatic provisioning is enabled separately, in the settings, after the change.".to_owned()
    });
    said.extend(about_idp(idp, now));
    said
}

fn about_idp(idp: &ExternalIdp, now: Timestamp) -> Vec<String> {
    let mut said = Vec::new();
    if idp.wants_signed_requests {
        said.push(
            "The identity provider's metadata demands signed requests (WantAuthnRequestsSigned). Requests from here \
             are not signed unless that is turned on under SAML settings: turn it on, or turn the demand off there, or no \
             sign-in will begin."
                .to_owned(),
        );
    }
    for certificate in &idp.certificates {
        let left = (certificate.not_after() - now.to_offset()).whole_days();
        let (print, end) = (certificate.thumbprint(), Timestamp::from(certificate.not_after()).readable());
        if certificate.is_expired(now.to_offset()) {
            said.push(format!("The signing certificate {print} expired on {end}."));
        } else if left <= SOON_DAYS {
            said.push(format!("The signing certificate {print} expires on {end}, in {left} days."));
        }
    }
    said
}

fn to_directory(people: &People, impact: &Impact) -> Vec<String> {
    let without = impact.lose.iter().filter(|l| l.reason == LossReason::NoPassword).count();
    let mut said = vec![format!(
        "{} access, with the password kept in the Identity Center directory.",
        count(impact.keep, "user keeps", "users keep")
    )];
    if without > 0 {
        said.push(format!(
            "{} no password: set one for each under Users, or they cannot sign in.",
            count(without, "active user has", "active users have")
        ));
    }
    said.push(
        "The identity provider no longer asks for a second factor; passwords alone decide here.".to_owned(),
    );
    if people.provisioning {
        said.push(
            "Automatic provisioning belongs to an external identity provider: turn it off in the settings when the \
             identity provider no longer manages users here."
                .to_owned(),
        );
    }
    said
}

fn always(from: &Source, people: &People) -> Vec<String> {
    vec![
        "Users, groups and memberships, assignments and permission sets stay as they are.".to_owned(),
        "Portal sessions that are open run until they expire. New sign-ins use the new source at once."
            .to_owned(),
        format!(
            "{} their way in at /console/sign-in with passwords of their own, whatever the source is.",
            count(
                usize::try_from(people.administrators).unwrap_or(0),
                "administrator keeps",
                "administrators keep"
            )
        ),
        format!("The present source ({}) is kept and can be restored in one step.", from.kind().title()),
    ]
}

fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn some(names: &[String]) -> String {
    let listed = names.iter().take(NAMES_IN_SENTENCE).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_IN_SENTENCE) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
