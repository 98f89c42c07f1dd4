//! Filters, pages, orders and projections.

use serde_json::json;

use super::{ALL, Case, Mode, Place, SEARCH};

pub fn cases(place: &Place) -> Vec<Case> {
    let mut all = filters(place);
    all.extend(pages(place));
    all
}

fn filters(place: &Place) -> Vec<Case> {
    let or = |times: usize| format!("title pr{}", " or title pr".repeat(times));
    let short = |times: usize| format!("title pr{}", " or id pr".repeat(times));
    let mut all = vec![
        Case::search("10,000 or", &or(10_000)).is(400, "invalidFilter", "longer than"),
        Case::search("600 or", &short(600)).is(400, "invalidFilter", "512 comparisons"),
        Case::search("10,000 brackets", &"(".repeat(10_000)).is(400, "invalidFilter", "brackets are open"),
        Case::search("10,000 not", &"not (".repeat(3_000)).is(400, "invalidFilter", "brackets are open"),
        Case::search("10,000 value paths", &"emails[".repeat(2_000)).is(
            400,
            "invalidFilter",
            "within brackets",
        ),
        Case::search("a text of half a mebibyte", &format!("userName eq \"{}\"", "x".repeat(1 << 19))).is(
            400,
            "invalidFilter",
            "longer than",
        ),
        Case::search("a text of a mebibyte", &format!("userName eq \"{}\"", "x".repeat(1 << 20)))
            .is(413, "", "1048576"),
        Case::query("deep JSON as a value", &[("filter", &format!("userName eq {}", "[".repeat(10_000)))])
            .is(400, "invalidFilter", "expected a value"),
        Case::query("no closing quote", &[("filter", "userName eq \"ana")]).is(
            400,
            "invalidFilter",
            "closing quote",
        ),
        Case::query("a backslash at the end", &[("filter", "userName eq \"ana\\\"")]).is(
            400,
            "invalidFilter",
            "closing quote",
        ),
        Case::query("half a surrogate pair", &[("filter", "userName eq \"\\ud800\"")]).is(
            400,
            "invalidFilter",
            "JSON string",
        ),
        Case::query("1e999", &[("filter", "active eq 1e999")]).is(400, "invalidFilter", "expected a value"),
        Case::query("an unknown attribute", &[("filter", "favouriteColour eq \"x\"")]).is(
            400,
            "invalidFilter",
            "favouriteColour",
        ),
        Case::query(
            "an unknown attribute, sorted out early",
            &[("filter", "id eq \"x\" and colour eq \"x\"")],
        )
        .is(400, "invalidFilter", "colour"),
        Case::query("an unknown part", &[("filter", "emails[colour eq \"x\"]")]).is(
            400,
            "invalidFilter",
            "colour",
        ),
        Case::query("an unknown schema", &[("filter", "urn:x:y:userName eq \"ana\"")]).is(
            400,
            "invalidFilter",
            "urn:x:y",
        ),
        Case::query("a boolean is not greater", &[("filter", "active gt true")]).is(
            400,
            "invalidFilter",
            "active",
        ),
        Case::query("something after the filter", &[("filter", "id pr; DROP TABLE users")]).is(
            400,
            "invalidFilter",
            "end of the filter",
        ),
        Case::get("no UTF-8", "/Users?filter=%ff").in_modes(&ALL).is(400, "invalidValue", "UTF-8"),
        Case::get("two filters", "/Users?filter=id+pr&filter=id+pr").in_modes(&ALL).is(
            400,
            "invalidValue",
            "twice",
        ),
    ];
    // What databases take for more than itself is a value like any other, and nobody here has it.
    for value in
        ["%", "_", "a%", "an_", "\\\\", "a' OR '1'='1", "'; DROP TABLE users; --", "\\u0000", "\\\"", "*"]
    {
        for (name, operator) in [
            ("a value in eq", "eq"),
            ("a value in co", "co"),
            ("a value in sw", "sw"),
            ("a value in ew", "ew"),
        ] {
            let filter = format!("userName {operator} \"{value}\"");
            all.push(Case::query(name, &[("filter", &filter)]).is(200, "", "\"totalResults\":0"));
        }
        let filter = format!("userName eq \"{value}\"");
        all.push(Case::query("a value in AWS's filter", &[("filter", &filter)]).in_modes(&[Mode::Aws]).is(
            200,
            "",
            "\"totalResults\":0",
        ));
    }
    let stranger = format!("id eq \"{}\"", place.stranger);
    all.push(Case::query("another's id", &[("filter", &stranger)]).in_modes(&ALL).is(
        200,
        "",
        "\"totalResults\":0",
    ));
    all
}

