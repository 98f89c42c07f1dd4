//! A message as it may be kept: without what would let somebody send it again.
//!
//! An assertion without its signature value proves nothing, and an encrypted one without its cipher values holds
//! nothing. Everything else stays readable.

/// The elements whose content is removed (XML Signature 1.1 section 4.3, XML Encryption 1.1 section 3.3).
const SECRET: [&str; 2] = ["SignatureValue", "CipherValue"];
const REMOVED: &str = "[removed]";
/// Most bytes of an element's name with its prefix; one with a longer prefix is not told from others.
const LONGEST_NAME: usize = 1024;

/// `xml` without signature and cipher values, cut after `longest` bytes. The cut comes last, so that nothing can be
/// pushed over it. What is not UTF-8 is shown as far as it is, and NUL, which databases do not take, as a replacement
/// character.
pub fn redacted(xml: &[u8], longest: usize) -> String {
    let text = String::from_utf8_lossy(xml).replace('\0', "\u{fffd}");
    let mut rest = text.as_str();
    let mut kept = String::with_capacity(rest.len().min(2 * longest));
    while let Some((start, end)) = next_secret(rest) {
        kept.push_str(&rest[..start]);
        kept.push_str(REMOVED);
        rest = &rest[end..];
    }
    kept.push_str(rest);
    shortened(kept, longest)
}

/// At most `longest` bytes of a redacted message, with a word where something was cut.
pub fn shortened(mut redacted: String, longest: usize) -> String {
    if redacted.len() > longest {
        let end = (0..=longest).rev().find(|at| redacted.is_char_boundary(*at)).unwrap_or(0);
        redacted.truncate(end);
        redacted.push_str("… [cut]");
    }
    redacted
}

/// Where the content of the next such element begins and ends; to the end of the text where its end tag is missing. No
/// part of the text is looked at twice, as anybody can send it.
fn next_secret(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(found) = text[from..].find('<') {
        from += found + 1;
        let Some(name) = secret_name(&text[from..]) else { continue };
        // Without an end of the tag none follows that has content.
        let start = from + text[from..].find('>')? + 1;
        let closing = format!("</{name}");
        if !text[..start].ends_with("/>") && !text[start..].starts_with(&closing) {
            let end = text[start..].find(&closing).map_or(text.len(), |at| start + at);
            return (end > start).then_some((start, end));
        }
        from = start;
    }
    None
}

/// The name with its prefix, where a start tag of such an element begins here.
fn secret_name(tag: &str) -> Option<&str> {
    let head = tag.as_bytes().iter().take(LONGEST_NAME);
    let length = head.take_while(|byte| !b" \t\r\n>/<".contains(byte)).count();
    let name = tag.get(..length)?;
    SECRET.contains(&name.rsplit(':').next()?).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 32 * 1024;

    fn kept(xml: &str) -> String {
        redacted(xml.as_bytes(), LONGEST)
    }

    #[test]
    fn signature_and_cipher_values_are_removed_whatever_their_prefix() {
        for (xml, expected) in [
            (
                "<a><SignatureValue>AAAA</SignatureValue></a>",
                "<a><SignatureValue>[removed]</SignatureValue></a>",
            ),
            (
                "<ds:SignatureValue Id=\"x\">A\nB</ds:SignatureValue><b>c</b><e:CipherValue>Z</e:CipherValue>",
                "<ds:SignatureValue Id=\"x\">[removed]</ds:SignatureValue><b>c</b><e:CipherValue>[removed]</e:CipherValue>",
            ),
            (
                "<SignatureValue>A<!-- </ -->B</SignatureValue><SignatureValue>C</SignatureValue>",
                "<SignatureValue>[removed]</SignatureValue><SignatureValue>[removed]</SignatureValue>",
            ),
            ("<SignatureValue>never closed", "<SignatureValue>[removed]"),
            ("<SignatureValue/><x>1</x>", "<SignatureValue/><x>1</x>"),
            ("<SignatureValues>stay</SignatureValues>", "<SignatureValues>stay</SignatureValues>"),
            ("<SignatureValue></SignatureValue><x>1</x>", "<SignatureValue></SignatureValue><x>1</x>"),
            ("<<SignatureValue\n>A</SignatureValue>", "<<SignatureValue\n>[removed]</SignatureValue>"),
        ] {
            assert_eq!(kept(xml), expected);
        }
        assert_eq!(redacted(b"<a>\0\xff</a>", LONGEST), "<a>\u{fffd}\u{fffd}</a>");
    }

    /// Were a part looked at again and again, this would not come to an end.
    #[test]
    fn every_part_is_looked_at_once() {
        for part in
            ["<", "<SignatureValue ", "<SignatureValue/>", "<SignatureValue></SignatureValue>", "<a:b:", "</"]
        {
            let long = kept(&part.repeat((1 << 20) / part.len()));
            assert!(long.ends_with("[cut]"), "{part}");
        }
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let long = kept(&format!("<a>{}</a>", "é".repeat(LONGEST)));
        assert!(long.len() < LONGEST + 20 && long.ends_with("[cut]"));
    }
}
