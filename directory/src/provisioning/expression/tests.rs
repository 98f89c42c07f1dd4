//! Tests of the language as a whole; those of formats, patterns and letter case stand in their files.

mod evaluation;
mod functions_by_table;
mod parsing;

use super::*;
use web::Timestamp;

/// 2021-07-02 15:33:38 UTC, the time of Microsoft's example.
const NOW: Timestamp = Timestamp(1_625_240_018_000_000);

fn ana() -> Attributes {
    Attributes::new()
        .with("displayName", "Ana Müller")
        .with("givenName", "Ana")
        .with("surname", "Müller")
        .with("mail", "ana@contoso.com")
        .with("userPrincipalName", "ana@contoso.com")
        .with("country", "USA")
        .with("empty", "")
        .with("two", vec!["SMTP:a@x".to_owned(), "smtp:b@x".to_owned(), "smtp:b@x".to_owned()])
        .with("one", vec!["only".to_owned()])
        .with("none", Vec::new())
        .with("IsSoftDeleted", false)
        .with("accountEnabled", true)
        .with("level", 7)
        .with("hired", "2012-03-16-07:00")
        .with("phone", "+91 9998887777")
}

fn context() -> Context<'static> {
    static BYTES: [u8; 32] = [
        200, 17, 3, 99, 250, 42, 7, 128, 64, 31, 5, 77, 190, 11, 222, 8, 91, 140, 2, 66, 173, 54, 29, 111, 9,
        81, 160, 36, 240, 19, 73, 101,
    ];
    Context { now: NOW, default_domain: Some("contoso.com"), random: &|| BYTES }
}

fn value(text: &str) -> Result<Value, EvaluationError> {
    let expression = Expression::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    evaluate(&expression, &ana(), &context())
}

/// What an expression gives, in short: null, or its values with | between them.
fn shown(text: &str) -> String {
    match value(text) {
        Ok(Value::Null) => "null".to_owned(),
        Ok(Value::Multi(all)) => format!("({})", all.join("|")),
        Ok(other) => other.texts().concat(),
        Err(e) => format!("! {e}"),
    }
}

fn check(table: &[(&str, &str)]) {
    for (text, wanted) in table {
        assert_eq!(shown(text), *wanted, "{text}");
    }
}
