//! The forms of the pages of claims, to and from what is configured.

use web::form::Fields;

use super::check::MOST_VALUES;
use super::configuration::{Claim, ClaimValue, NameFormat, UserType};
use super::group_claim::{
    DEFAULT_LIMIT, FilterKind, GroupClaim, GroupFilter, GroupValue, MatchOn, Overflow, RegexReplace, Which,
};
use crate::refused::Refused;

/// Empty lines for new values in the editor.
const SPARE: usize = 2;

/// What the editor of a claim holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    /// The name of the claim that is changed; empty for a new one.
    pub before: String,
    /// The claim.
    pub claim: Claim,
}

impl Editor {
    /// As sent.
    ///
    /// # Errors
    /// [`Refused::Invalid`] for a choice that no form has.
    pub fn sent(fields: &Fields) -> Result<Self, Refused> {
        let mut values = Vec::new();
        for n in 0..MOST_VALUES + SPARE {
            let source = fields.text(&format!("source_{n}"));
            if source.is_empty() {
                continue;
            }
            let user_type = fields.text(&format!("user_type_{n}"));
            values.push(ClaimValue {
                source: source.to_owned(),
                multivalued: fields.has(&format!("multivalued_{n}")),
                user_type: UserType::from_name(user_type)
                    .ok_or_else(|| Refused::invalid("user type", "any, members or guests", user_type))?,
                groups: lines(fields.text(&format!("groups_{n}"))),
            });
        }
        let format = fields.text("name_format");
        let name_format = match format {
            "" => None,
            name => Some(
                NameFormat::from_name(name)
                    .ok_or_else(|| Refused::invalid("name format", "unspecified, uri or basic", name))?,
            ),
        };
        let claim = Claim {
            name: fields.text("name").to_owned(),
            namespace: fields.text("namespace").to_owned(),
            name_format,
            required: fields.has("required"),
            values,
        };
        Ok(Self { before: fields.text("before").to_owned(), claim })
    }

    /// The lines of the form: the values, and empty ones.
    pub fn rows(&self) -> Vec<ClaimValue> {
        let mut rows = self.claim.values.clone();
        rows.resize_with((rows.len() + SPARE).min(MOST_VALUES), ClaimValue::default);
        rows
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// The group claim as sent; none where it is switched off.
///
/// # Errors
/// [`Refused::Invalid`].
pub fn group_claim(fields: &Fields) -> Result<Option<GroupClaim>, Refused> {
    let choice = |name: &'static str| Refused::invalid(name, "one of the choices", fields.text(name));
    let which = match fields.text("which") {
        "none" => return Ok(None),
        "all" => Which::All,
        "assigned" => Which::Assigned,
        _ => return Err(choice("which")),
    };
    let value = match fields.text("value") {
        "id" => GroupValue::Id,
        "displayName" => GroupValue::DisplayName,
        "mailNickname" => GroupValue::MailNickname,
        _ => return Err(choice("value")),
    };
    let overflow = match fields.text("overflow") {
        "assigned" => Overflow::Assigned,
        "refuse" => Overflow::Refuse,
        "link" => Overflow::Link,
        _ => return Err(choice("overflow")),
    };
    let limit = match fields.text("limit") {
        "" => DEFAULT_LIMIT,
        text => text.parse().map_err(|_| Refused::invalid("limit", "a number", text))?,
    };
    let text = |name: &str| fields.text(name).to_owned();
    let (pattern, replacement) = (text("pattern"), text("replacement"));
    let replace =
        (!pattern.is_empty() || !replacement.is_empty()).then_some(RegexReplace { pattern, replacement });
    Ok(Some(GroupClaim {
        which,
        value,
        filter: filter(fields)?,
        replace,
        name: text("group_name"),
        namespace: text("group_namespace"),
        as_roles: fields.has("as_roles"),
        limit,
        overflow,
    }))
}

fn filter(fields: &Fields) -> Result<Option<GroupFilter>, Refused> {
    let value = fields.text("filter_value");
    if value.is_empty() {
        return Ok(None);
    }
    let match_on = match fields.text("match_on") {
        "displayName" => MatchOn::DisplayName,
        "mailNickname" => MatchOn::MailNickname,
        other => return Err(Refused::invalid("match on", "display name or mail nickname", other)),
    };
    let kind = match fields.text("filter_type") {
        "prefix" => FilterKind::Prefix,
        "suffix" => FilterKind::Suffix,
        "contains" => FilterKind::Contains,
        other => return Err(Refused::invalid("match with", "prefix, suffix or contains", other)),
    };
    Ok(Some(GroupFilter { match_on, kind, value: value.to_owned() }))
}

/// The group claim as its form shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupForm {
    pub which: &'static str,
    pub value: &'static str,
    pub overflow: &'static str,
    pub limit: u16,
    pub match_on: &'static str,
    pub filter_type: &'static str,
    pub filter_value: String,
    pub pattern: String,
    pub replacement: String,
    pub name: String,
    pub namespace: String,
    pub as_roles: bool,
}

impl GroupForm {
    /// As saved; switched off where there is none.
    pub fn of(saved: Option<&GroupClaim>) -> Self {
        let Some(claim) = saved else {
            let off = GroupClaim {
                which: Which::Assigned,
                value: GroupValue::Id,
                filter: None,
                replace: None,
                name: String::new(),
                namespace: String::new(),
                as_roles: false,
                limit: DEFAULT_LIMIT,
                overflow: Overflow::Assigned,
            };
            return Self { which: "none", ..Self::of(Some(&off)) };
        };
        let (pattern, replacement) =
            claim.replace.as_ref().map(|r| (r.pattern.clone(), r.replacement.clone())).unwrap_or_default();
        let filter = claim.filter.as_ref();
        Self {
            which: if claim.which == Which::All { "all" } else { "assigned" },
            value: match claim.value {
                GroupValue::Id => "id",
                GroupValue::DisplayName => "displayName",
                GroupValue::MailNickname => "mailNickname",
            },
            overflow: match claim.overflow {
                Overflow::Assigned => "assigned",
                Overflow::Refuse => "refuse",
                Overflow::Link => "link",
            },
            limit: claim.limit,
            match_on: match filter.map(|f| f.match_on) {
                Some(MatchOn::MailNickname) => "mailNickname",
                _ => "displayName",
            },
            filter_type: match filter.map(|f| f.kind) {
                Some(FilterKind::Suffix) => "suffix",
                Some(FilterKind::Contains) => "contains",
                _ => "prefix",
            },
            filter_value: filter.map(|f| f.value.clone()).unwrap_or_default(),
            pattern,
            replacement,
            name: claim.name.clone(),
            namespace: claim.namespace.clone(),
            as_roles: claim.as_roles,
        }
    }
}
