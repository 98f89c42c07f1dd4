//! Full comparison: reads everything that the target has, and finds what others changed there.
//!
//! Lists are read page by page and count only when they are complete (`reading`). What differs from what was
//! sent is found object by object (`difference`, `membership`), put into a report, and marked, so that the next
//! round compares and repairs it with all its limits; nothing is sent from here. A comparison changes nothing
//! before it has read everything, so one that was cut off is simply begun again.

mod difference;
mod known;
mod look;
mod look_members;
mod make;
mod mark;
mod membership;
pub mod reading;
pub mod schedule;
pub mod store;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use web::Timestamp;

pub use make::{Wish, ask};

use super::Kind;

/// More differences are not listed; they are counted, and repaired all the same.
pub const MOST_LISTED: usize = 1_000;
/// More foreign objects are not listed; they are counted.
pub const MOST_FOREIGN: usize = 500;
/// No longer text is shown of a value.
const LONGEST_TEXT: usize = 300;

/// A comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Its id.
    pub id: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// By whom; `schedule` where it was due.
    pub asked_by: String,
    /// Whether it changes nothing.
    pub dry_run: bool,
    /// So many missing objects were looked at and may be made again.
    pub allowed: i64,
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// When and how it ended; `None` while it waits or runs.
    pub ended: Option<(Timestamp, Outcome)>,
    /// What it found.
    pub report: Report,
}

/// How a comparison ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was compared.
    Done,
    /// The target was not read completely; nothing was changed. Code and words.
    Incomplete(String, String),
    /// More is missing than may be made again without a person's word; nothing was changed.
    Refused(String),
}

/// The code of [`Outcome::Refused`].
pub const TOO_MANY_MISSING: &str = "TooManyMissing";

impl Outcome {
    /// Its name in rows and in Graph.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Incomplete(..) => "incomplete",
            Self::Refused(_) => "refused",
        }
    }

    /// Code and words of one that did not end well.
    pub fn why(&self) -> Option<(&str, &str)> {
        match self {
            Self::Done => None,
            Self::Incomplete(code, words) => Some((code, words)),
            Self::Refused(words) => Some((TOO_MANY_MISSING, words)),
        }
    }
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Users that were read.
    pub users_read: usize,
    /// Groups that were read.
    pub groups_read: usize,
    /// Memberships that were read.
    pub members_read: usize,
    /// Linked objects that were compared.
    pub compared: usize,
    /// Linked objects that were being sent meanwhile: the next comparison looks at them.
    pub under_way: usize,
    /// All differences.
    pub difference_count: usize,
    /// The first of them.
    pub differences: Vec<Difference>,
    /// Linked objects that should be there and are not.
    pub missing: i64,
    /// As many may be made again without a person's word.
    pub missing_limit: i64,
    /// People there whom this job did not bring.
    pub foreign_users: usize,
    /// Groups there that this job did not bring.
    pub foreign_groups: usize,
    /// The first of both.
    pub foreign: Vec<Foreign>,
    /// Groups whose members the target does not tell.
    pub members_untold: usize,
    /// Why not, of the first of them.
    pub members_untold_why: Option<String>,
}

/// One thing that is not in the target as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// `user` or `group`.
    pub kind: String,
    /// Its id here.
    pub id: String,
    /// Its name here.
    pub name: String,
    /// Its id there.
    pub target_id: String,
    /// What differs.
    pub what: What,
    /// The attribute.
    pub path: Option<String>,
    /// What the target has.
    pub there: Option<Json>,
    /// What it should have.
    pub here: Option<Json>,
    /// The member.
    pub member: Option<Member>,
    /// Why it is left as it is.
    pub left: Option<String>,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// An attribute has another value there.
    Attribute,
    /// The object is not there any more.
    Missing,
    /// A member was taken out of the group there.
    MemberRemoved,
    /// A member was put into the group there.
    MemberAdded,
}

