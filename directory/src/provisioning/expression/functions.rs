//! Every function: its name, its parameters as Graph lists them, and what computes it.

use std::fmt::{self, Debug, Formatter};

use serde_json::{Value as Json, json};

use super::evaluate::{Call, Outcome};
use super::{case, dates, lists, logic, random_string, replace, roles, text};

/// A function of the language.
pub struct Function {
    /// Its name. Letter case counts.
    pub name: &'static str,
    /// Its parameters, in order.
    pub parameters: &'static [Parameter],
    /// How many parameters at the end come again and again: 1 for `Join`, 2 for the pairs of `Switch`.
    pub repeating: usize,
    /// Whether its first argument may be a comparison.
    pub(super) condition: bool,
    /// Whether it must be the outermost one.
    pub(super) outermost: bool,
    pub(super) run: fn(&Call<'_>) -> Outcome,
}

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in Graph.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must have a value. One that need not may be an empty position.
    pub required: bool,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A truth.
    Boolean,
    /// A date.
    DateTime,
}

impl Kind {
    /// Its name in Graph (`attributeType`).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Integer => "Integer",
            Self::Boolean => "Boolean",
            Self::DateTime => "DateTime",
        }
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Debug for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Graph's answer to `GET …/schema/functions`: its `value` (entra-id.md 5.4).
pub fn functions() -> Vec<Json> {
    FUNCTIONS.iter().map(Function::to_json).collect()
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|f| f.name)
}

impl Function {
    /// The function of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|f| f.name == name)
    }

    /// All functions, in the order of their names.
    pub fn all() -> &'static [Self] {
        FUNCTIONS
    }

    /// The parameter that the argument at `index` of `count` arguments goes to.
    pub fn parameter(&self, index: usize, count: usize) -> Parameter {
        let parameters = self.parameters;
        // Graph's listing of 2018 has no dateTimeStyles, and expressions of that time three arguments.
        if self.name == "FormatDateTime" && count == 3 && index > 0 {
            return parameters[(index + 1).min(parameters.len() - 1)];
        }
        match parameters.get(index) {
            Some(parameter) => *parameter,
            None if self.repeating == 0 => parameters.last().copied().unwrap_or(NO_PARAMETER),
            None => {
                let fixed = parameters.len() - self.repeating;
                parameters[fixed + (index - fixed) % self.repeating]
            }
        }
    }

    /// Whether it can be called with so many arguments.
    pub(super) fn takes(&self, count: usize) -> bool {
        let fixed = self.parameters.len() - self.repeating;
        let enough = count >= self.least();
        match self.repeating {
            0 => enough && count <= self.parameters.len(),
            by => enough && (count - fixed).is_multiple_of(by),
        }
    }

    fn least(&self) -> usize {
        match self.name {
            "FormatDateTime" => 3,
            // Its rules are one repeating parameter, but one rule alone makes no choice.
            "SelectUniqueValue" => 2,
            _ => self.parameters.iter().rposition(|p| p.required).map_or(0, |last| last + 1),
        }
    }

    /// How many arguments it takes, in words.
    pub(super) fn expects(&self) -> String {
        let (least, most) = (self.least(), self.parameters.len());
        let names: Vec<_> = self.parameters.iter().map(|p| p.name).collect();
        let names = names.join(", ");
        match self.repeating {
            0 if most == 0 => "no arguments".to_owned(),
            0 if least == most => format!("{most} arguments ({names})"),
            0 => format!("{least} to {most} arguments ({names})"),
            1 => format!("at least {least} arguments ({names}, …)"),
            _ => format!("an even number of arguments, at least {least} ({names}, …)"),
        }
    }

    fn to_json(&self) -> Json {
        let fixed = self.parameters.len() - self.repeating;
        let parameters: Vec<Json> = self
            .parameters
            .iter()
            .enumerate()
            .map(|(i, p)| {
                json!({
                    "allowMultipleOccurrences": i >= fixed, "name": p.name,
                    "required": p.required, "type": p.kind.as_str(),
                })
            })
            .collect();
        json!({ "name": self.name, "parameters": parameters })
    }
}

const NO_PARAMETER: Parameter = Parameter { name: "", kind: Kind::String, required: false };

type Run = fn(&Call<'_>) -> Outcome;

const fn function(name: &'static str, parameters: &'static [Parameter], run: Run) -> Function {
    Function { name, parameters, repeating: 0, condition: false, outermost: false, run }
}

const fn repeating(by: usize, function: Function) -> Function {
    Function { repeating: by, ..function }
}

const fn condition(function: Function) -> Function {
    Function { condition: true, ..function }
}

const fn outermost(function: Function) -> Function {
    Function { outermost: true, ..function }
}

const fn parameter(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: true }
}

const fn string(name: &'static str) -> Parameter {
    parameter(name, Kind::String)
}

const fn integer(name: &'static str) -> Parameter {
    parameter(name, Kind::Integer)
}

const fn boolean(name: &'static str) -> Parameter {
    parameter(name, Kind::Boolean)
}

