//! Dates as values. The language has no type for them: a date is the text `M/d/yyyy h:mm:ss tt` in UTC.

use time::{Duration, Month, PrimitiveDateTime, Time};

use super::date_format::Format;

/// What `CDate`, `Now` and `DateAdd` give.
const CANONICAL: &str = "M/d/yyyy h:mm:ss tt";

/// What is read without a format: ISO 8601 as HR systems send it, and the canonical form with and without
/// seconds or time.
const READABLE: &[&str] = &[
    "yyyy-MM-dd",
    "yyyy-MM-ddzzz",
    "yyyy-MM-ddK",
    "yyyy-MM-ddTHH:mm:ssK",
    "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    "yyyy-MM-ddTHH:mmK",
    "yyyy-MM-dd HH:mm:ssK",
    "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    "yyyy-MM-dd HH:mm:ss zzz",
    "yyyy-MM-dd HH:mmK",
    CANONICAL,
    "M/d/yyyy h:mm tt",
    "M/d/yyyy H:mm:ss",
    "M/d/yyyy H:mm",
    "M/d/yyyy",
];

/// Seconds from 1601-01-01, where FILETIME starts, to 1970-01-01.
const FILETIME_TO_UNIX: i64 = 11_644_473_600;

/// The date in UTC that a text stands for, in one of the usual forms.
pub(super) fn read(text: &str) -> Option<PrimitiveDateTime> {
    let text = text.trim();
    // Longer than any of the forms; each is tried in turn.
    if text.len() > 40 {
        return None;
    }
    READABLE.iter().find_map(|format| Format::parse(format).ok()?.read(text, None))
}

/// The same for the canonical form alone.
pub(super) fn read_canonical(text: &str) -> Option<PrimitiveDateTime> {
    if text.len() > 24 || !text.contains('/') {
        return None;
    }
    Format::parse(CANONICAL).ok()?.read(text, None)
}

/// A date as the language writes it.
pub(super) fn write(date: PrimitiveDateTime) -> String {
    Format::parse(CANONICAL).map(|f| f.write(date)).unwrap_or_default()
}

/// A date if its year is one of .NET's, 1 to 9999.
pub(super) fn in_range(date: PrimitiveDateTime) -> Option<PrimitiveDateTime> {
    (1..=9999).contains(&date.year()).then_some(date)
}

/// 100-nanosecond steps since 1601-01-01 UTC, as Active Directory stores dates.
pub(super) fn to_filetime(date: PrimitiveDateTime) -> i64 {
    let utc = date.assume_utc();
    (utc.unix_timestamp() + FILETIME_TO_UNIX) * 10_000_000 + i64::from(utc.nanosecond() / 100)
}

/// The reverse; `None` beyond year 9999 and before 1601.
pub(super) fn from_filetime(steps: i64) -> Option<PrimitiveDateTime> {
    let start = time::Date::from_calendar_date(1601, Month::January, 1).ok()?;
    let since = Duration::seconds(steps / 10_000_000) + Duration::nanoseconds(steps % 10_000_000 * 100);
    let date = PrimitiveDateTime::new(start, Time::MIDNIGHT).checked_add(since)?;
    if steps < 0 { None } else { in_range(date) }
}
