//! Groups and who is in them. A group can be in a group; whether that counts is the tenant's setting.

mod members;
mod nesting_cycles;
mod store;

use serde::Serialize;
use serde_json::{Value as Json, json};

pub(crate) use members::{ABOVE, insert_many};
#[cfg(test)]
pub(crate) use members::{EVERY_MEMBER, MEMBERSHIPS};
pub use members::{
    Member, MemberKind, add_member, direct_members, groups_of, is_member, leave_all, people_of,
    remove_member, transitive_groups_of, transitive_members,
};
pub use nesting_cycles::{CycleGroup, NestingCycle, NestingCycles, cycle_of_group, cycles_of_application};
pub(crate) use store::checked;
pub use store::{
    GroupChange, NewGroup, by_id, by_name, create, delete, get, key, list, member_count, save, update,
};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Its object id.
    pub id: String,
    /// Its name for people; several groups may share one, as with Entra.
    pub display_name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Its name for mail.
    pub mail_nickname: String,
    /// When it was created, RFC 3339.
    pub created_date_time: String,
}

impl Group {
    /// The group as Graph JSON: every group here is a security group.
    pub fn to_json(&self) -> Json {
        let description = (!self.description.is_empty()).then_some(&self.description);
        json!({
            "id": self.id,
            "displayName": self.display_name,
            "description": description,
            "mailEnabled": false,
            "mailNickname": self.mail_nickname,
            "securityEnabled": true,
            "groupTypes": [],
            "createdDateTime": self.created_date_time,
        })
    }
}

/// A mail nickname made of a display name: its letters, digits and `-._`, at most 64.
pub fn nickname(display_name: &str) -> String {
    let plain = display_name.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c));
    let nickname: String = plain.take(64).collect();
    if nickname.is_empty() { "group".to_owned() } else { nickname }
}
