//! Changes applied to a resource, RFC 7644 §3.5.2.1 to §3.5.2.3.

use serde_json::{Map, Value};

use super::{Changes, Op, Step, elements};
use crate::Rules;
use crate::error::ScimError;
use crate::filter::BoundFilter;
use crate::quirks::Quirk;
use crate::resource::{at, check_immutable, finish, missing, one, read_value};
use crate::schema::{Attribute, Mutability};

impl Changes {
    /// The resource with all changes, in canonical form. The original stays as it is.
    ///
    /// # Errors
    /// What is wrong with a value, a target that does not exist, or
    /// [`ScimError::RequiredRemoved`]. A required attribute that was missing
    /// before is no error: a disable must not fail because of an old gap.
    pub fn apply(&self, rules: &Rules, resource: &Value) -> Result<Value, ScimError> {
        let Value::Object(original) = resource else {
            return Err(ScimError::InvalidSyntax { reason: "the resource must be a JSON object".into() });
        };
        let mut changed = original.clone();
        for step in &self.steps {
            step.apply(rules, &mut changed)?;
        }
        let changed = finish(rules, changed)?;
        let before = missing(rules, resource);
        // RFC 7644 §3.5.2.2: removing a required attribute is a mutability error.
        match missing(rules, &changed).into_iter().find(|path| !before.contains(path)) {
            Some(path) if at(resource, &path).is_some() => {
                Err(ScimError::RequiredRemoved { attribute: path })
            }
            // The change brought an extension in, and not all that it needs.
            Some(path) => Err(ScimError::Required { attribute: path }),
            None => {
                check_immutable(rules, resource, &changed)?;
                Ok(changed)
            }
        }
    }
}

impl Step {
    fn apply(&self, rules: &Rules, resource: &mut Map<String, Value>) -> Result<(), ScimError> {
        let Some(extension) = self.target.extension else { return self.apply_in(rules, resource) };
        let mut part = match resource.remove(extension.id) {
            Some(Value::Object(part)) => part,
            _ => Map::new(),
        };
        self.apply_in(rules, &mut part)?;
        // Canonical form has nothing empty.
        if !part.is_empty() {
            resource.insert(extension.id.to_owned(), Value::Object(part));
        }
        Ok(())
    }

    fn apply_in(&self, rules: &Rules, container: &mut Map<String, Value>) -> Result<(), ScimError> {
        let attribute = self.target.attribute;
        if attribute.multi_valued {
            let mut list = match container.remove(attribute.name) {
                Some(Value::Array(list)) => list,
                _ => Vec::new(),
            };
            self.apply_list(rules, &mut list)?;
            if !list.is_empty() {
                container.insert(attribute.name.to_owned(), Value::Array(list));
            }
            return Ok(());
        }
        let Some(sub) = self.target.sub else {
            return self.set(rules, attribute, container);
        };
        let mut map = match container.remove(attribute.name) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        self.set(rules, sub, &mut map)?;
        if !map.is_empty() {
            container.insert(attribute.name.to_owned(), Value::Object(map));
        }
        Ok(())
    }

    /// Sets or removes a single-valued attribute or part. For it, add and replace are the same.
    pub(super) fn set(
        &self,
        rules: &Rules,
        attribute: &Attribute,
        map: &mut Map<String, Value>,
    ) -> Result<(), ScimError> {
        let value = self.read(rules, attribute)?;
        let old = map.get(attribute.name);
        // RFC 7643 §2.2: an immutable attribute may be set once.
        if attribute.mutability == Mutability::Immutable && old.is_some() && old != value.as_ref() {
            return Err(ScimError::Immutable { attribute: self.target.path() });
        }
        match value {
            Some(value) => drop(map.insert(attribute.name.to_owned(), value)),
            None => drop(map.remove(attribute.name)),
        }
        Ok(())
    }

    /// The value that the step assigns to the attribute; none where it clears it.
    pub(super) fn read(&self, rules: &Rules, attribute: &Attribute) -> Result<Option<Value>, ScimError> {
        match (&self.value, self.op) {
            (Some(value), Op::Add | Op::Replace) => read_value(rules, attribute, &self.target.path(), value),
            _ => Ok(None),
        }
    }

    /// The value for one element of a list, or for a part of it.
    fn read_element(&self, rules: &Rules) -> Result<Option<Value>, ScimError> {
        let attribute = self.target.attribute;
        match (&self.value, self.target.sub) {
            (None, _) => Ok(None),
            _ if self.op == Op::Remove => Ok(None),
            (_, Some(sub)) => self.read(rules, sub),
            (Some(Value::Array(list)), None) if list.len() < 2 => match list.first() {
                Some(value) => one(rules, attribute, &self.target.path(), value),
                None => Ok(None),
            },
            (Some(value), None) => one(rules, attribute, &self.target.path(), value),
        }
    }

