//! The parser, RFC 7644 §3.4.2.2: recursive descent over the text, with limits while it reads.
//!
//! Precedence from tight to loose: grouping, `not`, `and`, `or`. Two things
//! are read that the grammar does not have: `not(` without a blank (its ABNF
//! says `*1"not" "("`, its examples say `not (`), and Entra's comparison of a
//! value path, `emails[type eq "work"].value eq "x"`.

use super::{Filter, Operand, Operator};
use crate::error::ScimError;
use crate::limits::{MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, MAX_FILTER_TERMS};
use crate::path::{AttrPath, is_name, is_path_char};
use crate::quirks::{Quirk, Quirks};

impl Filter {
    /// Reads a filter.
    ///
    /// With [`Quirk::EntraValuePathComparison`], `a[f].b eq "x"` is read as `a[f and b eq "x"]`, which means the same.
    ///
    /// # Errors
    /// [`ScimError::InvalidFilter`] with the position and what was expected there.
    pub fn parse(text: &str, quirks: &Quirks) -> Result<Self, ScimError> {
        let mut parser = Parser::new(text, quirks)?;
        parser.skip_blanks();
        let filter = parser.disjunction(Place::Top)?;
        parser.skip_blanks();
        match parser.rest().is_empty() {
            true => Ok(filter),
            false => Err(parser.error("expected \"and\", \"or\" or the end of the filter")),
        }
    }

    /// Reads what stands in the brackets that open at byte `open`, and gives what follows them.
    pub(crate) fn parse_brackets(text: &str, open: usize) -> Result<(Self, &str), ScimError> {
        let mut parser = Parser::new(text, &Quirks::strict())?;
        parser.at = open;
        let filter = parser.brackets()?;
        Ok((filter, &text[parser.at..]))
    }
}

