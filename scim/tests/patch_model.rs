//! PATCH beside an independent model of it: the same outcome on random users and random requests.
//!
//! The model is naive: it goes over JSON, knows nothing of the crate's own parts, and is told what a path means where
//! the crate has to read it. Both follow RFC 7644 §3.5.2 to the letter, without tolerated deviations.

#[path = "patch_model/model.rs"]
mod model;
#[path = "patch_model/random.rs"]
mod random;

use model::Operation;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use scim::patch::{PATCH_SCHEMA, PatchRequest, apply};
use scim::{Profile, Quirks, Rules, ScimError, resource};
use serde_json::{Value, json};

/// Always the same cases; another seed in `PROPTEST_RNG_SEED` looks elsewhere.
fn config() -> ProptestConfig {
    let seed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7644);
    ProptestConfig {
        cases: 6000,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_time: 5000,
        ..ProptestConfig::default()
    }
}

fn ours(rules: &Rules, before: &Value, operations: &[Operation]) -> Result<Value, ScimError> {
    let operations: Vec<Value> = operations.iter().map(Operation::message).collect();
    let message = json!({ "schemas": [PATCH_SCHEMA], "Operations": operations });
    apply(rules, before, &PatchRequest::read(&message, &rules.quirks)?)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn patch_does_what_the_model_does(
        user in random::user(),
        operations in prop::collection::vec(random::operation(), 1..5),
    ) {
        let rules = Rules::users(Profile::Rfc).with_quirks(Quirks::strict());
        let Ok(before) = resource::read(&rules, &user) else { return Ok(()) };
        let (found, expected) = (ours(&rules, &before, &operations), model::apply(&before, &operations));
        let shown: Vec<String> = operations.iter().map(|o| o.message().to_string()).collect();
        match (found, expected) {
            (Ok(found), Some(expected)) => prop_assert_eq!(found, expected, "{} {:#?}", before, shown),
            (Err(_), None) => {}
            (found, expected) => prop_assert!(
                false,
                "{} {:#?}: ours {:?}, the model's {:?}", before, shown, found, expected
            ),
        }
    }
}

/// The cases are no idle ones: enough of each kind of outcome.
#[test]
fn the_cases_are_worth_it() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let (mut changed, mut refused) = (0, 0);
    for _ in 0..2000 {
        let user = random::user().new_tree(&mut runner).unwrap().current();
        let operation = random::operation().new_tree(&mut runner).unwrap().current();
        let rules = Rules::users(Profile::Rfc).with_quirks(Quirks::strict());
        let Ok(before) = resource::read(&rules, &user) else { continue };
        match ours(&rules, &before, &[operation]) {
            Ok(after) if after != before => changed += 1,
            Ok(_) => {}
            Err(_) => refused += 1,
        }
    }
    assert!(changed > 600 && refused > 100, "{changed} changed, {refused} refused");
}
