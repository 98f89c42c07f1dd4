//! Bodies that are no message.

use crate::app::{USER, user};

use super::{ALL, Case};

/// A user with one more member, as text.
fn with(member: &str) -> String {
    format!("{{\"schemas\":[\"{USER}\"],\"userName\":\"eve\",{member}}}")
}

fn post(name: &'static str, body: impl Into<Vec<u8>>) -> Case {
    Case::new(name, "POST", "/Users").body(body).in_modes(&ALL)
}

/// 100 MB of blanks, compressed: 100,000 bytes.
fn bomb() -> Vec<u8> {
    // RFC 1952 §2.3 with stored nothing inside: what is in it must not be looked at.
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bytes.extend(vec![0; 100_000]);
    bytes
}

pub fn cases() -> Vec<Case> {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    let long = with(&format!("\"nickName\":\"{}\"", "x".repeat(2 << 20)));
    let plain = user("eve").to_string();
    vec![
        post("no body", "").is(400, "invalidSyntax", "ends too early"),
        post("blanks", "   \n").is(400, "invalidSyntax", "ends too early"),
        post("half a message", &plain[..plain.len() / 2]).is(400, "invalidSyntax", "ends too early"),
        post("two messages", format!("{plain}{plain}")).is(400, "invalidSyntax", "no JSON"),
        post("less than Content-Length says", "{}").header("content-length", "1").is(
            400,
            "invalidSyntax",
            "ends too early",
        ),
        post("lists, 10,000 deep", deep("[", "]")).is(400, "invalidSyntax", "depth"),
        post("objects, 10,000 deep", deep("{\"a\":", "}")).is(400, "invalidSyntax", "depth"),
        post("a deep value", with(&format!("\"name\":{}", deep("{\"a\":", "}")))).is(
            400,
            "invalidSyntax",
            "depth",
        ),
        post("a deep unknown attribute", with(&format!("\"x\":{}", deep("[", "]")))).is(
            400,
            "invalidSyntax",
            "depth",
        ),
        post("over the limit", long.clone()).is(413, "", "1048576"),
        post("over the limit, chunked", long).chunked().is(413, "", "1048576"),
        post("1e999", with("\"x\":1e999")).is(400, "invalidSyntax", "no JSON"),
        post("2^80 as a text", with("\"userName\":1208925819614629174706176")).is(
            400,
            "invalidSyntax",
            "twice",
        ),
        post("a number for a text", with("\"nickName\":1208925819614629174706176")).is(
            400,
            "invalidValue",
            "nickName",
        ),
        post("half a surrogate pair", with("\"nickName\":\"\\ud800\"")).is(400, "invalidSyntax", "no JSON"),
        post("the other half", with("\"nickName\":\"\\udc00\"")).is(400, "invalidSyntax", "no JSON"),
        post("no UTF-8", [b"{\"userName\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat()).is(
            400,
            "invalidSyntax",
            "no JSON",
        ),
        post("UTF-16", plain.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).is(
            400,
            "invalidSyntax",
            "no JSON",
        ),
        post("a byte order mark", [b"\xef\xbb\xbf".as_slice(), plain.as_bytes()].concat()).is(
            400,
            "invalidSyntax",
            "byte order mark",
        ),
        post("U+0000 in a name", with("\"displayName\":\"a\\u0000b\"")).is(400, "invalidValue", "U+0000"),
        post("U+0000 as it is", with("\"displayName\":\"a\0b\"")).is(400, "invalidSyntax", "no JSON"),
        post("a name twice", with("\"active\":true,\"active\":false")).is(400, "invalidSyntax", "twice"),
        post("a name in two cases", with("\"active\":true,\"Active\":false")).is(
            400,
            "invalidSyntax",
            "twice",
        ),
        post("a name twice, inside", with("\"name\":{\"givenName\":\"a\",\"givenName\":\"b\"}")).is(
            400,
            "invalidSyntax",
            "twice",
        ),
        post("10,000 attributes", {
            let all: Vec<String> = (0..10_000).map(|n| format!("\"x{n}\":1")).collect();
            with(&all.join(","))
        })
        .is(400, "invalidSyntax", "too many members"),
        post("10,000 e-mail addresses", {
            let all = vec!["{\"value\":\"a@x.example\"}"; 10_000];
            with(&format!("\"emails\":[{}]", all.join(",")))
        })
        .is(400, "invalidValue", "emails"),
        post("a name of 100,000 characters", with(&format!("\"displayName\":\"{}\"", "x".repeat(100_000))))
            .is(400, "invalidValue", "longer than"),
        post("a list", "[]").is(400, "invalidSyntax", "object"),
        post("null", "null").is(400, "invalidSyntax", "object"),
        post("another type", plain.clone()).header("content-type", "text/plain").is(
            415,
            "",
            "application/scim+json",
        ),
        post("a form", "userName=eve").header("content-type", "application/x-www-form-urlencoded").is(
            415,
            "",
            "application/scim+json",
        ),
        post("no type", plain.clone()).header("content-type", "").is(415, "", "application/scim+json"),
        post("gzip", bomb()).header("content-encoding", "gzip").is(415, "", "compressed"),
        post("two codings", bomb()).header("content-encoding", "identity, br").is(415, "", "compressed"),
    ]
}
