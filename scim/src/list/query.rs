//! The query, from a query string (RFC 7644 §3.4.2) or the body of `POST /.search` (§3.4.3).

use serde_json::{Map, Value};

use crate::error::{ScimError, shorten};
use crate::limits::{MAX_CURSOR_LENGTH, MAX_PROJECTION, MAX_QUERY_LENGTH};
use crate::path::AttrPath;
use crate::resource::Projection;

/// What a client asks a list for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListQuery {
    /// The filter's text; [`crate::filter::Filter::parse`] reads it.
    pub filter: Option<String>,
    /// `startIndex`, at least 1 (RFC 7644 §3.4.2.4: less counts as 1).
    pub start_index: Option<usize>,
    /// `count`; RFC 7644 §3.4.2.4: a negative one counts as 0.
    pub count: Option<usize>,
    /// `cursor`; the empty one asks for the first page (RFC 9865 §2).
    pub cursor: Option<String>,
    /// `attributes` and `excludedAttributes`.
    pub projection: Projection,
    /// `sortBy`.
    pub sort_by: Option<AttrPath>,
    /// `sortOrder`.
    pub sort_order: SortOrder,
}

/// RFC 7644 §3.4.2.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// The default.
    #[default]
    Ascending,
    /// `descending`.
    Descending,
}

/// Which page a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// By index.
    Index {
        /// The first resource, from 1.
        start: usize,
        /// Most resources; 0 asks for the total alone.
        count: usize,
    },
    /// By cursor; none is the first page.
    Cursor {
        /// The cursor that the server gave out.
        cursor: Option<String>,
        /// Most resources.
        count: usize,
    },
}

impl ListQuery {
    /// Reads a query string (without `?`). Parameters that it does not know
    /// are passed over: Entra's flags (`aadOptscim062020`) end up there.
    ///
    /// # Errors
    /// [`ScimError::InvalidValue`], [`ScimError::InvalidCount`],
    /// [`ScimError::InvalidCursor`], with the parameter that is wrong.
    pub fn parse(query: &str) -> Result<Self, ScimError> {
        Self::parse_only(query, &NAMES)
    }

    /// The same of these parameters alone, in their canonical spelling; what others say is passed over, right or wrong.
    ///
    /// # Errors
    /// As [`ListQuery::parse`].
    pub fn parse_only(query: &str, names: &[&'static str]) -> Result<Self, ScimError> {
        if query.len() > MAX_QUERY_LENGTH {
            return Err(wrong("query", "it is too long"));
        }
        if query.is_empty() {
            return Ok(Self::default());
        }
        let mut parameters = Map::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // A name that cannot be decoded is none that is known.
            let Some(name) = decode(name).and_then(|n| known(&n, names)) else { continue };
            let value = decode(value).ok_or_else(|| wrong(name, "its percent-encoding is not UTF-8"))?;
            // Two filters could mean two things to two readers.
            if parameters.insert(name.to_owned(), Value::String(value)).is_some() {
                return Err(wrong(name, "it is given twice"));
            }
        }
        Self::read(&parameters)
    }

    /// Reads the body of `POST /.search`, RFC 7644 §3.4.3.
    ///
    /// # Errors
    /// As [`ListQuery::parse`], and [`ScimError::InvalidSyntax`].
    pub fn from_search_request(body: &Value) -> Result<Self, ScimError> {
        const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
        let syntax = |reason: String| ScimError::InvalidSyntax { reason };
        let Value::Object(body) = body else { return Err(syntax("it must be a JSON object".into())) };
        crate::resource::check_names(body)?;
        let schemas = body.iter().find(|(k, _)| k.eq_ignore_ascii_case("schemas")).map(|(_, v)| v);
        let named = schemas.and_then(Value::as_array).is_some_and(|l| l.iter().any(|v| v == SCHEMA));
        if !named {
            return Err(syntax(format!("\"schemas\" must contain \"{SCHEMA}\"")));
        }
        let known = body.iter().filter_map(|(k, v)| Some((known(k, &NAMES)?.to_owned(), v.clone())));
        Self::read(&known.filter(|(_, v)| !v.is_null()).collect())
    }

    /// The page that is asked for. `default` counts where the client names no count, `most` limits it.
    /// RFC 9865 §2: the presence of `cursor` decides.
    #[must_use]
    pub fn paging(&self, default: usize, most: usize) -> Paging {
        let count = self.count.unwrap_or(default).min(most);
        match &self.cursor {
            Some(cursor) => Paging::Cursor { cursor: Some(cursor.clone()).filter(|c| !c.is_empty()), count },
            None => Paging::Index { start: self.start_index.unwrap_or(1), count },
        }
    }

