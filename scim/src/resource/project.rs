//! Which attributes an answer has, RFC 7644 §3.9 and RFC 7643 §7 `returned`.

use serde_json::Value;

use crate::path::AttrPath;
use crate::schema::{Attribute, Resolved, ResourceType, Returned, Schema};

/// What the client asked for with `attributes` and `excludedAttributes`.
///
/// RFC 7644 §3.9 does not say what both together mean; here the second takes
/// away from the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// The attributes to return beside those that are always returned; empty: the defaults.
    pub attributes: Vec<AttrPath>,
    /// The attributes to leave out.
    pub excluded: Vec<AttrPath>,
}

impl Projection {
    /// Whether an answer will have this top-level attribute, such as
    /// `members`: a server need not load what it will not send.
    #[must_use]
    pub fn includes(&self, kind: &ResourceType, attribute: &Attribute) -> bool {
        let chosen = Chosen::new(kind, self);
        chosen.part(None, attribute, None)
            || attribute.sub_attributes.iter().any(|sub| chosen.part(None, attribute, Some(sub)))
    }
}

/// The resource with the attributes that the answer must have.
#[must_use]
pub fn project(kind: &ResourceType, mut resource: Value, projection: &Projection) -> Value {
    if let Value::Object(map) = &mut resource {
        let chosen = Chosen::new(kind, projection);
        map.retain(|name, value| match kind.extension(name) {
            Some(extension) => chosen.extension(extension, value),
            None => kind.attribute(name).is_some_and(|a| chosen.attribute(None, a, value)),
        });
    }
    resource
}

/// The projection with its paths resolved. Names that the type does not have choose nothing.
pub(super) struct Chosen {
    asked: Option<Vec<Resolved>>,
    excluded: Vec<Resolved>,
}

impl Chosen {
    pub(super) fn new(kind: &ResourceType, projection: &Projection) -> Self {
        let resolve = |paths: &[AttrPath]| paths.iter().filter_map(|p| kind.resolve(p)).collect::<Vec<_>>();
        Self {
            asked: (!projection.attributes.is_empty()).then(|| resolve(&projection.attributes)),
            excluded: resolve(&projection.excluded),
        }
    }

    /// Whether the attribute is sent as it is, whatever it holds but an empty object: nothing was asked for or
    /// excluded, and nothing of it has a rule of its own.
    pub(super) fn takes_whole(&self, attribute: &Attribute) -> bool {
        let by_default = |a: &Attribute| matches!(a.returned, Returned::Default | Returned::Always);
        self.asked.is_none()
            && self.excluded.is_empty()
            && by_default(attribute)
            && attribute.sub_attributes.iter().all(by_default)
    }

    /// Takes out of an extension's part what is not returned; whether anything is left. So do the others.
    fn extension(&self, extension: &'static Schema, value: &mut Value) -> bool {
        let Value::Object(map) = value else { return false };
        map.retain(|name, value| {
            let attribute = extension.attribute(name);
            attribute.is_some_and(|attribute| self.attribute(Some(extension), attribute, value))
        });
        !map.is_empty()
    }

    pub(super) fn attribute(
        &self,
        extension: Option<&Schema>,
        attribute: &Attribute,
        value: &mut Value,
    ) -> bool {
        match value {
            // A list of simple values, or an empty list that a server shows on purpose.
            Value::Array(list) if list.is_empty() || !attribute.is_complex() => {
                self.part(extension, attribute, None)
            }
            Value::Array(list) => {
                list.retain_mut(|value| self.parts(extension, attribute, value));
                !list.is_empty()
            }
            single => self.parts(extension, attribute, single),
        }
    }

    fn parts(&self, extension: Option<&Schema>, attribute: &Attribute, value: &mut Value) -> bool {
        let Value::Object(map) = value else { return self.part(extension, attribute, None) };
        map.retain(|name, _| self.part(extension, attribute, attribute.sub(name)));
        !map.is_empty()
    }

    /// Whether an attribute, or a part of one, is returned.
    fn part(&self, extension: Option<&Schema>, attribute: &Attribute, sub: Option<&Attribute>) -> bool {
        let names = |r: &Resolved| names(r, extension, attribute, sub);
        let by_itself = match (attribute.returned, sub.map_or(Returned::Default, |s| s.returned)) {
            (Returned::Never, _) | (_, Returned::Never) => return false,
            (Returned::Always, Returned::Always | Returned::Default) => return true,
            (Returned::Request, _) | (_, Returned::Request) => false,
            _ => self.asked.is_none(),
        };
        let asked = self.asked.as_ref().is_some_and(|list| list.iter().any(names));
        (by_itself || asked) && !self.excluded.iter().any(names)
    }
}

/// Whether the path names this attribute or part, or something that holds it.
fn names(
    path: &Resolved,
    extension: Option<&Schema>,
    attribute: &Attribute,
    sub: Option<&Attribute>,
) -> bool {
    match path {
        Resolved::Resource => extension.is_none(),
        Resolved::Extension(schema) => extension.is_some_and(|e| e.id == schema.id),
        Resolved::Attribute(target) => {
            let same = target.extension.map(|e| e.id) == extension.map(|e| e.id)
                && target.attribute.name == attribute.name;
            same && target.sub.is_none_or(|s| sub.is_some_and(|sub| sub.name == s.name))
        }
    }
}
