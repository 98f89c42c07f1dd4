//! `/Groups`.

use axum::extract::Path;
use scim::filter::BoundFilter;
use scim::list::Sort;
use scim::patch::{GroupPatch, PatchRequest, member_changes};
use scim::schema::{GROUP, ResourceType};
use scim::{Rules, resource};
use serde_json::{Map, Value};
use store::{StoreError, Tx};

use super::answer::{Answer, Shown};
use super::aws;
use super::call::Call;
use super::condition::{self, Narrowed};
use super::list::{self, Listed};
use super::message::Body;
use super::mode::Mode;
use super::refusal::Refusal;
use super::resource::{to_change, unread};
use super::view::{View, group_resource};
use crate::identity_store::store::{self as identities, Condition, Slice};
use crate::identity_store::{Group, GroupFields, IdentityError, IdentityKind, MAX_MEMBERS_PER_CALL, Owner};
use crate::instance::Author;
use crate::recycle_bin::{Binned, store as bin};

/// `POST /Groups`, RFC 7644 §3.3.
pub(super) async fn create(call: Call, Body(body): Body) -> Result<Answer, Refusal> {
    let resource = resource::read(&call.rules(&GROUP), &body)?;
    let (fields, members, extensions) = (fields(&resource, ""), members(&resource), extensions(&resource));
    if call.aws() {
        aws::check_member_count(members.len())?;
    }
    let author = call.author();
    // AWS answers a create without members, and a read with an empty list.
    let view = View::new(&call, &GROUP).of_new_group();
    let may_return = call.may_return();
    let (id, owner) = (call.fresh_id(&author), call.client.caller.actor.clone());
    let created = call.center.store.write(move |tx| {
        let id = match returning(tx, &author, &fields, may_return)? {
            Some(binned) => bin::return_group(tx, &author, &binned, &fields)?.id,
            None => identities::create_group(tx, &author, &id, &owner, &fields)?.id,
        };
        identities::set_group_extensions(tx, &author, &id, &extensions)?;
        add(tx, &author, &id, &members)?;
        let group = Group::find(tx, &author.instance_id, &id)?;
        Ok::<_, Refusal>(group.shown(tx, &view)?)
    });
    Ok(Answer::created(created.await?))
}

/// The group that comes back with this creation.
fn returning(
    tx: &mut Tx<'_>,
    author: &Author,
    fields: &GroupFields,
    may_return: bool,
) -> Result<Option<Binned>, StoreError> {
    if !may_return {
        return Ok(None);
    }
    let external_id = fields.external_id.as_deref();
    bin::returning(tx, &author.instance_id, IdentityKind::Group, &fields.display_name, external_id)
}

/// `PUT /Groups/{id}`, RFC 7644 §3.5.1; AWS does not have it. Members stay where `members` is not sent:
/// large groups are shown without members, and a client that sends back what it read must not empty them.
/// Strictly, what is not sent is cleared.
pub(super) async fn replace(
    call: Call,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let resource = resource::read(&call.rules(&GROUP), &body)?;
    let named = names_members(&body) || call.client.mode == Mode::Strict;
    let members = named.then(|| members(&resource));
    let (rules, full) = (call.rules(&GROUP), call.client.kinds.get(&GROUP));
    let author = call.author();
    let view = View::new(&call, &GROUP);
    let versions = call.versions;
    let replaced = call.center.store.write(move |tx| {
        let before = to_change::<Group>(tx, &author.instance_id, &id, &versions)?;
        let old = group_resource(full, &before);
        let wanted = resource::replaced(&rules, &old, &resource)?;
        let wanted = resource::with_unseen(&rules, full, &old, wanted)?;
        set(tx, &author, &before, &wanted)?;
        if let Some(members) = &members {
            replace_all(tx, &author, &id, members)?;
        }
        let group = Group::find(tx, &author.instance_id, &id)?;
        Ok::<_, Refusal>(group.shown(tx, &view)?)
    });
    Ok(Answer::ok(replaced.await?))
}

/// `PATCH /Groups/{id}`, RFC 7644 §3.5.2. A change of members costs what it names, however large the
/// group is: nobody else is loaded. AWS refuses to replace all members and more than 100 at once; both
/// are done here. Answered with 204 as AWS and Entra have it, unless the client names attributes.
pub(super) async fn patch(
    call: Call,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let (rules, full) = (call.rules(&GROUP), call.client.kinds.get(&GROUP));
    let request = PatchRequest::read(&body, &rules.quirks)?;
    let patch = member_changes(&rules, &request)?;
    if call.aws() {
        aws::check_group_patch(&request, &patch)?;
    }
    let author = call.author();
    let view = View::new(&call, &GROUP);
    let versions = call.versions;
    let patched = call.center.store.write(move |tx| {
        let before = to_change::<Group>(tx, &author.instance_id, &id, &versions)?;
        change(tx, &author, (&rules, full), &before, &patch)?;
        let group = Group::find(tx, &author.instance_id, &id)?;
        if view.asks_for_attributes() {
            return Ok(Answer::ok(group.shown(tx, &view)?));
        }
        // Members are not read for an answer that does not show them.
        Ok::<_, Refusal>(Answer::changed(unread(&view, &group)))
    });
    patched.await
}