fn pages(place: &Place) -> Vec<Case> {
    let Place { cursor, strange_cursor, .. } = place;
    let here = "active eq true";
    vec![
        Case::query("count -1", &[("count", "-1")]).in_modes(&ALL).is(200, "", "\"itemsPerPage\":0"),
        Case::query("count 2^63", &[("count", "9223372036854775808")]).in_modes(&ALL).is(
            200,
            "",
            "\"itemsPerPage\":2",
        ),
        Case::query("count of 100 digits", &[("count", &"9".repeat(100))]).in_modes(&ALL).is(
            400,
            "invalidCount",
            "whole",
        ),
        Case::query("count of a word", &[("count", "many")]).in_modes(&ALL).is(400, "invalidCount", "whole"),
        Case::query("count 1.5", &[("count", "1.5")]).in_modes(&ALL).is(400, "invalidCount", "whole"),
        Case::query("startIndex 2^63", &[("startIndex", "9223372036854775808")]).is(
            200,
            "",
            "\"itemsPerPage\":0",
        ),
        Case::query("startIndex -2^63", &[("startIndex", "-9223372036854775808")]).is(
            200,
            "",
            "\"startIndex\":1",
        ),
        Case::query("startIndex of a word", &[("startIndex", "one")]).is(400, "invalidValue", "startIndex"),
        Case::query(
            "what AWS passes over",
            &[("startIndex", "one"), ("sortBy", "1;"), ("attributes", "a'b")],
        )
        .in_modes(&[Mode::Aws])
        .is(200, "", "\"totalResults\":2"),
        Case::query("index and cursor", &[("startIndex", "2"), ("cursor", ""), ("count", "1")]).is(
            200,
            "",
            "nextCursor",
        ),
        Case::query("a cursor of this list", &[("filter", here), ("cursor", cursor)]).is(200, "", "\"bo\""),
        Case::query("a cursor of another filter", &[("filter", "title pr"), ("cursor", cursor)]).is(
            400,
            "invalidCursor",
            "gave out",
        ),
        Case::query("a cursor of a list without filter", &[("cursor", cursor)]).in_modes(&ALL).is(
            400,
            "invalidCursor",
            "gave out",
        ),
        Case::query("a cursor of another instance", &[("filter", here), ("cursor", strange_cursor)]).is(
            400,
            "invalidCursor",
            "gave out",
        ),
        Case::query("half a cursor", &[("filter", here), ("cursor", &cursor[..cursor.len() / 2])]).is(
            400,
            "invalidCursor",
            "gave out",
        ),
        Case::query("a cursor of nonsense", &[("cursor", "'; DROP TABLE users")]).in_modes(&ALL).is(
            400,
            "invalidCursor",
            "gave out",
        ),
        Case::query("a long cursor", &[("cursor", &"A".repeat(20_000))]).in_modes(&ALL).is(
            400,
            "invalidCursor",
            "",
        ),
        Case::query("count 0 by cursor", &[("cursor", ""), ("count", "0")]).is(
            400,
            "invalidCount",
            "at least 1",
        ),
        Case::query("sorted by cursor", &[("cursor", ""), ("sortBy", "userName")]).is(
            400,
            "invalidValue",
            "sortBy",
        ),
        Case::query("an unknown order", &[("sortBy", "favouriteColour")]).is(
            400,
            "invalidValue",
            "favouriteColour",
        ),
        Case::query("an order that is none", &[("sortBy", "1; DROP TABLE users")]).is(400, "invalidPath", ""),
        Case::query("an unknown direction", &[("sortBy", "id"), ("sortOrder", "sideways")]).is(
            400,
            "invalidValue",
            "sortOrder",
        ),
        Case::query("both projections", &[("attributes", "userName"), ("excludedAttributes", "userName")])
            .is(400, "invalidValue", "excludedAttributes"),
        Case::new("10,000 attributes", "POST", "/Users/.search")
            .json(&json!({ "schemas": [SEARCH], "attributes": vec!["title"; 10_000] }))
            .is(400, "invalidValue", "200"),
        Case::query("an attribute that is none", &[("attributes", "a'b")]).is(400, "invalidPath", "a'b"),
    ]
}
