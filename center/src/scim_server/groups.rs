//! `/Groups`.

use axum::extract::{Path, State};
use scim::filter::BoundFilter;
use scim::list::ListQuery;
use scim::patch::{GroupPatch, PatchRequest, member_changes};
use scim::resource;
use scim::schema::GROUP;
use scim::{Profile, Rules};
use serde_json::Value;
use store::{StoreError, Tx};

use super::answer::Answer;
use super::condition::{self, Narrowed};
use super::list::{self, Listed};
use super::message::{Body, Query};
use super::refusal::Refusal;
use super::view::{View, group_resource};
use crate::Center;
use crate::access::Caller;
use crate::identity_store::store::{self as identities, Condition, Slice};
use crate::identity_store::{Group, GroupFields, IdentityError, MAX_MEMBERS_PER_CALL};
use crate::instance::Author;

const RULES: Rules = Rules::groups(Profile::Rfc);

/// `POST /Groups`, RFC 7644 §3.3.
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    Path(tenant): Path<String>,
    Query(query): Query,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let resource = resource::read(&RULES, &body)?;
    let (fields, members) = (fields(&resource, ""), members(&resource));
    let author = center.author(&caller);
    let view = View::new(&center, &tenant, &GROUP, query.projection);
    let id = center.random.id(author.now);
    let created = center.store.write(move |tx| {
        identities::create_group(tx, &author, &id, &caller.actor, &fields)?;
        add(tx, &author, &id, &members)?;
        let group = find(tx, &author.instance_id, &id)?;
        shown(tx, &view, &group)
    });
    Ok(Answer::Created(created.await?))
}

/// `GET /Groups/{id}`, RFC 7644 §3.4.1.
pub(super) async fn get(
    State(center): State<Center>,
    Path((tenant, id)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Answer, Refusal> {
    let view = View::new(&center, &tenant, &GROUP, query.projection);
    let instance = center.instance_id.clone();
    let found = center.store.read(move |tx| {
        let group = find(tx, &instance, &id)?;
        shown(tx, &view, &group)
    });
    Ok(Answer::Ok(found.await?))
}

/// `GET /Groups`, RFC 7644 §3.4.2.
pub(super) async fn list(
    State(center): State<Center>,
    Path(tenant): Path<String>,
    Query(query): Query,
) -> Result<Answer, Refusal> {
    Ok(Answer::Ok(list::list::<Group>(&center, &tenant, query).await?))
}

/// `POST /Groups/.search`, RFC 7644 §3.4.3.
pub(super) async fn search(
    State(center): State<Center>,
    Path(tenant): Path<String>,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let query = ListQuery::from_search_request(&body)?;
    Ok(Answer::Ok(list::list::<Group>(&center, &tenant, query).await?))
}

/// `PUT /Groups/{id}`, RFC 7644 §3.5.1; AWS does not have it. Members stay where `members` is not sent:
/// large groups are shown without members, and a client that sends back what it read must not empty them.
pub(super) async fn replace(
    State(center): State<Center>,
    caller: Caller,
    Path((tenant, id)): Path<(String, String)>,
    Query(query): Query,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let resource = resource::read(&RULES, &body)?;
    let members = names_members(&body).then(|| members(&resource));
    let author = center.author(&caller);
    let view = View::new(&center, &tenant, &GROUP, query.projection);
    let replaced = center.store.write(move |tx| {
        let before = find(tx, &author.instance_id, &id)?;
        identities::update_group(tx, &author, &id, &fields(&resource, &before.fields.description))?;
        if let Some(members) = &members {
            replace_all(tx, &author, &id, members)?;
        }
        let group = find(tx, &author.instance_id, &id)?;
        shown(tx, &view, &group)
    });
    Ok(Answer::Ok(replaced.await?))
}

/// `PATCH /Groups/{id}`, RFC 7644 §3.5.2. A change of members costs what it names, however large the
/// group is: nobody else is loaded. AWS refuses to replace all members and more than 100 at once; both
/// are done here. Answered with 204 as AWS and Entra have it, unless the client names attributes.
pub(super) async fn patch(
    State(center): State<Center>,
    caller: Caller,
    Path((tenant, id)): Path<(String, String)>,
    Query(query): Query,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let patch = member_changes(&RULES, &PatchRequest::read(&body, RULES.quirks)?)?;
    let author = center.author(&caller);
    let view = View::new(&center, &tenant, &GROUP, query.projection);
    let patched = center.store.write(move |tx| {
        let before = find(tx, &author.instance_id, &id)?;
        change(tx, &author, &before, &patch)?;
        let after = view.asks_for_attributes().then(|| find(tx, &author.instance_id, &id)).transpose()?;
        after.map(|group| shown(tx, &view, &group)).transpose()
    });
    Ok(patched.await?.map_or(Answer::NoContent, Answer::Ok))
}

/// `DELETE /Groups/{id}`, RFC 7644 §3.6. Memberships and assignments go with the group.
pub(super) async fn delete(
    State(center): State<Center>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let author = center.author(&caller);
    center.store.write(move |tx| Ok::<_, Refusal>(identities::delete_group(tx, &author, &id)?)).await?;
    Ok(Answer::NoContent)
}

fn change(tx: &mut Tx<'_>, author: &Author, before: &Group, patch: &GroupPatch) -> Result<(), Refusal> {
    if !patch.rest.is_empty() {
        let wanted = patch.rest.apply(&RULES, &group_resource(before))?;
        identities::update_group(tx, author, &before.id, &fields(&wanted, &before.fields.description))?;
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

fn find(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Group, Refusal> {
    let found = identities::group(tx, instance_id, id)?;
    found.ok_or_else(|| IdentityError::GroupNotFound(id.to_owned()).into())
}

fn shown(tx: &mut Tx<'_>, view: &View, group: &Group) -> Result<Value, Refusal> {
    Ok(view.project(&GROUP, &view.group(tx, group)?))
}

/// The description is ours: SCIM does not have it, and a client cannot take it away.
fn fields(resource: &Value, description: &str) -> GroupFields {
    GroupFields {
        display_name: resource::text(resource, "displayName").unwrap_or_default().to_owned(),
        external_id: resource::text(resource, "externalId").map(str::to_owned),
        description: description.to_owned(),
    }
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
    const RULES: Rules = RULES;

    fn id(&self) -> &str {
        &self.id
    }

    fn narrow(filter: &BoundFilter) -> Narrowed {
        condition::on_groups(filter)
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

    fn shown(&self, tx: &mut Tx<'_>, view: &View) -> Result<Value, StoreError> {
        view.group(tx, self)
    }
}
