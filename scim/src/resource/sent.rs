//! The text of an answer out of the text of a row. Most of a resource is sent as it is stored: a tree of values in
//! between would cost more than everything else that a read does.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::meta::Meta;
use super::project::{Chosen, Projection};
use crate::schema::{Attribute, ID, META, ResourceType, SCHEMAS, Schema};

/// A JSON document as it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent(Vec<u8>);

impl From<Value> for Sent {
    fn from(document: Value) -> Self {
        Self(document.to_string().into_bytes())
    }
}

impl Sent {
    /// Nothing yet.
    pub(crate) fn with_capacity(size: usize) -> Self {
        Self(Vec::with_capacity(size))
    }

    /// Its bytes, UTF-8.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes, UTF-8.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Writes `"name":`, behind a comma where something stands before it.
    pub(crate) fn name(&mut self, name: &str) -> Result<(), serde_json::Error> {
        if !self.0.ends_with(b"{") {
            self.0.push(b',');
        }
        self.value(name)?;
        self.0.push(b':');
        Ok(())
    }

    /// Writes a value.
    pub(crate) fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), serde_json::Error> {
        serde_json::to_writer(&mut self.0, value)
    }

    /// Writes what is JSON already.
    pub(crate) fn raw(&mut self, json: &[u8]) {
        self.0.extend_from_slice(json);
    }
}

/// A resource as it is stored: canonical, without what the server adds.
#[derive(Clone, Debug)]
pub struct Stored<'a> {
    /// The type.
    pub kind: &'static ResourceType,
    /// The resource's text.
    pub text: &'a str,
    /// An attribute that stands elsewhere, such as `members`.
    pub added: Option<(&'static str, Value)>,
    /// What the server knows about it.
    pub meta: Meta<'a>,
}

impl Stored<'_> {
    /// The resource with `id` and `meta`, and of it what the answer must have: the same as [`super::with_meta`] and
    /// [`super::project`] give. Schemas that the type does not have (any more) are left out.
    ///
    /// # Errors
    /// That the text is no JSON object.
    pub fn sent(&self, projection: &Projection) -> Result<Sent, serde_json::Error> {
        let members: Members<'_> = serde_json::from_str(self.text)?;
        let chosen = Chosen::new(self.kind, projection);
        let mut sent = Sent(Vec::with_capacity(self.text.len() + 512));
        sent.raw(b"{");
        if let Some((name, schemas)) = members.0.iter().find(|(name, _)| **name == *SCHEMAS.name) {
            self.schemas(&mut sent, &chosen, name, schemas)?;
        }
        if chosen.attribute(None, &ID, &mut Value::Null) {
            sent.name(ID.name)?;
            sent.value(self.meta.id)?;
        }
        for (name, json) in &members.0 {
            if ![SCHEMAS.name, ID.name, META.name].contains(&&**name) {
                self.member(&mut sent, &chosen, name, json)?;
            }
        }
        if let Some((name, value)) = &self.added {
            whole(&mut sent, &chosen, self.kind.attribute(name).map(|a| (None, a)), name, value.clone())?;
        }
        self.facts(&mut sent, &chosen)?;
        sent.raw(b"}");
        Ok(sent)
    }

    fn schemas(
        &self,
        sent: &mut Sent,
        chosen: &Chosen,
        name: &str,
        json: &RawValue,
    ) -> Result<(), serde_json::Error> {
        let all_known = serde_json::from_str::<Vec<&str>>(json.get())
            .is_ok_and(|urns| urns.iter().all(|urn| self.kind.knows_schema(urn)));
        if all_known {
            return member(sent, chosen, (None, &SCHEMAS), name, json);
        }
        let mut urns: Vec<Value> = serde_json::from_str(json.get())?;
        urns.retain(|urn| urn.as_str().is_some_and(|urn| self.kind.knows_schema(urn)));
        whole(sent, chosen, Some((None, &SCHEMAS)), name, Value::Array(urns))
    }

    fn member(
        &self,
        sent: &mut Sent,
        chosen: &Chosen,
        name: &str,
        json: &RawValue,
    ) -> Result<(), serde_json::Error> {
        // A name with a colon is a URN.
        let extension = if name.contains(':') { self.kind.extension(name) } else { None };
        let Some(extension) = extension else {
            let Some(attribute) = self.kind.attribute(name) else { return Ok(()) };
            return member(sent, chosen, (None, attribute), name, json);
        };
        let Ok(members) = serde_json::from_str::<Members<'_>>(json.get()) else { return Ok(()) };
        let mut part = Sent(b"{".to_vec());
        for (name, json) in &members.0 {
            if let Some(attribute) = extension.attribute(name) {
                member(&mut part, chosen, (Some(extension), attribute), name, json)?;
            }
        }
        if part.0.len() > 1 {
            sent.name(name)?;
            sent.raw(&part.0);
            sent.raw(b"}");
        }
        Ok(())
    }

    fn facts(&self, sent: &mut Sent, chosen: &Chosen) -> Result<(), serde_json::Error> {
        if !chosen.takes_whole(&META) {
            let facts = self.meta.facts(self.kind).map(|(name, value)| (name.to_owned(), Value::from(value)));
            return whole(sent, chosen, Some((None, &META)), META.name, Value::Object(facts.collect()));
        }
        sent.name(META.name)?;
        sent.raw(b"{");
        for (name, value) in self.meta.facts(self.kind) {
            sent.name(name)?;
            sent.value(value)?;
        }
        sent.raw(b"}");
        Ok(())
    }
}

/// An attribute, and the extension that it belongs to.
type Owned<'a> = (Option<&'static Schema>, &'a Attribute);

fn member(
    sent: &mut Sent,
    chosen: &Chosen,
    (extension, attribute): Owned<'_>,
    name: &str,
    json: &RawValue,
) -> Result<(), serde_json::Error> {
    // What holds an empty object is not canonical; the other way knows what to do with it.
    if chosen.takes_whole(attribute) && !json.get().contains("{}") {
        sent.name(name)?;
        sent.raw(json.get().as_bytes());
        return Ok(());
    }
    whole(sent, chosen, Some((extension, attribute)), name, serde_json::from_str(json.get())?)
}

fn whole(
    sent: &mut Sent,
    chosen: &Chosen,
    owned: Option<Owned<'_>>,
    name: &str,
    mut value: Value,
) -> Result<(), serde_json::Error> {
    if owned.is_some_and(|(extension, attribute)| chosen.attribute(extension, attribute, &mut value)) {
        sent.name(name)?;
        sent.value(&value)?;
    }
    Ok(())
}

/// The members of an object, their values as text.
struct Members<'a>(Vec<(Name<'a>, &'a RawValue)>);

/// A member's name, borrowed where it has no escapes.
enum Name<'a> {
    Borrowed(&'a str),
    Owned(String),
}

impl std::ops::Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(name) => name,
            Self::Owned(name) => name,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(MembersVisitor).map(Members)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(Name<'de>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name::Borrowed(name))
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name::Owned(name.to_owned()))
    }
}
