//! The query options of OData that lists understand. What is not understood is refused: a client that
//! filters must not be given everything.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::GraphError;
use crate::refused::Refused;
use crate::users::{self, Filter};

const DEFAULT_TOP: usize = 100;
/// Most objects on a page, as Graph has it.
const MAX_TOP: usize = 999;
const MAX_CLAUSES: usize = 15;

/// The query options of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub filter: Option<String>,
    pub search: Option<String>,
    pub select: Vec<String>,
    pub top: usize,
    pub skiptoken: Option<String>,
    /// Everything but the page token, to build the next page's link.
    rest: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Options {
    type Rejection = GraphError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, GraphError> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default())?)
    }
}

impl Options {
    fn parse(query: &str) -> Result<Self, Refused> {
        let mut options = Self {
            filter: None,
            search: None,
            select: Vec::new(),
            top: DEFAULT_TOP,
            skiptoken: None,
            rest: Vec::new(),
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match &*name {
                "$filter" => options.filter = Some(value.clone()),
                "$search" => options.search = Some(value.clone()),
                "$select" => options.select = value.split(',').map(|p| p.trim().to_owned()).collect(),
                "$top" => options.top = top(&value)?,
                "$skiptoken" => options.skiptoken = Some(value.clone()),
                // The order that lists have anyway.
                "$orderby" if value == "displayName" => {}
                "$count" if value == "false" => {}
                // Options without the dollar sign are the client's own and mean nothing here.
                other if !other.starts_with('$') => {}
                other => return Err(Refused::Query(format!("the option {other} with this value"))),
            }
            if name != "$skiptoken" {
                options.rest.push((name.into_owned(), value));
            }
        }
        Ok(options)
    }

    /// As a query over users or groups. `columns` gives a property's column, where it can be filtered.
    pub(super) fn query(
        &self,
        columns: impl Fn(&str) -> Option<&'static str>,
    ) -> Result<users::Query, Refused> {
        let (mut filters, any) = match &self.filter {
            Some(text) => parse_filter(text, columns)?,
            None => (Vec::new(), false),
        };
        if let Some(text) = &self.search {
            if !filters.is_empty() {
                return Err(Refused::Query("$search together with $filter".to_owned()));
            }
            filters.push(Filter::Contains(searched(text)?));
        }
        Ok(users::Query { filters, any, after: self.skiptoken.clone(), limit: self.top })
    }

    /// The link to the next page at `url`.
    pub(super) fn next_link(&self, url: &str, next: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.rest).append_pair("$skiptoken", next);
        format!("{url}?{}", query.finish())
    }
}

fn top(value: &str) -> Result<usize, Refused> {
    let found = value.parse().ok().filter(|n| (1..=MAX_TOP).contains(n));
    found.ok_or_else(|| Refused::invalid("$top", format!("a number from 1 to {MAX_TOP}"), value))
}

/// `"displayName:ana"` or `"ana"`: both look into the names and the mail address.
fn searched(text: &str) -> Result<String, Refused> {
    let inner = text.trim().strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let inner = inner.ok_or_else(|| Refused::Query("$search wants its term in double quotes".to_owned()))?;
    let term = inner.split_once(':').map_or(inner, |(_, term)| term).trim();
    if term.is_empty() || term.contains('\0') {
        return Err(Refused::Query("$search without a term".to_owned()));
    }
    Ok(term.to_owned())
}

