//! The wizard that assigns users and groups to accounts. Its state is in its forms alone: nothing is
//! saved before the last step, and a step back loses nothing.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use store::{StoreError, Tx};
use web::form::{Csrf, Fields, Form};
use web::page::{self, Banner, Shell, Tone};

use super::accounts::HERE;
use super::{PageError, shell};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::{AccountResult, PrincipalType, Wanted, assign_all};
use crate::identity_store::store::{self as identities, Page};
use crate::organization::{self, Account, accounts_under, store as organizations};
use crate::permission_sets::{PermissionSet, store as sets};

/// How many users and groups a search offers.
const OFFERED: i64 = 25;

/// What was chosen so far, by id.
#[derive(Debug, Clone, Default)]
struct Chosen {
    accounts: Vec<String>,
    units: Vec<String>,
    users: Vec<String>,
    groups: Vec<String>,
    sets: Vec<String>,
}

/// Something to choose: id, name, and a word more.
struct Choice {
    id: String,
    name: String,
    hint: String,
    chosen: bool,
}

/// What a step shows. Names were looked up; what is not there any more has fallen away.
#[derive(Template)]
#[template(path = "console/assign.html")]
struct Assign {
    shell: Shell,
    step: &'static str,
    accounts: Vec<Account>,
    users: Vec<Choice>,
    groups: Vec<Choice>,
    sets: Vec<Choice>,
    find: String,
    results: Vec<(String, AccountResult)>,
}

impl Assign {
    fn chosen(choices: &[Choice]) -> Vec<&Choice> {
        choices.iter().filter(|c| c.chosen).collect()
    }

    /// How many assignments the choice makes.
    fn count(&self) -> usize {
        let principals = Self::chosen(&self.users).len() + Self::chosen(&self.groups).len();
        self.accounts.len() * principals * Self::chosen(&self.sets).len()
    }

    fn created(&self) -> u64 {
        self.results.iter().map(|(_, r)| r.created).sum()
    }
}

/// GET /console/accounts/assign: from the page of an account, a user or a group.
pub(super) async fn start(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let one = |name: &str| -> Vec<String> {
        Some(params.text(name).to_owned()).filter(|v| !v.is_empty()).into_iter().collect()
    };
    let chosen = Chosen { accounts: one("account"), ..Chosen::default() };
    if chosen.accounts.is_empty() {
        // The accounts are chosen first; who it began with is carried along.
        let pairs = ["user", "group"].map(|name| (name, params.text(name).to_owned()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()))
            .finish();
        return Ok(Redirect::to(&format!("{HERE}?{query}")).into_response());
    }
    let page = load(&center, &caller, &csrf, chosen, "principals", String::new()).await?;
    Ok(page::render(&page))
}

/// POST /console/accounts/assign
pub(super) async fn step(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(form): Form,
) -> Result<Response, PageError> {
    let chosen = read(&form);
    let find = form.text("find").to_owned();
    let (step, missing) = allowed(form.text("step"), &chosen);
    if chosen.accounts.is_empty() && chosen.units.is_empty() {
        let error = ApiError::invalid("account", "choose at least one account or organizational unit", "");
        return Err(PageError(error));
    }
    if step == "submit" {
        return submit(&center, &caller, &csrf, chosen).await;
    }
    let mut page = load(&center, &caller, &csrf, chosen, step, find).await?;
    if let Some(missing) = missing {
        page.shell = page.shell.with(Banner::new(Tone::Warning, missing, ""));
    }
    Ok(page::render(&page))
}