    fn apply_list(&self, rules: &Rules, list: &mut Vec<Value>) -> Result<(), ScimError> {
        if let Some(filter) = &self.filter {
            return self.apply_chosen(rules, filter, list);
        }
        if self.target.sub.is_some() {
            return self.apply_every(rules, list);
        }
        let attribute = self.target.attribute;
        let before = list.len();
        match (self.op, &self.value) {
            (Op::Remove, Some(value)) => elements::remove_listed(rules, &self.target, list, value)?,
            (Op::Remove, None) => list.clear(),
            (Op::Add, value) => match self.read(rules, attribute)? {
                Some(Value::Array(new)) => elements::add(&self.target, list, new)?,
                _ if value.as_ref().is_some_and(adds_nothing) => {}
                _ => list.clear(),
            },
            (Op::Replace, _) => match self.read(rules, attribute)? {
                Some(Value::Array(new)) => *list = new,
                _ => list.clear(),
            },
        }
        if list.len() > before && list.len() > attribute.max_values() {
            let limit = attribute.max_values();
            return Err(ScimError::TooManyValues { what: self.target.path(), limit });
        }
        Ok(())
    }

    /// `emails.value`: RFC 7644 §3.5.2.3 means the part of every element.
    fn apply_every(&self, rules: &Rules, list: &mut Vec<Value>) -> Result<(), ScimError> {
        if list.is_empty() && self.op != Op::Remove {
            list.push(Value::Object(Map::new()));
        }
        let all: Vec<usize> = (0..list.len()).collect();
        self.set_part(rules, list, &all)
    }

    /// `emails[type eq "work"]` and `emails[type eq "work"].value`.
    fn apply_chosen(
        &self,
        rules: &Rules,
        filter: &BoundFilter,
        list: &mut Vec<Value>,
    ) -> Result<(), ScimError> {
        let chosen: Vec<usize> =
            (0..list.len()).filter(|i| list.get(*i).is_some_and(|v| filter.matches_value(v))).collect();
        // A value that is to go and is not there is no error: the client has what it wants.
        let clears = self.read_element(rules)?.is_none();
        if clears
            && self.op == Op::Add
            && self.target.sub.is_none()
            && self.value.as_ref().is_some_and(adds_nothing)
        {
            return Ok(());
        }
        if chosen.is_empty() {
            return if clears { Ok(()) } else { self.create(rules, filter, list) };
        }
        if self.target.sub.is_some() {
            return self.set_part(rules, list, &chosen);
        }
        if clears {
            let mut index = 0;
            list.retain(|_| {
                index += 1;
                !chosen.contains(&(index - 1))
            });
            return Ok(());
        }
        self.set_elements(rules, filter, list, &chosen)
    }

    /// Changes the part in the chosen elements. One of which nothing is left is gone at once: a later change must
    /// not find it.
    fn set_part(&self, rules: &Rules, list: &mut Vec<Value>, chosen: &[usize]) -> Result<(), ScimError> {
        let Some(sub) = self.target.sub else { return Ok(()) };
        for index in chosen {
            if let Some(Value::Object(map)) = list.get_mut(*index) {
                self.set(rules, sub, map)?;
            }
        }
        elements::settle_primary(&self.target, list, chosen)?;
        list.retain(|v| !crate::resource::is_blank(v));
        Ok(())
    }

    /// Changes the chosen elements as a whole: add merges, replace keeps only what the filter named.
    fn set_elements(
        &self,
        rules: &Rules,
        filter: &BoundFilter,
        list: &mut [Value],
        chosen: &[usize],
    ) -> Result<(), ScimError> {
        let Some(Value::Object(new)) = self.read_element(rules)? else { return Ok(()) };
        let named: Vec<&str> =
            elements::equalities(filter).unwrap_or_default().iter().map(|(s, _)| s.name).collect();
        for index in chosen {
            let Some(Value::Object(old)) = list.get_mut(*index) else { continue };
            let mut element = old.clone();
            if self.op == Op::Replace {
                element.retain(|name, _| named.contains(&name.as_str()));
            }
            element.extend(new.clone());
            elements::check_immutable(&self.target, old, &element)?;
            *old = element;
        }
        elements::settle_primary(&self.target, list, chosen)
    }

    /// Entra adds and replaces at elements that do not exist yet: they are made so that the filter chooses them.
    fn create(&self, rules: &Rules, filter: &BoundFilter, list: &mut Vec<Value>) -> Result<(), ScimError> {
        let none = |reason: &str| ScimError::NoTarget {
            reason: format!("no value of \"{}\" fits the filter{reason}", self.target.attribute.name),
        };
        // RFC 7644 §3.5.2.3: replace at a value path without match is noTarget.
        if !rules.tolerates(Quirk::EntraValuePathCreates) {
            return Err(none(""));
        }
        let Some(equalities) = elements::equalities(filter) else {
            return Err(none(", and none can be made from it: use eq alone, joined by and"));
        };
        if list.len() >= self.target.attribute.max_values() {
            let limit = self.target.attribute.max_values();
            return Err(ScimError::TooManyValues { what: self.target.attribute.name.into(), limit });
        }
        let mut element = elements::from_equalities(&equalities);
        match self.target.sub {
            Some(sub) => self.set(rules, sub, &mut element)?,
            None => {
                if let Some(Value::Object(new)) = self.read_element(rules)? {
                    element.extend(new);
                }
            }
        }
        list.push(Value::Object(element));
        let last = list.len() - 1;
        elements::settle_primary(&self.target, list, &[last])
    }
}

/// Of an added value in which nothing was found: an empty list or object adds nothing; null and "" clear.
fn adds_nothing(value: &Value) -> bool {
    value.is_array() || value.is_object()
}
