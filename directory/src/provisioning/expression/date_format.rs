//! .NET's custom date and time formats in the invariant culture, and the standard ones of one letter.

use time::{Date, Duration, Month, PrimitiveDateTime, Time};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Standard formats of the invariant culture and what they stand for.
const STANDARD: &[(char, &str)] = &[
    ('d', "MM/dd/yyyy"),
    ('D', "dddd, dd MMMM yyyy"),
    ('f', "dddd, dd MMMM yyyy HH:mm"),
    ('F', "dddd, dd MMMM yyyy HH:mm:ss"),
    ('g', "MM/dd/yyyy HH:mm"),
    ('G', "MM/dd/yyyy HH:mm:ss"),
    ('m', "MMMM dd"),
    ('M', "MMMM dd"),
    ('o', "yyyy-MM-ddTHH:mm:ss.fffffffK"),
    ('O', "yyyy-MM-ddTHH:mm:ss.fffffffK"),
    ('r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"),
    ('R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"),
    ('s', "yyyy-MM-ddTHH:mm:ss"),
    ('t', "HH:mm"),
    ('T', "HH:mm:ss"),
    ('u', "yyyy-MM-dd HH:mm:ss'Z'"),
    ('U', "dddd, dd MMMM yyyy HH:mm:ss"),
    ('y', "yyyy MMMM"),
    ('Y', "yyyy MMMM"),
];

/// A format, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// A specifier and how often its letter stands there.
    Part(char, usize),
    /// Text that stands for itself.
    Literal(char),
}

impl Format {
    /// Takes a format apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(format: &str) -> Result<Self, &'static str> {
        let mut letters = format.chars();
        if let (Some(only), None) = (letters.next(), letters.next()) {
            let standard = STANDARD.iter().find(|(letter, _)| *letter == only);
            return Self::custom(standard.ok_or("there is no standard format of that letter")?.1);
        }
        Self::custom(format)
    }

    fn custom(format: &str) -> Result<Self, &'static str> {
        let chars: Vec<char> = format.chars().collect();
        let (mut pieces, mut at) = (Vec::new(), 0);
        while let Some(&c) = chars.get(at) {
            match c {
                'd' | 'f' | 'F' | 'g' | 'h' | 'H' | 'K' | 'm' | 'M' | 's' | 't' | 'y' | 'z' => {
                    let run = chars[at..].iter().take_while(|x| **x == c).count();
                    pieces.push(Piece::Part(c, run));
                    at += run;
                }
                '\'' | '"' => {
                    let length =
                        chars[at + 1..].iter().position(|x| *x == c).ok_or("a quotation is not closed")?;
                    pieces.extend(chars[at + 1..at + 1 + length].iter().map(|x| Piece::Literal(*x)));
                    at += length + 2;
                }
                '\\' => {
                    pieces.push(Piece::Literal(
                        *chars.get(at + 1).ok_or("nothing follows the last backslash")?,
                    ));
                    at += 2;
                }
                // Marks a single specifier as a custom one.
                '%' => at += 1,
                c => {
                    pieces.push(Piece::Literal(c));
                    at += 1;
                }
            }
        }
        check(&pieces)?;
        Ok(Self(pieces))
    }

    /// A date of UTC in this format.
    pub(super) fn write(&self, date: PrimitiveDateTime) -> String {
        let mut out = String::new();
        for (i, piece) in self.0.iter().enumerate() {
            match piece {
                Piece::Literal(c) => out.push(*c),
                Piece::Part(letter, run) => {
                    let part = part(date, *letter, *run);
                    // A point goes with the digits that FFF leaves out.
                    let after_point = i > 0 && self.0[i - 1] == Piece::Literal('.');
                    if *letter == 'F' && part.is_empty() && after_point {
                        out.pop();
                    }
                    out.push_str(&part);
                }
            }
        }
        out
    }

    /// The date in UTC that a text in this format stands for. A time without an offset is UTC. Parts that the
    /// format lacks are those of `today`, or of the first day of its year or month; without `today` a format
    /// must have all of the date.
    pub(super) fn read(&self, text: &str, today: Option<Date>) -> Option<PrimitiveDateTime> {
        let mut fields = Fields::default();
        let mut rest = text;
        for (i, piece) in self.0.iter().enumerate() {
            rest = match piece {
                // The digits of FFF may be missing, and the point before them with them.
                Piece::Literal('.') if matches!(self.0.get(i + 1), Some(Piece::Part('F', _))) => {
                    rest.strip_prefix('.').unwrap_or(rest)
                }
                Piece::Literal(c) => rest.strip_prefix(*c)?,
                Piece::Part(letter, run) => fields.take(*letter, *run, rest)?,
            };
        }
        if rest.is_empty() { fields.date(today) } else { None }
    }
}