/// `property eq 'value'`, `startswith(property,'value')` and `accountEnabled eq true`, joined by `and` or
/// by `or` (OData 4.01 URL conventions §5.1.1, the part that is indexed here).
fn parse_filter(
    text: &str,
    columns: impl Fn(&str) -> Option<&'static str>,
) -> Result<(Vec<Filter>, bool), Refused> {
    let refused = |what: &str| Refused::Query(format!("the filter at: {}", cut(what)));
    let (mut rest, mut filters, mut joined) = (text.trim(), Vec::new(), None);
    loop {
        let (filter, after) = clause(rest, &columns).ok_or_else(|| refused(rest))?;
        filters.push(filter);
        if after.is_empty() {
            return Ok((filters, joined == Some("or")));
        }
        let word = ["and", "or"].into_iter().find(|w| {
            let next = after.get(..w.len()).filter(|n| n.eq_ignore_ascii_case(w));
            next.is_some() && after[w.len()..].starts_with(' ')
        });
        let word = word.ok_or_else(|| refused(after))?;
        if joined.is_some_and(|j| j != word) || filters.len() >= MAX_CLAUSES {
            return Err(refused(after));
        }
        joined = Some(word);
        rest = after[word.len()..].trim_start();
    }
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// One clause and what stands after it.
fn clause<'t>(text: &'t str, columns: &impl Fn(&str) -> Option<&'static str>) -> Option<(Filter, &'t str)> {
    if let Some(inside) = text.strip_prefix("startswith(").or_else(|| text.strip_prefix("startsWith(")) {
        let (property, rest) = inside.split_once(',')?;
        let (value, rest) = literal(rest.trim_start())?;
        let column = columns(property.trim())?;
        let rest = rest.trim_start().strip_prefix(')')?;
        return Some((Filter::StartsWith(column, value), rest.trim_start()));
    }
    let (property, rest) = text.split_once(' ')?;
    let rest = rest.trim_start().strip_prefix("eq ")?.trim_start();
    if property == "accountEnabled" && columns("accountEnabled").is_some() {
        let (enabled, rest) = match rest.strip_prefix("true") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix("false")?),
        };
        return Some((Filter::Enabled(enabled), rest.trim_start()));
    }
    let (value, rest) = literal(rest)?;
    Some((Filter::Is(columns(property)?, value), rest.trim_start()))
}

/// A text in single quotes; two of them stand for one.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let end = rest.find('\'')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return (!value.contains('\0')).then_some((value, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(property: &str) -> Option<&'static str> {
        match property {
            "displayName" => Some("display_name_key"),
            "id" => Some("id"),
            "accountEnabled" => Some("account_enabled"),
            _ => None,
        }
    }

    fn filters(text: &str) -> Result<(Vec<Filter>, bool), Refused> {
        parse_filter(text, columns)
    }

    #[test]
    fn clauses_are_read_in_every_documented_form() {
        let name = |v: &str| Filter::Is("display_name_key", v.to_owned());
        assert_eq!(filters("displayName eq 'O''Neil'").unwrap(), (vec![name("O'Neil")], false));
        assert_eq!(
            filters("startswith(displayName, 'a') or id eq '1'").unwrap(),
            (
                vec![
                    Filter::StartsWith("display_name_key", "a".to_owned()),
                    Filter::Is("id", "1".to_owned())
                ],
                true
            )
        );
        assert_eq!(
            filters("accountEnabled eq false and displayName eq ' or '").unwrap(),
            (vec![Filter::Enabled(false), name(" or ")], false)
        );
    }

    #[test]
    fn everything_else_is_refused_and_never_ignored() {
        let many = vec!["id eq '1'"; 16].join(" or ");
        for bad in [
            "",
            "displayName",
            "displayName eq Ana",
            "displayName eq 'Ana",
            "displayName ne 'Ana'",
            "secret eq 'x'",
            "displayName eq 'a' xor id eq '1'",
            "displayName eq 'a' and id eq '1' or id eq '2'",
            "displayName eq 'a' and",
            "startswith(displayName,'a'",
            "(displayName eq 'a')",
            "not displayName eq 'a'",
            "accountEnabled eq 'true'",
            "displayName eq 'a\0'",
            "ä eq 'a'",
            "displayName eq 'a' ö",
            &many,
        ] {
            assert!(matches!(filters(bad), Err(Refused::Query(_))), "{bad}");
        }
    }

    #[test]
    fn options_are_limited() {
        for bad in ["$top=0", "$top=1000", "$top=x", "$expand=manager", "$orderby=mail", "$count=true"] {
            assert!(Options::parse(bad).is_err(), "{bad}");
        }
        let options = Options::parse("$top=5&$select=id,+mail&%24skiptoken=abc&x=y").unwrap();
        assert_eq!((options.top, options.skiptoken.as_deref()), (5, Some("abc")));
        assert_eq!(options.select, ["id", "mail"]);
        assert_eq!(
            options.next_link("http://h/v1.0/users", "n+1"),
            "http://h/v1.0/users?%24top=5&%24select=id%2C+mail&x=y&%24skiptoken=n%2B1"
        );
    }
}
