//! What kind of service a target is, and what it is strict about. AWS IAM Identity Center takes one value of each
//! multi-valued attribute and 20 requests a second (aws-identity-center.md 1.4, 1.11). Members go to every target
//! as AWS asks: at most [`super::plan::MEMBERS_PER_REQUEST`] in a request, never as a replacement of all.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::Pace;
use super::mapping::Mapping;
use super::resource::{Path, Resource, element_of};

/// A kind of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personality {
    /// Any SCIM service.
    Generic,
    /// AWS IAM Identity Center.
    Aws,
}

/// What an administrator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PersonalityChoice {
    /// By the host of the tenant URL.
    #[default]
    Automatic,
    /// This one.
    Always(Personality),
}

impl Personality {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Generic => "any SCIM service",
            Self::Aws => "AWS IAM Identity Center",
        }
    }

    /// Its name in Graph and in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "Generic",
            Self::Aws => "Aws",
        }
    }

    /// What the tenant URL leads to: AWS where the host is `scim.{region}.amazonaws.com`.
    pub fn of_url(url: &str) -> Self {
        let parsed = url::Url::parse(url.trim()).ok();
        let host = parsed.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        let labels: Vec<&str> = host.split('.').collect();
        match labels[..] {
            ["scim", region, "amazonaws", "com"] if !region.is_empty() => Self::Aws,
            _ => Self::Generic,
        }
    }

    /// The pace for such a target: only AWS asks for room between requests.
    pub fn pace(self, pace: Pace) -> Pace {
        match self {
            Self::Generic => Pace { spacing: Duration::ZERO, ..pace },
            Self::Aws => pace,
        }
    }

    /// What is sent of `wanted`; `rows` are the mappings that it comes from.
    pub fn shape(self, wanted: Resource, rows: &[Mapping]) -> Resource {
        match self {
            Self::Generic => wanted,
            Self::Aws => for_aws(&wanted, rows).resource,
        }
    }
}

impl PersonalityChoice {
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::Automatic, Self::Always(Personality::Aws), Self::Always(Personality::Generic)];

    /// Its name in Graph, forms and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "Automatic",
            Self::Always(personality) => personality.as_str(),
        }
    }

    /// The choice of that name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str().eq_ignore_ascii_case(text))
    }

    /// What that means for a tenant URL.
    pub fn of(self, url: Option<&str>) -> Personality {
        match self {
            Self::Automatic => url.map_or(Personality::Generic, Personality::of_url),
            Self::Always(personality) => personality,
        }
    }
}

/// Attributes of which AWS takes one value (aws-identity-center.md 1.4).
pub const ONE_VALUE: [&str; 4] = ["emails", "addresses", "phoneNumbers", "roles"];

/// What AWS gets of a resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shaped {
    /// What is sent.
    pub resource: Resource,
    /// By attribute: the paths that are left out, because AWS takes one value.
    pub left_out: BTreeMap<&'static str, Vec<String>>,
}

/// The resource with one value of each attribute, the primary one or else the first in the order of the mappings,
/// and without nulls.
pub fn for_aws(wanted: &Resource, rows: &[Mapping]) -> Shaped {
    let place = |path: &str| rows.iter().position(|row| row.target == path).unwrap_or(rows.len());
    let mut paths: Vec<&String> = wanted.iter().filter(|(_, v)| !v.is_null()).map(|(p, _)| p).collect();
    paths.sort_by_key(|path| place(path));
    let mut chosen: BTreeMap<&str, &str> = BTreeMap::new();
    for path in &paths {
        let Some((attribute, element)) = one_value(path) else { continue };
        let primary = wanted.get(&format!("{element}.primary")).is_some_and(is_true);
        let first = chosen.entry(attribute).or_insert(element);
        if primary && !wanted.get(&format!("{first}.primary")).is_some_and(is_true) {
            *first = element;
        }
    }
    let mut shaped = Shaped::default();
    for path in paths {
        let Some(mut value) = without_nulls(&wanted[path]) else { continue };
        if let Some((attribute, element)) = one_value(path) {
            if chosen.get(attribute) != Some(&element) {
                shaped.left_out.entry(attribute).or_default().push(path.clone());
                continue;
            }
            if let Json::Array(all) = &mut value
                && all.len() > 1
            {
                let one = all.iter().position(|e| e.get("primary").is_some_and(is_true)).unwrap_or(0);
                *all = vec![all.swap_remove(one)];
                shaped.left_out.entry(attribute).or_default().push(path.clone());
            }
        }
        shaped.resource.insert(path.clone(), value);
    }
    shaped
}