fn check(pieces: &[Piece]) -> Result<(), &'static str> {
    let too_fine = pieces.iter().any(|p| matches!(p, Piece::Part('f' | 'F', run) if *run > 7));
    match () {
        () if pieces.is_empty() => Err("it is empty"),
        () if too_fine => Err("f and F have at most seven digits"),
        () => Ok(()),
    }
}

/// One specifier's text.
fn part(date: PrimitiveDateTime, letter: char, run: usize) -> String {
    let number = |value: u32, most: usize| format!("{value:0width$}", width = run.min(most));
    let year = u32::try_from(date.year()).unwrap_or_default();
    let hour = u32::from(date.hour());
    match letter {
        'd' if run == 3 => day_name(date)[..3].to_owned(),
        'd' if run > 3 => day_name(date).to_owned(),
        'd' => number(u32::from(date.day()), 2),
        'M' if run == 3 => month_name(date)[..3].to_owned(),
        'M' if run > 3 => month_name(date).to_owned(),
        'M' => number(u32::from(u8::from(date.month())), 2),
        'y' if run <= 2 => number(year % 100, 2),
        'y' => number(year, 10),
        'H' => number(hour, 2),
        'h' => number((hour + 11) % 12 + 1, 2),
        'm' => number(u32::from(date.minute()), 2),
        's' => number(u32::from(date.second()), 2),
        'f' => fraction(date, run),
        'F' => fraction(date, run).trim_end_matches('0').to_owned(),
        't' => ["AM", "PM"][usize::from(hour >= 12)][..run.min(2)].to_owned(),
        'z' => ["+0", "+00", "+00:00"][run.min(3) - 1].to_owned(),
        'K' => "Z".repeat(run),
        'g' => "A.D.".to_owned(),
        _ => String::new(),
    }
}

fn fraction(date: PrimitiveDateTime, digits: usize) -> String {
    format!("{:09}", date.nanosecond())[..digits.min(7)].to_owned()
}

fn day_name(date: PrimitiveDateTime) -> &'static str {
    DAYS[usize::from(date.weekday().number_days_from_sunday())]
}

fn month_name(date: PrimitiveDateTime) -> &'static str {
    MONTHS[usize::from(u8::from(date.month())) - 1]
}

/// What was read so far.
#[derive(Default)]
struct Fields {
    year: Option<i32>,
    month: Option<u8>,
    day: Option<u8>,
    hour: u8,
    half: Option<u8>,
    afternoon: Option<bool>,
    minute: u8,
    second: u8,
    nanosecond: u32,
    offset: i64,
}

