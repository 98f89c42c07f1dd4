//! `/Users`.

use axum::extract::{Path, State};
use scim::filter::BoundFilter;
use scim::list::ListQuery;
use scim::patch::{self, PatchRequest};
use scim::resource;
use scim::schema::USER;
use scim::{Profile, Rules};
use serde_json::{Value, json};
use store::{StoreError, Tx};

use super::answer::Answer;
use super::condition::{self, Narrowed};
use super::list::{self, Listed};
use super::message::{Body, Query};
use super::refusal::Refusal;
use super::view::View;
use crate::Center;
use crate::access::Caller;
use crate::identity_store::store::{self as identities, Condition, Slice};
use crate::identity_store::{IdentityError, NewUser, User};

/// AWS demands `displayName`, `name.givenName` and `name.familyName` too. Here they are not demanded:
/// nothing in this server needs them (whoever has no display name is shown by name or user name), and a
/// person without a family name, or a service account, would be refused for a rule of another product.
const RULES: Rules = Rules::users(Profile::Rfc);

/// `POST /Users`, RFC 7644 §3.3.
pub(super) async fn create(
    State(center): State<Center>,
    caller: Caller,
    Path(tenant): Path<String>,
    Query(query): Query,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let resource = with_active(resource::read(&RULES, &body)?, true);
    let author = center.author(&caller);
    let view = View::new(&center, &tenant, &USER, query.projection);
    let new = NewUser { id: center.random.id(author.now), owner: caller.actor, resource };
    let created = center.store.write(move |tx| {
        let user = identities::create_user(tx, &author, &new)?;
        shown(tx, &view, &user)
    });
    Ok(Answer::Created(created.await?))
}

/// `GET /Users/{id}`, RFC 7644 §3.4.1.
pub(super) async fn get(
    State(center): State<Center>,
    Path((tenant, id)): Path<(String, String)>,
    Query(query): Query,
) -> Result<Answer, Refusal> {
    let view = View::new(&center, &tenant, &USER, query.projection);
    let instance = center.instance_id.clone();
    let found = center.store.read(move |tx| {
        let user = find(tx, &instance, &id)?;
        shown(tx, &view, &user)
    });
    Ok(Answer::Ok(found.await?))
}

/// `GET /Users`, RFC 7644 §3.4.2.
pub(super) async fn list(
    State(center): State<Center>,
    Path(tenant): Path<String>,
    Query(query): Query,
) -> Result<Answer, Refusal> {
    Ok(Answer::Ok(list::list::<User>(&center, &tenant, query).await?))
}

/// `POST /Users/.search`, RFC 7644 §3.4.3: the same with the query in the body, where no log of addresses
/// sees it.
pub(super) async fn search(
    State(center): State<Center>,
    Path(tenant): Path<String>,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let query = ListQuery::from_search_request(&body)?;
    Ok(Answer::Ok(list::list::<User>(&center, &tenant, query).await?))
}

/// `PUT /Users/{id}`, RFC 7644 §3.5.1: what is not sent is cleared, as in AWS. `active` stays where it is
/// not sent: a client that leaves it out must not bring a disabled user back.
pub(super) async fn replace(
    State(center): State<Center>,
    caller: Caller,
    Path((tenant, id)): Path<(String, String)>,
    Query(query): Query,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let resource = resource::read(&RULES, &body)?;
    let author = center.author(&caller);
    let view = View::new(&center, &tenant, &USER, query.projection);
    let replaced = center.store.write(move |tx| {
        let before = find(tx, &author.instance_id, &id)?;
        let wanted = with_active(resource.clone(), before.active);
        let user = identities::update_user(tx, &author, &id, &wanted)?;
        shown(tx, &view, &user)
    });
    Ok(Answer::Ok(replaced.await?))
}

/// `PATCH /Users/{id}`, RFC 7644 §3.5.2. Answered with 200 and the user, as AWS does and Entra expects.
pub(super) async fn patch(
    State(center): State<Center>,
    caller: Caller,
    Path((tenant, id)): Path<(String, String)>,
    Query(query): Query,
    Body(body): Body,
) -> Result<Answer, Refusal> {
    let request = PatchRequest::read(&body, RULES.quirks)?;
    let author = center.author(&caller);
    let view = View::new(&center, &tenant, &USER, query.projection);
    let patched = center.store.write(move |tx| {
        let before = find(tx, &author.instance_id, &id)?;
        // RFC 7644 §3.5.2.2 lets `active` be removed (AWS does not). Whoever has none may not sign in:
        // better nobody than somebody by a gap.
        let wanted = patch::apply(&RULES, &before.resource, &request)?;
        let user = identities::update_user(tx, &author, &id, &wanted)?;
        shown(tx, &view, &user)
    });
    Ok(Answer::Ok(patched.await?))
}

/// `DELETE /Users/{id}`, RFC 7644 §3.6. Memberships and assignments go with the user.
pub(super) async fn delete(
    State(center): State<Center>,
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let author = center.author(&caller);
    center.store.write(move |tx| Ok::<_, Refusal>(identities::delete_user(tx, &author, &id)?)).await?;
    Ok(Answer::NoContent)
}

fn find(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<User, Refusal> {
    let found = identities::user(tx, instance_id, id)?;
    found.ok_or_else(|| IdentityError::UserNotFound(id.to_owned()).into())
}

fn shown(tx: &mut Tx<'_>, view: &View, user: &User) -> Result<Value, Refusal> {
    Ok(view.project(&USER, &view.user(tx, user)?))
}

/// The resource with `active`, where the client left it to the server.
fn with_active(mut resource: Value, otherwise: bool) -> Value {
    if resource["active"].is_boolean() {
        return resource;
    }
    resource["active"] = json!(otherwise);
    resource
}

impl Listed for User {
    const RULES: Rules = RULES;

    fn id(&self) -> &str {
        &self.id
    }

    fn narrow(filter: &BoundFilter) -> Narrowed {
        condition::on_users(filter)
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

    fn shown(&self, tx: &mut Tx<'_>, view: &View) -> Result<Value, StoreError> {
        view.user(tx, self)
    }
}
