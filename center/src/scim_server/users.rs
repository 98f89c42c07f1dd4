//! `/Users`.

use std::collections::HashSet;

use axum::extract::Path;
use scim::filter::BoundFilter;
use scim::list::Sort;
use scim::patch::{self, PatchRequest};
use scim::schema::{ResourceType, USER};
use scim::{Rules, resource};
use serde_json::{Value, json};
use store::{StoreError, Tx};

use super::answer::{Answer, Shown};
use super::aws;
use super::call::Call;
use super::condition::{self, Narrowed};
use super::list::{self, Listed};
use super::message::Body;
use super::refusal::Refusal;
use super::resource::to_change;
use super::view::View;
use crate::identity_store::store::{self as identities, Condition, Slice};
use crate::identity_store::{IdentityError, IdentityKind, NewUser, Owner, StoredUser};
use crate::instance::Author;
use crate::recycle_bin::{Binned, store as bin};

/// `POST /Users`, RFC 7644 §3.3. Who was deleted and comes back may get the old id: see [`Binned::returns_as`].
pub(super) async fn create(call: Call, Body(body): Body) -> Result<Answer, Refusal> {
    let resource = with_active(read(&call, &body)?, true);
    let author = call.author();
    let view = View::new(&call, &USER);
    let may_return = call.may_return();
    let (rules, to_be) = (call.rules(&USER), call.users_to_be.clone());
    let new = NewUser { id: call.fresh_id(&author), owner: call.client.caller.actor.clone(), resource };
    let created = call.center.store.write(move |tx| {
        check_manager(tx, &author, (&rules, to_be.as_deref()), &Value::Null, &new.resource)?;
        match returning(tx, &author, &new, may_return)? {
            Some(binned) => {
                let user = bin::return_user(tx, &author, &binned, &new.resource)?;
                StoredUser::of(user)?.shown(tx, &view)
            }
            None => {
                let user = identities::create_stored_user(tx, &author, &new)?;
                user.shown(tx, &view)
            }
        }
        .map_err(Refusal::from)
    });
    Ok(Answer::created(created.await?))
}

/// Whoever comes back with this creation.
fn returning(
    tx: &mut Tx<'_>,
    author: &Author,
    new: &NewUser,
    may_return: bool,
) -> Result<Option<Binned>, StoreError> {
    if !may_return {
        return Ok(None);
    }
    let text = |name| resource::text(&new.resource, name);
    let name = text("userName").unwrap_or_default();
    bin::returning(
        tx,
        &author.instance_id,
        IdentityKind::User,
        name,
        text("externalId").filter(|id| !id.is_empty()),
    )
}

/// `PUT /Users/{id}`, RFC 7644 §3.5.1: what is not sent is cleared, as in AWS. `active` stays where it is
/// not sent: a client that leaves it out must not bring a disabled user back.
pub(super) async fn replace(
    call: Call,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let resource = read(&call, &body)?;
    let (rules, full) = (call.rules(&USER), call.client.kinds.get(&USER));
    let author = call.author();
    let view = View::new(&call, &USER);
    let (versions, to_be) = (call.versions, call.users_to_be);
    let replaced = call.center.store.write(move |tx| {
        let before = to_change::<StoredUser>(tx, &author.instance_id, &id, &versions)?.json()?;
        let wanted = with_active(resource.clone(), resource::flag(&before, "active") == Some(true));
        let wanted = resource::replaced(&rules, &before, &wanted)?;
        let wanted = resource::with_unseen(&rules, full, &before, wanted)?;
        check_manager(tx, &author, (&rules, to_be.as_deref()), &before, &wanted)?;
        let user = identities::update_user(tx, &author, &id, &wanted)?;
        Ok::<_, Refusal>(StoredUser::of(user)?.shown(tx, &view)?)
    });
    Ok(Answer::ok(replaced.await?))
}