    fn read(parameters: &Map<String, Value>) -> Result<Self, ScimError> {
        let text = |name: &str| match parameters.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(wrong(name, "it must be a string")),
        };
        let cursor = text("cursor")?;
        if cursor.is_some_and(|c| c.len() > MAX_CURSOR_LENGTH) {
            return Err(ScimError::InvalidCursor);
        }
        let projection = Projection {
            attributes: paths(parameters, "attributes")?,
            excluded: paths(parameters, "excludedAttributes")?,
        };
        // RFC 7644 §3.9 calls them mutually exclusive: which of both counts is nowhere said.
        if !projection.attributes.is_empty() && !projection.excluded.is_empty() {
            return Err(wrong(
                "excludedAttributes",
                "it cannot stand beside \"attributes\"; send one of both",
            ));
        }
        let sort_order = match text("sortOrder")? {
            None | Some("") => SortOrder::Ascending,
            Some(word) if word.eq_ignore_ascii_case("ascending") => SortOrder::Ascending,
            Some(word) if word.eq_ignore_ascii_case("descending") => SortOrder::Descending,
            Some(_) => return Err(wrong("sortOrder", "it must be \"ascending\" or \"descending\"")),
        };
        Ok(Self {
            filter: text("filter")?.filter(|f| !f.trim().is_empty()).map(str::to_owned),
            start_index: integer(parameters, "startIndex")?.map(|n| n.max(1)).map(to_size),
            count: integer(parameters, "count")?.map(to_size),
            cursor: cursor.map(str::to_owned),
            projection,
            sort_by: text("sortBy")?.filter(|s| !s.is_empty()).map(AttrPath::parse).transpose()?,
            sort_order,
        })
    }
}

/// The parameters that there are.
const NAMES: [&str; 8] =
    ["filter", "startIndex", "count", "cursor", "attributes", "excludedAttributes", "sortBy", "sortOrder"];

/// The parameter of this name in canonical spelling, where it is one of these.
fn known(name: &str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

fn to_size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// A whole number, from a query string or from JSON. One that is larger than any list counts as the largest.
fn integer(parameters: &Map<String, Value>, name: &str) -> Result<Option<i64>, ScimError> {
    let number = match parameters.get(name) {
        None => return Ok(None),
        Some(Value::String(text)) => parse_integer(text.trim()),
        Some(Value::Number(number)) => number.as_i64(),
        Some(_) => None,
    };
    match (number, name) {
        (Some(number), _) => Ok(Some(number.min(i64::from(i32::MAX)))),
        // RFC 9865 §2 has a scimType of its own for it.
        (None, "count") => Err(ScimError::InvalidCount { reason: "it must be a whole number".into() }),
        (None, _) => Err(wrong(name, "it must be a whole number")),
    }
}

fn parse_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all = !digits.is_empty() && digits.len() < 40 && digits.bytes().all(|b| b.is_ascii_digit());
    let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    all.then(|| text.parse().unwrap_or(most))
}

/// RFC 7644 §3.9: names joined by commas, or a list of them in JSON.
fn paths(parameters: &Map<String, Value>, name: &str) -> Result<Vec<AttrPath>, ScimError> {
    let names: Vec<&str> = match parameters.get(name) {
        None => return Ok(Vec::new()),
        Some(Value::String(text)) => text.split(',').collect(),
        Some(Value::Array(list)) => {
            let names: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            names.ok_or_else(|| wrong(name, "it must be a list of strings"))?
        }
        Some(_) => return Err(wrong(name, "it must be a list of strings")),
    };
    if names.len() > MAX_PROJECTION {
        return Err(ScimError::TooManyValues { what: name.to_owned(), limit: MAX_PROJECTION });
    }
    names.into_iter().map(str::trim).filter(|n| !n.is_empty()).map(AttrPath::parse).collect()
}

/// `application/x-www-form-urlencoded` as Entra writes it: `+` is a blank, `%` and two digits a byte.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                let high = char::from(digits[0]).to_digit(16)?;
                let low = char::from(digits[1]).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
                rest = after;
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

fn wrong(parameter: &str, reason: &str) -> ScimError {
    ScimError::InvalidValue { attribute: shorten(parameter), reason: reason.to_owned() }
}
