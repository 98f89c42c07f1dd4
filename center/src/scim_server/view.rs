//! Users and groups as SCIM shows them.

use std::sync::Arc;

use scim::filter::BoundFilter;
use scim::list::Sort;
use scim::resource::{Meta, Projection, Sent, Stored, with_meta};
use scim::schema::{Attribute, ResourceType, urn};
use serde_json::{Value, json};
use store::{StoreError, Tx, json_text};
use web::Timestamp;

use super::answer::Shown;
use super::call::Call;
use super::known::Client;
use super::mode::Mode;
use super::schemas::known;
use super::version::{etag, etag_with};
use crate::Center;
use crate::identity_store::store as identities;
use crate::identity_store::{Group, StoredUser};

/// A group with more members than this is shown without them. The wire says nothing of it: RFC 7644 has
/// no way to, and a client that needs to know filters by `members.value`. AWS never shows members.
pub(super) const MOST_MEMBERS: i64 = 1000;
/// Most groups shown with a user.
const MOST_GROUPS: i64 = 1000;

/// How resources are shown in one answer.
#[derive(Clone)]
pub(super) struct View {
    center: Center,
    client: Arc<Client>,
    kind: &'static ResourceType,
    projection: Projection,
    /// Whether the memberships are read: they cost a query each.
    memberships: bool,
    /// Whether a list of members without any is shown.
    empty_members: bool,
}

impl View {
    /// The view of one answer about resources of `kind`.
    pub(super) fn new(call: &Call, kind: &'static ResourceType) -> Self {
        let kind = call.kind(kind);
        let projection = call.query.projection.clone();
        // AWS shows no memberships: groups have an empty list of members.
        let memberships = !call.aws() && memberships(kind).is_some_and(|a| projection.includes(kind, a));
        Self {
            center: call.center.clone(),
            client: Arc::clone(&call.client),
            kind,
            projection,
            memberships,
            empty_members: call.aws(),
        }
    }

    /// The same with memberships read for sorting by one of them.
    pub(super) fn for_sort(&self, sort: &Sort) -> Self {
        let memberships = ["groups", "members"].contains(&sort.target.attribute.name);
        Self { memberships, ..self.clone() }
    }

    /// The same for the filter's eyes: memberships are read only where it looks at them.
    pub(super) fn for_filter(&self, filter: Option<&BoundFilter>) -> Self {
        let memberships = filter.is_some_and(|f| looks_at(f, &["groups", "members"]));
        Self { memberships, ..self.clone() }
    }

    /// The same for the answer to its creation.
    pub(super) fn of_new_group(self) -> Self {
        Self { empty_members: false, ..self }
    }

