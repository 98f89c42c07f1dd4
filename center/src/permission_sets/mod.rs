//! Permission sets: what a person may do in an account.

mod import;
mod predefined;
pub mod store;

use ::store::{Retryable, StoreError};
use serde_json::{Value as Json, json};
use thiserror::Error;
use web::Timestamp;

pub use import::{Imported, import, parse};
pub use predefined::{PREDEFINED, Predefined};

use crate::csv_file::CsvError;

/// Most permission sets of an instance (AWS quota).
pub const MAX_SETS: i64 = 3500;
/// Most managed policies of a set (AWS quota).
pub const MAX_POLICIES: usize = 20;
const MAX_NAME: usize = 32;
const MAX_DESCRIPTION: usize = 700;
const MAX_RELAY_STATE: usize = 240;
const MAX_INLINE: usize = 32_768;
const MAX_INLINE_VISIBLE: usize = 10_240;

/// A permission set as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionSet {
    /// `ps-` and 16 hexadecimal digits.
    pub id: String,
    /// What can be set.
    pub fields: Fields,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What can be set on a permission set. The name is fixed once it exists, as in AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// Unique in the instance; people see it in the portal.
    pub name: String,
    /// For people.
    pub description: String,
    /// ISO 8601, whole minutes between one hour and twelve.
    pub session_duration: String,
    /// Where the console opens.
    pub relay_state: Option<String>,
    /// ARNs.
    pub managed_policies: Vec<String>,
    /// A JSON policy document; empty for none.
    pub inline_policy: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            // AWS's default is one hour.
            session_duration: "PT1H".to_owned(),
            relay_state: None,
            managed_policies: Vec::new(),
            inline_policy: String::new(),
        }
    }
}

/// Why a permission set was refused.
#[derive(Debug, Error)]
pub enum PermissionSetError {
    /// A value is not allowed.
    #[error("{field}: {why}")]
    Invalid {
        /// Which, with its JSON name.
        field: &'static str,
        /// What is allowed.
        why: String,
        /// The value, where it helps to see it.
        found: String,
    },
    /// Another set has this name.
    #[error("there is a permission set called {0} already")]
    NameTaken(String),
    /// There are as many as there may be.
    #[error("an instance has at most {MAX_SETS} permission sets")]
    TooMany,
    /// No such set.
    #[error("there is no permission set {0}")]
    NotFound(String),
    /// It is still assigned.
    #[error("the permission set {name} is assigned {assignments} times; remove these assignments first")]
    InUse {
        /// Its name.
        name: String,
        /// How many assignments it has.
        assignments: i64,
    },
    /// The file has a bad line.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for PermissionSetError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// The ARN of a permission set, as in AWS.
pub fn arn(instance_id: &str, id: &str) -> String {
    format!("arn:aws:sso:::permissionSet/{instance_id}/{id}")
}

impl PermissionSet {
    /// What events and the admin API show of the set.
    pub fn for_event(&self) -> Json {
        let f = &self.fields;
        json!({
            "id": self.id,
            "name": f.name,
            "description": f.description,
            "sessionDuration": f.session_duration,
            "relayState": f.relay_state,
            "managedPolicies": f.managed_policies,
            "inlinePolicy": f.inline_policy,
        })
    }
}

impl Fields {
    /// Checks everything that AWS checks (quotas; API reference of CreatePermissionSet).
    ///
    /// # Errors
    /// [`PermissionSetError::Invalid`].
    pub fn check(&self) -> Result<(), PermissionSetError> {
        check_name(&self.name)?;
        check_description(&self.description)?;
        check_duration(&self.session_duration)?;
        check_relay_state(self.relay_state.as_deref())?;
        check_policies(&self.managed_policies)?;
        check_inline(&self.inline_policy)
    }
}

fn check_name(name: &str) -> Result<(), PermissionSetError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(fits) {
        let why = format!("a name has 1 to {MAX_NAME} of the letters A-Z a-z, digits and _ + = , . @ -");
        return Err(invalid("name", why, name));
    }
    Ok(())
}