const fn date(name: &'static str) -> Parameter {
    parameter(name, Kind::DateTime)
}

const fn optional(parameter: Parameter) -> Parameter {
    Parameter { required: false, ..parameter }
}

const SOURCE: &[Parameter] = &[string("source")];
const EXPRESSION: &[Parameter] = &[string("expression")];
const ROLES: &[Parameter] = &[string("appRoleAssignments")];
const CULTURE: &[Parameter] = &[string("source"), optional(string("culture"))];

static FUNCTIONS: &[Function] = &[
    function("AppRoleAssignments", SOURCE, roles::app_role_assignments),
    function("AppRoleAssignmentsComplex", ROLES, roles::app_role_assignments_complex),
    function("Append", &[string("source"), string("suffix")], text::append),
    function("AssertiveAppRoleAssignmentsComplex", ROLES, roles::app_role_assignments_complex),
    function("BitAnd", &[integer("value1"), integer("value2")], logic::bit_and),
    condition(function("CBool", &[boolean("expression")], logic::c_bool)),
    function("CDate", EXPRESSION, dates::c_date),
    function("CStr", &[string("value")], text::c_str),
    // The default is no parameter of its own: it is the last source, and the first with a value counts.
    repeating(1, function("Coalesce", SOURCE, logic::coalesce)),
    function("ConvertToBase64", SOURCE, text::convert_to_base64),
    function("ConvertToUTF8Hex", SOURCE, text::convert_to_utf8_hex),
    function("Count", &[string("attribute")], lists::count),
    function("DateAdd", &[string("interval"), integer("value"), date("dateTime")], dates::date_add),
    function("DateDiff", &[string("interval"), date("date1"), date("date2")], dates::date_diff),
    function("DateFromNum", &[integer("value")], dates::date_from_num),
    function("DefaultDomain", &[], text::default_domain),
    function(
        "FormatDateTime",
        &[
            string("source"),
            optional(string("dateTimeStyles")),
            string("inputFormat"),
            string("outputFormat"),
        ],
        dates::format_date_time,
    ),
    function("Guid", &[], random_string::guid),
    condition(function(
        "IIF",
        &[boolean("condition"), string("valueIfTrue"), string("valueIfFalse")],
        logic::iif,
    )),
    function("IgnoreFlowIfNullOrEmpty", EXPRESSION, logic::ignore_flow_if_null_or_empty),
    function(
        "InStr",
        &[string("value1"), string("value2"), optional(integer("start")), optional(string("compareType"))],
        text::in_str,
    ),
    function("IsNothing", SOURCE, logic::is_null),
    function("IsNull", EXPRESSION, logic::is_null),
    function("IsNullOrEmpty", EXPRESSION, logic::is_null_or_empty),
    function("IsPresent", EXPRESSION, logic::is_present),
    function("IsString", EXPRESSION, logic::is_string),
    function("Item", &[string("attribute"), integer("index")], lists::item),
    repeating(1, function("Join", &[string("separator"), string("source")], lists::join)),
    function("Left", &[string("String"), integer("NumChars")], text::left),
    function("Len", &[string("String")], text::len),
    function("Mid", &[string("source"), integer("start"), integer("length")], text::mid),
    function("NormalizeDiacritics", SOURCE, text::normalize_diacritics),
    function("Not", &[boolean("source")], logic::not),
    function("Now", &[], dates::now),
    function("NumFromDate", &[string("value")], dates::num_from_date),
    function("PCase", &[string("source"), optional(string("wordSeparators"))], case::p_case),
    function("Prepend", &[string("prefix"), string("source")], text::prepend),
    function(
        "RandomString",
        &[
            integer("Length"),
            integer("MinimumNumbers"),
            integer("MinimumSpecialCharacters"),
            integer("MinimumCapital"),
            integer("MinimumLowerCase"),
            optional(string("CharactersToAvoid")),
        ],
        random_string::random_string,
    ),
    function("Redact", &[string("value")], text::redact),
    function("RemoveDuplicates", &[string("attribute")], lists::remove_duplicates),
    function(
        "Replace",
        &[
            string("source"),
            optional(string("Find")),
            optional(string("RegularExpression")),
            optional(string("RegularExpressionGroupName")),
            optional(string("Replacement")),
            optional(string("ReplacementPropertyName")),
            optional(string("Template")),
        ],
        replace::replace,
    ),
    outermost(repeating(
        1,
        function("SelectUniqueValue", &[string("uniqueValueRule")], logic::select_unique_value),
    )),
    function("SingleAppRoleAssignment", ROLES, roles::single_app_role_assignment),
    function("Split", &[string("source"), string("delimiter")], lists::split),
    function("StripSpaces", SOURCE, text::strip_spaces),
    repeating(
        2,
        function(
            "Switch",
            &[string("source"), optional(string("defaultValue")), string("key"), string("value")],
            logic::switch,
        ),
    ),
    function("ToLower", CULTURE, case::to_lower),
    function("ToUpper", CULTURE, case::to_upper),
    function("Word", &[string("String"), integer("WordNumber"), string("Delimiters")], text::word),
];
