//! Users and groups as SCIM shows them.

use scim::filter::BoundFilter;
use scim::list::Sort;
use scim::resource::{Meta, Projection, project, with_meta};
use scim::schema::{Attribute, ResourceType, urn};
use serde_json::{Map, Value, json};
use store::{StoreError, Tx};
use web::Timestamp;

use super::answer::Shown;
use super::call::Call;
use super::mode::Mode;
use super::schemas::known;
use super::version::{etag, etag_with};
use crate::Center;
use crate::identity_store::store as identities;
use crate::identity_store::{Group, User};

/// A group with more members than this is shown without them. The wire says nothing of it: RFC 7644 has
/// no way to, and a client that needs to know filters by `members.value`. AWS never shows members.
pub(super) const MOST_MEMBERS: i64 = 1000;
/// Most groups shown with a user.
const MOST_GROUPS: i64 = 1000;

/// The address of the SCIM root without a slash at its end. From the configured origin alone.
pub(super) fn base(center: &Center, tenant: &str) -> String {
    center.url(&format!("/{tenant}/scim/v2"))
}

/// How resources are shown in one answer.
#[derive(Debug, Clone)]
pub(super) struct View {
    instance_id: String,
    base: String,
    kind: &'static ResourceType,
    projection: Projection,
    /// Whether the memberships are read: they cost a query each.
    memberships: bool,
    mode: Mode,
}

impl View {
    /// The view of one answer about resources of `kind`.
    pub(super) fn new(call: &Call, kind: &'static ResourceType) -> Self {
        let kind = call.kind(kind);
        let projection = call.query.projection.clone();
        // AWS shows no memberships: groups have an empty list of members.
        let memberships = !call.aws() && memberships(kind).is_some_and(|a| projection.includes(kind, a));
        Self {
            instance_id: call.center.instance_id.clone(),
            base: base(&call.center, &call.tenant),
            kind,
            projection,
            memberships,
            mode: call.judged.mode,
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

    /// The same for what has none yet.
    pub(super) fn without_memberships(&self) -> Self {
        Self { memberships: false, ..self.clone() }
    }

    /// A user with everything that a filter may look at.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn user(&self, tx: &mut Tx<'_>, user: User) -> Result<Value, StoreError> {
        let mut resource = known(self.kind, user.resource);
        let mut version = etag(user.version);
        if self.memberships
            && let Some(map) = resource.as_object_mut()
        {
            let groups = identities::groups_of(tx, &self.instance_id, &user.id, MOST_GROUPS)?;
            let groups = groups.iter().map(|group| self.membership(group)).collect::<Vec<_>>();
            version = etag_with(user.version, &groups);
            add_list(map, "groups", groups);
        }
        Ok(self.with_meta(resource, &user.id, [user.created_at, user.updated_at], &version))
    }

    /// A group with everything that a filter may look at.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn group(&self, tx: &mut Tx<'_>, group: &Group) -> Result<Value, StoreError> {
        let mut resource = group_resource(self.kind, group);
        if self.memberships
            && let Some(map) = resource.as_object_mut()
        {
            let members = identities::list_members(tx, &self.instance_id, &group.id, "", MOST_MEMBERS + 1)?;
            if i64::try_from(members.len()).is_ok_and(|n| n <= MOST_MEMBERS) {
                add_list(map, "members", members.iter().map(|member| self.member(member)).collect());
            }
        }
        if self.mode == Mode::Aws {
            resource["members"] = json!([]);
        }
        Ok(self.with_meta(resource, &group.id, [group.created_at, group.updated_at], &etag(group.version)))
    }

    /// What of it the client asked for, RFC 7644 §3.9.
    pub(super) fn project(&self, resource: Value) -> Value {
        project(self.kind, resource, &self.projection)
    }

    /// Whether users are shown with groups, which are not in their versions.
    pub(super) fn shows_groups(&self) -> bool {
        self.memberships && self.kind.attribute("groups").is_some()
    }

    /// Whether the client named attributes, RFC 7644 §3.5.2: then a PATCH is answered with a body.
    pub(super) fn asks_for_attributes(&self) -> bool {
        !self.projection.attributes.is_empty()
    }

    /// The answer's resource.
    pub(super) fn answer(&self, resource: Value, id: &str, version: i64) -> Shown {
        let shown = resource.get("meta").and_then(|meta| meta.get("version")).and_then(Value::as_str);
        let version =
            (self.mode != Mode::Aws).then(|| shown.map_or_else(|| etag(version), ToOwned::to_owned));
        Shown { document: self.project(resource), location: self.location(id), version }
    }

    fn location(&self, id: &str) -> String {
        format!("{}{}/{id}", self.base, self.kind.endpoint)
    }

    fn membership(&self, group: &Group) -> Value {
        json!({
            "value": group.id,
            "$ref": format!("{}/Groups/{}", self.base, group.id),
            "display": group.fields.display_name,
            "type": "direct",
        })
    }

    fn member(&self, member: &identities::Member) -> Value {
        json!({
            "value": member.id,
            "$ref": format!("{}/Users/{}", self.base, member.id),
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
        let (created, changed) = (created.rfc3339(), changed.rfc3339());
        let location = self.location(id);
        // AWS shows neither of the two.
        let rfc = self.mode != Mode::Aws;
        let meta = Meta {
            id,
            created: &created,
            last_modified: &changed,
            location: rfc.then_some(location.as_str()),
            version: rfc.then_some(version),
        };
        with_meta(self.kind, resource, &meta)
    }
}

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

fn add_list(resource: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    // RFC 7643 §2.5: an empty list and none are the same.
    if !list.is_empty() {
        resource.insert(name.to_owned(), Value::Array(list));
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
