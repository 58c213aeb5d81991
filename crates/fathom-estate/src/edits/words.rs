//! The words of an edit.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr},
};

use fathom_content::{
    EditRules,
    edits::{PartRule, TrafficRule},
};
use serde_json::{Map, Value};

use super::{At, Change, Edit, EditError, Named, What, traffic};

/// The longest edit; a policy has at most 20 KB.
const CHARS_MAX: usize = 65_536;
/// What `fathom paths` and `fathom escalate` say before their edits.
const BEFORE: [&str; 2] = ["To close it:", "To prevent it:"];
/// The forms, for whoever wrote another.
const FORMS: &str = "begin with `add`, `take`, `set`, `remove`, `let`, or a sentence about public access or an access key; \
     `fathom what-if --help` has the forms";

impl Edit {
    /// Reads an edit in words.
    ///
    /// # Errors
    /// Says what is wrong and which forms there are.
    pub fn parse(text: &str, rules: &EditRules) -> Result<Self, EditError> {
        let wrong = |problem: String| {
            let text = text.chars().take(200).collect();
            EditError { text, problem }
        };
        if text.len() > CHARS_MAX {
            return Err(wrong(format!("it has more than {CHARS_MAX} characters")));
        }
        let mut words = text.trim();
        for before in BEFORE {
            words = words.strip_prefix(before).unwrap_or(words).trim();
        }
        // What is pasted ends a sentence; JSON and ids never end so.
        let words = words.strip_suffix('.').unwrap_or(words);
        let (of, what) = read(words, rules).map_err(wrong)?;
        Ok(Self { text: text.trim().to_owned(), of, what })
    }
}

fn read(words: &str, rules: &EditRules) -> Result<(String, What), String> {
    let (verb, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let rest = rest.trim();
    for (at, rule) in rules.settings.iter().enumerate() {
        let beginning = rule.says.trim_end_matches("{resource}");
        if let Some(of) = after(words, beginning) {
            return Ok((thing(of)?, What::Setting(at)));
        }
    }
    match verb.to_ascii_lowercase().as_str() {
        "add" => add(rest, rules),
        "take" => take(rest, rules),
        "set" => set(rest),
        "remove" => match place(rest) {
            Some((policy, of)) => Ok((of, What::Policy { policy, change: Change::Goes })),
            None => Ok((thing(rest)?, What::Remove)),
        },
        "let" => {
            let (of, role) = rest
                .split_once(" run without ")
                .ok_or_else(|| "write it as `let RESOURCE run without ROLE`".to_owned())?;
            Ok((thing(of)?, What::Without { role: thing(role)? }))
        }
        _ => Err(FORMS.to_owned()),
    }
}

/// What follows a beginning, in any case.
fn after<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    let head = text.get(..beginning.len())?;
    head.eq_ignore_ascii_case(beginning).then(|| text.get(beginning.len()..)).flatten()
}

/// A resource: one word, or the last one of `the security group sg-1`.
fn thing(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [one] => Ok(unquoted(one).to_owned()),
        ["the", .., last] => Ok(unquoted(last).to_owned()),
        [] => Err("it names no resource".to_owned()),
        _ => Err(format!("`{text}` is not one resource; write an ARN, an id or a name")),
    }
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['`', '\'', '"', '“', '”'])
}

/// Which policy of what: ``the policy `work` of X``, `the bucket policy of X`.
fn place(text: &str) -> Option<(Named, String)> {
    let (policy, of) = text.rsplit_once(" of ")?;
    let policy = after(policy, "the ").unwrap_or(policy).trim();
    let named = match policy.split_once(' ') {
        Some(("policy", name)) if !name.trim().contains(' ') => {
            Named::Called(unquoted(name.trim()).to_owned())
        }
        None if policy == "policy" => Named::Own,
        Some((_, "policy")) => Named::Own,
        _ => return None,
    };
    Some((named, thing(of).ok()?))
}

