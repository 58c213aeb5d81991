//! Answers that other tools saved: member names as the command line prints them, or nearly so.
//!
//! The command line prints the model's member names, moments as text with an offset or as seconds, and JSON texts as
//! JSON. AWS Config spells the same members in its own case. Both are brought into the value form, so that an import
//! and a scan make the same document of the same thing.

use serde_json::{Map, Value};

use super::{DEPTH_MAX, MASK, check, error::ParseError, scalar};
use crate::model::{Kind, Member, Service, ShapeRef, Structure};

/// How members are told apart, and what becomes of what the model does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Names are the model's, and so are the forms of values. What it does not know is dropped, as a client drops it,
    /// and a value of another form is an error.
    Exact,
    /// Names are the model's but for upper and lower case. What it does not know stays as it is, and so does a value
    /// of another form: the tool that wrote it has a schema of its own.
    AnyCase,
}

/// Brings a saved value into the value form of a shape; values that the model marks as secret become [`MASK`].
///
/// # Errors
/// The path of the first value that has another form than the model says, or that nests deeper than [`DEPTH_MAX`].
pub fn saved(
    service: &Service,
    target: &ShapeRef,
    value: Value,
    spelling: Spelling,
) -> Result<Value, ParseError> {
    Reader { service, spelling }.value(target, value, 0)
}

struct Reader<'a> {
    service: &'a Service,
    spelling: Spelling,
}

impl Reader<'_> {
    fn value(&self, target: &ShapeRef, value: Value, depth: usize) -> Result<Value, ParseError> {
        if depth > DEPTH_MAX {
            return Err(ParseError::TooDeep);
        }
        match (self.service.shape(target.shape()).kind(), value) {
            (Kind::Map(..), Value::Object(members)) if target.is_sensitive() => {
                Ok(Value::Object(members.into_iter().map(|(key, _)| (key, Value::from(MASK))).collect()))
            }
            (_, Value::Null) => Ok(Value::Null),
            (_, _) if target.is_sensitive() => Ok(Value::from(MASK)),
            // A tool prints JSON that the service gives as text; text stays text.
            (Kind::String, value @ (Value::Object(_) | Value::Array(_))) => free(value, depth),
            (Kind::Structure(structure), value) if structure.is_document() => free(value, depth),
            (Kind::Structure(structure), Value::Object(members)) => self.structure(structure, members, depth),
            (Kind::List(item), Value::Array(values)) => {
                let mut out = Vec::with_capacity(values.len());
                for (index, value) in values.into_iter().enumerate() {
                    out.push(
                        self.value(item, value, depth + 1)
                            .map_err(|error| error.inside(&format!("[{index}]")))?,
                    );
                }
                Ok(Value::Array(out))
            }
            (Kind::Map(_, item), Value::Object(members)) => {
                let mut out = Map::new();
                for (key, value) in members {
                    if !value.is_null() {
                        let value = self.value(item, value, depth + 1).map_err(|error| error.inside(&key))?;
                        out.insert(key, value);
                    }
                }
                Ok(Value::Object(out))
            }
            (kind @ (Kind::List(_) | Kind::Structure(_) | Kind::Map(..)), value) => match self.spelling {
                Spelling::AnyCase => free(value, depth),
                Spelling::Exact if matches!(kind, Kind::List(_)) => Err(ParseError::value("a list")),
                Spelling::Exact => Err(ParseError::value("an object")),
            },
            (kind, value) => match self.spelling {
                Spelling::AnyCase => match scalar::from_json(kind, value.clone()) {
                    Ok(read) => Ok(read),
                    Err(_) => free(value, depth),
                },
                Spelling::Exact => scalar::from_json(kind, value),
            },
        }
    }

    fn structure(
        &self,
        structure: &Structure,
        members: Map<String, Value>,
        depth: usize,
    ) -> Result<Value, ParseError> {
        let mut out = Map::new();
        for (key, value) in members {
            if value.is_null() {
                continue;
            }
            match self.member(structure, &key) {
                Some(member) => {
                    let value = self
                        .value(member.target(), value, depth + 1)
                        .map_err(|error| error.inside(member.name()))?;
                    out.insert(member.name().to_owned(), value);
                }
                None if self.spelling == Spelling::AnyCase => {
                    out.insert(key, free(value, depth)?);
                }
                None => {}
            }
        }
        Ok(Value::Object(out))
    }

    fn member<'s>(&self, structure: &'s Structure, key: &str) -> Option<&'s Member> {
        structure.member(key).or_else(|| {
            let any_case = self.spelling == Spelling::AnyCase;
            any_case
                .then(|| structure.members().iter().find(|member| member.name().eq_ignore_ascii_case(key)))?
        })
    }
}

