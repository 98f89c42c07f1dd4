//! Whether a list of the target was read completely. What was not is no ground for any conclusion.

use std::collections::HashSet;

use serde_json::Value as Json;
use thiserror::Error;

use crate::provisioning::Kind;
use crate::provisioning::target::TargetError;

/// More objects of a kind are not read.
pub const MOST: usize = 200_000;
/// More pages are not asked for.
const MOST_PAGES: usize = 20_000;
/// No id and no cursor is longer.
const LONGEST: usize = 4096;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this object, from 1 (RFC 7644 §3.4.2.4).
    Index(usize),
    /// After what this cursor stands for; empty for the first page (RFC 9865 §2).
    Cursor(String),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The objects.
    pub resources: Vec<Json>,
    /// How many there are on all pages, where the target says it.
    pub total: Option<usize>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// Why a comparison ended early, with nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Incomplete {
    /// A request failed.
    #[error("reading the target failed: {0}. {fix}", fix = .0.problem.fix())]
    ReadFailed(TargetError),
    /// A list by index does not say how long it is.
    #[error("the list of {0} does not say totalResults, so nobody knows whether it is complete")]
    NoTotal(&'static str),
    /// It is shorter than it says.
    #[error(
        "the list of {kind} ended after {found} objects, and its totalResults is {expected}; run it again, or look for what the target leaves out"
    )]
    FewerThanTotal {
        /// Users or Groups.
        kind: &'static str,
        /// As many there should be.
        expected: usize,
        /// As many there were.
        found: usize,
    },
    /// It is longer than it says.
    #[error("the list of {kind} has more objects than its totalResults of {expected}")]
    MoreThanTotal {
        /// Users or Groups.
        kind: &'static str,
        /// As many there should be.
        expected: usize,
    },
    /// It changed while it was read.
    #[error(
        "the list of {kind} changed while it was read: totalResults was {before} and is {after}; it is run again later"
    )]
    TotalChanged {
        /// Users or Groups.
        kind: &'static str,
        /// At first.
        before: usize,
        /// On a later page.
        after: usize,
    },
    /// An object came twice.
    #[error("the list of {kind} has the object {id:?} twice")]
    RepeatedId {
        /// Users or Groups.
        kind: &'static str,
        /// The object's id.
        id: String,
    },
    /// An object has no id.
    #[error("the list of {0} has an object without an id")]
    NoId(&'static str),
    /// A cursor led to nothing, or to where it came from.
    #[error("the list of {0} ended in an empty page, or with the same cursor again")]
    EmptyPage(&'static str),
    /// There is more than one comparison reads.
    #[error("the list of {0} has more than {MOST} objects, which is more than one comparison reads")]
    TooMany(&'static str),
    /// The list leaves out what is there.
    #[error("the list of {kind} leaves out {name:?} ({id}), which the target has when it is asked for it")]
    LeftOut {
        /// Users or Groups.
        kind: &'static str,
        /// The object's name here.
        name: String,
        /// Its id there.
        id: String,
    },
    /// The job was changed meanwhile.
    #[error(
        "the settings or the mappings of the job were changed while the target was compared; run it again"
    )]
    SettingsChanged,
    /// The job cannot be used.
    #[error("the target cannot be read: {0}")]
    NotConfigured(String),
}

impl Incomplete {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ReadFailed(_) => "ReadFailed",
            Self::NoTotal(_) => "NoTotal",
            Self::FewerThanTotal { .. } => "FewerThanTotal",
            Self::MoreThanTotal { .. } => "MoreThanTotal",
            Self::TotalChanged { .. } => "TotalChanged",
            Self::RepeatedId { .. } => "RepeatedId",
            Self::NoId(_) => "NoId",
            Self::EmptyPage(_) => "EmptyPage",
            Self::TooMany(_) => "TooManyObjects",
            Self::LeftOut { .. } => "LeftOut",
            Self::SettingsChanged => "SettingsChanged",
            Self::NotConfigured(_) => "NotConfigured",
        }
    }
}

impl Page {
    /// A ListResponse; `None` where it is none. `Resources` may be absent where there is nothing
    /// (RFC 7644 §3.4.2).
    pub fn read(body: &Json) -> Option<Self> {
        let number = |name: &str| body.get(name)?.as_u64().and_then(|n| usize::try_from(n).ok());
        let total = number("totalResults");
        let resources = match body.get("Resources") {
            Some(Json::Array(all)) => all.clone(),
            None | Some(Json::Null) if total == Some(0) => Vec::new(),
            _ => return None,
        };
        let next = body.get("nextCursor").and_then(Json::as_str).filter(|c| !c.is_empty());
        Some(Self { resources, total, next: next.map(ToOwned::to_owned) })
    }
}

/// A list that is being read.
#[derive(Debug)]
pub struct Reading {
    kind: &'static str,
    place: Place,
    seen: HashSet<Box<str>>,
    total: Option<usize>,
    pages: usize,
}

impl Reading {
    /// Nothing was read yet.
    pub fn new(kind: Kind, by_cursor: bool) -> Self {
        let place = if by_cursor { Place::Cursor(String::new()) } else { Place::Index(1) };
        Self { kind: kind.endpoint(), place, seen: HashSet::new(), total: None, pages: 0 }
    }

