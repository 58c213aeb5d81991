//! Terraform code as the plan that Terraform makes of it where nothing is there yet.
//!
//! Terraform and its provider cannot be had here, so this stands in for `terraform plan`: what code writes out, or takes from
//! what other resources write out, is known; all else is known after it is applied. Defaults that only the provider knows are
//! not filled in, as little as a plan shows those that the service chooses.

use std::collections::BTreeMap;

use hcl::{
    Block, Body, Expression,
    eval::{Context, Evaluate, FuncArgs, FuncDef, ParamType},
};
use serde_json::{Map, Value, json};

/// What is known of an attribute or a block, what is not (as in a plan's `after_unknown`), and the names it reads.
struct Part {
    after: Value,
    unknown: Value,
    expressions: Value,
}

/// The plan for code.
///
/// # Errors
/// When it is no HCL.
pub(crate) fn plan(text: &str) -> Result<Value, String> {
    let body = hcl::parse(text).map_err(|error| error.to_string())?;
    let context = known(&body);
    let (mut changes, mut resources) = (Vec::new(), Vec::new());
    for block in body.blocks().filter(|block| ["resource", "data"].contains(&block.identifier())) {
        let [kind, name] = block.labels() else { return Err("a resource without type and name".to_owned()) };
        let (kind, name) = (kind.as_str(), name.as_str());
        let part = of_body(block.body(), &context);
        if block.identifier() == "data" {
            resources.push(json!({
                "address": format!("data.{kind}.{name}"), "mode": "data", "type": kind, "name": name, "provider_config_key": "aws",
                "expressions": part.expressions,
            }));
            continue;
        }
        let address = format!("{kind}.{name}");
        changes.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": part.after, "after_unknown": part.unknown,
                "before_sensitive": false, "after_sensitive": false},
        }));
        resources.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws",
            "expressions": part.expressions,
        }));
    }
    Ok(json!({
        "format_version": "1.2", "terraform_version": "1.9.8", "planned_values": {"root_module": {}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws",
                "expressions": {"region": {"constant_value": "eu-west-1"}}}},
            "root_module": {"resources": resources},
        },
    }))
}

/// What expressions may read: attributes that resources write out, and policy documents that are written out whole.
fn known(body: &Body) -> Context<'static> {
    let alone = functions();
    let mut kinds: BTreeMap<String, hcl::Map<String, hcl::Value>> = BTreeMap::new();
    let mut documents = hcl::Map::new();
    for block in body.blocks() {
        let [kind, name] = block.labels() else { continue };
        let (kind, name) = (kind.as_str().to_owned(), name.as_str().to_owned());
        match block.identifier() {
            "resource" => {
                let attributes = block.body().attributes();
                let written = attributes
                    .filter_map(|one| Some((one.key().to_owned(), one.expr().evaluate(&alone).ok()?)));
                kinds.entry(kind).or_default().insert(name, hcl::Value::Object(written.collect()));
            }
            "data" if kind == "aws_iam_policy_document" => {
                if let Some(policy) = policy_document(block, &alone) {
                    let document = [("json".to_owned(), hcl::Value::from(policy.to_string()))];
                    documents.insert(name, hcl::Value::Object(document.into_iter().collect()));
                }
            }
            _ => {}
        }
    }
    let data = [("aws_iam_policy_document".to_owned(), hcl::Value::Object(documents))];
    kinds.insert("data".to_owned(), data.into_iter().collect());
    let mut context = functions();
    for (kind, all) in kinds {
        context.declare_var(kind, hcl::Value::Object(all));
    }
    context
}

fn functions() -> Context<'static> {
    let mut context = Context::new();
    context.declare_func("jsonencode", FuncDef::builder().param(ParamType::Any).build(jsonencode));
    context
}

#[expect(clippy::needless_pass_by_value, reason = "the library hands arguments over")]
fn jsonencode(arguments: FuncArgs) -> Result<hcl::Value, String> {
    serde_json::to_string(&arguments[0]).map(hcl::Value::from).map_err(|error| error.to_string())
}

/// A policy out of its statements; none where a part of it is not known, or where it is made of others.
fn policy_document(block: &Block, context: &Context) -> Option<Value> {
    let is_whole = block.body().blocks().all(|one| one.identifier() == "statement")
        && block.body().attributes().all(|one| one.key() == "version");
    if !is_whole {
        return None;
    }
    let mut statements = Vec::new();
    for block in block.body().blocks() {
        let mut statement = Map::from_iter([("Effect".to_owned(), json!("Allow"))]);
        for attribute in block.body().attributes() {
            let name = match attribute.key() {
                "sid" => "Sid",
                "effect" => "Effect",
                "actions" => "Action",
                "not_actions" => "NotAction",
                "resources" => "Resource",
                "not_resources" => "NotResource",
                _ => return None,
            };
            statement.insert(name.to_owned(), written(attribute.expr(), context)?);
        }
        for inner in block.body().blocks() {
            let get = |name: &str| {
                let attribute = inner.body().attributes().find(|one| one.key() == name)?;
                written(attribute.expr(), context)
            };
            match inner.identifier() {
                "principals" => {
                    let kind = get("type")?.as_str()?.to_owned();
                    let who =
                        if kind == "*" { json!("*") } else { json!({ kind.as_str(): get("identifiers")? }) };
                    statement.insert("Principal".to_owned(), who);
                }
                "condition" => {
                    let (test, variable) = (get("test")?, get("variable")?);
                    statement
                        .entry("Condition")
                        .or_insert_with(|| json!({}))
                        .as_object_mut()?
                        .entry(test.as_str()?)
                        .or_insert_with(|| json!({}))[variable.as_str()?] = get("values")?;
                }
                _ => return None,
            }
        }
        statements.push(Value::Object(statement));
    }
    Some(json!({"Version": "2012-10-17", "Statement": statements}))
}