fn read(form: &Fields) -> Chosen {
    let all = |name: &str| -> Vec<String> {
        let mut ids: Vec<String> = form.all(name).filter(|id| !id.is_empty()).map(str::to_owned).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    Chosen {
        accounts: all("account"),
        units: all("unit"),
        users: all("user"),
        groups: all("group"),
        sets: all("set"),
    }
}

/// The step that comes now: the one asked for, or an earlier one where its choice is missing.
fn allowed(asked: &str, chosen: &Chosen) -> (&'static str, Option<&'static str>) {
    let step = match asked {
        "sets" => "sets",
        "review" => "review",
        "submit" => "submit",
        _ => return ("principals", None),
    };
    if chosen.users.is_empty() && chosen.groups.is_empty() {
        return ("principals", Some("Choose at least one user or group"));
    }
    if step != "sets" && chosen.sets.is_empty() {
        return ("sets", Some("Choose at least one permission set"));
    }
    (step, None)
}

async fn load(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    chosen: Chosen,
    step: &'static str,
    find: String,
) -> Result<Assign, StoreError> {
    let shell = shell(caller, csrf, "Assign users or groups", HERE);
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<Assign, StoreError> {
        let offer = step == "principals";
        Ok(Assign {
            shell: shell.clone(),
            step,
            accounts: accounts(tx, &instance, &chosen)?,
            users: users(tx, &instance, &chosen.users, &find, offer)?,
            groups: groups(tx, &instance, &chosen.groups, &find, offer)?,
            sets: permission_sets(tx, &instance, &chosen.sets)?,
            find: find.clone(),
            results: Vec::new(),
        })
    };
    center.store.read(read).await
}

/// The chosen accounts and those under the chosen units, which from here on are accounts: what is
/// reviewed is what is done, even if the organization changes in between.
fn accounts(tx: &mut Tx<'_>, instance: &str, chosen: &Chosen) -> Result<Vec<Account>, StoreError> {
    let organization = organizations::organization(tx, instance)?;
    let (units, all) = (organizations::units(tx, instance)?, organizations::accounts(tx, instance)?);
    let root = organization::tree(&organization, &units, &all);
    let wanted = accounts_under(&root, &chosen.units, &chosen.accounts);
    let wanted: std::collections::HashSet<&String> = wanted.iter().collect();
    let mut accounts: Vec<Account> = all.into_iter().filter(|a| wanted.contains(&a.id)).collect();
    accounts.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(accounts)
}

fn users(
    tx: &mut Tx<'_>,
    instance: &str,
    chosen: &[String],
    find: &str,
    offer: bool,
) -> Result<Vec<Choice>, StoreError> {
    let choice = |u: crate::identity_store::User, chosen| Choice {
        id: u.id,
        name: u.user_name,
        hint: u.display_name,
        chosen,
    };
    let mut choices = Vec::new();
    for id in chosen {
        choices.extend(identities::user(tx, instance, id)?.map(|u| choice(u, true)));
    }
    if offer {
        let page = Page { search: find, after: "", limit: OFFERED };
        let found = identities::list_users(tx, instance, page)?.into_iter();
        choices.extend(found.filter(|u| !chosen.contains(&u.id)).map(|u| choice(u, false)));
    }
    Ok(choices)
}

fn groups(
    tx: &mut Tx<'_>,
    instance: &str,
    chosen: &[String],
    find: &str,
    offer: bool,
) -> Result<Vec<Choice>, StoreError> {
    let choice = |g: crate::identity_store::Group, chosen| Choice {
        id: g.id,
        name: g.fields.display_name,
        hint: g.fields.description,
        chosen,
    };
    let mut choices = Vec::new();
    for id in chosen {
        choices.extend(identities::group(tx, instance, id)?.map(|g| choice(g, true)));
    }
    if offer {
        let page = Page { search: find, after: "", limit: OFFERED };
        let found = identities::list_groups(tx, instance, page)?.into_iter();
        choices.extend(found.filter(|g| !chosen.contains(&g.id)).map(|g| choice(g, false)));
    }
    Ok(choices)
}

fn permission_sets(tx: &mut Tx<'_>, instance: &str, chosen: &[String]) -> Result<Vec<Choice>, StoreError> {
    let choice = |set: PermissionSet| Choice {
        chosen: chosen.contains(&set.id),
        id: set.id,
        name: set.fields.name,
        hint: set.fields.description,
    };
    Ok(sets::list(tx, instance)?.into_iter().map(choice).collect())
}

async fn submit(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    chosen: Chosen,
) -> Result<Response, PageError> {
    let mut page = load(center, caller, csrf, chosen.clone(), "done", String::new()).await?;
    let users = chosen.users.into_iter().map(|id| (PrincipalType::User, id));
    let groups = chosen.groups.into_iter().map(|id| (PrincipalType::Group, id));
    let wanted = Wanted {
        accounts: page.accounts.iter().map(|a| a.id.clone()).collect(),
        permission_sets: chosen.sets,
        principals: users.chain(groups).collect(),
    };
    let author = center.author(caller);
    let results = center.store.write(move |tx| assign_all(tx, &author, &wanted)).await?;
    let name = |id: &str| {
        let account = page.accounts.iter().find(|a| a.id == id);
        account.map(|a| a.name.clone()).unwrap_or_default()
    };
    page.results = results.into_iter().map(|r| (name(&r.account_id), r)).collect();
    let title = format!("{} new assignments were made", page.created());
    page.shell = page.shell.with(Banner::new(Tone::Success, title, "They count at once."));
    Ok(page::render(&page))
}
