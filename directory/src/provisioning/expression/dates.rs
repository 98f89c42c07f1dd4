//! Functions of dates. They take any usual form and give `M/d/yyyy h:mm:ss tt` in UTC.

use time::{Date, Duration, PrimitiveDateTime};

use super::date_format::Format;
use super::evaluate::{Call, EvaluationError, Outcome, Problem};
use super::{Value, date};

/// `Now()`: the time in UTC.
pub(super) fn now(call: &Call<'_>) -> Outcome {
    Ok(date::write(current(call)).into())
}

fn current(call: &Call<'_>) -> PrimitiveDateTime {
    let now = call.context().now.to_offset();
    PrimitiveDateTime::new(now.date(), now.time())
}

/// `CDate(expression)`: the text as a date in UTC; an offset is counted in, a time without one is UTC.
pub(super) fn c_date(call: &Call<'_>) -> Outcome {
    Ok(argument(call, 0)?.map_or(Value::Null, |d| date::write(d).into()))
}

/// An argument as a date; `None` for null and for an empty text.
fn argument(call: &Call<'_>, index: usize) -> Result<Option<PrimitiveDateTime>, EvaluationError> {
    let Some(text) = call.text(index)?.filter(|t| !t.trim().is_empty()) else { return Ok(None) };
    let read = date::read(&text);
    read.map(Some).ok_or_else(|| call.error(index, &text.into(), Problem::NotADate))
}

/// A unit of time, by the names of Visual Basic.
#[derive(Clone, Copy)]
enum Interval {
    Year,
    Month,
    Week,
    Seconds(i64),
}

fn interval(call: &Call<'_>) -> Result<Interval, EvaluationError> {
    let name = call.text(0)?.unwrap_or_default();
    Ok(match name.as_str() {
        "yyyy" => Interval::Year,
        "m" => Interval::Month,
        "ww" => Interval::Week,
        "d" => Interval::Seconds(86_400),
        "h" => Interval::Seconds(3_600),
        "n" => Interval::Seconds(60),
        "s" => Interval::Seconds(1),
        _ => return Err(call.error(0, &name.into(), Problem::NotAnInterval)),
    })
}

/// `DateAdd(interval, value, dateTime)`: the date so many years, months, weeks … later. A day that the month
/// lacks becomes its last. Null where the value or the date is.
pub(super) fn date_add(call: &Call<'_>) -> Outcome {
    let interval = interval(call)?;
    let (Some(value), Some(from)) = (call.integer(1)?, argument(call, 2)?) else { return Ok(Value::Null) };
    let later = match interval {
        Interval::Year => value.checked_mul(12).and_then(|months| add_months(from, months)),
        Interval::Month => add_months(from, value),
        Interval::Week => add_seconds(from, value, 7 * 86_400),
        Interval::Seconds(unit) => add_seconds(from, value, unit),
    };
    let later = later.and_then(date::in_range);
    later.map(|d| date::write(d).into()).ok_or_else(|| call.error(1, &value.into(), Problem::DateOutOfRange))
}

fn add_seconds(from: PrimitiveDateTime, value: i64, unit: i64) -> Option<PrimitiveDateTime> {
    from.checked_add(Duration::seconds(value.checked_mul(unit)?))
}

fn add_months(from: PrimitiveDateTime, months: i64) -> Option<PrimitiveDateTime> {
    let total = month_number(from).checked_add(months)?;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = time::Month::try_from(u8::try_from(total.rem_euclid(12) + 1).ok()?).ok()?;
    // `time` panics on no year, but knows none beyond ±9999.
    if !(1..=9999).contains(&year) {
        return None;
    }
    let day = from.day().min(month.length(year));
    Some(from.replace_date(Date::from_calendar_date(year, month, day).ok()?))
}

/// Months since year 0.
fn month_number(date: PrimitiveDateTime) -> i64 {
    i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1
}

/// `DateDiff(interval, date1, date2)`: how far date2 lies behind date1; negative when it lies before. As in
/// Visual Basic, and as Microsoft's examples show: years, months and weeks count the turns of the calendar
/// (weeks begin on Sunday), shorter units the full ones that passed. Null where a date is.
pub(super) fn date_diff(call: &Call<'_>) -> Outcome {
    let interval = interval(call)?;
    let (Some(a), Some(b)) = (argument(call, 1)?, argument(call, 2)?) else { return Ok(Value::Null) };
    Ok(Value::Integer(match interval {
        Interval::Year => i64::from(b.year()) - i64::from(a.year()),
        Interval::Month => month_number(b) - month_number(a),
        Interval::Week => (sunday(b) - sunday(a)) / 7,
        Interval::Seconds(unit) => (b - a).whole_seconds() / unit,
    }))
}

