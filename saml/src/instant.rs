//! Times on the wire: `xs:dateTime` in UTC (SAML Core 1.3.3).

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Writes an instant as Entra does: UTC with milliseconds, `2026-11-24T05:00:00.000Z`.
pub fn write(instant: OffsetDateTime) -> String {
    let utc = instant.to_offset(UtcOffset::UTC);
    // Years outside 0 to 9999 are written by nobody; they would need a sign.
    let year = u32::try_from(utc.year()).unwrap_or(0);
    let mut text = String::with_capacity(24);
    for (value, digits, after) in [
        (year, 4, '-'),
        (u32::from(u8::from(utc.month())), 2, '-'),
        (u32::from(utc.day()), 2, 'T'),
        (u32::from(utc.hour()), 2, ':'),
        (u32::from(utc.minute()), 2, ':'),
        (u32::from(utc.second()), 2, '.'),
        (u32::from(utc.millisecond()), 3, 'Z'),
    ] {
        for place in (0..digits).rev() {
            text.push(char::from(b'0' + (value / 10_u32.pow(place) % 10) as u8));
        }
        text.push(after);
    }
    text
}

/// Reads an `xs:dateTime`. A value without a time zone is refused (`None`): SAML Core 1.3.3 wants UTC and
/// a guess would move every limit of validity by hours. An offset is converted.
pub fn read(text: &str) -> Option<OffsetDateTime> {
    let strict = text.len() <= 40 && text.as_bytes().get(10) == Some(&b'T');
    strict.then(|| OffsetDateTime::parse(text, &Rfc3339).ok()).flatten().map(|t| t.to_offset(UtcOffset::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn writes_and_reads_utc() {
        let instant = datetime!(2026-11-24 05:06:07.089 UTC);
        assert_eq!(write(instant), "2026-11-24T05:06:07.089Z");
        assert_eq!(read("2026-11-24T05:06:07.089Z"), Some(instant));
        assert_eq!(read("2026-11-24T06:06:07.089+01:00"), Some(instant));
        assert_eq!(write(datetime!(2026-11-24 06:06:07.089 +1)), "2026-11-24T05:06:07.089Z");
    }

    #[test]
    fn refuses_local_times_and_nonsense() {
        for text in ["2026-11-24T05:06:07", "2026-11-24", "", "2026-11-24 05:06:07Z", "2026-13-24T05:06:07Z"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
