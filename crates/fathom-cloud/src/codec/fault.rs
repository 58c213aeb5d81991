//! Reads error answers of all protocols.

use super::error::{ErrorAnswer, ParseError};
use super::rest::{bound_members, header_text};
use super::xml::{Xml, local};
use super::{Context, Secrets, json};
use crate::model::{Operation, Protocol, Service, Structure};
use crate::wire;
use serde_json::{Map, Value};

/// Reads what an error answer says. Never fails: where the body cannot be read, the code is the HTTP status.
pub fn parse_error(
    service: &Service,
    operation: Option<&Operation>,
    response: &wire::Response,
) -> ErrorAnswer {
    let mut answer = ErrorAnswer {
        request_id: request_id(response),
        html: is_html(response),
        fields: Value::Object(Map::new()),
        ..ErrorAnswer::default()
    };
    if !answer.html {
        match service.protocol() {
            Protocol::Json | Protocol::RestJson => read_json(service, operation, response, &mut answer),
            Protocol::Query | Protocol::Ec2 | Protocol::RestXml => {
                read_xml(service, operation, response, &mut answer);
            }
        }
    }
    if answer.code.is_empty() {
        answer.code = response.status.to_string();
    }
    answer
}

fn request_id(response: &wire::Response) -> Option<String> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amz-requestid"]
        .into_iter()
        .find_map(|name| header_text(response, name))
}

fn is_html(response: &wire::Response) -> bool {
    let is_type = header_text(response, "content-type")
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
    let body = response.body.trim_ascii_start();
    let begins =
        |tag: &str| body.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()));
    is_type || begins("<html") || begins("<!doctype html")
}

/// The code without its namespace and the address that some services add.
fn sanitise(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code).trim()
}

fn read_json(
    service: &Service,
    operation: Option<&Operation>,
    response: &wire::Response,
    answer: &mut ErrorAnswer,
) {
    let body = match json::body_value(&response.body) {
        Ok(Value::Object(body)) => body,
        _ => Map::new(),
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let code = header_text(response, "x-amzn-errortype")
        .or_else(|| ["__type", "code", "Code"].into_iter().find_map(text).map(str::to_owned));
    answer.code = code.map(|code| sanitise(&code).to_owned()).unwrap_or_default();
    let message = ["message", "Message", "errorMessage"].into_iter().find_map(text);
    message.unwrap_or_default().clone_into(&mut answer.message);
    let modelled = answer.code.clone();
    if let Some(structure) = fault(service, operation, &modelled) {
        let context = Context { service, secrets: Secrets::Mask };
        let mut fields = bound(context, structure, response);
        fields.extend(json::structure_in(context, structure, body, 0).unwrap_or_default());
        answer.fields = Value::Object(fields);
    }
    // Services that spoke query before keep its codes in a header: `Code;Sender`.
    if let Some(header) = header_text(response, "x-amzn-query-error")
        && let Some((code, _)) = header.split_once(';')
        && !code.is_empty()
    {
        code.clone_into(&mut answer.code);
    }
}

fn fault<'a>(service: &'a Service, operation: Option<&Operation>, code: &str) -> Option<&'a Structure> {
    service.shape(service.fault(operation, code)?).structure()
}

fn bound(context: Context<'_>, structure: &Structure, response: &wire::Response) -> Map<String, Value> {
    match context.service.protocol() {
        Protocol::RestJson | Protocol::RestXml => {
            bound_members(context, structure, response).unwrap_or_default()
        }
        _ => Map::new(),
    }
}

fn read_xml(
    service: &Service,
    operation: Option<&Operation>,
    response: &wire::Response,
    answer: &mut ErrorAnswer,
) {
    let context = Context { service, secrets: Secrets::Mask };
    // What was read before the document turned out to be damaged still counts.
    let _ = outline(context, response, answer);
    answer.code = sanitise(&answer.code).to_owned();
    if let Some(structure) = fault(service, operation, &answer.code) {
        let mut fields = bound(context, structure, response);
        fields.extend(members(context, structure, response).unwrap_or_default());
        answer.fields = Value::Object(fields);
    }
}

/// Goes to the element that holds code and message: the root `Error`, or the one below `ErrorResponse`, or below
/// `Response` and `Errors`. Request ids on the way are kept.
fn enter(xml: &mut Xml<'_>, request_id: &mut Option<String>) -> Result<bool, ParseError> {
    let Some(root) = xml.root()? else { return Ok(false) };
    if local(&root) == "Error" {
        return Ok(true);
    }
    while let Some(child) = xml.next_child()? {
        match local(&child) {
            "Error" => return Ok(true),
            "Errors" => {}
            name if is_request_id(name) => *request_id = Some(xml.text()?.into_owned()),
            _ => xml.skip()?,
        }
    }
    Ok(false)
}

fn is_request_id(name: &str) -> bool {
    matches!(name, "RequestId" | "RequestID" | "requestId")
}

fn outline(
    context: Context<'_>,
    response: &wire::Response,
    answer: &mut ErrorAnswer,
) -> Result<(), ParseError> {
    if response.body.is_empty() {
        return Ok(());
    }
    let mut xml = Xml::new(context, &response.body)?;
    if !enter(&mut xml, &mut answer.request_id)? {
        return Ok(());
    }
    while let Some(child) = xml.next_child()? {
        match local(&child) {
            "Code" => answer.code = xml.text()?.into_owned(),
            "Message" | "message" => answer.message = xml.text()?.into_owned(),
            name if is_request_id(name) => answer.request_id = Some(xml.text()?.into_owned()),
            _ => xml.skip()?,
        }
    }
    while let Some(child) = xml.next_child()? {
        if is_request_id(local(&child)) {
            answer.request_id = Some(xml.text()?.into_owned());
        } else {
            xml.skip()?;
        }
    }
    Ok(())
}

fn members(
    context: Context<'_>,
    structure: &Structure,
    response: &wire::Response,
) -> Result<Map<String, Value>, ParseError> {
    let mut xml = Xml::new(context, &response.body)?;
    if !enter(&mut xml, &mut None)? {
        return Ok(Map::new());
    }
    xml.structure(structure, &quick_xml::events::BytesStart::new("Error"), 0)
}