/// The number of the Sunday on or before a date.
fn sunday(date: PrimitiveDateTime) -> i64 {
    i64::from(date.to_julian_day()) - i64::from(date.weekday().number_days_from_sunday())
}

/// `DateFromNum(value)`: the date of a Windows FILETIME. 0 and the largest number, which stand for "never" in
/// `accountExpires` and its kin, give null (UNCONFIRMED: Microsoft's page does not speak of them).
pub(super) fn date_from_num(call: &Call<'_>) -> Outcome {
    match call.integer(0)? {
        None | Some(0 | i64::MAX) => Ok(Value::Null),
        Some(steps) => match date::from_filetime(steps) {
            Some(found) => Ok(date::write(found).into()),
            None => Err(call.error(0, &steps.into(), Problem::DateOutOfRange)),
        },
    }
}

/// `NumFromDate(value)`: the Windows FILETIME of a date.
pub(super) fn num_from_date(call: &Call<'_>) -> Outcome {
    Ok(argument(call, 0)?.map_or(Value::Null, |d| Value::Integer(date::to_filetime(d))))
}

/// `FormatDateTime(source, dateTimeStyles?, inputFormat, outputFormat)`: a date in another format. An offset in
/// the source is counted in; the result is UTC. Null for a null or empty source.
pub(super) fn format_date_time(call: &Call<'_>) -> Outcome {
    let Some(source) = call.text(0)?.filter(|s| !s.is_empty()) else { return Ok(Value::Null) };
    let (styles, input) = if call.count() == 3 { (Styles::default(), 1) } else { (styles(call)?, 2) };
    let (reading, writing) = (format(call, input)?, format(call, input + 1)?);
    let trimmed = styles.trim(&source);
    let today = current(call).date();
    match reading.1.read(trimmed, Some(today)) {
        Some(found) => Ok(writing.1.write(found).into()),
        None => Err(call.error(0, &source.into(), Problem::NotInFormat(reading.0))),
    }
}

fn format(call: &Call<'_>, index: usize) -> Result<(String, Format), EvaluationError> {
    let written = call.text(index)?.unwrap_or_default();
    match Format::parse(&written) {
        Ok(format) => Ok((written, format)),
        Err(why) => Err(call.error(index, &written.into(), Problem::NotAFormat(why))),
    }
}

const STYLES: &str = "None, AllowLeadingWhite, AllowTrailingWhite, AllowInnerWhite, AllowWhiteSpaces, \
                      NoCurrentDateDefault, AdjustToUniversal, AssumeLocal, AssumeUniversal, RoundtripKind";

/// Which blanks are left out before reading. The other styles of .NET's `DateTimeStyles` change nothing here:
/// the local time of the service is UTC.
struct Styles {
    leading: bool,
    trailing: bool,
}

impl Default for Styles {
    /// Microsoft's default has AllowLeadingWhite and AllowTrailingWhite.
    fn default() -> Self {
        Self { leading: true, trailing: true }
    }
}

impl Styles {
    fn trim<'a>(&self, text: &'a str) -> &'a str {
        let text = if self.leading { text.trim_start() } else { text };
        if self.trailing { text.trim_end() } else { text }
    }
}

fn styles(call: &Call<'_>) -> Result<Styles, EvaluationError> {
    let written = call.text(1)?.unwrap_or_default();
    if written.trim().is_empty() {
        return Ok(Styles::default());
    }
    let mut styles = Styles { leading: false, trailing: false };
    for name in written.split([',', '|']).map(str::trim) {
        let name = name.strip_prefix("DateTimeStyles.").unwrap_or(name);
        if !STYLES.split(", ").any(|known| known == name) {
            return Err(call.error(1, &written.into(), Problem::NotOneOf(STYLES)));
        }
        styles.leading |= matches!(name, "AllowLeadingWhite" | "AllowWhiteSpaces");
        styles.trailing |= matches!(name, "AllowTrailingWhite" | "AllowWhiteSpaces");
    }
    Ok(styles)
}
