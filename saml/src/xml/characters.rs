//! Which characters XML 1.0 allows, and which form a name.

/// Char, XML 1.0 (5th edition) production 2.
pub(super) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Is there such a byte? Without a branch in the loop, sixteen are compared at once.
pub(super) fn holds(text: &str, such: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(0, |found, byte| found | u8::from(such(byte))) != 0
}

/// How many such bytes are there? Counted in stretches that fit a byte, for the same reason.
pub(super) fn count(text: &str, such: impl Fn(u8) -> bool) -> usize {
    let in_stretch = |bytes: &[u8]| usize::from(bytes.iter().fold(0_u8, |n, byte| n + u8::from(such(*byte))));
    text.as_bytes().chunks(255).map(in_stretch).sum()
}

/// Where the first character is that XML forbids. Only control characters and texts with U+F000 and above need a closer
/// look; the first pass, over bytes and without branches, rules them out for nearly every document.
pub(super) fn illegal_character(text: &str) -> Option<usize> {
    let suspicious = |b: u8| (b < 0x20 && b != b'\t' && b != b'\n' && b != b'\r') | (b == 0xef);
    if !holds(text, suspicious) {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_char(*c)).map(|(at, _)| at)
}

/// NCName, Namespaces in XML 1.0 production 4.
pub(super) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// Splits a qualified name; the number is where the local name begins (0 without prefix).
pub(super) fn local_start(qname: &str) -> Option<usize> {
    plain_local_start(qname.as_bytes()).or_else(|| any_local_start(qname))
}

/// The same for names of ASCII, which nearly all are, in one pass; `None` when the name needs a closer look.
fn plain_local_start(qname: &[u8]) -> Option<usize> {
    let mut start = 0;
    for (at, byte) in qname.iter().enumerate() {
        let fits = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
            b'0'..=b'9' | b'-' | b'.' => at > start,
            b':' if start == 0 && at > 0 => {
                start = at + 1;
                true
            }
            _ => false,
        };
        if !fits {
            return None;
        }
    }
    (start < qname.len()).then_some(start)
}

fn any_local_start(qname: &str) -> Option<usize> {
    match qname.split_once(':') {
        None => is_ncname(qname).then_some(0),
        Some((prefix, local)) => (is_ncname(prefix) && is_ncname(local)).then_some(prefix.len() + 1),
    }
}

/// White space, XML 1.0 production 3. Unicode knows more, XML does not.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// NameStartChar without the colon, XML 1.0 production 4.
fn starts_name(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// NameChar without the colon, XML 1.0 production 4a.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_xml() {
        for good in ["a", "_", "A-1.b", "é", "名"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "1", "-a", "a b", "a:b", "a\u{7f}", "\u{d7}"] {
            assert!(!is_ncname(bad), "{bad}");
        }
        assert_eq!(local_start("a:b"), Some(2));
        assert_eq!(local_start("b"), Some(0));
        for bad in [":a", "a:", "a:b:c", ":"] {
            assert_eq!(local_start(bad), None, "{bad}");
        }
    }

    #[test]
    fn control_characters_and_non_characters_are_not_xml() {
        for bad in ['\0', '\u{1}', '\u{b}', '\u{c}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            assert!(!is_char(bad), "{bad:?}");
        }
    }
}