/// The attribute of which AWS takes one value, and what of the path picks the element.
fn one_value(path: &str) -> Option<(&'static str, &str)> {
    let parsed = Path::parse(path).filter(|parsed| parsed.urn.is_none())?;
    let attribute = ONE_VALUE.into_iter().find(|one| one.eq_ignore_ascii_case(parsed.attribute))?;
    Some((attribute, element_of(path).unwrap_or(parsed.attribute)))
}

fn is_true(value: &Json) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(|t| t.eq_ignore_ascii_case("true")))
}

fn without_nulls(value: &Json) -> Option<Json> {
    Some(match value {
        Json::Null => return None,
        Json::Array(all) => all.iter().filter_map(without_nulls).collect(),
        Json::Object(members) => {
            members.iter().filter_map(|(name, v)| Some((name.clone(), without_nulls(v)?))).collect()
        }
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::mapping::{Apply, Source};
    use serde_json::json;

    fn rows(targets: &[&str]) -> Vec<Mapping> {
        let row = |target: &&str| Mapping {
            source: Source::Direct("mail".to_owned()),
            target: (*target).to_owned(),
            default_value: None,
            apply: Apply::Always,
            matching: 0,
        };
        targets.iter().map(row).collect()
    }

    fn resource(pairs: &[(&str, Json)]) -> Resource {
        pairs.iter().map(|(p, v)| ((*p).to_owned(), v.clone())).collect()
    }

    #[test]
    fn the_host_says_what_the_target_is() {
        let automatic = |url| PersonalityChoice::Automatic.of(Some(url));
        for aws in
            ["https://scim.eu-west-1.amazonaws.com/a-1/scim/v2/", " https://SCIM.us-east-1.amazonaws.com/x"]
        {
            assert_eq!(automatic(aws), Personality::Aws, "{aws}");
        }
        for other in [
            "https://scim.example.com/v2",
            "https://scim.amazonaws.com/v2",
            "https://scim.eu-west-1.amazonaws.com.example.com/v2",
            "https://evil.example/scim.eu-west-1.amazonaws.com",
            "https://x.scim.eu-west-1.amazonaws.com/",
            "nothing",
        ] {
            assert_eq!(automatic(other), Personality::Generic, "{other}");
        }
        assert_eq!(PersonalityChoice::Automatic.of(None), Personality::Generic);
        let aws = "https://scim.eu-west-1.amazonaws.com/";
        for choice in PersonalityChoice::ALL {
            assert_eq!(PersonalityChoice::parse(&choice.as_str().to_lowercase()), Some(choice));
        }
        let generic = PersonalityChoice::parse("generic").unwrap();
        assert_eq!((generic.of(Some(aws)), PersonalityChoice::parse("other")), (Personality::Generic, None));
    }

    #[test]
    fn aws_gets_one_value_of_each_attribute_and_no_null() {
        let (work, home) = ("emails[type eq \"work\"].value", "emails[type eq \"home\"].value");
        let both = resource(&[
            (work, json!("w@x")),
            (home, json!("h@x")),
            ("title", json!(null)),
            ("phoneNumbers", json!([{ "value": "1" }, { "value": "2", "primary": true, "type": null }])),
        ]);
        let shaped = for_aws(&both, &rows(&[work, home]));
        let sent =
            resource(&[(work, json!("w@x")), ("phoneNumbers", json!([{ "value": "2", "primary": true }]))]);
        assert_eq!(shaped.resource, sent);
        let left: Vec<_> = shaped.left_out.keys().copied().collect();
        assert_eq!(
            (left, &shaped.left_out["emails"]),
            (vec!["emails", "phoneNumbers"], &vec![home.to_owned()])
        );
        assert_eq!(for_aws(&both, &rows(&[home, work])).resource.get(home), Some(&json!("h@x")));
        // The primary one comes before the first.
        let mut primary = both.clone();
        primary.insert("emails[type eq \"home\"].primary".to_owned(), json!("True"));
        let shaped = for_aws(&primary, &rows(&[work, home])).resource;
        assert_eq!((shaped.get(home), shaped.get(work)), (Some(&json!("h@x")), None));
        assert_eq!(Personality::Generic.shape(both.clone(), &[]), both);
    }

    #[test]
    fn only_aws_is_given_room() {
        assert_eq!(Personality::Aws.pace(Pace::default()).spacing, Duration::from_millis(50));
        assert_eq!(Personality::Generic.pace(Pace::default()).spacing, Duration::ZERO);
    }
}