/// `PATCH /Users/{id}`, RFC 7644 §3.5.2. Answered with 200 and the user, as AWS does and Entra expects.
pub(super) async fn patch(
    call: Call,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let (rules, full) = (call.rules(&USER), call.client.kinds.get(&USER));
    let request = PatchRequest::read(&body, &rules.quirks)?;
    let aws = call.aws();
    if aws {
        aws::check_user_patch(&request)?;
    }
    let author = call.author();
    let view = View::new(&call, &USER);
    let (versions, to_be) = (call.versions, call.users_to_be);
    let patched = call.center.store.write(move |tx| {
        let before = to_change::<StoredUser>(tx, &author.instance_id, &id, &versions)?.json()?;
        // RFC 7644 §3.5.2.2 lets `active` be removed (AWS does not). Whoever has none may not sign in:
        // better nobody than somebody by a gap.
        let mut wanted = patch::apply(&rules, &before, &request)?;
        if aws {
            aws::check_user(&wanted)?;
            wanted = aws::kept(wanted);
        }
        let wanted = resource::with_unseen(&rules, full, &before, wanted)?;
        check_manager(tx, &author, (&rules, to_be.as_deref()), &before, &wanted)?;
        let user = identities::update_user(tx, &author, &id, &wanted)?;
        Ok::<_, Refusal>(StoredUser::of(user)?.shown(tx, &view)?)
    });
    Ok(Answer::ok(patched.await?))
}

/// RFC 7643 §4.3: a manager is another user of this server, or one that the same bulk request makes.
fn check_manager(
    tx: &mut Tx<'_>,
    author: &Author,
    (rules, to_be): (&Rules, Option<&HashSet<String>>),
    before: &Value,
    wanted: &Value,
) -> Result<(), Refusal> {
    match resource::new_manager(before, wanted) {
        Some(id)
            if !to_be.is_some_and(|ids| ids.contains(id))
                && !identities::user_exists(tx, &author.instance_id, id)? =>
        {
            Ok(resource::check_unknown_manager(rules, id)?)
        }
        _ => Ok(()),
    }
}

/// The resource of a create or a replacement.
fn read(call: &Call, body: &Value) -> Result<Value, Refusal> {
    let resource = resource::read(&call.rules(&USER), body)?;
    if call.aws() {
        aws::check_user(&resource)?;
        return Ok(aws::kept(resource));
    }
    Ok(resource)
}

/// The resource with `active`, where the client left it to the server.
fn with_active(mut resource: Value, otherwise: bool) -> Value {
    if resource["active"].is_boolean() {
        return resource;
    }
    resource["active"] = json!(otherwise);
    resource
}

impl Listed for StoredUser {
    const KIND: &'static ResourceType = &USER;

    fn id(&self) -> &str {
        &self.id
    }

    fn made_by(&self) -> Owner {
        Owner::of(&self.owner)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn find(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Self, Refusal> {
        let found = identities::stored_user(tx, instance_id, id)?;
        found.ok_or_else(|| IdentityError::UserNotFound(id.to_owned()).into())
    }

    fn delete(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), Refusal> {
        Ok(identities::delete_user(tx, author, id).map(drop)?)
    }

    fn narrow(filter: &BoundFilter) -> Narrowed {
        condition::on_users(filter)
    }

    fn order(sort: &Sort) -> Option<&'static [&'static str]> {
        match sort.target.path().as_str() {
            "userName" => Some(&["user_name_key"]),
            // Whoever has no display name is sorted by the name that is shown instead.
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
        identities::users_matching(tx, instance_id, condition, slice)
    }

    fn count(tx: &mut Tx<'_>, instance_id: &str, condition: &Condition) -> Result<i64, StoreError> {
        identities::count_users_matching(tx, instance_id, condition)
    }

    fn full(&self, tx: &mut Tx<'_>, view: &View) -> Result<Value, StoreError> {
        view.full_user(tx, self)
    }

    fn shown(&self, tx: &mut Tx<'_>, view: &View) -> Result<Shown, StoreError> {
        view.user(tx, self)
    }
}
