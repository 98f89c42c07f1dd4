//! Users and groups as Graph answers them, and the bodies that clients send.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};

use super::GraphError;
use super::query::Options;
use crate::groups::Group;
use crate::refused::Refused;
use crate::users::{PROPERTIES, Page, User};
use crate::{Directory, body};

/// What Graph gives of a user without `$select` (Graph v1.0, "Get a user").
const DEFAULTS: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];
const OTHERS: &[&str] =
    &["accountEnabled", "createdDateTime", "deletedDateTime", "onPremisesExtensionAttributes"];

/// The object in a request's body.
pub(super) struct Object(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = GraphError;

    async fn from_request(request: Request, state: &S) -> Result<Self, GraphError> {
        Ok(Self(body::read(request, state).await?))
    }
}

impl Object {
    /// Takes a text; `None` where it is absent.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Refused> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refused::invalid(name, "a text", "")),
        }
    }

    /// Takes a text that null removes: absent, removed or given.
    pub(super) fn optional(&mut self, name: &'static str) -> Result<Option<Option<String>>, Refused> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) => Ok(Some(Some(text))),
            Some(_) => Err(Refused::invalid(name, "a text or null", "")),
        }
    }

    /// Takes a list of texts; `None` where it is absent.
    pub(super) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, Refused> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let texts = serde_json::from_value(value);
        texts.map(Some).map_err(|_| Refused::invalid(name, "a list of texts", ""))
    }

    /// Takes an object; `None` where it is absent.
    pub(super) fn object(&mut self, name: &'static str) -> Result<Option<Map<String, Value>>, Refused> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => Err(Refused::invalid(name, "an object", "")),
        }
    }

    /// That nothing is left but annotations and `ignored`, which has no meaning here and does no harm.
    pub(super) fn nothing_else(&self, of: &str, ignored: &[&str]) -> Result<(), Refused> {
        let other =
            self.0.keys().find(|name| !name.starts_with("@odata") && !ignored.contains(&name.as_str()));
        match other {
            Some(name) => Err(Refused::invalid("property", format!("the name of a property of {of}"), name)),
            None => Ok(()),
        }
    }

    /// Takes a text that has to be there.
    pub(super) fn required(&mut self, name: &'static str) -> Result<String, Refused> {
        self.text(name)?.ok_or_else(|| Refused::invalid(name, "given", ""))
    }

    /// Takes a Boolean; `None` where it is absent.
    pub(super) fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, Refused> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(Refused::invalid(name, "true or false", "")),
        }
    }

    /// Takes the last part of the path of `@odata.id`, or of each URL in a list such as
    /// `members@odata.bind`. Whose host the URL names does not matter: objects are this tenant's.
    pub(super) fn references(&mut self, name: &'static str, most: usize) -> Result<Vec<String>, Refused> {
        let urls = match self.0.remove(name) {
            None => return Ok(Vec::new()),
            Some(Value::String(url)) => vec![Value::String(url)],
            Some(Value::Array(urls)) => urls,
            Some(_) => return Err(Refused::invalid(name, "the URL of an object", "")),
        };
        if urls.len() > most {
            return Err(Refused::TooMany { target: name, limit: most, found: urls.len() });
        }
        urls.iter().map(|url| reference(name, url.as_str().unwrap_or_default())).collect()
    }
}

fn reference(name: &'static str, url: &str) -> Result<String, Refused> {
    let id = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let id = percent_encoding::percent_decode_str(id).decode_utf8().unwrap_or_default();
    if !url.contains('/') || id.is_empty() || id.chars().any(char::is_control) {
        return Err(Refused::invalid(name, "a URL that ends in the id of an object", url));
    }
    Ok(id.into_owned())
}

/// A user with the properties that `select` names, or with Graph's default ones; absent ones are null.
pub(super) fn user(user: &User, select: &[String]) -> Result<Value, Refused> {
    let all = user.to_json();
    let defaults = DEFAULTS.iter().map(|name| (*name).to_owned());
    let names: Vec<String> = if select.is_empty() { defaults.collect() } else { select.to_vec() };
    let mut picked = Map::new();
    for name in names {
        let listed = PROPERTIES.iter().find(|(known, _)| *known == name);
        if listed.is_none() && !DEFAULTS.contains(&name.as_str()) && !OTHERS.contains(&name.as_str()) {
            return Err(Refused::Query(format!("users have no property {name}")));
        }
        let value = all.get(&name).cloned();
        let several = listed.is_some_and(|(_, kind)| *kind == crate::users::Kind::Texts);
        let absent = if several { json!([]) } else { Value::Null };
        picked.insert(name, value.unwrap_or(absent));
    }
    Ok(Value::Object(picked))
}

/// A group with the properties that `select` names, or with all.
pub(super) fn group(group: &Group, select: &[String]) -> Result<Value, Refused> {
    picked(group.to_json(), select)
}

/// An object with the properties that `select` names, or with all.
pub(super) fn picked(all: Value, select: &[String]) -> Result<Value, Refused> {
    if select.is_empty() {
        return Ok(all);
    }
    let mut picked = Map::new();
    for name in select {
        let value = all.get(name).ok_or_else(|| Refused::Query(format!("there is no property {name}")))?;
        picked.insert(name.clone(), value.clone());
    }
    Ok(Value::Object(picked))
}

/// The same object with its type, for lists of several types.
pub(super) fn typed(kind: &str, mut object: Value) -> Value {
    if let Value::Object(map) = &mut object {
        map.shift_insert(0, "@odata.type".to_owned(), json!(format!("#microsoft.graph.{kind}")));
    }
    object
}

/// One object as an answer, with its context.
pub(super) fn one(directory: &Directory, context: &str, mut object: Value) -> Response {
    if let Value::Object(map) = &mut object {
        map.shift_insert(0, "@odata.context".to_owned(), json!(context_url(directory, context)));
    }
    Json(object).into_response()
}

/// A created object as an answer, with where it is.
pub(super) fn created(directory: &Directory, set: &str, id: &str, object: Value) -> Response {
    let location = directory.url(&format!("/v1.0/{set}/{id}"));
    let body = one(directory, &format!("{set}/$entity"), object);
    (StatusCode::CREATED, [(header::LOCATION, location)], body).into_response()
}

/// A page of objects as an answer, with the link to the next.
pub(super) fn many(
    directory: &Directory,
    context: &str,
    path: &str,
    options: &Options,
    page: Page<Value>,
) -> Response {
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(context_url(directory, context)));
    if let Some(next) = page.next {
        let link = options.next_link(&directory.url(path), &next);
        body.insert("@odata.nextLink".to_owned(), json!(link));
    }
    body.insert("value".to_owned(), Value::Array(page.items));
    Json(Value::Object(body)).into_response()
}

fn context_url(directory: &Directory, context: &str) -> String {
    directory.url(&format!("/v1.0/$metadata#{context}"))
}