/// Empty, or Latin-1 printable with tab and line breaks; so no typographic dashes or quotes.
fn check_description(text: &str) -> Result<(), PermissionSetError> {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(invalid("description", format!("at most {MAX_DESCRIPTION} characters are allowed"), ""));
    }
    match text.chars().find(|c| !fits(*c)) {
        None => Ok(()),
        Some(c) => {
            let why = "only Latin-1 characters are allowed, so no typographic dashes or quotes".to_owned();
            Err(invalid("description", why, &c.to_string()))
        }
    }
}

fn check_duration(text: &str) -> Result<(), PermissionSetError> {
    match minutes(text) {
        Some(60..=720) => Ok(()),
        _ => {
            let why = "a duration between PT1H and PT12H is needed, for example PT4H or PT1H30M";
            Err(invalid("sessionDuration", why.to_owned(), text))
        }
    }
}

/// The minutes of `PT…H…M`.
fn minutes(text: &str) -> Option<u32> {
    let rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty() && rest.len() <= 8)?;
    let (hours, rest) = match rest.split_once('H') {
        Some((hours, rest)) => (digits(hours)?, rest),
        None => (0, rest),
    };
    let minutes = match rest {
        "" => 0,
        rest => digits(rest.strip_suffix('M')?)?,
    };
    hours.checked_mul(60)?.checked_add(minutes)
}

fn digits(text: &str) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn check_relay_state(url: Option<&str>) -> Result<(), PermissionSetError> {
    let Some(url) = url else { return Ok(()) };
    let parsed = url::Url::parse(url).ok().filter(|u| u.scheme() == "https");
    let console = parsed.as_ref().and_then(|u| u.host_str()).is_some_and(|host| {
        ["console.aws.amazon.com", "console.amazonaws-us-gov.com", "console.amazonaws.cn"]
            .iter()
            .any(|c| host == *c || host.ends_with(&format!(".{c}")))
    });
    if url.len() > MAX_RELAY_STATE || !console {
        let why = format!(
            "an https address inside the AWS console of at most {MAX_RELAY_STATE} characters is needed"
        );
        return Err(invalid("relayState", why, url));
    }
    Ok(())
}

fn check_policies(arns: &[String]) -> Result<(), PermissionSetError> {
    if arns.len() > MAX_POLICIES {
        let why = format!("at most {MAX_POLICIES} managed policies are allowed");
        return Err(invalid("managedPolicies", why, &arns.len().to_string()));
    }
    for (n, arn) in arns.iter().enumerate() {
        if !is_policy_arn(arn) {
            let why = "each policy is named by its ARN, for example arn:aws:iam::aws:policy/ReadOnlyAccess";
            return Err(invalid("managedPolicies", why.to_owned(), arn));
        }
        if arns[..n].contains(arn) {
            return Err(invalid("managedPolicies", "a policy is named twice".to_owned(), arn));
        }
    }
    Ok(())
}

/// `arn:{partition}:iam::aws:policy/{path and name}`: AWS's own policies. Those of a customer differ
/// from account to account and are referred to by name, which is no managed policy here.
fn is_policy_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", "aws", resource] = parts[..] else { return false };
    let name = resource.strip_prefix("policy/").unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
    ["aws", "aws-cn", "aws-us-gov"].contains(&partition)
        && !name.is_empty()
        && arn.len() <= 2048
        && name.chars().all(fits)
}

fn check_inline(policy: &str) -> Result<(), PermissionSetError> {
    if policy.is_empty() {
        return Ok(());
    }
    let visible = policy.chars().filter(|c| !c.is_whitespace()).count();
    if policy.len() > MAX_INLINE || visible > MAX_INLINE_VISIBLE {
        let why =
            format!("at most {MAX_INLINE} characters, {MAX_INLINE_VISIBLE} of them visible, are allowed");
        return Err(invalid("inlinePolicy", why, &format!("{} characters, {visible} visible", policy.len())));
    }
    match serde_json::from_str::<Json>(policy) {
        Ok(document) if document["Statement"].is_array() || document["Statement"].is_object() => Ok(()),
        Ok(_) => Err(invalid("inlinePolicy", "a policy document has a Statement".to_owned(), "")),
        Err(error) => Err(invalid("inlinePolicy", format!("a JSON policy document is needed: {error}"), "")),
    }
}