impl What {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Attribute => "changed there",
            Self::Missing => "deleted there",
            Self::MemberRemoved => "member removed there",
            Self::MemberAdded => "member added there",
        }
    }
}

/// Somebody in a group there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The id here; `None` for somebody whom this job did not bring.
    pub id: Option<String>,
    /// The id there.
    pub target_id: String,
    /// The name here, else the id there.
    pub name: String,
}

/// An object there that this job did not bring. It is never touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    /// `user` or `group`.
    pub kind: String,
    /// Its id there.
    pub target_id: String,
    /// Its name there.
    pub name: String,
    /// Whom it would be matched with.
    pub matches: Option<Match>,
}

/// Who here would be matched with a foreign object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// The id here.
    pub id: String,
    /// The name here.
    pub name: String,
    /// Whether this is in scope, so that the next look adopts it.
    pub in_scope: bool,
}

/// What became of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing: this comparison changes nothing.
    Found,
    /// It is left as it is, and why.
    Left(String),
    /// It waits for the next round.
    Due,
    /// Repairing failed and is tried again; why.
    Failed(String),
    /// It was repaired.
    Repaired,
}

impl Fate {
    /// Its name in Graph and on pages.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Left(_) => "left",
            Self::Due => "due",
            Self::Failed(_) => "failed",
            Self::Repaired => "repaired",
        }
    }

    /// Why.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Left(why) | Self::Failed(why) => Some(why),
            Self::Found | Self::Due | Self::Repaired => None,
        }
    }
}

impl Difference {
    /// The object whose next look repairs this.
    pub fn looked_at(&self) -> (Kind, &str) {
        match self.member.as_ref().and_then(|member| member.id.as_deref()) {
            Some(member) => (Kind::User, member),
            None => (Kind::parse(&self.kind).unwrap_or(Kind::User), &self.id),
        }
    }

    /// What the target has, for people; nothing where it is no attribute.
    pub fn shown_there(&self) -> String {
        self.path.as_ref().map(|_| shown(&self.there)).unwrap_or_default()
    }

    /// What it should have.
    pub fn shown_here(&self) -> String {
        self.path.as_ref().map(|_| shown(&self.here)).unwrap_or_default()
    }

    /// In a line.
    pub fn in_words(&self) -> String {
        let member = self.member.as_ref().map_or("", |member| member.name.as_str());
        match self.what {
            What::Attribute => {
                let path = self.path.as_deref().unwrap_or_default();
                format!("{path} was changed there from {} to {}", shown(&self.here), shown(&self.there))
            }
            What::Missing => "it was deleted there".to_owned(),
            What::MemberRemoved => format!("{member} was removed there from the group {}", self.name),
            What::MemberAdded => format!("{member} was added there to the group {}", self.name),
        }
    }
}

/// A value for people.
fn shown(value: &Option<Json>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Json::String(text)) => format!("{text:?}"),
        Some(other) => other.to_string(),
    }
}

/// No more of a text than is shown.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// No more of a value than is shown.
fn short(value: Json) -> Json {
    match value {
        Json::String(text) => json!(shortened(&text)),
        Json::Array(_) | Json::Object(_) => {
            let text = value.to_string();
            if text.chars().count() > LONGEST_TEXT { json!(shortened(&text)) } else { value }
        }
        other => other,
    }
}

impl Report {
    /// Adds a difference; the first are listed.
    fn add(&mut self, difference: Difference) {
        self.difference_count += 1;
        if self.differences.len() < MOST_LISTED {
            self.differences.push(difference);
        }
    }

    /// Adds a foreign object; the first are listed.
    fn add_foreign(&mut self, kind: Kind, foreign: impl FnOnce() -> Foreign) {
        match kind {
            Kind::User => self.foreign_users += 1,
            Kind::Group => self.foreign_groups += 1,
        }
        if self.foreign.len() < MOST_FOREIGN {
            self.foreign.push(foreign());
        }
    }
}