/// A value without a shape, if it does not nest too deep.
fn free(value: Value, depth: usize) -> Result<Value, ParseError> {
    if check::fits(&value, DEPTH_MAX.saturating_sub(depth)) { Ok(value) } else { Err(ParseError::TooDeep) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Models;
    use serde_json::json;

    fn read(service: &str, operation: &str, value: Value, spelling: Spelling) -> Result<Value, ParseError> {
        let service = Models::embedded().service(service).expect("a model");
        let output = service.operation(operation).and_then(|one| one.output()).expect("an output");
        saved(&service, output, value, spelling)
    }

    #[test]
    fn moments_and_numbers_of_the_command_line_are_those_of_a_client() {
        let printed = json!({
            "Functions": [{"FunctionName": "f", "MemorySize": 128.0, "Environment": {"Variables": {"KEY": "s3cret"}}}],
            "ResponseMetadata": {"RequestId": "r"},
        });
        let value = read("lambda", "ListFunctions", printed, Spelling::Exact).expect("a value");
        assert_eq!(
            value,
            json!({"Functions": [{"FunctionName": "f", "MemorySize": 128, "Environment": {"Variables": {"KEY": MASK}}}]})
        );
        for printed in
            [json!("2026-01-02T03:04:05+00:00"), json!(1_767_323_045.0), json!("2026-01-02T04:04:05+01:00")]
        {
            let answer = json!({"Buckets": [{"Name": "b", "CreationDate": printed}]});
            let value = read("s3", "ListBuckets", answer, Spelling::Exact).expect("a value");
            assert_eq!(value.pointer("/Buckets/0/CreationDate"), Some(&json!("2026-01-02T03:04:05Z")));
        }
    }

    #[test]
    fn a_wrong_form_is_named_with_its_path_and_policies_may_be_json() {
        let wrong = json!({"Reservations": [{"Instances": {"InstanceId": "i-1"}}]});
        let error = read("ec2", "DescribeInstances", wrong, Spelling::Exact).expect_err("a wrong form");
        assert!(error.to_string().contains("Reservations[0].Instances"), "{error}");
        let policy = json!({"PolicyVersion": {"Document": {"Version": "2012-10-17"}}});
        assert_eq!(
            read("iam", "GetPolicyVersion", policy.clone(), Spelling::Exact).expect("a value"),
            policy
        );
    }

    #[test]
    fn other_spellings_are_those_of_the_model_and_what_it_does_not_know_stays() {
        let printed = json!({"reservations": [{"instances": [{
            "instanceId": "i-1", "launchTime": "2026-01-02T03:04:05.000Z", "own": {"b": 1},
            "securityGroups": "odd",
        }]}]});
        let value = read("ec2", "DescribeInstances", printed, Spelling::AnyCase).expect("a value");
        assert_eq!(
            value,
            json!({"Reservations": [{"Instances": [{
                "InstanceId": "i-1", "LaunchTime": "2026-01-02T03:04:05Z", "own": {"b": 1},
                "SecurityGroups": "odd",
            }]}]})
        );
    }
}
