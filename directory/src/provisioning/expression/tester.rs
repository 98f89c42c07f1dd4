//! Tries an expression, as Graph's `parseExpression` and the expression builder do (entra-id.md 5.4).

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Attributes, Context, Expression, evaluate};

/// Graph's request. `targetAttributeDefinition` and the definition of the test object say nothing that
/// changes the answer and are not read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestRequest {
    /// The text to read.
    pub expression: String,
    /// The object to try it with.
    #[serde(default)]
    pub test_input_object: Option<TestObject>,
}

/// Graph's `expressionInputObject`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TestObject {
    /// Its attributes.
    #[serde(default)]
    pub properties: Vec<TestProperty>,
}

/// One attribute of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TestProperty {
    /// Its name.
    pub key: String,
    /// Its value or values.
    #[serde(default)]
    pub value: Json,
}

impl TestRequest {
    /// The attributes of the object, if one was given.
    pub fn attributes(&self) -> Option<Attributes> {
        let object = self.test_input_object.as_ref()?;
        Some(Attributes::from_properties(object.properties.iter().map(|p| (p.key.as_str(), &p.value))))
    }
}

/// Graph's `parseExpressionResponse` for a text and, if there is one, an object to try it with. The codes of
/// errors are ours.
pub fn test(text: &str, attributes: Option<&Attributes>, context: &Context<'_>) -> Json {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(e) => return answer(None, None, Some(("expressionNotReadable", e.to_string()))),
    };
    match attributes.map(|a| evaluate(&expression, a, context)) {
        None => answer(Some(&expression), None, None),
        Some(Ok(value)) => answer(Some(&expression), Some(value.texts()), None),
        Some(Err(e)) => answer(Some(&expression), None, Some(("evaluationFailed", e.to_string()))),
    }
}

fn answer(
    expression: Option<&Expression>,
    result: Option<Vec<String>>,
    error: Option<(&str, String)>,
) -> Json {
    let error = error.map(|(code, message)| json!({ "code": code, "message": message }));
    json!({
        "error": error,
        "evaluationSucceeded": result.is_some(),
        "evaluationResult": result.unwrap_or_default(),
        "parsedExpression": expression.map(tree),
        "parsingSucceeded": expression.is_some(),
    })
}

/// Graph's `attributeMappingSource`: empty positions are left out, as in Microsoft's sample.
fn tree(expression: &Expression) -> Json {
    let (kind, name, parameters) = match expression {
        Expression::Attribute(name) => ("Attribute", name.clone(), Vec::new()),
        Expression::Constant(text) => ("Constant", text.clone(), Vec::new()),
        Expression::Number { .. } | Expression::Compare(_) => {
            ("Constant", expression.to_string(), Vec::new())
        }
        Expression::Call { function, arguments } => {
            let named = arguments.iter().enumerate().filter_map(|(i, argument)| {
                let key = function.parameter(i, arguments.len()).name;
                Some(json!({ "key": key, "value": tree(argument.as_ref()?) }))
            });
            ("Function", function.name.to_owned(), named.collect())
        }
        // Microsoft shows no comparison; it is a function of two parameters here.
        Expression::Comparison { left, operator, right } => {
            let sides = vec![
                json!({ "key": "left", "value": tree(left) }),
                json!({ "key": "right", "value": tree(right) }),
            ];
            ("Function", operator.sign().to_owned(), sides)
        }
    };
    json!({ "expression": expression.to_string(), "name": name, "parameters": parameters, "type": kind })
}

impl Expression {
    /// Graph's `attributeMappingSource` for it.
    pub fn to_graph(&self) -> Json {
        tree(self)
    }
}