fn invalid(field: &'static str, why: String, found: &str) -> PermissionSetError {
    PermissionSetError::Invalid { field, why, found: found.chars().take(300).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Fields)) -> Result<(), &'static str> {
        let mut fields = Fields { name: "Admin".to_owned(), ..Fields::default() };
        change(&mut fields);
        fields.check().map_err(|e| match e {
            PermissionSetError::Invalid { field, .. } => field,
            _ => "other",
        })
    }

    #[test]
    fn names_as_aws_takes_them() {
        for good in ["a", "Power+User=1,.@-_", &"x".repeat(32)] {
            assert_eq!(with(|f| f.name = good.to_owned()), Ok(()), "{good}");
        }
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(33)] {
            assert_eq!(with(|f| f.name = bad.to_owned()), Err("name"), "{bad}");
        }
    }

    #[test]
    fn descriptions_are_latin_1() {
        assert_eq!(with(|f| f.description = "für alle\n".to_owned()), Ok(()));
        assert_eq!(with(|f| f.description = "a – b".to_owned()), Err("description"));
        assert_eq!(with(|f| f.description = "x".repeat(701)), Err("description"));
    }

    #[test]
    fn durations_are_between_one_and_twelve_hours() {
        for good in ["PT1H", "PT12H", "PT90M", "PT1H30M", "PT11H60M"] {
            assert_eq!(with(|f| f.session_duration = good.to_owned()), Ok(()), "{good}");
        }
        for bad in [
            "",
            "PT",
            "PT0H",
            "PT13H",
            "PT59M",
            "1H",
            "PT1",
            "PT-1H",
            "PT+2H",
            "P1D",
            "PT1H30",
            "PT99999999999H",
        ] {
            assert_eq!(with(|f| f.session_duration = bad.to_owned()), Err("sessionDuration"), "{bad}");
        }
    }

    #[test]
    fn relay_states_stay_in_the_console() {
        let ok = "https://eu-west-1.console.aws.amazon.com/s3";
        assert_eq!(with(|f| f.relay_state = Some(ok.to_owned())), Ok(()));
        for bad in [
            "http://console.aws.amazon.com/",
            "https://evil.example/?console.aws.amazon.com",
            "https://console.aws.amazon.com.evil.example/",
            "https://evilconsole.aws.amazon.com/",
            "javascript:alert(1)",
        ] {
            assert_eq!(with(|f| f.relay_state = Some(bad.to_owned())), Err("relayState"), "{bad}");
        }
    }

    #[test]
    fn policies_are_arns_of_aws_each_once() {
        let arn = "arn:aws:iam::aws:policy/job-function/Billing".to_owned();
        assert_eq!(with(|f| f.managed_policies = vec![arn.clone()]), Ok(()));
        for bad in [
            vec![arn.clone(), arn.clone()],
            vec!["Billing".to_owned()],
            vec!["arn:aws:iam::123456789012:policy/mine".to_owned()],
            (0..21).map(|n| format!("{arn}{n}")).collect(),
        ] {
            assert_eq!(with(|f| f.managed_policies = bad), Err("managedPolicies"));
        }
    }

    #[test]
    fn inline_policies_are_documents_of_limited_size() {
        let ok = r#"{"Version":"2012-10-17","Statement":[]}"#;
        assert_eq!(with(|f| f.inline_policy = ok.to_owned()), Ok(()));
        for bad in [
            "{}".to_owned(),
            "[".to_owned(),
            format!("{{\"Statement\":[],\"x\":\"{}\"}}", "x".repeat(10_241)),
        ] {
            assert_eq!(with(|f| f.inline_policy = bad), Err("inlinePolicy"));
        }
    }

    #[test]
    fn predefined_sets_pass_their_own_checks() {
        for set in PREDEFINED {
            set.fields().check().unwrap();
        }
    }
}
