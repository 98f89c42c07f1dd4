//! What users and groups have in common: they are read, listed, searched for and deleted in the same way.

use axum::extract::Path;
use scim::list::ListQuery;
use store::Tx;

use super::answer::{Answer, Shown};
use super::call::Call;
use super::list::{self, Listed};
use super::message::Body;
use super::refusal::Refusal;
use super::version::Preconditions;
use super::view::View;

/// `GET /{type}/{id}`, RFC 7644 §3.4.1; 304 where the client has this version.
pub(super) async fn get<T: Listed>(
    call: Call,
    Path((_, id)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let view = View::new(&call, T::KIND);
    let (instance, versions) = (call.center.instance_id.clone(), call.versions);
    let found = call.center.store.read(move |tx| {
        let found = T::find(tx, &instance, &id)?;
        if !view.shows_groups() && versions.may_have(found.version()) {
            // Members are not read for an answer that does not show them: they are in the group's version.
            return Ok(Answer::ok(unread(&view, &found)).not_modified());
        }
        let answer = Answer::ok(found.shown(tx, &view)?);
        let has = answer.version.as_ref().is_some_and(|version| versions.has(version));
        Ok::<_, Refusal>(if has { answer.not_modified() } else { answer })
    });
    found.await
}

/// `GET /{type}`, RFC 7644 §3.4.2.
pub(super) async fn list<T: Listed>(call: Call) -> Result<Answer, Refusal> {
    Ok(Answer::document(list::list::<T>(&call).await?))
}

/// `POST /{type}/.search`, RFC 7644 §3.4.3: the same with the query in the body, where no log of addresses
/// sees it.
pub(super) async fn search<T: Listed>(call: Call, Body(body): Body) -> Result<Answer, Refusal> {
    let query = ListQuery::from_search_request(&body)?;
    list::<T>(Call { query, ..call }).await
}

/// `DELETE /{type}/{id}`, RFC 7644 §3.6. Memberships and assignments go with it.
pub(super) async fn delete<T: Listed>(
    call: Call,
    Path((_, id)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let author = call.author();
    let versions = call.versions;
    let deleted = call.center.store.write(move |tx| {
        to_change::<T>(tx, &author.instance_id, &id, &versions)?;
        T::delete(tx, &author, &id)
    });
    deleted.await?;
    Ok(Answer::no_content())
}

/// The resource that a client changes or deletes: one of automatic provisioning's own, at a version that the client
/// asks for. RFC 7644 §3.12: 403 where the operation is not permitted.
///
/// # Errors
/// That it does not exist, that another owns it, or that it has another version; the engine's.
pub(super) fn to_change<T: Listed>(
    tx: &mut Tx<'_>,
    instance_id: &str,
    id: &str,
    versions: &Preconditions,
) -> Result<T, Refusal> {
    let found = T::find(tx, instance_id, id)?;
    if !found.made_by().is_provisioning() {
        let (resource, owner) = (T::KIND.name, found.made_by());
        return Err(Refusal::OwnedByAnother { resource, id: id.to_owned(), owner });
    }
    versions.check(found.version())?;
    Ok(found)
}

/// Its address and version alone.
pub(super) fn unread<T: Listed>(view: &View, resource: &T) -> Shown {
    view.unread(resource.id(), resource.version())
}
