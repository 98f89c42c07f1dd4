//! Times on the wire: `xs:dateTime` in UTC (SAML Core 1.3.3).

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Writes an instant as Entra does: UTC with milliseconds, `2026-11-24T05:00:00.000Z`.
pub fn write(instant: OffsetDateTime) -> String {
    let utc = instant.to_offset(UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second(),
        utc.millisecond()
    )
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