/// The value of an expression where it is known.
fn written(expression: &Expression, context: &Context) -> Option<Value> {
    serde_json::to_value(expression.evaluate(context).ok()?).ok()
}

/// Attributes and blocks: a block is a list of what is written under its name.
fn of_body(body: &Body, context: &Context) -> Part {
    let (mut after, mut unknown, mut expressions) = (Map::new(), Map::new(), Map::new());
    for attribute in body.attributes() {
        let part = of_expression(attribute.expr(), context);
        let name = attribute.key().to_owned();
        if part.unknown != json!(false) {
            unknown.insert(name.clone(), part.unknown.clone());
        }
        if part.unknown != json!(true) {
            after.insert(name.clone(), part.after);
        }
        expressions.insert(name, part.expressions);
    }
    for block in body.blocks() {
        let part = of_body(block.body(), context);
        for (all, one) in
            [(&mut after, part.after), (&mut unknown, part.unknown), (&mut expressions, part.expressions)]
        {
            let list = all.entry(block.identifier()).or_insert_with(|| json!([]));
            list.as_array_mut().expect("a block has no attribute's name").push(one);
        }
    }
    Part {
        after: Value::Object(after),
        unknown: Value::Object(unknown),
        expressions: Value::Object(expressions),
    }
}

fn of_expression(expression: &Expression, context: &Context) -> Part {
    if let Some(value) = written(expression, context) {
        let read = names(expression);
        let expressions =
            if read.is_empty() { json!({ "constant_value": value }) } else { json!({ "references": read }) };
        return Part { after: value, unknown: json!(false), expressions };
    }
    let expressions = json!({ "references": names(expression) });
    match expression {
        Expression::Array(items) => {
            let parts: Vec<Part> = items.iter().map(|item| of_expression(item, context)).collect();
            let after = parts.iter().map(|part| part.after.clone()).collect();
            let unknown = parts.into_iter().map(|part| part.unknown).collect();
            Part { after, unknown, expressions }
        }
        Expression::Object(members) => {
            let (mut after, mut unknown) = (Map::new(), Map::new());
            for (key, value) in members {
                let part = of_expression(value, context);
                if part.unknown != json!(true) {
                    after.insert(key.to_string(), part.after);
                }
                unknown.insert(key.to_string(), part.unknown);
            }
            Part { after: Value::Object(after), unknown: Value::Object(unknown), expressions }
        }
        _ => Part { after: Value::Null, unknown: json!(true), expressions },
    }
}

/// The names that an expression reads, as a plan lists them: each with the resource it is of.
fn names(expression: &Expression) -> Vec<String> {
    let text = hcl::format::to_string(expression).unwrap_or_default();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let mut found = Vec::new();
    for word in text.split(|letter| !is_part(letter)) {
        let steps: Vec<&str> = word.split('.').filter(|step| !step.is_empty()).collect();
        match steps.as_slice() {
            ["data", kind, name, ..] => found.extend([word.to_owned(), format!("data.{kind}.{name}")]),
            [kind, name, _, ..] if kind.starts_with("aws_") => {
                found.extend([word.to_owned(), format!("{kind}.{name}")]);
            }
            _ => {}
        }
    }
    found
}

#[test]
fn code_becomes_a_plan() {
    let code = r#"
        resource "aws_kms_key" "own" {}
        resource "aws_s3_bucket" "files" {
          bucket = "files"
          rule { key = aws_kms_key.own.arn }
          rule { key = "fixed" }
        }
        resource "aws_s3_bucket_policy" "files" {
          bucket = aws_s3_bucket.files.id
          policy = data.aws_iam_policy_document.reads.json
          names  = ["${aws_s3_bucket.files.bucket}/a", aws_s3_bucket.files.arn]
        }
        data "aws_iam_policy_document" "reads" {
          statement {
            actions   = ["s3:GetObject"]
            resources = ["*"]
            principals {
              type        = "AWS"
              identifiers = ["*"]
            }
          }
        }"#;
    let plan = plan(code).expect("a plan");
    let change = |at: usize| &plan["resource_changes"][at]["change"];
    assert_eq!(change(1)["after"], json!({"bucket": "files", "rule": [{}, {"key": "fixed"}]}));
    assert_eq!(change(1)["after_unknown"], json!({"rule": [{"key": true}, {}]}));
    let policy = r#"{"Statement":[{"Action":["s3:GetObject"],"Effect":"Allow","Principal":{"AWS":["*"]},"Resource":["*"]}],"Version":"2012-10-17"}"#;
    assert_eq!(change(2)["after"], json!({"names": ["files/a", null], "policy": policy}));
    assert_eq!(change(2)["after_unknown"], json!({"bucket": true, "names": [false, true]}));
    let expressions = &plan["configuration"]["root_module"]["resources"][2]["expressions"];
    assert_eq!(
        expressions["bucket"],
        json!({"references": ["aws_s3_bucket.files.id", "aws_s3_bucket.files"]})
    );
    assert!(super::terraform::plan("resource {").is_err());
}
