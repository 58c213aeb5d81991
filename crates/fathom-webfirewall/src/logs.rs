//! Logged requests out of files: WAF's own logs, one JSON a line, as CloudWatch hands them on, or answers of `GetSampledRequests`.
//!
//! A record that does not read is named and skipped; the others count all the same.

use serde_json::Value;

use crate::request::{Logged, LoggedGroup, LoggedMatch, Request, Source};

/// The most bytes of one record; WAF's own stay under half of it.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Hands on each request of a file, or why a record is none, with its place (`line 3`, `sample 2`). Gives how many records there were.
///
/// # Errors
/// When the file as a whole is no log.
pub fn each(bytes: &[u8], take: &mut dyn FnMut(Result<Request, String>)) -> Result<u64, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if !text.trim_start().starts_with(['{', '[']) {
        return Err("is no log of a web firewall: it holds no JSON".to_owned());
    }
    let mut records = 0;
    // One value is an answer, or a log of one line; more than one, a line each, is no JSON as a whole.
    if let Ok(whole) = serde_json::from_str::<Value>(&text) {
        return value(&whole, "the file", &mut records, take).map(|()| records);
    }
    let mut is_any = false;
    let mut wrong = Vec::new();
    for (number, line) in (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        if line.len() > RECORD_BYTES_MAX {
            records += 1;
            wrong.push(format!("line {number} has more than {RECORD_BYTES_MAX} bytes"));
            continue;
        }
        // Firehose may put records behind one another without a break.
        for one in serde_json::Deserializer::from_str(line).into_iter::<Value>() {
            let place = format!("line {number}");
            let told = one.map_err(|error| format!("{place} is no JSON: {error}"));
            match told.and_then(|one| value(&one, &place, &mut records, take)) {
                Ok(()) => is_any = true,
                Err(why) => {
                    records += 1;
                    wrong.push(why);
                }
            }
        }
    }
    if !is_any {
        return Err(wrong.into_iter().next().unwrap_or_else(|| "is empty".to_owned()));
    }
    for why in wrong {
        take(Err(why));
    }
    Ok(records)
}

/// What one JSON value holds.
fn value(
    document: &Value,
    place: &str,
    records: &mut u64,
    take: &mut dyn FnMut(Result<Request, String>),
) -> Result<(), String> {
    if let Some(samples) = document.get("SampledRequests").and_then(Value::as_array) {
        for (number, one) in (1..).zip(samples) {
            *records += 1;
            take(sample(one).map_err(|why| format!("sample {number}: {why}")));
        }
        return Ok(());
    }
    if let Some(events) = document.get("events").and_then(Value::as_array) {
        for (number, event) in (1..).zip(events) {
            *records += 1;
            let place = format!("event {number}");
            let message = event.get("message").and_then(Value::as_str).unwrap_or_default();
            let read = serde_json::from_str(message).map_err(|error| format!("{place} is no JSON: {error}"));
            take(read.and_then(|document| record(&document).map_err(|why| format!("{place}: {why}"))));
        }
        return Ok(());
    }
    if let Some(all) = document.as_array() {
        for (number, one) in (1..).zip(all) {
            *records += 1;
            take(record(one).map_err(|why| format!("record {number}: {why}")));
        }
        return Ok(());
    }
    let read = record(document).map_err(|why| format!("{place}: {why}"))?;
    *records += 1;
    take(Ok(read));
    Ok(())
}

fn text(of: &Value, member: &str) -> Option<String> {
    of.get(member).and_then(Value::as_str).map(ToOwned::to_owned)
}

/// Empty texts and `-` are how AWS writes that there is none.
fn said(of: &Value, member: &str) -> Option<String> {
    text(of, member).filter(|text| !text.is_empty() && text != "-")
}

fn list<'v>(of: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    of.get(member).and_then(Value::as_array).into_iter().flatten()
}

