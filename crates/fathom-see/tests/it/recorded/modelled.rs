//! Answers made from the service models: for each definition one session in which every operation that it asks answers
//! with every member that the model knows, in two pages where there may be more than one, so that no definition is
//! without a run of its own.

use std::{collections::BTreeSet, sync::Arc};

use fathom_content::{Content, ResourceDefinition};
use fathom_testkit::front::{
    Call, Fault, Rule, Written,
    model::{Model, Ref},
};
use serde_json::{Map, Value, json};

use super::Session;

/// How deep an answer nests; definitions do not look deeper.
const DEPTH_MAX: usize = 9;

/// A session for each definition: its operations, and those of the types that lead to it.
pub(super) fn sessions(content: &Content) -> Vec<Session> {
    content.resources.values().map(|definition| session(content, definition)).collect()
}

fn session(content: &Content, definition: &ResourceDefinition) -> Session {
    let mut operations: BTreeSet<(String, String)> = BTreeSet::new();
    let mut only = BTreeSet::new();
    let mut next = Some(definition);
    while let Some(one) = next {
        operations.extend(asked(one));
        only.insert(one.kind.clone());
        next = one.list.for_each.as_ref().and_then(|parent| content.resources.get(parent));
    }
    let (answered, played) = (operations.clone(), operations.clone());
    Session {
        name: format!("modelled {}", definition.kind),
        operations,
        only: Some(only),
        keep: false,
        rules: Box::new(move || {
            let one = |(service, operation): &(String, String)| {
                let (of, name) = (service.clone(), operation.clone());
                let compute = move |params: &Value, _: &Call| answer(&of, &name, params);
                Rule::new(Fault::AnswerWith(Arc::new(compute)))
                    .service(on_the_wire(service))
                    .operation(operation)
            };
            answered.iter().map(one).collect()
        }),
        answer: Box::new(move |call, _| {
            let is_this = |(service, operation): &&(String, String)| {
                on_the_wire(service) == call.service && *operation == call.operation
            };
            let params = call.params.clone().unwrap_or_default();
            let value = played.iter().find(is_this).map(|(of, name)| answer(of, name, &params));
            Written::Output(value.unwrap_or_else(|| json!({})))
        }),
    }
}

/// The service that a front sees: two of them speak to the address of a third, in its words.
pub(super) fn on_the_wire(service: &str) -> &str {
    match service {
        "docdb" | "neptune" => "rds",
        other => other,
    }
}

/// The calls of a definition.
pub(super) fn asked(definition: &ResourceDefinition) -> Vec<(String, String)> {
    definition.calls().map(|(service, operation)| (service.to_owned(), operation.to_owned())).collect()
}

/// What is deeper has the same names again.
const NUMBER_MAX: u32 = 64;

/// An operation whose answers say by a flag that they could go on, and never do.
const ONE_PAGE: &[(&str, &str, &str)] =
    &[("firehose", "DescribeDeliveryStream", "a stream has one destination")];

/// Types of whose two pages no two resources can be made, each with the reason.
pub(super) const ALIKE: &[(&str, &str)] = &[("AWS::SNS::Topic", IN_A_MAP), ("AWS::SQS::Queue", IN_A_MAP)];
const IN_A_MAP: &str = "its ARN is in a map, of whose keys the models say nothing";

/// How an operation's answers go on: botocore's paginator, or where it has none what the names of members tell.
struct Going {
    /// Parameters that ask for the next page.
    params: Vec<String>,
    /// Members of an answer that are gone from the last page.
    tokens: Vec<String>,
    /// Members of an answer that are false on the last page.
    flags: Vec<String>,
}

impl Going {
    fn of(model: &Model, operation: &str) -> Self {
        match model.paginators.get(operation) {
            Some(pages) => Self {
                params: pages.input_token.all().into_iter().map(str::to_owned).collect(),
                // What has an element in it is a part of the last item, not a token.
                tokens: (pages.output_token.all().iter())
                    .flat_map(|path| path.split("||").map(|one| one.trim().to_owned()))
                    .filter(|path| !path.contains('['))
                    .collect(),
                flags: pages.more_results.iter().cloned().collect(),
            },
            None => Self::told_by_names(model, operation),
        }
    }

    /// Takes out of an output what says that there are more pages.
    fn end(&self, output: &mut Value) {
        if let Some(members) = output.as_object_mut() {
            self.tokens.iter().for_each(|path| put(members, path, None));
            self.flags.iter().for_each(|path| put(members, path, Some(Value::Bool(false))));
        }
    }

    fn told_by_names(model: &Model, operation: &str) -> Self {
        let mut going = Self { params: Vec::new(), tokens: Vec::new(), flags: Vec::new() };
        let (Some((_, output)), Some(input)) = (model.output(operation), model.input(operation)) else {
            return going;
        };
        let inner = output.members.iter().flat_map(|(name, of)| {
            let members = model.shape(of).members.iter();
            members.map(move |(member, of)| (format!("{name}.{member}"), of))
        });
        let own = output.members.iter().map(|(name, of)| (name.clone(), of));
        for (path, of) in own.chain(inner) {
            let name = path.rsplit('.').next().unwrap_or(&path).to_lowercase();
            let is_flag = name.ends_with("truncated") || name.starts_with("hasmore");
            let kind = model.shape(of).r#type.as_str();
            let params: Vec<String> = (input.members.keys())
                .filter(|param| {
                    let param = param.to_lowercase();
                    let takes = param == name || Some(param.as_str()) == name.strip_prefix("next");
                    takes || (is_flag && param.starts_with("exclusivestart"))
                })
                .cloned()
                .collect();
            match kind {
                "boolean" if is_flag => going.flags.push(path),
                "string" if ["token", "marker", "position"].iter().any(|end| name.ends_with(end)) => {
                    // Some tokens are for creations and changes.
                    if params.is_empty() {
                        continue;
                    }
                    going.tokens.push(path);
                }
                _ => continue,
            }
            going.params.extend(params);
        }
        going
    }
}

