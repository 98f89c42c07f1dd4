//! The page of a scoping filter: what it asks, and what a change of it would do before it is saved.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use web::form::{Fields, Form};
use web::page::{Crumb, Shell, render};

use super::job::ProvisioningError;
use super::mapping::Mappings;
use super::pages::{PageError, Subject, TAB, Tab, Visit, back, error_banner};
use super::pages_mappings::change;
use super::scope_preview::ScopePreview;
use super::scoping_filter::{FilterClause, FilterGroup, FilterOperator, ScopingFilter};
use super::{Kind, settings};
use crate::Directory;
use crate::access::Caller;
use crate::applications::Application;

/// Empty rows that a form offers in each filter.
const SPARE: usize = 2;

#[derive(Template)]
#[template(path = "provisioning/scope.html")]
struct ScopePage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    kind: &'static str,
    operators: Vec<&'static str>,
    groups: Vec<Group>,
    others: usize,
    preview: Option<ScopePreview>,
    action: &'static str,
}

struct Group {
    name: String,
    clauses: Vec<Clause>,
}

#[derive(Clone, Default, PartialEq)]
struct Clause {
    attribute: String,
    operator: String,
    value: String,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    kind: String,
}

pub(super) async fn show(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(chosen): Query<Chosen>,
) -> Result<Response, PageError> {
    let kind = Kind::parse(&chosen.kind).unwrap_or(Kind::User);
    let mappings = subject.job.as_ref().map_or_else(Mappings::default, |j| j.mappings.clone());
    let shell = subject.shell(&directory, "Scoping filter", &caller, &csrf);
    let groups = mappings.scope(kind).groups.iter().map(Group::of).collect();
    Ok(render(&page(&subject, shell, kind, groups)))
}

fn page(subject: &Subject, mut shell: Shell, kind: Kind, mut groups: Vec<Group>) -> ScopePage {
    let base = subject.path("mappings");
    shell.crumbs.push(Crumb { label: "Attribute mapping".to_owned(), href: base.clone() });
    groups.push(Group { name: String::new(), clauses: Vec::new() });
    for group in &mut groups {
        group.clauses.extend(vec![Clause::default(); SPARE]);
    }
    let saved = subject.job.as_ref().map(|j| j.mappings.scope(kind));
    let others = saved.map_or(0, |s| s.input_filter_groups.len() + s.category_filter_groups.len());
    let action = subject.job.as_ref().map_or("disable", |j| j.out_of_scope.as_str());
    ScopePage {
        shell,
        tab: TAB,
        application: subject.application.clone(),
        tabs: subject.tabs("mappings"),
        base,
        kind: kind.as_str(),
        operators: FilterOperator::ALL.iter().map(|o| o.name()).collect(),
        groups,
        others,
        preview: None,
        action,
    }
}

/// Previews or saves, as the button says.
pub(super) async fn save(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let kind = Kind::parse(fields.text("kind")).unwrap_or(Kind::User);
    let groups = entered(&fields);
    let outcome = match read(&groups) {
        Ok(new) if fields.text("what") == "save" => {
            let saved =
                change(&directory, &caller, &subject, move |m| m.scope_mut(kind).groups.clone_from(&new));
            saved.await.map(|()| None)
        }
        Ok(new) => preview(&directory, &caller, &subject, kind, new).await.map(Some),
        Err(error) => Err(error),
    };
    let mut shell = subject.shell(&directory, "Scoping filter", &caller, &csrf);
    let preview = match outcome {
        Ok(None) => return Ok(back(&subject, "mappings", "saved")),
        Ok(preview) => preview,
        Err(error @ ProvisioningError::Store(_)) => return Err(error.into()),
        Err(error) => {
            shell.banners.push(error_banner("Nothing was saved", &error));
            None
        }
    };
    Ok(render(&ScopePage { preview, ..page(&subject, shell, kind, groups) }))
}

async fn preview(
    directory: &Directory,
    caller: &Caller,
    subject: &Subject,
    kind: Kind,
    groups: Vec<FilterGroup>,
) -> Result<ScopePreview, ProvisioningError> {
    let job = settings::create(directory, &caller.actor, &subject.id, false).await?;
    let filter = ScopingFilter { groups, ..job.mappings.scope(kind).clone() };
    let mappings = Mappings { user_scope: filter.clone(), ..Mappings::default() };
    mappings.check()?;
    ScopePreview::of(directory, &job, kind, &filter).await
}

/// What the form holds: rows without an attribute and filters without rows are not there.
fn entered(fields: &Fields) -> Vec<Group> {
    let each = |g: usize| {
        let column = |name: &str| -> Vec<String> {
            fields.all(&format!("{name}_{g}")).map(ToOwned::to_owned).collect()
        };
        let rows = column("attribute").into_iter().zip(column("operator")).zip(column("value"));
        let rows = rows.map(|((attribute, operator), value)| Clause { attribute, operator, value });
        let clauses: Vec<Clause> = rows.filter(|c| !c.attribute.is_empty()).collect();
        Group { name: fields.text(&format!("name_{g}")).to_owned(), clauses }
    };
    let count = fields.text("count").parse().unwrap_or(0).min(super::scoping_filter::MAX_COUNT + 1);
    (0..count).map(each).filter(|g| !g.clauses.is_empty()).collect()
}

fn read(groups: &[Group]) -> Result<Vec<FilterGroup>, ProvisioningError> {
    let clause = |c: &Clause| {
        let operator = FilterOperator::named(&c.operator).ok_or_else(|| ProvisioningError::Invalid {
            field: "operator",
            why: format!("there is no operator {:?}", c.operator),
        })?;
        let values = if c.value.is_empty() { vec![] } else { vec![c.value.as_str()] };
        Ok(FilterClause::new(&c.attribute, operator, &values))
    };
    let group = |g: &Group| {
        let clauses = g.clauses.iter().map(clause).collect::<Result<_, ProvisioningError>>()?;
        Ok(FilterGroup { name: g.name.clone(), clauses })
    };
    groups.iter().map(group).collect()
}

impl Group {
    fn of(group: &FilterGroup) -> Self {
        let clause = |c: &FilterClause| Clause {
            attribute: c.source_operand_name.clone(),
            operator: c.operator_name.name().to_owned(),
            value: c.value().to_owned(),
        };
        Self { name: group.name.clone(), clauses: group.clauses.iter().map(clause).collect() }
    }
}
