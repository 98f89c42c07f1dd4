//! The pages of attribute mappings: the list, one row, the way back to the default.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use web::form::{Fields, Form};
use web::page::{Banner, Crumb, Shell, Tone, render};

use super::graph_schema::{expression_of, read_function};
use super::job::ProvisioningError;
use super::mapping::{Apply, Mapping, Mappings, Source};
use super::pages::{PageError, Subject, TAB, Tab, Visit, back, error_banner};
use super::{Kind, settings};
use crate::Directory;
use crate::access::Caller;
use crate::applications::Application;

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "provisioning/mappings.html")]
struct MappingsPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    tables: Vec<Table>,
}

struct Table {
    title: &'static str,
    kind: &'static str,
    rows: Vec<Row>,
    filters: Vec<String>,
}

/// A mapping as the pages show it.
struct Row {
    kind: &'static str,
    source: String,
    target: String,
    matching: u32,
    only_on_create: bool,
    default: String,
}

impl Row {
    fn of(mapping: &Mapping) -> Self {
        let (kind, source) = match &mapping.source {
            Source::Direct(name) => ("direct", name.clone()),
            Source::Constant(text) => ("constant", text.clone()),
            Source::Reference(name) => ("reference", name.clone()),
            other => ("expression", expression_of(other)),
        };
        Self {
            kind,
            source,
            target: mapping.target.clone(),
            matching: mapping.matching,
            only_on_create: mapping.apply == Apply::OnlyOnCreate,
            default: mapping.default_value.clone().unwrap_or_default(),
        }
    }

    fn entered(fields: &Fields) -> Self {
        let kinds = ["direct", "constant", "expression", "reference"];
        Self {
            kind: kinds.into_iter().find(|k| *k == fields.text("type")).unwrap_or("direct"),
            source: fields.text("source").to_owned(),
            target: fields.text("target").to_owned(),
            matching: fields.text("matching").parse().unwrap_or(0),
            only_on_create: fields.text("apply") == "create",
            default: fields.text("default").to_owned(),
        }
    }

    fn mapping(&self) -> Result<Mapping, ProvisioningError> {
        let invalid = |why: String| ProvisioningError::Invalid { field: "source", why };
        let source = match self.kind {
            _ if self.source.is_empty() => {
                return Err(invalid("name an attribute, or enter a text or an expression".to_owned()));
            }
            "constant" => Source::Constant(self.source.clone()),
            "expression" => read_function(&self.source).map_err(invalid)?,
            "reference" => match self.source.as_str() {
                name @ ("manager" | "members") => Source::Reference(name.to_owned()),
                name => return Err(invalid(format!("{name:?} refers to nobody; manager and members do"))),
            },
            _ => Source::Direct(self.source.clone()),
        };
        Ok(Mapping {
            source,
            target: self.target.clone(),
            default_value: Some(self.default.clone()).filter(|d| !d.is_empty()),
            apply: if self.only_on_create { Apply::OnlyOnCreate } else { Apply::Always },
            matching: self.matching,
        })
    }
}

pub(super) async fn list(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    let mut shell = subject.shell(&directory, "Attribute mapping", &caller, &csrf);
    if said.done == "saved" {
        let text = "The next cycle looks at everybody and sends what differs.";
        shell.banners.push(Banner::new(Tone::Success, "Saved", text));
    }
    let mappings = subject.job.as_ref().map_or_else(Mappings::default, |j| j.mappings.clone());
    let table = |title, kind: Kind| Table {
        title,
        kind: kind.as_str(),
        rows: mappings.of(kind).iter().map(Row::of).collect(),
        filters: mappings.scope(kind).titles(),
    };
    let tables = vec![table("Users", Kind::User), table("Groups", Kind::Group)];
    let (tabs, base) = (subject.tabs("mappings"), subject.path("mappings"));
    Ok(render(&MappingsPage { shell, tab: TAB, tabs, base, application: subject.application, tables }))
}

#[derive(Template)]
#[template(path = "provisioning/mapping.html")]
struct MappingPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    base: String,
    tester: String,
    kind: &'static str,
    before: String,
    row: Row,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    target: String,
}

fn kind_of(text: &str) -> Kind {
    Kind::parse(text).unwrap_or(Kind::User)
}

pub(super) async fn edit(
    Visit { directory, caller, csrf, subject }: Visit,
    Query(chosen): Query<Chosen>,
) -> Result<Response, PageError> {
    let kind = kind_of(&chosen.kind);
    let mappings = subject.job.as_ref().map_or_else(Mappings::default, |j| j.mappings.clone());
    let found = mappings.of(kind).iter().find(|m| m.target == chosen.target);
    let (before, row) = match found {
        Some(mapping) => (mapping.target.clone(), Row::of(mapping)),
        None => (String::new(), Row::entered(&Fields::default())),
    };
    let shell = subject.shell(&directory, "Mapping", &caller, &csrf);
    Ok(render(&mapping_page(&subject, shell, kind, before, row)))
}

fn mapping_page(subject: &Subject, mut shell: Shell, kind: Kind, before: String, row: Row) -> MappingPage {
    let base = subject.path("mappings");
    shell.crumbs.push(Crumb { label: "Attribute mapping".to_owned(), href: base.clone() });
    MappingPage {
        shell,
        tab: TAB,
        application: subject.application.clone(),
        tabs: subject.tabs("mappings"),
        base,
        tester: subject.path("expression"),
        kind: kind.as_str(),
        before,
        row,
    }
}

pub(super) async fn save(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let (kind, before, row) =
        (kind_of(fields.text("kind")), fields.text("before").to_owned(), Row::entered(&fields));
    let saved = match row.mapping() {
        Ok(mapping) => {
            let was = before.clone();
            change(&directory, &caller, &subject, move |m| {
                m.put(kind, &was, mapping.clone());
            })
            .await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) => Ok(back(&subject, "mappings", "saved")),
        Err(error @ ProvisioningError::Store(_)) => Err(error.into()),
        Err(error) => {
            let shell = subject.shell(&directory, "Mapping", &caller, &csrf);
            let shell = shell.with(error_banner("Nothing was saved", &error));
            Ok(render(&mapping_page(&subject, shell, kind, before, row)))
        }
    }
}

pub(super) async fn delete(
    Visit { directory, caller, subject, .. }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let (kind, target) = (kind_of(fields.text("kind")), fields.text("target").to_owned());
    change(&directory, &caller, &subject, move |m| m.remove(kind, &target)).await?;
    Ok(back(&subject, "mappings", "saved"))
}

/// The default mappings; scoping filters stay.
pub(super) async fn reset(
    Visit { directory, caller, subject, .. }: Visit,
    Form(_): Form,
) -> Result<Response, PageError> {
    change(&directory, &caller, &subject, |m| {
        let default = Mappings::default();
        (m.users, m.groups) = (default.users, default.groups);
    })
    .await?;
    Ok(back(&subject, "mappings", "saved"))
}

pub(super) async fn change(
    directory: &Directory,
    caller: &Caller,
    subject: &Subject,
    f: impl Fn(&mut Mappings) + Send + 'static,
) -> Result<(), ProvisioningError> {
    settings::create(directory, &caller.actor, &subject.id, false).await?;
    settings::change_mappings(directory, &caller.actor, &subject.id, f).await.map(|_| ())
}