impl Fields {
    /// Takes one specifier from the start of `text`; gives what follows.
    fn take<'a>(&mut self, letter: char, run: usize, text: &'a str) -> Option<&'a str> {
        match letter {
            'd' if run >= 3 => name(text, &DAYS, run).map(|(_, rest)| rest),
            'd' => small(text, run, &mut self.day),
            'M' if run >= 3 => {
                let (index, rest) = name(text, &MONTHS, run)?;
                self.month = Some(u8::try_from(index + 1).ok()?);
                Some(rest)
            }
            'M' => small(text, run, &mut self.month),
            'y' => self.year(run, text),
            'H' => plain(text, run, &mut self.hour),
            'h' => small(text, run, &mut self.half),
            'm' => plain(text, run, &mut self.minute),
            's' => plain(text, run, &mut self.second),
            'f' => self.fraction(text, run, run),
            'F' => self.fraction(text, 0, run),
            't' => self.afternoon(run, text),
            'z' => self.offset(text, run),
            'K' => match text.strip_prefix(['Z', 'z']) {
                Some(rest) => Some(rest),
                None if text.starts_with(['+', '-']) => self.offset(text, 3),
                None => Some(text),
            },
            'g' => text.strip_prefix("A.D."),
            _ => None,
        }
    }

    fn year<'a>(&mut self, run: usize, text: &'a str) -> Option<&'a str> {
        let (least, most) = match run {
            1 => (1, 2),
            2 => (2, 2),
            run => (run, run.max(4)),
        };
        let (number, rest) = digits(text, least, most)?;
        let year = i32::try_from(number).ok()?;
        // .NET's Calendar.TwoDigitYearMax is 2049.
        let century = if run > 2 {
            0
        } else if year <= 49 {
            2000
        } else {
            1900
        };
        self.year = Some(century + year);
        Some(rest)
    }

    fn fraction<'a>(&mut self, text: &'a str, least: usize, most: usize) -> Option<&'a str> {
        if least == 0 && !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Some(text);
        }
        let (number, rest) = digits(text, least.max(1), most)?;
        let taken = u32::try_from(text.len() - rest.len()).ok()?;
        self.nanosecond = u32::try_from(number).ok()? * 10_u32.pow(9 - taken);
        Some(rest)
    }

    fn afternoon<'a>(&mut self, run: usize, text: &'a str) -> Option<&'a str> {
        let taken = text.get(..run.min(2))?;
        self.afternoon = Some(match taken.to_ascii_uppercase().as_str() {
            "AM" | "A" => false,
            "PM" | "P" => true,
            _ => return None,
        });
        Some(&text[taken.len()..])
    }

    /// `+8`, `+08`, `+08:00`; the last also without its colon, as .NET reads it.
    fn offset<'a>(&mut self, text: &'a str, run: usize) -> Option<&'a str> {
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let text = text.strip_prefix(['+', '-'])?;
        let (hours, mut rest) = digits(text, run.min(2), 2)?;
        let mut minutes = 0;
        if run >= 3 {
            (minutes, rest) = digits(rest.strip_prefix(':').unwrap_or(rest), 2, 2)?;
        }
        if hours > 14 || minutes > 59 {
            return None;
        }
        self.offset = sign * i64::try_from(hours * 60 + minutes).ok()?;
        Some(rest)
    }

    fn date(self, today: Option<Date>) -> Option<PrimitiveDateTime> {
        let nothing = self.year.is_none() && self.month.is_none() && self.day.is_none();
        let known = |part: Option<u8>, of_today: fn(Date) -> u8| {
            part.or_else(|| today.map(|t| if nothing { of_today(t) } else { 1 }))
        };
        let month = Month::try_from(known(self.month, |t| t.month().into())?).ok()?;
        let day = known(self.day, Date::day)?;
        let year = self.year.or(today.map(Date::year)).filter(|y| (1..=9999).contains(y))?;
        let date = Date::from_calendar_date(year, month, day).ok()?;
        let hour = match (self.half, self.afternoon) {
            (None, _) => self.hour,
            (Some(1..=12), None) => self.half?,
            (Some(half @ 1..=12), Some(afternoon)) => half % 12 + if afternoon { 12 } else { 0 },
            _ => return None,
        };
        let time = Time::from_hms_nano(hour, self.minute, self.second, self.nanosecond).ok()?;
        let utc = PrimitiveDateTime::new(date, time).checked_sub(Duration::minutes(self.offset))?;
        super::date::in_range(utc)
    }
}

/// Between `least` and `most` digits at the start of `text`, and what follows.
fn digits(text: &str, least: usize, most: usize) -> Option<(u64, &str)> {
    let found = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let number = text[..found].parse().ok()?;
    if found < least { None } else { Some((number, &text[found..])) }
}

/// One or two digits; two where the letter stands twice.
fn small<'a>(text: &'a str, run: usize, into: &mut Option<u8>) -> Option<&'a str> {
    let (number, rest) = digits(text, run.min(2), 2)?;
    *into = u8::try_from(number).ok();
    Some(rest)
}

fn plain<'a>(text: &'a str, run: usize, into: &mut u8) -> Option<&'a str> {
    let mut number = None;
    let rest = small(text, run, &mut number)?;
    *into = number?;
    Some(rest)
}