/// A statement of a policy: ``statement 2 `Sid` of the policy `work` of X``.
fn statement(text: &str) -> Result<(At, Named, String), String> {
    let wrong = || {
        format!(
            "`{text}` is no statement of a policy; write it as ``statement 2 of the policy `NAME` of RESOURCE``, or with the statement's id"
        )
    };
    let text = after(text, "the ").unwrap_or(text);
    let rest = after(text, "statement ").ok_or_else(wrong)?;
    let mut rest = rest.trim_start();
    let mut found = At::default();
    if let Some((word, tail)) = rest.split_once(' ')
        && let Ok(number) = word.parse()
    {
        (found.number, rest) = (Some(number), tail.trim_start());
    }
    if let Some((sid, tail)) = quoted(rest) {
        (found.sid, rest) = (Some(sid.to_owned()), tail);
    } else if found.number.is_none() {
        let (sid, tail) = rest.split_once(' ').ok_or_else(wrong)?;
        (found.sid, rest) = (Some(sid.to_owned()), tail);
    }
    let rest = after(rest.trim_start(), "of ").ok_or_else(wrong)?;
    let (policy, of) = place(rest).ok_or_else(wrong)?;
    Ok((found, policy, of))
}

/// A text in quotes, which may have spaces, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let open = text.chars().next().filter(|c| matches!(c, '`' | '\'' | '"' | '“'))?;
    let close = if open == '“' { '”' } else { open };
    text.get(open.len_utf8()..)?.split_once(close)
}

/// Whether a word is an action of a policy.
fn is_action(text: &str) -> bool {
    let is_word = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '*' | '?'))
    };
    text == "*" || text.split_once(':').is_some_and(|(service, name)| is_word(service) && is_word(name))
}

fn add(rest: &str, rules: &EditRules) -> Result<(String, What), String> {
    let what = after(rest, "the ").unwrap_or(rest);
    if let Some(json) = after(what, "statement ").map(str::trim).filter(|text| text.starts_with('{')) {
        let mut stream = serde_json::Deserializer::from_str(json).into_iter::<Value>();
        let statement = match stream.next() {
            Some(Ok(statement)) => statement,
            Some(Err(error)) => return Err(format!("the statement is no JSON: {error}")),
            None => return Err("the statement is missing".to_owned()),
        };
        let tail = json.get(stream.byte_offset()..).unwrap_or_default().trim();
        let to = after(tail, "to ").ok_or_else(|| "it does not say `to` which policy".to_owned())?;
        let (policy, of) = place(to).ok_or_else(|| format!("`{to}` is no policy of a resource"))?;
        return Ok((of, What::Policy { policy, change: Change::Adds(statement) }));
    }
    let (what, to) = rest.rsplit_once(" to ").ok_or("write it as `add … to RESOURCE`")?;
    if is_action(what.trim()) {
        let (at, policy, of) = statement(to.trim())?;
        return Ok((of, What::Policy { policy, change: Change::AddsAction(at, what.trim().to_owned()) }));
    }
    Ok((thing(to)?, What::Part { comes: true, meanings: parts(what, rules)? }))
}

fn take(rest: &str, rules: &EditRules) -> Result<(String, What), String> {
    let (what, from) = rest.split_once(" out of ").ok_or("write it as `take … out of RESOURCE`")?;
    let (what, from) = (what.trim(), from.trim());
    if is_action(what) {
        let (at, policy, of) = statement(from)?;
        return Ok((of, What::Policy { policy, change: Change::TakesAction(at, what.to_owned()) }));
    }
    if after(after(what, "the ").unwrap_or(what), "statement ").is_some() {
        let (at, policy, of) = statement(&format!("{what} of {from}"))?;
        return Ok((of, What::Policy { policy, change: Change::Takes(at) }));
    }
    Ok((thing(from)?, What::Part { comes: false, meanings: parts(what, rules)? }))
}

fn set(rest: &str) -> Result<(String, What), String> {
    let form = || "write it as `set RESOURCE MEMBER=JSON`".to_owned();
    let (of, set) = rest.split_once(char::is_whitespace).ok_or_else(form)?;
    let (path, value) = set.trim().split_once('=').ok_or_else(form)?;
    let (path, value) = (path.trim(), value.trim());
    if path.is_empty() || path.contains(char::is_whitespace) {
        return Err(form());
    }
    let value = serde_json::from_str(value).or_else(|error| {
        // A word needs no quotes; what begins like JSON must be JSON.
        let is_word = value.starts_with(|c: char| c.is_alphabetic() || c == '/')
            && !value.contains(['"', '{', '[', ' ']);
        if is_word { Ok(Value::from(value)) } else { Err(format!("`{value}` is no JSON: {error}")) }
    })?;
    Ok((thing(of)?, What::Set { path: path.to_owned(), value }))
}

