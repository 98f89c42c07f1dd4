//! What PATCH does, said as plainly as possible. `None` is a refusal.

use serde_json::{Map, Value, json};

pub const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What an attribute is, as RFC 7643 §4.1 and §4.3 have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    Boolean,
    /// Parts that change one by one.
    Parts(&'static [&'static str]),
    /// A reference: its parts go together.
    Whole(&'static [&'static str]),
    /// A list of objects with these parts.
    List(&'static [&'static str]),
}

pub const ATTRIBUTES: &[(&str, Shape)] = &[
    ("userName", Shape::Text),
    ("displayName", Shape::Text),
    ("title", Shape::Text),
    ("active", Shape::Boolean),
    ("name", Shape::Parts(&["formatted", "familyName", "givenName"])),
    ("emails", Shape::List(&["value", "display", "type", "primary"])),
    ("phoneNumbers", Shape::List(&["value", "display", "type", "primary"])),
    ("addresses", Shape::List(&["locality", "country", "type", "primary"])),
];

pub const ENTERPRISE_ATTRIBUTES: &[(&str, Shape)] = &[
    ("department", Shape::Text),
    ("costCenter", Shape::Text),
    ("manager", Shape::Whole(&["value", "$ref"])),
];

/// A filter on the elements of a list.
#[derive(Clone, Debug)]
pub enum Condition {
    Equal(&'static str, Value),
    NotEqual(&'static str, Value),
    StartsWith(&'static str, String),
    Present(&'static str),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

#[derive(Clone, Debug)]
pub enum Target {
    /// No path, or that of the whole core schema: the value has the attributes.
    Resource,
    /// The whole extension.
    Extension,
    Attribute {
        attribute: &'static str,
        shape: Shape,
        extension: bool,
        filter: Option<Condition>,
        part: Option<&'static str>,
    },
}

#[derive(Clone, Debug)]
pub struct Operation {
    pub op: &'static str,
    pub target: Target,
    /// Whether a path that can be written in two ways has its URN.
    pub with_urn: bool,
    pub value: Option<Value>,
}

impl Operation {
    pub fn message(&self) -> Value {
        let mut message = json!({ "op": self.op });
        if let Some(path) = self.path() {
            message["path"] = json!(path);
        }
        if let Some(value) = &self.value {
            message["value"] = value.clone();
        }
        message
    }

    fn path(&self) -> Option<String> {
        match &self.target {
            Target::Resource => self.with_urn.then(|| CORE.to_owned()),
            Target::Extension => Some(ENTERPRISE.to_owned()),
            Target::Attribute { attribute, extension, filter, part, .. } => {
                let mut path = match (extension, self.with_urn) {
                    (true, _) => format!("{ENTERPRISE}:{attribute}"),
                    (false, true) => format!("{CORE}:{attribute}"),
                    (false, false) => (*attribute).to_owned(),
                };
                path.extend(filter.iter().map(|filter| format!("[{}]", filter.text())));
                path.extend(part.iter().map(|part| format!(".{part}")));
                Some(path)
            }
        }
    }
}

impl Condition {
    fn text(&self) -> String {
        match self {
            Self::Equal(part, value) => format!("{part} eq {value}"),
            Self::NotEqual(part, value) => format!("{part} ne {value}"),
            Self::StartsWith(part, text) => format!("{part} sw {}", json!(text)),
            Self::Present(part) => format!("{part} pr"),
            Self::And(one, other) => format!("({}) and ({})", one.text(), other.text()),
            Self::Or(one, other) => format!("({}) or ({})", one.text(), other.text()),
            Self::Not(inner) => format!("not ({})", inner.text()),
        }
    }

    fn holds(&self, element: &Value) -> bool {
        match self {
            Self::Equal(part, value) => same(&element[*part], value),
            Self::NotEqual(part, value) => !same(&element[*part], value),
            Self::StartsWith(part, text) => element[*part]
                .as_str()
                .is_some_and(|found| found.to_lowercase().starts_with(&text.to_lowercase())),
            Self::Present(part) => !element[*part].is_null() && element[*part] != "",
            Self::And(one, other) => one.holds(element) && other.holds(element),
            Self::Or(one, other) => one.holds(element) || other.holds(element),
            Self::Not(inner) => !inner.holds(element),
        }
    }

    /// The parts that it names by `eq`, where it is made of these alone.
    fn equal_parts(&self) -> Vec<&'static str> {
        match self {
            Self::Equal(part, _) => vec![part],
            Self::And(one, other) => match (one.equal_parts(), other.equal_parts()) {
                (one, other) if one.is_empty() || other.is_empty() => Vec::new(),
                (one, other) => [one, other].concat(),
            },
            _ => Vec::new(),
        }
    }
}

/// No part of the lists is case exact.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_str(), wanted.as_str()) {
        (Some(found), Some(wanted)) => found.to_lowercase() == wanted.to_lowercase(),
        _ => found == wanted,
    }
}

/// The user after all operations.
pub fn apply(before: &Value, operations: &[Operation]) -> Option<Value> {
    let mut user = before.as_object()?.clone();
    for operation in operations {
        run(&mut user, operation)?;
    }
    finished(user)
}

fn run(user: &mut Map<String, Value>, operation: &Operation) -> Option<()> {
    let Operation { op, target, value, .. } = operation;
    // RFC 7644 §3.5.2.1, §3.5.2.3: a value is needed.
    if *op != "remove" && value.is_none() {
        return None;
    }
    match target {
        // §3.5.2.2: noTarget.
        Target::Resource if *op == "remove" => None,
        Target::Resource => {
            for (name, value) in value.as_ref()?.as_object()? {
                if name == ENTERPRISE {
                    run_extension(user, op, Some(value))?;
                } else if let Some((attribute, shape)) = ATTRIBUTES.iter().find(|(known, _)| known == name) {
                    set(user, op, attribute, *shape, None, None, Some(value))?;
                }
            }
            Some(())
        }
        Target::Extension => run_extension(user, op, value.as_ref()),
        Target::Attribute { attribute, shape, extension: true, part, .. } => {
            let mut inner = user.get(ENTERPRISE).and_then(Value::as_object).cloned().unwrap_or_default();
            set(&mut inner, op, attribute, *shape, None, *part, value.as_ref())?;
            user.insert(ENTERPRISE.to_owned(), Value::Object(inner));
            Some(())
        }
        Target::Attribute { attribute, shape, extension: false, filter, part } => {
            set(user, op, attribute, *shape, filter.as_ref(), *part, value.as_ref())
        }
    }
}

fn run_extension(user: &mut Map<String, Value>, op: &str, value: Option<&Value>) -> Option<()> {
    if op == "remove" || value.is_some_and(Value::is_null) {
        user.remove(ENTERPRISE);
        return Some(());
    }
    let mut inner = user.get(ENTERPRISE).and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in value?.as_object()? {
        if let Some((attribute, shape)) = ENTERPRISE_ATTRIBUTES.iter().find(|(known, _)| known == name) {
            set(&mut inner, op, attribute, *shape, None, None, Some(value))?;
        }
    }
    user.insert(ENTERPRISE.to_owned(), Value::Object(inner));
    Some(())
}

/// One attribute, or a part of it.
fn set(
    container: &mut Map<String, Value>,
    op: &str,
    attribute: &str,
    shape: Shape,
    filter: Option<&Condition>,
    part: Option<&'static str>,
    value: Option<&Value>,
) -> Option<()> {
    // RFC 7643 §2.5: an empty list is no value; in a list it adds nothing.
    let nothing =
        value.is_some_and(|v| v.as_array().is_some_and(Vec::is_empty)) && !matches!(shape, Shape::List(_));
    let value = if op == "remove" || nothing { None } else { value };
    let old = container.get(attribute).cloned().unwrap_or(Value::Null);
    let new = match (shape, part) {
        (Shape::List(parts), _) => {
            let elements = old.as_array().cloned().unwrap_or_default();
            Value::Array(list(op, elements, parts, filter, part, value)?)
        }
        (Shape::Parts(_) | Shape::Whole(_), Some(part)) => {
            let mut object = old.as_object().cloned().unwrap_or_default();
            object.insert(part.to_owned(), scalar(Some(part), value)?);
            Value::Object(object)
        }
        // §3.5.2.1 and §3.5.2.3: the parts that are named are set, the others stay.
        (Shape::Parts(parts), None) => match value {
            None | Some(Value::Null) => Value::Null,
            Some(value) => {
                let mut object = old.as_object().cloned().unwrap_or_default();
                for (name, value) in value.as_object()? {
                    if parts.contains(&name.as_str()) {
                        object.insert(name.clone(), scalar(Some(name), Some(value))?);
                    }
                }
                Value::Object(object)
            }
        },
        (Shape::Whole(parts), None) => match value {
            None | Some(Value::Null) => Value::Null,
            Some(value) => element(parts, value)?,
        },
        (Shape::Text, _) => scalar(None, value)?,
        (Shape::Boolean, _) => scalar(Some("primary"), value)?,
    };
    container.insert(attribute.to_owned(), new);
    tidy(container);
    Some(())
}

fn list(
    op: &str,
    mut old: Vec<Value>,
    parts: &[&str],
    filter: Option<&Condition>,
    part: Option<&'static str>,
    value: Option<&Value>,
) -> Option<Vec<Value>> {
    let chosen: Vec<usize> = (0..old.len()).filter(|i| filter.is_none_or(|f| f.holds(&old[*i]))).collect();
    match (filter, part) {
        (None, None) if op == "remove" => Some(Vec::new()),
        (None, None) => match value? {
            Value::Null => Some(Vec::new()),
            value => {
                let new = elements(parts, value)?;
                if op == "add" { added(old, new) } else { Some(new) }
            }
        },
        (_, Some(part)) => {
            let new = scalar(Some(part), value)?;
            let mut chosen = chosen;
            if chosen.is_empty() && !new.is_null() {
                // §3.5.2.3: a filter that fits nothing is noTarget; an attribute that is not there is added.
                if filter.is_some() {
                    return None;
                }
                old.push(json!({}));
                chosen.push(0);
            }
            for index in &chosen {
                old[*index][part] = new.clone();
            }
            one_primary(old, &chosen)
        }
        (Some(filter), None) => {
            let new = match value {
                None | Some(Value::Null) => Value::Null,
                Some(Value::Array(list)) if list.is_empty() => Value::Null,
                Some(Value::Array(list)) if list.len() == 1 => element(parts, &list[0])?,
                Some(value) => element(parts, value)?,
            };
            if new.is_null() && op == "add" && value.is_some_and(|v| !v.is_null()) {
                return Some(old);
            }
            if new.is_null() {
                return Some(old.into_iter().filter(|element| !filter.holds(element)).collect());
            }
            if chosen.is_empty() {
                return None;
            }
            for index in &chosen {
                let mut object = old[*index].as_object()?.clone();
                if op == "replace" {
                    // What the filter says of an element stays true of it.
                    object.retain(|name, _| filter.equal_parts().contains(&name.as_str()));
                }
                object.extend(new.as_object()?.clone());
                old[*index] = Value::Object(object);
            }
            one_primary(old, &chosen)
        }
    }
}

/// §3.5.2.1: what is there already is not added again. The same `value`, and no other `type`, is the same element.
fn added(mut old: Vec<Value>, new: Vec<Value>) -> Option<Vec<Value>> {
    let mut touched = Vec::new();
    for element in new {
        let is_same = |known: &Value| {
            let types_fit = known["type"].is_null()
                || element["type"].is_null()
                || same(&known["type"], &element["type"]);
            match element["value"].is_null() {
                true => *known == element,
                false => same(&known["value"], &element["value"]) && types_fit,
            }
        };
        match old.iter().position(is_same) {
            Some(index) => {
                old[index].as_object_mut()?.extend(element.as_object()?.clone());
                touched.push(index);
            }
            None => {
                old.push(element);
                touched.push(old.len() - 1);
            }
        }
    }
    one_primary(old, &touched)
}

/// §3.5.2: who becomes primary takes it from the others; two at once cannot.
fn one_primary(mut list: Vec<Value>, touched: &[usize]) -> Option<Vec<Value>> {
    let primary: Vec<usize> =
        (0..list.len()).filter(|i| touched.contains(i) && list[*i]["primary"] == true).collect();
    if primary.len() > 1 {
        return None;
    }
    for (index, element) in list.iter_mut().enumerate() {
        if !primary.is_empty() && !primary.contains(&index) && element["primary"] == true {
            element["primary"] = json!(false);
        }
    }
    Some(list)
}

fn elements(parts: &[&str], value: &Value) -> Option<Vec<Value>> {
    let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut elements = Vec::new();
    for item in &list {
        let element = element(parts, item)?;
        if !element.is_null() && !elements.contains(&element) {
            elements.push(element);
        }
    }
    Some(elements)
}

/// An object with its known parts; null where nothing is left.
fn element(parts: &[&str], value: &Value) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    let mut object = Map::new();
    for (name, value) in value.as_object()? {
        if parts.contains(&name.as_str()) {
            let value = scalar(Some(name), Some(value))?;
            if !value.is_null() {
                object.insert(name.clone(), value);
            }
        }
    }
    Some(if object.is_empty() { Value::Null } else { Value::Object(object) })
}

/// A text, or a boolean where the part is `primary`.
fn scalar(part: Option<&str>, value: Option<&Value>) -> Option<Value> {
    let Some(value) = value else { return Some(Value::Null) };
    let fits =
        value.is_null() || if part == Some("primary") { value.is_boolean() } else { value.is_string() };
    // RFC 7643 §2.5: an empty list is no value.
    match value.as_array().is_some_and(Vec::is_empty) {
        true => Some(Value::Null),
        false => fits.then(|| value.clone()),
    }
}

/// RFC 7643 §2.5: what is null or empty is not there.
fn tidy(map: &mut Map<String, Value>) {
    for value in map.values_mut() {
        match value {
            Value::Object(inner) => tidy(inner),
            Value::Array(list) => {
                list.iter_mut().filter_map(Value::as_object_mut).for_each(tidy);
                list.retain(|element| element.as_object().is_none_or(|o| !o.is_empty()));
            }
            _ => {}
        }
    }
    map.retain(|_, value| match value {
        Value::Null => false,
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    });
}

/// The rules about the whole user.
fn finished(mut user: Map<String, Value>) -> Option<Value> {
    for (name, shape) in ATTRIBUTES {
        let Shape::List(_) = shape else { continue };
        if let Some(Value::Array(list)) = user.get_mut(*name) {
            // An element of which only its type and rank are left says nothing.
            list.retain(|e| e.as_object().is_some_and(|e| e.keys().any(|k| k != "type" && k != "primary")));
            if list.iter().filter(|e| e["primary"] == true).count() > 1 {
                return None;
            }
        }
    }
    tidy(&mut user);
    // RFC 7644 §3.5.2.2: a required attribute cannot go.
    if user.get("userName")?.as_str()?.trim().is_empty() {
        return None;
    }
    let mut schemas = vec![CORE];
    schemas.extend(user.contains_key(ENTERPRISE).then_some(ENTERPRISE));
    user.insert("schemas".to_owned(), json!(schemas));
    Some(Value::Object(user))
}