/// A name at the start of `text`, its first three letters where the letter stands three times.
fn name<'a>(text: &'a str, names: &[&str], run: usize) -> Option<(usize, &'a str)> {
    let length = |name: &str| if run == 3 { 3 } else { name.len() };
    let begins = |name: &str| {
        let wanted = &name[..length(name)];
        text.get(..wanted.len()).is_some_and(|t| t.eq_ignore_ascii_case(wanted))
    };
    let index = names.iter().position(|n| begins(n))?;
    Some((index, &text[length(names[index])..]))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn writes_what_dotnet_writes() {
        let date = datetime!(2009-06-05 13:04:09.0703);
        for (format, wanted) in [
            ("d M yy", "5 6 09"),
            ("ddd dddd MMM MMMM", "Fri Friday Jun June"),
            ("y yyy yyyyy", "9 2009 02009"),
            ("h hh H HH m mm s ss", "1 01 13 13 4 04 9 09"),
            ("t tt", "P PM"),
            ("f ff fff fffffff", "0 07 070 0703000"),
            ("ss.FFF ss.FFFFFFF", "09.07 09.0703"),
            ("z zz zzz K", "+0 +00 +00:00 Z"),
            ("yyyy'yyyy'\\y\"d\"", "2009yyyyyd"),
            ("%d", "5"),
            ("s", "2009-06-05T13:04:09"),
            ("o", "2009-06-05T13:04:09.0703000Z"),
            ("r", "Fri, 05 Jun 2009 13:04:09 GMT"),
            ("u", "2009-06-05 13:04:09Z"),
            ("yyyyMMddHHmmss.fZ", "20090605130409.0Z"),
            ("gg", "A.D."),
        ] {
            assert_eq!(Format::parse(format).unwrap().write(date), wanted, "{format}");
        }
        assert_eq!(Format::parse("ss.FFF").unwrap().write(datetime!(2009-06-05 13:04:09)), "09");
    }

    #[test]
    fn reads_what_dotnet_reads() {
        for (format, text, wanted) in [
            ("yyyyMMddHHmmss.fZ", "20150123105347.1Z", Some(datetime!(2015-01-23 10:53:47.1))),
            ("yyyy-MM-ddzzz", "2020-12-31-08:00", Some(datetime!(2020-12-31 8:00))),
            ("yyyy-MM-ddzzz", "2020-12-31+0800", Some(datetime!(2020-12-30 16:00))),
            ("M/d/yyyy hh:mm:ss tt", "1/2/2020 12:00:00 AM", Some(datetime!(2020-01-02 0:00))),
            ("M/d/yyyy hh:mm:ss tt", "1/2/2020 12:00:00 pm", Some(datetime!(2020-01-02 12:00))),
            ("d MMM yy", "3 feb 49", Some(datetime!(2049-02-03 0:00))),
            ("d MMMM yy", "3 February 50", Some(datetime!(1950-02-03 0:00))),
            ("HH:mm", "07:30", Some(datetime!(2026-11-24 7:30))),
            ("yyyy", "2020", Some(datetime!(2020-01-01 0:00))),
            ("yyyy-MM-ddTHH:mm:ss.FFFK", "2020-02-03T04:05:06Z", Some(datetime!(2020-02-03 4:05:06))),
            ("yyyy-MM-dd", "2021-02-29", None),
            ("yyyy-MM-dd", "2021-2-9", None),
            ("yyyy-MM-dd", "2021-02-09 ", None),
            ("hh:mm", "13:00", None),
            ("HH:mm", "24:00", None),
            ("zzz", "+15:00", None),
            ("yyyy", "0000", None),
        ] {
            let today = Date::from_calendar_date(2026, Month::November, 24).unwrap();
            assert_eq!(Format::parse(format).unwrap().read(text, Some(today)), wanted, "{format} {text}");
        }
    }

    #[test]
    fn what_is_no_format_is_refused() {
        for format in ["", "x", "'abc", "yyyy\\", "ffffffff", "%"] {
            assert!(Format::parse(format).is_err(), "{format}");
        }
    }
}
