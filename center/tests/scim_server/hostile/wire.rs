//! Cases about HTTP itself: tokens, addresses, conditions, methods.

use super::{ALL, Case, Place};

pub fn cases(place: &Place) -> Vec<Case> {
    let Place { user, stranger, .. } = place;
    let one = format!("/Users/{user}");
    vec![
        Case::get("two tokens", "/Users")
            .header("authorization", "Bearer {secret}")
            .header("authorization", "Bearer {secret}")
            .in_modes(&ALL)
            .is(401, "", "bearer token"),
        Case::get("no token", "/Users").header("authorization", "").is(401, "", "bearer token"),
        Case::get("another scheme", "/Users").header("authorization", "Basic {secret}").is(
            401,
            "",
            "bearer token",
        ),
        Case::get("a long token", "/Users")
            .header("authorization", format!("Bearer {}", "x".repeat(10_000)))
            .in_modes(&ALL)
            .is(401, "", "bearer token"),
        Case::get("a token of a mebibyte", "/Users")
            .header("authorization", format!("Bearer {}", "x".repeat(1 << 20)))
            .in_modes(&ALL)
            .is(431, "", ""),
        Case::get("a token in Latin 1", "/Users").header("authorization", "Bearer é").is(401, "", ""),
        Case::get("an address of 100,000 bytes", format!("/Users?filter={}", "x".repeat(100_000)))
            .in_modes(&ALL)
            .is(414, "", ""),
        Case::get("a query of 40,000 bytes", format!("/Users?filter={}", "x".repeat(40_000))).is(
            400,
            "invalidValue",
            "too long",
        ),
        Case::get("U+0000 in the path", "/Users/%00").in_modes(&ALL).is(404, "", "does not exist"),
        Case::get("U+0000 within an id", format!("{one}%00")).in_modes(&ALL).is(404, "", "does not exist"),
        Case::get("a slash in an id", format!("/Users/..%2fUsers%2f{user}")).is(404, "", "does not exist"),
        Case::get("a way up", format!("/Groups/../Users/{user}")).in_modes(&ALL).is(404, "", "endpoint"),
        Case::get("a way up, encoded", format!("/Groups/%2e%2e/Users/{user}")).is(404, "", "endpoint"),
        Case::get("no UTF-8 in an id", "/Users/%ff").in_modes(&ALL).is(404, "", ""),
        Case::get("a percent sign alone", "/Users/%").is(404, "", "does not exist"),
        Case::get("quotes in an id", "/Users/'%20OR%20'1'='1").in_modes(&ALL).is(404, "", "does not exist"),
        Case::get("an id of 50,000 bytes", format!("/Users/{}", "x".repeat(50_000))).is(
            404,
            "",
            "does not exist",
        ),
        Case::get("a user of another instance", format!("/Users/{stranger}")).in_modes(&ALL).is(404, "", ""),
        Case::new("another's user is not deleted", "DELETE", format!("/Users/{stranger}")).in_modes(&ALL).is(
            404,
            "",
            "does not exist",
        ),
        Case::new("If-Match of nonsense", "DELETE", one.clone())
            .header("if-match", "nonsense")
            .is(412, "", "If-Match"),
        Case::new("If-Match of nothing", "DELETE", one.clone())
            .header("if-match", "")
            .is(412, "", "If-Match"),
        Case::new("If-Match of other versions", "DELETE", one.clone())
            .header("if-match", "W/\"98\", W/\"99\"")
            .is(412, "", "at version"),
        Case::new("If-Match of 10,000 versions", "DELETE", one.clone())
            .header("if-match", vec!["\"99\""; 10_000].join(","))
            .is(412, "", "at version"),
        Case::new("If-None-Match of any", "DELETE", one).header("if-none-match", "*").is(
            412,
            "",
            "If-None-Match",
        ),
        Case::new("an unknown method", "BREW", "/Users").in_modes(&ALL).is(405, "", "method"),
    ]
}
