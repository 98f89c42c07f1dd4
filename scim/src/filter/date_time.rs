//! Times as RFC 7643 §2.3.5 writes them: `xsd:dateTime`, such as `2011-05-13T04:42:34Z`.

/// A point in time: seconds since 1970 UTC and nanoseconds. Ordered.
pub type Instant = (i64, u32);

/// Reads a time, or none where the text is not one. A time without a zone counts as UTC.
#[must_use]
pub fn date_time(text: &str) -> Option<Instant> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut parts = date.splitn(3, '-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (clock, offset) = split_zone(time)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) =
        (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !valid {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some((seconds, nanoseconds(fraction)?))
}

/// The clock time and the zone's offset in seconds.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (hours, minutes) = time[at + 1..].split_once(':')?;
    let offset = digits(hours, 2)? * 3600 + digits(minutes, 2)? * 60;
    match time[at..].starts_with('-') {
        true => Some((&time[..at], -offset)),
        false => Some((&time[..at], offset)),
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The first nine digits of a fraction.
fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || fraction.len() > 30 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nine: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    nine.parse().ok()
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counted from March so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_points_in_time() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", (0, 0)),
            ("2011-05-13T04:42:34Z", (1_305_261_754, 0)),
            ("2011-05-13T06:42:34+02:00", (1_305_261_754, 0)),
            ("2011-05-13T04:42:34", (1_305_261_754, 0)),
            ("2000-02-29T23:59:59.5-00:30", (951_870_599, 500_000_000)),
        ] {
            assert_eq!(date_time(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_text_is_none() {
        for text in [
            "",
            "T",
            "2011-05-13",
            "2011-13-01T00:00:00Z",
            "2011-02-29T00:00:00Z",
            "11-05-13T04:42:34Z",
            "2011-05-13T25:00:00Z",
            "2011-05-13T04:42:34+2",
            "2011-05-13T04:42:34.Z",
            "ä-ä-äTä",
        ] {
            assert_eq!(date_time(text), None, "{text}");
        }
    }
}