/// A number that may be written as one or as text.
fn number(of: &Value, member: &str) -> Option<u64> {
    let value = of.get(member)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn pairs(of: &Value, member: &str, name: &str, value: &str) -> Vec<(String, String)> {
    let pair = |one: &Value| Some((text(one, name)?, text(one, value).unwrap_or_default()));
    list(of, member).filter_map(pair).collect()
}

/// A record of WAF's log.
fn record(document: &Value) -> Result<Request, String> {
    let at = document.get("timestamp").and_then(Value::as_i64);
    let request = document.get("httpRequest").filter(|request| request.is_object());
    let (Some(at), Some(request)) = (at, request) else {
        return Err(
            "is no record of a web firewall's log: it has no `timestamp` and `httpRequest`".to_owned()
        );
    };
    let client = said(request, "clientIp").ok_or("its `httpRequest` has no `clientIp`")?;
    let action = text(document, "action").ok_or("it has no `action`")?;
    let is_solved = |member: &str| {
        document
            .get(member)
            .is_some_and(|of| of.get("solveTimestamp").is_some_and(|at| at.as_u64() > Some(0)))
    };
    let groups = list(document, "ruleGroupList").filter_map(group).collect();
    let whole = |member: &str| number(document, member);
    Ok(Request {
        at,
        source: Source::Log,
        weight: 1,
        client,
        country: said(request, "country"),
        asn: whole("clientAsn").and_then(|asn| asn.try_into().ok()),
        method: text(request, "httpMethod"),
        uri: text(request, "uri"),
        args: text(request, "args"),
        fragment: text(request, "fragment"),
        headers: pairs(request, "headers", "name", "value"),
        ja3: said(document, "ja3Fingerprint"),
        ja4: said(document, "ja4Fingerprint"),
        body_bytes: whole("requestBodySize"),
        body_bytes_inspected: whole("requestBodySizeInspectedByWAF"),
        oversize: list(document, "oversizeFields").filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        labels: list(document, "labels").filter_map(|one| text(one, "name")).collect(),
        logged: Logged {
            acl: said(document, "webaclId"),
            action,
            ended_by: said(document, "terminatingRuleId"),
            counted: list(document, "nonTerminatingMatchingRules").filter_map(matched).collect(),
            groups,
            solved: is_solved("captchaResponse") || is_solved("challengeResponse"),
            response: whole("responseCodeSent").and_then(|code| code.try_into().ok()),
        },
    })
}

fn matched(document: &Value) -> Option<LoggedMatch> {
    Some(LoggedMatch {
        rule: text(document, "ruleId")?,
        action: text(document, "action").unwrap_or_default(),
        own: said(document, "overriddenAction"),
    })
}

fn group(document: &Value) -> Option<LoggedGroup> {
    Some(LoggedGroup {
        id: text(document, "ruleGroupId")?,
        ended_by: document.get("terminatingRule").and_then(matched),
        counted: list(document, "nonTerminatingMatchingRules").filter_map(matched).collect(),
        excluded: list(document, "excludedRules").filter_map(|one| text(one, "ruleId")).collect(),
        is_whole: true,
    })
}

/// One of the answer of `GetSampledRequests`, as the AWS command line prints it.
fn sample(document: &Value) -> Result<Request, String> {
    let request =
        document.get("Request").filter(|request| request.is_object()).ok_or("it has no `Request`")?;
    let at = document.get("Timestamp").ok_or("it has no `Timestamp`")?;
    let at = match (at.as_f64(), at.as_str()) {
        (Some(seconds), _) => Some((seconds * 1000.0) as i64),
        (None, Some(text)) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond),
        (None, None) => None,
    };
    let action = text(document, "Action").unwrap_or_default();
    // `vendor#group#rule`, or `group#rule` of a group of one's own.
    let within = text(document, "RuleNameWithinRuleGroup");
    let group = within.as_deref().and_then(|name| name.rsplit_once('#')).map(|(id, rule)| {
        let matched = LoggedMatch {
            rule: rule.to_owned(),
            action: action.clone(),
            own: said(document, "OverriddenAction"),
        };
        let counts = action.eq_ignore_ascii_case("count");
        LoggedGroup {
            id: id.to_owned(),
            ended_by: (!counts).then(|| matched.clone()),
            counted: if counts { vec![matched] } else { Vec::new() },
            excluded: Vec::new(),
            is_whole: false,
        }
    });
    let solved = |member: &str| {
        document
            .get(member)
            .is_some_and(|of| of.get("SolveTimestamp").is_some_and(|at| at.as_u64() > Some(0)))
    };
    Ok(Request {
        at: at.ok_or("its `Timestamp` is no time")?,
        source: Source::Sample,
        weight: number(document, "Weight").unwrap_or(1).max(1),
        client: said(request, "ClientIP").ok_or("its `Request` has no `ClientIP`")?,
        country: said(request, "Country"),
        method: text(request, "Method"),
        uri: text(request, "URI"),
        headers: pairs(request, "Headers", "Name", "Value"),
        labels: list(document, "Labels").filter_map(|one| text(one, "Name")).collect(),
        logged: Logged {
            action,
            groups: group.into_iter().collect(),
            solved: solved("CaptchaResponse") || solved("ChallengeResponse"),
            response: number(document, "ResponseCodeSent").and_then(|code| code.try_into().ok()),
            ..Logged::default()
        },
        ..Request::default()
    })
}
