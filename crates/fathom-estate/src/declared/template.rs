//! CloudFormation templates, YAML or JSON, as written: intrinsics stand unevaluated in their long form.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{sensitive, yaml::Node};

/// How deep a template may be nested; CloudFormation itself takes much less.
const DEPTH_MAX: usize = 100;
/// Nodes of a template with all its aliases written out; the service takes 1 MB of text.
const NODES_MAX: usize = 500_000;
/// The longest template; the service takes 1 MB.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// A template.
#[derive(Debug, Clone)]
pub struct Template {
    /// The file, as people know it.
    pub file: Arc<str>,
    /// The stack it is known to be for; found by its logical ids otherwise.
    pub stack: Option<String>,
    /// Resources by logical id.
    pub resources: BTreeMap<String, TemplateResource>,
    /// Parameters: what a reference to each gives.
    pub parameters: BTreeMap<String, Parameter>,
    /// `Conditions`.
    pub conditions: Map<String, Value>,
    /// `Mappings`.
    pub mappings: Map<String, Value>,
    /// Resources that could not be used, and why.
    pub skipped: Vec<(String, String)>,
}

/// A resource as written.
#[derive(Debug, Clone)]
pub struct TemplateResource {
    /// Its type.
    pub kind: String,
    /// `Properties`.
    pub properties: Value,
    /// The condition under which it is made.
    pub condition: Option<String>,
}

/// What a reference to a parameter gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// What the user says it is.
    Given(Value),
    /// What it is where nobody gives another value.
    Default(Value),
    /// It has no default, is hidden, or is read elsewhere: why.
    Unknown(String),
}

/// Why a template did not load.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is neither YAML nor JSON.
    #[error("{file}:{line}:{column}: not a CloudFormation template: {problem}")]
    Parse {
        /// The file.
        file: String,
        /// Line, from 1; 0 where the parser cannot tell.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What the parser says.
        problem: String,
    },
    /// It reads, but says no parameters.
    #[error(
        "{file}: no values of parameters; write `Name: value` lines, or a list of `ParameterKey` and `ParameterValue`"
    )]
    Parameters {
        /// The file.
        file: String,
    },
    /// It reads, but is no template.
    #[error("{file}: not a CloudFormation template: {problem}")]
    Form {
        /// The file.
        file: String,
        /// What is missing.
        problem: String,
    },
}

impl Template {
    /// Reads a template's text; `given` are the values that its parameters have, by name.
    pub fn parse(file: &str, text: &str, given: &BTreeMap<String, Value>) -> Result<Self, TemplateError> {
        let form = |problem: String| TemplateError::Form { file: file.to_owned(), problem };
        if text.len() > BYTES_MAX {
            return Err(form(format!("{} bytes, more than the limit of {BYTES_MAX}", text.len())));
        }
        let mut tree = if text.trim_start().starts_with('{') { json(file, text) } else { tree(file, text) }?;
        let members = tree.as_object_mut().ok_or_else(|| form("it has no `Resources`".to_owned()))?;
        let mut section = |name: &str| match members.remove(name) {
            Some(Value::Object(section)) => Ok(section),
            None | Some(Value::Null) => Ok(Map::new()),
            Some(_) => Err(form(format!("`{name}` is not a map"))),
        };
        let (resources, parameters) = (section("Resources")?, section("Parameters")?);
        let (conditions, mappings) = (section("Conditions")?, section("Mappings")?);
        if resources.is_empty() {
            return Err(form("it has no `Resources`".to_owned()));
        }
        let mut template = Self {
            file: Arc::from(file),
            stack: None,
            resources: BTreeMap::new(),
            parameters: parameters
                .iter()
                .map(|(name, parameter)| (name.clone(), read_parameter(parameter, given.get(name))))
                .collect(),
            conditions,
            mappings,
            skipped: Vec::new(),
        };
        for (id, mut resource) in resources {
            let text = |name: &str| resource.get(name).and_then(Value::as_str).map(str::to_owned);
            let Some(kind) = text("Type") else {
                template.skipped.push((id, "it has no `Type`".to_owned()));
                continue;
            };
            let condition = text("Condition");
            let mut properties = resource.get_mut("Properties").map_or(Value::Null, Value::take);
            sensitive::by_name(&mut properties);
            template.resources.insert(id, TemplateResource { kind, properties, condition });
        }
        Ok(template)
    }
}

/// Reads the values of parameters: names with values, alone or under `Parameters`, or the list of `ParameterKey` and
/// `ParameterValue` that the command line of AWS takes.
///
/// # Errors
/// When it is neither.
pub fn parameters(file: &str, text: &str) -> Result<BTreeMap<String, Value>, TemplateError> {
    let form = || TemplateError::Parameters { file: file.to_owned() };
    let tree = tree(file, text)?;
    let pair = |one: &Value| {
        let name = one.get("ParameterKey")?.as_str()?.to_owned();
        Some((name, one.get("ParameterValue")?.clone()))
    };
    match tree {
        Value::Array(items) => items.iter().map(pair).collect::<Option<_>>().ok_or_else(form),
        Value::Object(mut members) => Ok(match members.remove("Parameters") {
            Some(Value::Object(inner)) => inner.into_iter().collect(),
            Some(_) => return Err(form()),
            None => members.into_iter().collect(),
        }),
        _ => Err(form()),
    }
}

fn read_parameter(parameter: &Value, given: Option<&Value>) -> Parameter {
    // CloudFormation takes the flag as text, too.
    let hidden = match parameter.get("NoEcho") {
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        other => other == Some(&Value::Bool(true)),
    };
    if hidden {
        return Parameter::Unknown("it is a hidden parameter".to_owned());
    }
    let kind = parameter.get("Type").and_then(Value::as_str).unwrap_or_default();
    let listed = |value: &Value| match value {
        // A list parameter is written as one text with commas.
        Value::String(text) if kind == "CommaDelimitedList" || kind.starts_with("List<") => {
            text.split(',').map(|part| Value::from(part.trim())).collect()
        }
        value => value.clone(),
    };
    if let Some(given) = given {
        return Parameter::Given(listed(given));
    }
    if kind.starts_with("AWS::SSM::Parameter::Value") {
        return Parameter::Unknown("it is read from the parameter store".to_owned());
    }
    match parameter.get("Default") {
        Some(default) => Parameter::Default(listed(default)),
        None => Parameter::Unknown("it is a parameter without a default".to_owned()),
    }
}

fn json(file: &str, text: &str) -> Result<Value, TemplateError> {
    serde_json::from_str(text).map_err(|error| TemplateError::Parse {
        file: file.to_owned(),
        line: error.line() as u64,
        column: error.column() as u64,
        problem: {
            let words = error.to_string();
            words.rsplit_once(" at line ").map_or(words.as_str(), |(before, _)| before).to_owned()
        },
    })
}

/// How YAML is read: with limits, and as CloudFormation takes it.
pub(super) fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: NODES_MAX,
        },
        // A resource called `Y` is no truth value, and an account id keeps its zeros.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
    }
}

/// Reads YAML, or JSON, with the short forms of intrinsic functions written out.
///
/// # Errors
/// When it is neither.
pub fn tree(file: &str, text: &str) -> Result<Value, TemplateError> {
    let parsed: Result<Node, _> = serde_saphyr::from_str_with_options(text, options());
    parsed.map(|Node(value)| value).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let words = error.to_string();
        let first = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let problem = first.trim_start_matches(&format!("line {line} column {column}: ")).trim().to_owned();
        TemplateError::Parse { file: file.to_owned(), line, column, problem }
    })
}
