//! Pages where botocore tells of none: it has a paginator for most operations that answer in pages, not for all.

use super::{
    service::Paginator,
    shape::{Kind, Shape, Structure},
};
use serde_json::Value;

/// Members of an answer that hold the next page's token, and the parameter that takes it; the first pair that an
/// operation has counts.
const TOKENS: &[(&str, &str)] = &[
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextMarker", "NextMarker"),
    ("NextMarker", "Marker"),
    ("nextMarker", "marker"),
    ("NextPageMarker", "Marker"),
    ("nextPageToken", "pageToken"),
    ("NextPageToken", "PageToken"),
    ("NextContinuationToken", "ContinuationToken"),
    ("PaginationToken", "PaginationToken"),
    ("PageToken", "PageToken"),
    ("Marker", "Marker"),
    ("position", "position"),
];

/// Members of an answer that say outright whether there is more.
const FLAGS: &[&str] = &["IsTruncated", "isTruncated", "Truncated"];

/// Operations that go on after the last thing they told: service, operation, parameter, the last thing, whether there
/// is more.
const AFTER_THE_LAST: &[(&str, &str, &str, &str, &str)] = &[
    (
        "firehose",
        "ListDeliveryStreams",
        "ExclusiveStartDeliveryStreamName",
        "DeliveryStreamNames[-1]",
        "HasMoreDeliveryStreams",
    ),
    ("firehose", "ListTagsForDeliveryStream", "ExclusiveStartTagKey", "Tags[-1].Key", "HasMoreTags"),
    ("kinesis", "ListTagsForStream", "ExclusiveStartTagKey", "Tags[-1].Key", "HasMoreTags"),
];

/// The pages of an operation without a paginator, where what it takes and answers shows them. Tokens stand in the
/// answer itself or in a structure of it, as CloudFront's lists have them.
pub(super) fn derived(
    service: &str,
    operation: &str,
    input: Option<&Structure>,
    output: Option<&Structure>,
    shapes: &[Shape],
) -> Option<Paginator> {
    let (input, output) = (input?, output?);
    let last = AFTER_THE_LAST.iter().find(|(of, name, ..)| *of == service && *name == operation);
    if let Some((_, _, parameter, token, more)) = last {
        return Some(paginator(parameter, (*token).to_owned(), Some((*more).to_owned())));
    }
    let inner = output.members().iter().filter_map(|member| {
        let structure = shapes.get(member.target().shape().0 as usize)?.structure()?;
        Some((format!("{}.", member.name()), structure))
    });
    std::iter::once((String::new(), output)).chain(inner).find_map(|(place, structure)| {
        let (token, parameter) = TOKENS.iter().find(|(token, parameter)| {
            is_text(structure, token, shapes) && is_text(input, parameter, shapes)
        })?;
        let more = FLAGS.iter().find(|flag| structure.member(flag).is_some());
        Some(paginator(parameter, format!("{place}{token}"), more.map(|more| format!("{place}{more}"))))
    })
}

fn is_text(structure: &Structure, member: &str, shapes: &[Shape]) -> bool {
    let shape = structure.member(member).and_then(|member| shapes.get(member.target().shape().0 as usize));
    shape.is_some_and(|shape| matches!(shape.kind(), Kind::String))
}

fn paginator(input: &str, output: String, more: Option<String>) -> Paginator {
    Paginator {
        input_token: vec![input.to_owned()],
        output_token: vec![output],
        more_results: more,
        limit_key: None,
        result_key: Vec::new(),
    }
}

/// The member of an answer that says that there is more, whatever the models know of pages: a flag that is set, or
/// where there is no flag a token.
pub fn sign_of_more(answer: &Value) -> Option<&str> {
    let members = answer.as_object()?;
    let inner = members.values().filter_map(Value::as_object);
    std::iter::once(members).chain(inner).find_map(|members| {
        let mut flags = members.iter().filter(|(name, value)| is_flag(name) && value.is_boolean()).peekable();
        if flags.peek().is_some() {
            return flags.find(|(_, value)| **value == Value::Bool(true)).map(|(name, _)| name.as_str());
        }
        let token = |(name, value): &(&String, &Value)| is_token(name) && is_set(value);
        members.iter().find(token).map(|(name, _)| name.as_str())
    })
}

/// Whether a token or flag says that there is more: not absent, empty or false.
pub(crate) fn is_set(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::String(text) => !text.is_empty() && text != "None",
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
    }
}

fn is_flag(name: &str) -> bool {
    FLAGS.contains(&name) || name.starts_with("HasMore") || name.starts_with("hasMore")
}

fn is_token(name: &str) -> bool {
    // `LastEvaluatedTime` is a moment; `LastEvaluatedTableName` is where the next page begins.
    TOKENS.iter().any(|(token, _)| *token == name)
        || name.starts_with("LastEvaluated") && !name.ends_with("Time") && !name.ends_with("At")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_says_that_it_goes_on_by_flag_or_token() {
        for (answer, sign) in [
            (json!({"Items": []}), None),
            (json!({"NextToken": "t"}), Some("NextToken")),
            (json!({"NextToken": ""}), None),
            (json!({"NextToken": null, "nextPageToken": "p"}), Some("nextPageToken")),
            (json!({"IsTruncated": false, "Marker": "echoed"}), None),
            (json!({"IsTruncated": true}), Some("IsTruncated")),
            (json!({"List": {"NextMarker": "m", "Items": []}}), Some("NextMarker")),
            (json!({"Description": {"HasMoreDestinations": true}}), Some("HasMoreDestinations")),
            (json!({"LastEvaluatedTime": "2026-01-02T03:04:05Z"}), None),
            (json!({"LastEvaluatedTableName": "t"}), Some("LastEvaluatedTableName")),
            (json!({"Items": [{"NextToken": "of an item"}]}), None),
            (json!("NextToken"), None),
        ] {
            assert_eq!(sign_of_more(&answer), sign, "{answer}");
        }
    }
}