/// Whether the parser is within the brackets of a value path, where no other may start.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Top,
    Brackets,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
    quirks: Quirks,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, quirks: &Quirks) -> Result<Self, ScimError> {
        let parser = Self { text, at: 0, depth: 0, terms: 0, quirks: quirks.clone() };
        match text.len() > MAX_FILTER_LENGTH {
            true => Err(parser.error(&format!("it is longer than {MAX_FILTER_LENGTH} bytes"))),
            false => Ok(parser),
        }
    }

    fn disjunction(&mut self, place: Place) -> Result<Filter, ScimError> {
        let mut filter = self.conjunction(place)?;
        while self.joins("or") {
            filter = filter.or(self.conjunction(place)?);
        }
        Ok(filter)
    }

    fn conjunction(&mut self, place: Place) -> Result<Filter, ScimError> {
        let mut filter = self.unit(place)?;
        while self.joins("and") {
            filter = filter.and(self.unit(place)?);
        }
        Ok(filter)
    }

    fn unit(&mut self, place: Place) -> Result<Filter, ScimError> {
        if self.rest().starts_with('(') {
            return self.group(place);
        }
        let word = self.word();
        if word.eq_ignore_ascii_case("not") {
            let start = self.at;
            self.at += word.len();
            self.skip_blanks();
            if self.rest().starts_with('(') {
                return Ok(Filter::Not(Box::new(self.group(place)?)));
            }
            // An attribute could be called "not"; the grammar allows it.
            self.at = start;
        }
        self.term(place)
    }

    fn group(&mut self, place: Place) -> Result<Filter, ScimError> {
        self.enter()?;
        self.skip_blanks();
        let filter = self.disjunction(place)?;
        self.skip_blanks();
        self.leave(')')?;
        Ok(filter)
    }

    fn brackets(&mut self) -> Result<Filter, ScimError> {
        self.enter()?;
        self.skip_blanks();
        let filter = self.disjunction(Place::Brackets)?;
        self.skip_blanks();
        self.leave(']')?;
        Ok(filter)
    }

    fn term(&mut self, place: Place) -> Result<Filter, ScimError> {
        self.terms += 1;
        if self.terms > MAX_FILTER_TERMS {
            return Err(self.error(&format!("it has more than {MAX_FILTER_TERMS} comparisons")));
        }
        let path = self.attribute_path()?;
        if !self.rest().starts_with('[') {
            return self.comparison(path);
        }
        if place == Place::Brackets {
            return Err(self.error("brackets cannot stand within brackets"));
        }
        if path.sub.is_some() {
            return Err(self.error("brackets stand after an attribute, not after a sub-attribute"));
        }
        let filter = self.brackets()?;
        self.value_path_comparison(path, filter)
    }

    /// Entra: `emails[type eq "work"].value eq "x"`.
    fn value_path_comparison(&mut self, path: AttrPath, filter: Filter) -> Result<Filter, ScimError> {
        if !self.rest().starts_with('.') {
            return Ok(Filter::Values(path, Box::new(filter)));
        }
        if !self.quirks.tolerate(Quirk::EntraValuePathComparison) {
            return Err(self.error("a sub-attribute cannot follow brackets; put the comparison inside them"));
        }
        self.at += 1;
        let word = self.word();
        if !is_name(word) {
            return Err(self.error("expected a sub-attribute"));
        }
        let sub = AttrPath::name(word);
        self.at += word.len();
        let comparison = self.comparison(sub)?;
        Ok(Filter::Values(path, Box::new(filter.and(comparison))))
    }

    fn attribute_path(&mut self) -> Result<AttrPath, ScimError> {
        let word = self.word();
        if word.is_empty() {
            return Err(self.error("expected an attribute, \"not\" or \"(\""));
        }
        let path = AttrPath::split(word).map_err(|reason| self.error(reason))?;
        self.at += word.len();
        Ok(path)
    }

    fn comparison(&mut self, path: AttrPath) -> Result<Filter, ScimError> {
        const EXPECTED: &str = "expected a blank and one of pr, eq, ne, co, sw, ew, gt, ge, lt, le";
        if !self.skip_blanks() {
            return Err(self.error(EXPECTED));
        }
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            self.at += word.len();
            return Ok(Filter::Present(path));
        }
        let operator = Operator::of(word).ok_or_else(|| self.error(EXPECTED))?;
        self.at += word.len();
        if !self.skip_blanks() {
            return Err(self.error("expected a blank and a value"));
        }
        Ok(Filter::Compare(path, operator, self.operand()?))
    }

    /// `compValue = false / null / true / number / string`, each by the rules of JSON.
    fn operand(&mut self) -> Result<Operand, ScimError> {
        const EXPECTED: &str = "expected a value: a string in double quotes, a number, true, false or null";
        let rest = self.rest();
        if rest.starts_with('"') {
            return self.string();
        }
        let end = rest.find(|c: char| !is_path_char(c) && c != '+').unwrap_or(rest.len());
        let word = &rest[..end];
        // RFC 7644 §3.4.2.2 takes the values from JSON, where these words have a case.
        let operand = match word {
            "true" => Operand::Boolean(true),
            "false" => Operand::Boolean(false),
            "null" => Operand::Null,
            number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                Operand::Number(serde_json::from_str(number).map_err(|_| self.error(EXPECTED))?)
            }
            _ => return Err(self.error(EXPECTED)),
        };
        self.at += end;
        Ok(operand)
    }

    fn string(&mut self) -> Result<Operand, ScimError> {
        let rest = self.rest();
        let Some(end) = end_of_string(rest) else {
            return Err(self.error("the string that starts here has no closing quote"));
        };
        let text = serde_json::from_str(&rest[..end])
            .map_err(|_| self.error("the string that starts here is not a JSON string"))?;
        self.at += end;
        Ok(Operand::String(text))
    }

    /// Reads `blank word blank`, or nothing.
    fn joins(&mut self, word: &str) -> bool {
        let start = self.at;
        if self.skip_blanks() && self.word().eq_ignore_ascii_case(word) {
            self.at += word.len();
            if self.skip_blanks() {
                return true;
            }
        }
        self.at = start;
        false
    }

    fn enter(&mut self) -> Result<(), ScimError> {
        self.depth += 1;
        if self.depth > MAX_FILTER_DEPTH {
            return Err(self.error(&format!("more than {MAX_FILTER_DEPTH} brackets are open")));
        }
        self.at += 1;
        Ok(())
    }

    fn leave(&mut self, close: char) -> Result<(), ScimError> {
        if !self.rest().starts_with(close) {
            return Err(self.error(&format!("expected \"and\", \"or\" or \"{close}\"")));
        }
        self.at += close.len_utf8();
        self.depth -= 1;
        Ok(())
    }

    fn word(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !is_path_char(c)).unwrap_or(rest.len());
        &rest[..end]
    }

    fn skip_blanks(&mut self) -> bool {
        let before = self.at;
        self.at = self.text.len() - self.rest().trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        self.at > before
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, reason: &str) -> ScimError {
        let position = self.text[..self.at].chars().count() + 1;
        ScimError::InvalidFilter { position, reason: reason.to_owned() }
    }
}

/// The byte after the closing quote of the JSON string at the start.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (i, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(i + 1),
            _ => {}
        }
    }
    None
}
