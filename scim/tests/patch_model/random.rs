//! Random users and operations. Few different texts, so that they meet.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::model::{ATTRIBUTES, Condition, ENTERPRISE, ENTERPRISE_ATTRIBUTES, Operation, Shape, Target};

pub fn user() -> impl Strategy<Value = Value> {
    (object(ATTRIBUTES, 7), prop::option::of(object(ENTERPRISE_ATTRIBUTES, 8))).prop_map(
        |(mut user, extension)| {
            user.insert("schemas".to_owned(), json!([crate::model::CORE, ENTERPRISE]));
            user.insert("userName".to_owned(), json!("ana"));
            user.extend(extension.map(|extension| (ENTERPRISE.to_owned(), Value::Object(extension))));
            Value::Object(user)
        },
    )
}

/// An object with some of these attributes, each with a chance of so many in ten.
fn object(attributes: &'static [(&'static str, Shape)], chance: u32) -> BoxedStrategy<Map<String, Value>> {
    let members: Vec<_> = attributes
        .iter()
        .map(|(name, shape)| {
            let value = prop::option::weighted(f64::from(chance) / 10.0, value(*shape));
            value.prop_map(|value| value.map(|value| ((*name).to_owned(), value)))
        })
        .collect();
    members.prop_map(|members| members.into_iter().flatten().collect()).boxed()
}

fn text() -> impl Strategy<Value = Value> {
    select(vec!["a", "A", "b", "c", "work", "home", "Work"]).prop_map(|text| json!(text))
}

/// A value of this shape.
fn value(shape: Shape) -> BoxedStrategy<Value> {
    match shape {
        Shape::Text => text().boxed(),
        Shape::Boolean => any::<bool>().prop_map(|b| json!(b)).boxed(),
        Shape::Parts(parts) | Shape::Whole(parts) => element(parts),
        Shape::List(parts) => prop::collection::vec(element(parts), 0..4).prop_map(Value::Array).boxed(),
    }
}

fn element(parts: &'static [&'static str]) -> BoxedStrategy<Value> {
    let members: Vec<_> = parts
        .iter()
        .map(|part| {
            let chance = if *part == "primary" { 0.25 } else { 0.65 };
            let value = prop::option::weighted(chance, scalar(part));
            value.prop_map(|value| value.map(|value| ((*part).to_owned(), value)))
        })
        .collect();
    members.prop_map(|members| Value::Object(members.into_iter().flatten().collect())).boxed()
}

fn scalar(part: &str) -> BoxedStrategy<Value> {
    match part {
        "primary" => any::<bool>().prop_map(|b| json!(b)).boxed(),
        "type" => select(vec!["work", "home", "WORK"]).prop_map(|text| json!(text)).boxed(),
        _ => text().boxed(),
    }
}

/// Mostly what is asked for; sometimes nothing, and sometimes something else.
fn spoilt(good: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let bad = select(vec![json!(null), json!(null), json!([]), json!(7), json!("x"), json!({}), json!(true)]);
    prop_oneof![9 => good, 1 => bad].boxed()
}

pub fn operation() -> impl Strategy<Value = Operation> {
    let op = select(vec!["add", "add", "replace", "replace", "remove"]);
    (op, target(), any::<bool>()).prop_flat_map(|(op, target, with_urn)| {
        let value = match op {
            // RFC 7644 §3.5.2.2 gives a remove no value.
            "remove" => Just(None).boxed(),
            _ => prop::option::weighted(0.97, value_for(&target)).boxed(),
        };
        value.prop_map(move |value| Operation { op, target: target.clone(), with_urn, value })
    })
}

fn value_for(target: &Target) -> BoxedStrategy<Value> {
    match target {
        Target::Resource => {
            let core = spoilt_members(object(ATTRIBUTES, 2));
            let extension = prop::option::weighted(
                0.3,
                spoilt(object(ENTERPRISE_ATTRIBUTES, 4).prop_map(Value::Object).boxed()),
            );
            (core, extension)
                .prop_map(|(mut core, extension)| {
                    core.extend(extension.map(|extension| (ENTERPRISE.to_owned(), extension)));
                    Value::Object(core)
                })
                .boxed()
        }
        Target::Extension => {
            spoilt(spoilt_members(object(ENTERPRISE_ATTRIBUTES, 5)).prop_map(Value::Object).boxed())
        }
        Target::Attribute { part: Some(part), .. } => spoilt(scalar(part)),
        Target::Attribute { shape: Shape::List(parts), filter: Some(_), .. } => {
            let one = element(parts);
            spoilt(prop_oneof![4 => one.clone(), 1 => one.prop_map(|one| json!([one]))].boxed())
        }
        Target::Attribute { shape: Shape::List(parts), .. } => {
            spoilt(prop_oneof![4 => value(Shape::List(parts)), 1 => element(parts)].boxed())
        }
        Target::Attribute { shape, .. } => spoilt(value(*shape)),
    }
}

/// Some member is null.
fn spoilt_members(good: BoxedStrategy<Map<String, Value>>) -> BoxedStrategy<Map<String, Value>> {
    (good, prop::option::weighted(0.15, 0_usize..8))
        .prop_map(|(mut object, spoilt)| {
            if let Some(value) = spoilt.and_then(|at| object.values_mut().nth(at)) {
                *value = Value::Null;
            }
            object
        })
        .boxed()
}

fn target() -> BoxedStrategy<Target> {
    prop_oneof![
        2 => Just(Target::Resource),
        1 => Just(Target::Extension),
        2 => select(ENTERPRISE_ATTRIBUTES).prop_flat_map(|(name, shape)| attribute(name, shape, true)),
        7 => select(ATTRIBUTES).prop_flat_map(|(name, shape)| attribute(name, shape, false)),
    ]
    .boxed()
}

fn attribute(attribute: &'static str, shape: Shape, extension: bool) -> BoxedStrategy<Target> {
    let (parts, filter) = match shape {
        Shape::List(parts) => (parts, prop::option::weighted(0.6, condition(parts)).boxed()),
        Shape::Parts(parts) | Shape::Whole(parts) => (parts, Just(None).boxed()),
        Shape::Text | Shape::Boolean => {
            return Just(Target::Attribute { attribute, shape, extension, filter: None, part: None }).boxed();
        }
    };
    (filter, prop::option::of(select(parts)))
        .prop_map(move |(filter, part)| Target::Attribute { attribute, shape, extension, filter, part })
        .boxed()
}

fn condition(parts: &'static [&'static str]) -> BoxedStrategy<Condition> {
    let texts: Vec<&'static str> = parts.iter().copied().filter(|part| *part != "primary").collect();
    let leaf = prop_oneof![
        4 => Just(()).prop_flat_map(|()| scalar("type")).prop_map(|value| Condition::Equal("type", value)),
        2 => select(parts).prop_flat_map(|part| scalar(part).prop_map(move |value| Condition::Equal(part, value))),
        1 => select(parts).prop_flat_map(|part| scalar(part).prop_map(move |value| Condition::NotEqual(part, value))),
        1 => select(texts).prop_map(|part| Condition::StartsWith(part, "W".to_owned())),
        1 => select(parts).prop_map(Condition::Present),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Condition::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Condition::Or(Box::new(a), Box::new(b))),
            inner.prop_map(|a| Condition::Not(Box::new(a))),
        ]
    })
    .boxed()
}