/// Whether a call asks for another page than the first; none where its operation has only one.
pub(super) fn goes_on(service: &str, operation: &str, params: &Value) -> Option<bool> {
    if ONE_PAGE.iter().any(|(of, name, _)| *of == service && *name == operation) {
        return None;
    }
    let model = Model::of(service)?;
    let going = Going::of(&model, operation);
    let asks = |param: &String| params.get(param).is_some_and(|value| !value.is_null());
    (!going.params.is_empty()).then(|| going.params.iter().any(asks))
}

/// The highest number at the end of a text in parameters: which of a page's items they name.
fn number(params: &Value) -> Option<u32> {
    match params {
        Value::String(text) => text.rsplit_once('-')?.1.parse().ok(),
        Value::Array(items) => items.iter().filter_map(number).max(),
        Value::Object(members) => members.values().filter_map(number).max(),
        _ => None,
    }
}

/// The answer to a call, with every member that the model knows. Where it may go on there are two pages with items of
/// their own, other ones for each thing that is asked about; otherwise the answer is that of what is asked about.
fn answer(service: &str, operation: &str, params: &Value) -> Value {
    let model = Model::of(service).unwrap_or_else(|| panic!("no model of {service}"));
    let Some((shape, _)) = model.output(operation) else { return json!({}) };
    let going = Going::of(&model, operation);
    let mut about = params.clone();
    if let Some(about) = about.as_object_mut() {
        about.retain(|name, _| !going.params.contains(name));
    }
    let about = number(&about).unwrap_or(1).clamp(1, NUMBER_MAX);
    let (page, is_last) = match goes_on(service, operation, params) {
        None => (about, true),
        Some(false) => (2 * about - 1, false),
        Some(true) => (2 * about, true),
    };
    let mut value = Filled { model: &model, page }.value(shape, "", &mut Vec::new());
    if is_last {
        going.end(&mut value);
    }
    value
}

/// An operation's output as the last page, without anything that names another.
pub(super) fn last_page(service: &str, operation: &str, mut output: Value) -> Value {
    let model = Model::of(service).unwrap_or_else(|| panic!("no model of {service}"));
    Going::of(&model, operation).end(&mut output);
    output
}

fn put(members: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    if let Some((first, rest)) = path.split_once('.') {
        if let Some(inner) = members.get_mut(first).and_then(Value::as_object_mut) {
            put(inner, rest, value);
        }
    } else {
        members.remove(path);
        members.extend(value.map(|value| (path.to_owned(), value)));
    }
}

/// Values made of shapes.
struct Filled<'a> {
    model: &'a Model,
    page: u32,
}

impl Filled<'_> {
    /// A value of a shape; `name` is the member's, from which texts are made.
    fn value(&self, of: &Ref, name: &str, above: &mut Vec<String>) -> Value {
        let shape = &self.model.shapes[&of.shape];
        let is_deep = above.len() >= DEPTH_MAX || above.contains(&of.shape);
        match shape.r#type.as_str() {
            "structure" if is_deep => json!({}),
            "structure" => {
                above.push(of.shape.clone());
                // Of a union exactly one member is there.
                let count = if shape.union { 1 } else { usize::MAX };
                let members = shape.members.iter().take(count);
                let value = members.map(|(name, of)| (name.clone(), self.value(of, name, above))).collect();
                above.pop();
                Value::Object(value)
            }
            "list" | "map" if is_deep => json!(if shape.r#type == "list" { json!([]) } else { json!({}) }),
            "list" => {
                let item = shape.member.as_ref().expect("a list has a member");
                json!([self.value(item, name, above)])
            }
            "map" => {
                let value = shape.value.as_ref().expect("a map has a value");
                json!({ "key": self.value(value, name, above) })
            }
            "boolean" => json!(true),
            "integer" | "long" if of.traits.location.as_deref() == Some("statusCode") => json!(200),
            "integer" | "long" => json!(7),
            "float" | "double" => json!(1.5),
            "timestamp" => json!("2026-01-02T03:04:05Z"),
            "blob" => json!("YmxvYg=="),
            _ => json!(text(name, self.page)),
        }
    }
}

/// A text that fits a member's name: ids and ARNs are told from each other, and numbers of accounts are such.
fn text(name: &str, page: u32) -> String {
    let lower = name.to_lowercase();
    if lower.ends_with("arn") {
        format!("arn:aws:box:us-east-1:123456789012:{lower}/of-{name}-{page}")
    } else if lower.contains("account") || lower == "ownerid" || lower == "registryid" {
        "123456789012".to_owned()
    } else if ["date", "time", "createdat", "subscribedat", "lastmodified"]
        .iter()
        .any(|word| lower.contains(word))
    {
        // Some models have moments as texts.
        "2026-01-02T03:04:05Z".to_owned()
    } else {
        format!("{name}-{page}")
    }
}
