//! Requests that the client's codecs write are recognised, with their parameters.

use fathom_cloud::{codec, model::Models};
use fathom_testkit::front::{
    decode::decode,
    model::{Model, Protocol},
    recognise::{Message, recognise},
};
use http::{HeaderMap, Method, Uri, header::AUTHORIZATION};
use serde_json::{Map, Value, json};

use crate::{
    generate::{Generator, Side},
    support::{authorization, target},
};

/// Operations that share method and address with another, which is recognised instead.
const TWINS: &[(&str, &str, &str)] = &[
    ("s3", "GetBucketLifecycle", "GetBucketLifecycleConfiguration"),
    ("s3", "GetBucketNotification", "GetBucketNotificationConfiguration"),
    ("s3", "ListDirectoryBuckets", "ListBuckets"),
];

/// Services that share signing name and version with another.
const SHARED: &[(&str, &str)] = &[("docdb", "rds"), ("neptune", "rds")];

#[test]
fn every_request_is_recognised_with_its_parameters() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for name in Models::embedded().services() {
        let service = Models::embedded().service(&name).expect("a model");
        let model = Model::of(&name).expect("the same model");
        for operation in service.operations() {
            let params = match model.input(operation.name()) {
                Some(shape) => Generator::new(&model, Side::Input, 4242).structure(shape, 0),
                None => json!({}),
            };
            let request = match codec::serialize(&service, operation, &params) {
                Ok(request) => request,
                Err(error) => {
                    wrong.push(format!("{name} {}: {error} {params}", operation.name()));
                    continue;
                }
            };
            let mut headers: HeaderMap = request.headers.clone();
            headers.insert(AUTHORIZATION, authorization("AKIA1", "eu-west-1", service.signing_name()));
            let uri: Uri = target(&request).parse().expect("an address");
            let message =
                Message { method: &request.method, uri: &uri, headers: &headers, body: &request.body };
            let seen = recognise(&message);
            count += 1;
            let twin = TWINS.iter().find(|(of, this, _)| *of == name && *this == operation.name());
            let wanted = twin.map_or(operation.name(), |(.., twin)| twin);
            let shared = SHARED.iter().any(|(this, that)| *this == name && *that == seen.service);
            if (seen.service != name && !shared) || seen.operation != wanted {
                wrong.push(format!(
                    "{name} {} as {} {} {uri}",
                    operation.name(),
                    seen.service,
                    seen.operation
                ));
                continue;
            }
            assert_eq!((seen.scope.region.as_str(), seen.scope.access_key.as_str()), ("eu-west-1", "AKIA1"));
            if twin.is_some() || shared {
                continue;
            }
            let read = decode(&seen, &message).expect("a modelled operation");
            let expected = readable(&model, operation.name(), &params);
            let read = readable(&model, operation.name(), &read);
            if read != expected {
                wrong.push(format!("{name} {}:\n sent {expected}\n read {read}", operation.name()));
            }
        }
    }
    assert!(count > 3000, "{count} requests");
    wrong.iter().take(10).for_each(|line| eprintln!("{line}"));
    assert!(wrong.is_empty(), "{} of {count} differ", wrong.len());
}

/// What of the parameters can be read back: no bodies in XML, no maps of headers.
fn readable(model: &Model, operation: &str, params: &Value) -> Value {
    let Some(shape) = model.input(operation) else { return json!({}) };
    let keep = |name: &str| {
        let location = shape.members.get(name).and_then(|member| member.traits.location.as_deref());
        match location {
            Some("headers") => false,
            Some("header") => shape.members.get(name).is_some_and(|m| model.shape(m).r#type == "string"),
            None => {
                let is_payload = shape.payload.as_deref() == Some(name);
                model.protocol() != Protocol::RestXml && !is_payload
            }
            Some(_) => true,
        }
    };
    let object = params.as_object().cloned().unwrap_or_default();
    let empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
    Value::Object(object.into_iter().filter(|(name, value)| keep(name) && !empty(value)).collect())
}

fn seen(
    method: &Method,
    uri: &str,
    signing_name: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> (String, String) {
    let mut all = HeaderMap::new();
    all.insert(AUTHORIZATION, authorization("AKIA1", "us-east-1", signing_name));
    for (name, value) in headers {
        all.insert(*name, value.parse().expect("a header"));
    }
    let uri: Uri = uri.parse().expect("an address");
    let seen = recognise(&Message { method, uri: &uri, headers: &all, body: body.as_bytes() });
    (seen.service, seen.operation)
}

#[test]
fn each_protocol_has_its_own_marks() {
    let is = |found: (String, String), service: &str, operation: &str| {
        assert_eq!(found, (service.to_owned(), operation.to_owned()));
    };
    let get = Method::GET;
    let post = Method::POST;
    let target = [("x-amz-target", "DynamoDB_20120810.ListTables")];
    is(seen(&post, "/", "dynamodb", &target, "{}"), "dynamodb", "ListTables");
    is(seen(&post, "/", "iam", &[], "Action=ListRoles&Version=2010-05-08"), "iam", "ListRoles");
    is(seen(&post, "/", "ec2", &[], "Action=DescribeVpcs&Version=2016-11-15"), "ec2", "DescribeVpcs");
    let version = |version: &str| format!("Action=DescribeLoadBalancers&Version={version}");
    is(seen(&post, "/", "elasticloadbalancing", &[], &version("2012-06-01")), "elb", "DescribeLoadBalancers");
    is(
        seen(&post, "/", "elasticloadbalancing", &[], &version("2015-12-01")),
        "elbv2",
        "DescribeLoadBalancers",
    );
    is(seen(&get, "/", "s3", &[], ""), "s3", "ListBuckets");
    is(seen(&get, "/b?policyStatus", "s3", &[], ""), "s3", "GetBucketPolicyStatus");
    is(seen(&get, "/b?analytics&id=x", "s3", &[], ""), "s3", "GetBucketAnalyticsConfiguration");
    is(seen(&get, "/b?analytics", "s3", &[], ""), "s3", "ListBucketAnalyticsConfigurations");
    is(seen(&get, "/v20180820/accesspoint", "s3", &[], ""), "s3control", "ListAccessPoints");
    is(seen(&get, "/2015-03-31/functions", "lambda", &[], ""), "lambda", "ListFunctions");
    is(seen(&get, "/restapis", "apigateway", &[], ""), "apigateway", "GetRestApis");
    is(seen(&get, "/v2/apis", "apigateway", &[], ""), "apigatewayv2", "GetApis");
    // What the models do not have is still named, where the request names it.
    is(seen(&post, "/", "ec2", &[], "Action=RunInstances&Version=2016-11-15"), "ec2", "RunInstances");
    is(seen(&Method::PUT, "/b", "s3", &[], ""), "s3", "");
    is(seen(&get, "/", "quicksilver", &[], ""), "quicksilver", "");
}
