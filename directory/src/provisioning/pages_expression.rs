//! The page that tries an expression on a chosen person or group.

use askama::Template;
use axum::response::Response;
use serde_json::Value as Json;
use web::form::Form;
use web::page::{Crumb, Shell, render};

use super::expression::{Attributes, Expression, functions};
use super::graph_expressions::{attributes_of, try_expression};
use super::job::ProvisioningError;
use super::pages::{PageError, Subject, TAB, Tab, Visit, error_banner};
use super::pages_logs::resolve;
use super::{Kind, settings};
use crate::Directory;
use crate::access::Caller;
use crate::applications::Application;

#[derive(Template)]
#[template(path = "provisioning/expression.html")]
struct ExpressionPage {
    shell: Shell,
    tab: &'static str,
    application: Application,
    tabs: Vec<Tab>,
    action: String,
    name: String,
    group: bool,
    expression: String,
    functions: Vec<String>,
    answer: Option<Answer>,
}

struct Answer {
    error: String,
    values: Vec<String>,
    inputs: Vec<(String, String)>,
}

pub(super) async fn show(Visit { directory, caller, csrf, subject }: Visit) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Try an expression", &caller, &csrf);
    Ok(render(&page(&subject, shell)))
}

fn page(subject: &Subject, mut shell: Shell) -> ExpressionPage {
    shell.crumbs.push(Crumb { label: "Attribute mapping".to_owned(), href: subject.path("mappings") });
    ExpressionPage {
        shell,
        tab: TAB,
        application: subject.application.clone(),
        tabs: subject.tabs("mappings"),
        action: subject.path("expression"),
        name: String::new(),
        group: false,
        expression: String::new(),
        functions: functions().iter().map(usage).collect(),
        answer: None,
    }
}

/// `Join(separator, source, …)`.
fn usage(function: &Json) -> String {
    let text = |json: &Json| json["name"].as_str().unwrap_or_default().to_owned();
    let parameters: Vec<String> = function["parameters"].as_array().into_iter().flatten().map(text).collect();
    format!("{}({})", text(function), parameters.join(", "))
}

pub(super) async fn run(
    Visit { directory, caller, csrf, subject }: Visit,
    Form(fields): Form,
) -> Result<Response, PageError> {
    let shell = subject.shell(&directory, "Try an expression", &caller, &csrf);
    let group = fields.text("kind") == "group";
    let mut page = ExpressionPage {
        name: fields.text("name").to_owned(),
        group,
        expression: fields.text("expression").to_owned(),
        ..page(&subject, shell)
    };
    let kind = if group { Kind::Group } else { Kind::User };
    match answer(&directory, &caller, &subject, kind, &page.name, &page.expression).await {
        Ok(answer) => page.answer = Some(answer),
        Err(error @ ProvisioningError::Store(_)) => return Err(error.into()),
        Err(error) => page.shell.banners.push(error_banner("It was not tried", &error)),
    }
    Ok(render(&page))
}

async fn answer(
    directory: &Directory,
    caller: &Caller,
    subject: &Subject,
    kind: Kind,
    name: &str,
    text: &str,
) -> Result<Answer, ProvisioningError> {
    let job = settings::create(directory, &caller.actor, &subject.id, false).await?;
    let (tenant, wanted) = (directory.tenant_id.clone(), name.to_owned());
    let found = directory.store.read(move |tx| resolve(tx, &tenant, kind, &wanted)).await?;
    let id = found.ok_or_else(|| ProvisioningError::NoObject(kind.as_str(), name.to_owned()))?;
    let attributes = attributes_of(directory, &job, kind, &id).await?;
    let answer = try_expression(directory, &job, text, Some(&attributes)).await?;
    let values = answer["evaluationResult"].as_array().into_iter().flatten();
    Ok(Answer {
        error: answer["error"]["message"].as_str().unwrap_or_default().to_owned(),
        values: values.filter_map(|v| v.as_str().map(ToOwned::to_owned)).collect(),
        inputs: Expression::parse(text).map(|e| inputs(&e, &attributes)).unwrap_or_default(),
    })
}

fn inputs(expression: &Expression, attributes: &Attributes) -> Vec<(String, String)> {
    let shown = |name: &str| match attributes.get(name) {
        value if value.is_null() => "no value".to_owned(),
        value => value.texts().join(", "),
    };
    expression.attributes().into_iter().map(|name| (name.to_owned(), shown(name))).collect()
}