/// What the words for a part may mean.
fn parts(words: &str, rules: &EditRules) -> Result<Vec<(usize, Value)>, String> {
    let words = after(words, "the ").unwrap_or(words);
    let words: Vec<&str> = words.split_whitespace().collect();
    let (mut found, mut problem) = (Vec::new(), None);
    for (at, rule) in rules.parts.iter().enumerate() {
        match part(&words, rule) {
            Some(Ok(declared)) => found.push((at, declared)),
            Some(Err(why)) => problem = problem.or(Some(why)),
            None => {}
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    Err(problem.unwrap_or_else(|| {
        let mut forms: Vec<&str> = rules.parts.iter().map(|rule| rule.says.as_str()).collect();
        forms.dedup();
        format!("`{}` is none of: {}; or an action or a statement", words.join(" "), forms.join(", "))
    }))
}

/// The declaration that words stand for; none where they are of another form.
fn part(words: &[&str], rule: &PartRule) -> Option<Result<Value, String>> {
    let mut left = words;
    let mut declared = Map::new();
    let pattern: Vec<&str> = rule.says.split_whitespace().collect();
    let mut problem = None;
    for (at, word) in pattern.iter().enumerate() {
        let Some(hole) = word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) else {
            let (first, rest) = left.split_first()?;
            if !first.eq_ignore_ascii_case(word) {
                return None;
            }
            left = rest;
            continue;
        };
        // What fills a hole ends where the next word of the form stands.
        let end = match pattern.get(at + 1) {
            Some(next) => left.iter().position(|one| one.eq_ignore_ascii_case(next))?,
            None => left.len(),
        };
        let (here, rest) = left.split_at_checked(end)?;
        left = rest;
        let filled = match (&rule.traffic, rule.holes.get(hole)) {
            (Some(traffic), _) if hole == "traffic" => of_traffic(here, traffic, &mut declared),
            (_, Some(forms)) => of_form(here, hole, forms, &mut declared),
            _ => return None,
        };
        if let Err(why) = filled {
            problem = problem.or(Some(why));
        }
    }
    if !left.is_empty() {
        return None;
    }
    Some(problem.map_or(Ok(Value::Object(declared)), Err))
}

fn of_traffic(words: &[&str], rule: &TrafficRule, declared: &mut Map<String, Value>) -> Result<(), String> {
    let (protocol, first, last) = traffic::read(words)?;
    declared.insert(rule.protocol.clone(), protocol.into());
    for (name, port) in [(&rule.first, first), (&rule.last, last)] {
        if let Some(port) = port {
            declared.insert(name.clone(), port.into());
        }
    }
    Ok(())
}

fn of_form(
    words: &[&str],
    hole: &str,
    forms: &BTreeMap<String, String>,
    declared: &mut Map<String, Value>,
) -> Result<(), String> {
    let expected = || forms.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let [word] = words else {
        return Err(format!("`{}` is no {hole}; write one of: {}", words.join(" "), expected()));
    };
    let word = unquoted(word);
    // The longest beginning first: `eigw-` is not `igw-`, and `vpce-svc-` not `vpce-`.
    let mut all: Vec<(&String, &String)> = forms.iter().collect();
    all.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    let fits = |form: &str| match form {
        "ipv4" => is_range(word, 32, |base| base.parse::<Ipv4Addr>().is_ok()),
        "ipv6" => is_range(word, 128, |base| base.parse::<Ipv6Addr>().is_ok()),
        "arn" => word.starts_with("arn:"),
        "word" => !word.is_empty(),
        beginning => word.starts_with(beginning),
    };
    match all.into_iter().find(|(form, _)| fits(form)) {
        Some((_, attribute)) => {
            let (name, value) = match attribute.strip_suffix("[]") {
                Some(list) => (list, Value::Array(vec![Value::from(word)])),
                None => (attribute.as_str(), Value::from(word)),
            };
            declared.insert(name.to_owned(), value);
            Ok(())
        }
        None => Err(format!("`{word}` is no {hole}; write one of: {}", expected())),
    }
}

/// Whether a text is a range of addresses.
fn is_range(text: &str, bits: u8, is_address: impl Fn(&str) -> bool) -> bool {
    text.split_once('/').is_some_and(|(base, length)| {
        is_address(base) && length.parse::<u8>().is_ok_and(|length| length <= bits)
    })
}