    /// Where the next page begins.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// How many objects were read.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Whether this object was read.
    pub fn has(&self, id: &str) -> bool {
        self.seen.contains(id)
    }

    /// The ids of what was read.
    pub fn into_ids(self) -> Vec<String> {
        self.seen.into_iter().map(String::from).collect()
    }

    /// Takes the page at [`Self::place`] in; whether there is another.
    ///
    /// # Errors
    /// Why the list cannot be complete.
    pub fn take(&mut self, page: &Page) -> Result<bool, Incomplete> {
        self.pages += 1;
        self.count(page)?;
        for resource in &page.resources {
            let id = resource.get("id").and_then(Json::as_str).filter(|id| !id.is_empty());
            let id = id.filter(|id| id.len() <= LONGEST).ok_or(Incomplete::NoId(self.kind))?;
            if !self.seen.insert(id.into()) {
                return Err(Incomplete::RepeatedId { kind: self.kind, id: id.to_owned() });
            }
        }
        if self.seen.len() > MOST || self.pages > MOST_PAGES {
            return Err(Incomplete::TooMany(self.kind));
        }
        let next = match &self.place {
            Place::Index(_) => self.after_index(page)?,
            Place::Cursor(cursor) => self.after_cursor(cursor, page)?,
        };
        let more = next.is_some();
        if let Some(next) = next {
            self.place = next;
        }
        Ok(more)
    }

    fn count(&mut self, page: &Page) -> Result<(), Incomplete> {
        match (self.total, page.total) {
            (Some(before), Some(after)) if before != after => {
                Err(Incomplete::TotalChanged { kind: self.kind, before, after })
            }
            (None, Some(total)) => {
                self.total = Some(total);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn after_index(&self, page: &Page) -> Result<Option<Place>, Incomplete> {
        let expected = page.total.ok_or(Incomplete::NoTotal(self.kind))?;
        let found = self.seen.len();
        match found.cmp(&expected) {
            std::cmp::Ordering::Equal => Ok(None),
            std::cmp::Ordering::Greater => Err(Incomplete::MoreThanTotal { kind: self.kind, expected }),
            std::cmp::Ordering::Less if page.resources.is_empty() => {
                Err(Incomplete::FewerThanTotal { kind: self.kind, expected, found })
            }
            std::cmp::Ordering::Less => Ok(Some(Place::Index(found + 1))),
        }
    }

    /// AWS says no totals with cursors; a list that ends in an empty page was cut off.
    fn after_cursor(&self, cursor: &str, page: &Page) -> Result<Option<Place>, Incomplete> {
        match &page.next {
            Some(next) if next == cursor || next.len() > LONGEST => Err(Incomplete::EmptyPage(self.kind)),
            Some(next) => Ok(Some(Place::Cursor(next.clone()))),
            None if page.resources.is_empty() && self.pages > 1 => Err(Incomplete::EmptyPage(self.kind)),
            None => match self.total {
                Some(expected) if expected != self.seen.len() => {
                    Err(Incomplete::FewerThanTotal { kind: self.kind, expected, found: self.seen.len() })
                }
                _ => Ok(None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(ids: &[&str], total: Option<usize>, next: Option<&str>) -> Page {
        let resources = ids.iter().map(|id| json!({ "id": id })).collect();
        Page { resources, total, next: next.map(ToOwned::to_owned) }
    }

    fn read(by_cursor: bool, pages: &[Page]) -> Result<usize, &'static str> {
        let mut reading = Reading::new(Kind::User, by_cursor);
        for (n, page) in pages.iter().enumerate() {
            let more = reading.take(page).map_err(|why| why.code())?;
            assert_eq!(more, n + 1 < pages.len());
        }
        Ok(reading.len())
    }

    #[test]
    fn a_list_by_index_is_complete_when_it_has_as_many_as_it_says() {
        assert_eq!(read(false, &[page(&["a", "b"], Some(3), None), page(&["c"], Some(3), None)]), Ok(3));
        assert_eq!(read(false, &[page(&[], Some(0), None)]), Ok(0));
        let first = page(&["a", "b"], Some(3), None);
        let bad = [
            (page(&[], Some(3), None), "FewerThanTotal"),
            (page(&["b"], Some(3), None), "RepeatedId"),
            (page(&["c", "d"], Some(3), None), "MoreThanTotal"),
            (page(&["c"], Some(4), None), "TotalChanged"),
            (page(&["c"], None, None), "NoTotal"),
            (page(&[""], Some(3), None), "NoId"),
        ];
        for (second, code) in bad {
            assert_eq!(read(false, &[first.clone(), second]), Err(code));
        }
    }

    #[test]
    fn a_list_by_cursor_is_complete_when_its_last_page_has_something() {
        assert_eq!(read(true, &[page(&["a"], None, Some("x")), page(&["b"], None, None)]), Ok(2));
        assert_eq!(read(true, &[page(&[], None, None)]), Ok(0));
        let first = page(&["a"], None, Some("x"));
        let bad = [
            (page(&[], None, None), "EmptyPage"),
            (page(&["b"], None, Some("x")), "EmptyPage"),
            (page(&["a"], None, None), "RepeatedId"),
            (page(&["b"], Some(3), None), "FewerThanTotal"),
        ];
        for (second, code) in bad {
            assert_eq!(read(true, &[first.clone(), second]), Err(code));
        }
    }
}