    /// A user with everything that a filter may look at.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn full_user(&self, tx: &mut Tx<'_>, user: &StoredUser) -> Result<Value, StoreError> {
        let mut resource = known(self.kind, user.json()?);
        let groups = self.groups(tx, user)?;
        let version = etag_with(user.version, &groups);
        add_list(&mut resource, self.list("groups", groups));
        Ok(self.with_meta(resource, &user.id, [user.created_at, user.updated_at], &version))
    }

    /// What of a user the client asked for, RFC 7644 §3.9.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn user(&self, tx: &mut Tx<'_>, user: &StoredUser) -> Result<Shown, StoreError> {
        let groups = self.groups(tx, user)?;
        let version = etag_with(user.version, &groups);
        let groups = self.list("groups", groups);
        self.shown(&user.resource, groups, &user.id, [user.created_at, user.updated_at], version)
    }

    /// A group with everything that a filter may look at.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn full_group(&self, tx: &mut Tx<'_>, group: &Group) -> Result<Value, StoreError> {
        let mut resource = group_resource(self.kind, group);
        add_list(&mut resource, self.members(tx, group)?);
        Ok(self.with_meta(resource, &group.id, [group.created_at, group.updated_at], &etag(group.version)))
    }

    /// What of a group the client asked for, RFC 7644 §3.9.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn group(&self, tx: &mut Tx<'_>, group: &Group) -> Result<Shown, StoreError> {
        let members = self.members(tx, group)?;
        let resource = json_text(&group_resource(self.kind, group))?;
        self.shown(&resource, members, &group.id, [group.created_at, group.updated_at], etag(group.version))
    }

    fn groups(&self, tx: &mut Tx<'_>, user: &StoredUser) -> Result<Vec<Value>, StoreError> {
        if !self.memberships || !user.in_groups {
            return Ok(Vec::new());
        }
        let groups = identities::groups_of(tx, &self.center.instance_id, &user.id, MOST_GROUPS)?;
        Ok(groups.iter().map(|group| self.membership(group)).collect())
    }

    fn members(&self, tx: &mut Tx<'_>, group: &Group) -> Result<Option<List>, StoreError> {
        if !self.memberships {
            return Ok(self.list("members", Vec::new()));
        }
        let members =
            identities::list_members(tx, &self.center.instance_id, &group.id, "", MOST_MEMBERS + 1)?;
        let shown = i64::try_from(members.len()).is_ok_and(|n| n <= MOST_MEMBERS);
        let members = members.iter().filter(|_| shown).map(|member| self.member(member)).collect();
        Ok(self.list("members", members))
    }

    /// RFC 7643 §2.5: an empty list and none are the same. AWS shows the empty list of members.
    fn list(&self, name: &'static str, list: Vec<Value>) -> Option<List> {
        let shown = !list.is_empty() || (self.empty_members && name == "members");
        shown.then_some((name, Value::Array(list)))
    }

    /// Whether users are shown with groups, which are not in their versions.
    pub(super) fn shows_groups(&self) -> bool {
        self.memberships && self.kind.attribute("groups").is_some()
    }

    /// Whether the client named attributes, RFC 7644 §3.5.2: then a PATCH is answered with a body.
    pub(super) fn asks_for_attributes(&self) -> bool {
        !self.projection.attributes.is_empty()
    }

    /// The address and version of a resource, and nothing of it.
    pub(super) fn unread(&self, id: &str, version: i64) -> Shown {
        let version = (self.client.mode != Mode::Aws).then(|| etag(version));
        Shown { document: Sent::default(), location: self.location(id), version }
    }

    fn shown(
        &self,
        resource: &str,
        added: Option<List>,
        id: &str,
        [created, changed]: [Timestamp; 2],
        version: String,
    ) -> Result<Shown, StoreError> {
        let (created, changed, location) = (created.rfc3339(), changed.rfc3339(), self.location(id));
        let meta = self.meta(id, [&created, &changed], &location, &version);
        let stored = Stored { kind: self.kind, text: resource, added, meta };
        let document = stored.sent(&self.projection);
        let document = document.map_err(|e| StoreError::Database(format!("the resource {id}: {e}")))?;
        Ok(Shown { document, location, version: (self.client.mode != Mode::Aws).then_some(version) })
    }

    fn location(&self, id: &str) -> String {
        format!("{}{}/{id}", self.client.base, self.kind.endpoint)
    }

    fn membership(&self, group: &Group) -> Value {
        json!({
            "value": group.id,
            "$ref": format!("{}/Groups/{}", self.client.base, group.id),
            "display": group.fields.display_name,
            "type": "direct",
        })
    }

    fn member(&self, member: &identities::Member) -> Value {
        json!({
            "value": member.id,
            "$ref": format!("{}/Users/{}", self.client.base, member.id),
            "type": "User",
            "display": member.display_name,
        })
    }

    fn with_meta(
        &self,
        resource: Value,
        id: &str,
        [created, changed]: [Timestamp; 2],
        version: &str,
    ) -> Value {
        let (created, changed, location) = (created.rfc3339(), changed.rfc3339(), self.location(id));
        with_meta(self.kind, resource, &self.meta(id, [&created, &changed], &location, version))
    }

    fn meta<'a>(
        &self,
        id: &'a str,
        [created, last_modified]: [&'a str; 2],
        location: &'a str,
        version: &'a str,
    ) -> Meta<'a> {
        // AWS shows neither of the two.
        let rfc = self.client.mode != Mode::Aws;
        Meta {
            id,
            created,
            last_modified,
            location: rfc.then_some(location),
            version: rfc.then_some(version),
        }
    }
}

/// An attribute whose values stand in other rows.
type List = (&'static str, Value);

/// A group as the crate `scim` reads and changes it: without members, id and meta, with the extensions of its type.
pub(super) fn group_resource(kind: &ResourceType, group: &Group) -> Value {
    let mut resource = json!({ "schemas": [urn::GROUP] });
    if let Some(external_id) = &group.fields.external_id {
        resource["externalId"] = json!(external_id);
    }
    resource["displayName"] = json!(group.fields.display_name);
    for extension in kind.extensions {
        if let (Some(part), Some(urns)) =
            (group.extensions.get(extension.id), resource["schemas"].as_array_mut())
        {
            urns.push(json!(extension.id));
            resource[extension.id] = part.clone();
        }
    }
    resource
}

fn add_list(resource: &mut Value, list: Option<List>) {
    if let (Some(map), Some((name, list))) = (resource.as_object_mut(), list) {
        map.insert(name.to_owned(), list);
    }
}

fn memberships(kind: &ResourceType) -> Option<&'static Attribute> {
    kind.attribute("groups").or_else(|| kind.attribute("members"))
}

fn looks_at(filter: &BoundFilter, names: &[&str]) -> bool {
    match filter {
        BoundFilter::And(list) | BoundFilter::Or(list) => list.iter().any(|f| looks_at(f, names)),
        BoundFilter::Not(inner) => looks_at(inner, names),
        BoundFilter::Present(target)
        | BoundFilter::Compare(target, _, _)
        | BoundFilter::Values(target, _) => names.contains(&target.attribute.name),
    }
}
