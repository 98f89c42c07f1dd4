//! What two texts have in common that differ in no way that people see: upper and lower case, the width of letters,
//! and how accents are encoded.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

/// The key by which values are compared that are not case exact: two of them are equal where their keys are.
///
/// RFC 7644 §5 asks for the comparison of RFC 7613 §3.2 (today RFC 8265 §3.3, `UsernameCaseMapped`): the width of
/// letters is mapped (RFC 8264 §5.2.1), then the case, then comes NFC. All values are compared so and not user names
/// alone, so that unique names, filters, sorting and matching cannot disagree.
///
/// Two choices are ours. Each letter gets its lower case by itself, and `ς` counts as `σ`, as Unicode's case folding
/// has it: the rule of RFC 8265 depends on whether a letter ends a word, so `ΟΔΥΣ` would not start `ΟΔΥΣΣΕΥΣ`. And
/// nothing is refused: of RFC 8265 only the mappings are used, since people have names with what it does not allow.
#[must_use]
pub fn key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut wide = String::with_capacity(text.len());
    text.chars().for_each(|letter| push_with_width(letter, &mut wide));
    wide.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .nfc()
        .collect()
}

/// RFC 8264 §5.2.1: full-width and half-width letters as those that they stand for.
fn push_with_width(letter: char, into: &mut String) {
    match letter {
        '\u{3000}' | '\u{ff01}'..='\u{ffef}' => decompose_compatible(letter, |part| into.push(part)),
        other => into.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_one() {
        for (one, other) in [
            ("Ana", "aNA"),
            ("ẞ", "ß"),
            ("É", "e\u{301}"),
            ("E\u{301}", "é"),
            ("\u{212a}elvin", "kelvin"),
            ("\u{212b}", "å"),
            ("Σ", "ς"),
            ("ΣΑΣ", "σας"),
            ("ＡＮＡ＠ｘ", "ana@x"),
            ("ｶﾞ", "ガ"),
            ("İ", "i\u{307}"),
            ("ᾳ", "\u{1fbc}"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        for (one, other) in
            [("ß", "ss"), ("ı", "i"), ("İ", "i"), ("ﬁ", "fi"), ("é", "e"), ("²", "2"), ("æ", "ae")]
        {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn what_starts_a_text_starts_its_key() {
        for (start, whole) in [("ΟΔΥΣ", "ΟΔΥΣΣΕΥΣ"), ("σας", "ΣΑΣΑ"), ("ＡＮ", "ana"), ("İ", "İstanbul")]
        {
            assert!(key(whole).starts_with(&key(start)), "{start} {whole}");
        }
    }

    // Stored keys were lower case once: they become these without a look at the names.
    #[test]
    fn a_key_stays_as_it_is_and_comes_from_lower_case_too() {
        for letter in '\0'..=char::MAX {
            let (text, one) = (letter.to_string(), key(&letter.to_string()));
            assert_eq!(key(&one), one, "{letter:?}");
            assert_eq!(key(&text.to_lowercase()), one, "{letter:?}");
            let between = format!("a{letter}\u{301}Σ");
            assert_eq!(key(&between.to_lowercase()), key(&between), "{letter:?}");
        }
    }
}