fn change(
    tx: &mut Tx<'_>,
    author: &Author,
    (rules, full): (&Rules, &'static ResourceType),
    before: &Group,
    patch: &GroupPatch,
) -> Result<(), Refusal> {
    if !patch.rest.is_empty() {
        let old = group_resource(full, before);
        let wanted = patch.rest.apply(rules, &old)?;
        set(tx, author, before, &resource::with_unseen(rules, full, &old, wanted)?)?;
    }
    let net = patch.net();
    // PostgreSQL takes no U+0000 in a text. Bodies are read without; a path's filter may have one.
    if let Some(id) = net.add.iter().chain(&net.remove).find(|id| id.contains('\0')) {
        return Err(Refusal::UnknownMember(id.replace('\0', "\u{fffd}")));
    }
    if net.clear {
        return replace_all(tx, author, &before.id, &net.add);
    }
    for part in net.remove.chunks(MAX_MEMBERS_PER_CALL) {
        identities::remove_members(tx, author, &before.id, part)?;
    }
    add(tx, author, &before.id, &net.add)
}

fn set(tx: &mut Tx<'_>, author: &Author, before: &Group, wanted: &Value) -> Result<(), Refusal> {
    identities::update_group(tx, author, &before.id, &fields(wanted, &before.fields.description))?;
    Ok(identities::set_group_extensions(tx, author, &before.id, &extensions(wanted))?)
}

fn add(tx: &mut Tx<'_>, author: &Author, id: &str, members: &[String]) -> Result<(), Refusal> {
    for part in members.chunks(MAX_MEMBERS_PER_CALL) {
        let added = identities::add_members(tx, author, id, part);
        added.map_err(|error| no_member(tx, author, error))?;
    }
    Ok(())
}

fn replace_all(tx: &mut Tx<'_>, author: &Author, id: &str, members: &[String]) -> Result<(), Refusal> {
    let replaced = identities::replace_members(tx, author, id, members);
    replaced.map(drop).map_err(|error| no_member(tx, author, error))
}

/// An id that is no user's: a group's, or nobody's.
fn no_member(tx: &mut Tx<'_>, author: &Author, error: IdentityError) -> Refusal {
    let IdentityError::UserNotFound(id) = error else { return error.into() };
    match identities::group(tx, &author.instance_id, &id) {
        Ok(Some(_)) => Refusal::NestedGroup(id),
        Ok(None) => Refusal::UnknownMember(id.chars().take(200).collect()),
        Err(error) => error.into(),
    }
}

/// The description is ours: SCIM does not have it, and a client cannot take it away.
fn fields(resource: &Value, description: &str) -> GroupFields {
    GroupFields {
        display_name: resource::text(resource, "displayName").unwrap_or_default().to_owned(),
        external_id: resource::text(resource, "externalId").map(str::to_owned),
        description: description.to_owned(),
    }
}

/// What the resource has of extensions, by URN; null where it has nothing.
fn extensions(resource: &Value) -> Value {
    let all = resource.as_object().into_iter().flatten();
    let own: Map<String, Value> =
        all.filter(|(name, _)| name.contains(':')).map(|(name, part)| (name.clone(), part.clone())).collect();
    if own.is_empty() { Value::Null } else { Value::Object(own) }
}

fn members(resource: &Value) -> Vec<String> {
    let values = resource::values(resource, "members").iter();
    values.filter_map(|member| member["value"].as_str().map(str::to_owned)).collect()
}

/// Names have no case, RFC 7643 §2.1. An empty list says that nobody is a member.
fn names_members(body: &Value) -> bool {
    body.as_object().is_some_and(|map| map.keys().any(|name| name.eq_ignore_ascii_case("members")))
}

impl Listed for Group {
    const KIND: &'static ResourceType = &GROUP;

    fn id(&self) -> &str {
        &self.id
    }

    fn made_by(&self) -> Owner {
        Group::made_by(self)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn find(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Self, Refusal> {
        let found = identities::group(tx, instance_id, id)?;
        found.ok_or_else(|| IdentityError::GroupNotFound(id.to_owned()).into())
    }

    fn delete(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), Refusal> {
        Ok(identities::delete_group(tx, author, id).map(drop)?)
    }

    fn narrow(filter: &BoundFilter) -> Narrowed {
        condition::on_groups(filter)
    }

    fn order(sort: &Sort) -> Option<&'static [&'static str]> {
        match sort.target.path().as_str() {
            "displayName" => Some(&["display_name_key"]),
            _ => list::common_order(sort),
        }
    }

    fn matching(
        tx: &mut Tx<'_>,
        instance_id: &str,
        condition: &Condition,
        slice: &Slice,
    ) -> Result<Vec<Self>, StoreError> {
        identities::groups_matching(tx, instance_id, condition, slice)
    }

    fn count(tx: &mut Tx<'_>, instance_id: &str, condition: &Condition) -> Result<i64, StoreError> {
        identities::count_groups_matching(tx, instance_id, condition)
    }

    fn full(&self, tx: &mut Tx<'_>, view: &View) -> Result<Value, StoreError> {
        view.full_group(tx, self)
    }

    fn shown(&self, tx: &mut Tx<'_>, view: &View) -> Result<Shown, StoreError> {
        view.group(tx, self)
    }
}
