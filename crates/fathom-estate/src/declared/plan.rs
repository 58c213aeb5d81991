//! The changes of a Terraform plan, as `terraform show -json` prints it (JSON output format, version 1).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use super::{
    Language,
    changes::{Does, Proposal, ProposalError, Proposed, Taken},
    sensitive,
    terraform::{AFTER, Change, File, mark_unknown, problem},
    unknown_why,
};

/// How many modules a value may be handed through.
const HANDED_MAX: usize = 32;
/// The providers whose resources are of AWS: `registry.terraform.io/hashicorp/aws`, and mirrors of it.
const PROVIDER: &str = "/aws";

/// A module of the configuration: what is declared in it, and who calls it with what.
#[derive(Clone, Copy)]
struct Module<'p> {
    body: &'p Value,
    /// The expressions that it is called with; null of the root.
    given: &'p Value,
}

impl Proposal {
    /// Reads a plan.
    ///
    /// # Errors
    /// When it is no plan, one of another format, or one that failed.
    pub fn terraform(file: &str, text: &str) -> Result<Self, ProposalError> {
        let parsed = read(file, text)?;
        let mut proposal = Self { file: Arc::from(file), changes: Vec::new(), left_out: Vec::new() };
        let forgotten = |change: &Change| {
            let is_forgotten = change.body.actions.iter().any(|action| action == "forget");
            is_forgotten.then(|| format!("{}: only forgotten, it stays as it is", change.address))
        };
        proposal.take(&parsed, does, forgotten);
        Ok(proposal)
    }

    /// Reads all that a plan declares, whether it changes it or not, as if it were to be made.
    ///
    /// # Errors
    /// As [`Proposal::terraform`].
    pub fn terraform_declares(file: &str, text: &str) -> Result<Self, ProposalError> {
        let parsed = read(file, text)?;
        let mut proposal = Self { file: Arc::from(file), changes: Vec::new(), left_out: Vec::new() };
        // What is only taken away or forgotten is declared nowhere any more.
        let stays = |actions: &[String]| match does(actions) {
            Some(Does::Removes) => None,
            Some(_) => Some(Does::Makes),
            None => actions.iter().any(|action| action == "no-op").then_some(Does::Makes),
        };
        proposal.take(&parsed, stays, |_| None);
        for change in &mut proposal.changes {
            change.before = Value::Null;
        }
        Ok(proposal)
    }

    /// Takes the changes of a plan: what is done by its actions, and what is told of one of which nothing is done.
    fn take(
        &mut self,
        parsed: &File,
        does: impl Fn(&[String]) -> Option<Does>,
        tells: impl Fn(&Change) -> Option<String>,
    ) {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for change in parsed.resource_changes.iter().filter(|change| change.is_current()) {
            let Some(does) = does(&change.body.actions) else {
                self.left_out.extend(tells(change));
                continue;
            };
            if !change.provider_name.is_empty() && !change.provider_name.ends_with(PROVIDER) {
                *others.entry(&change.provider_name).or_default() += 1;
                continue;
            }
            self.changes.push(proposed(parsed, change, does));
        }
        self.left_out
            .extend(others.into_iter().map(|(name, count)| format!("{count} of the provider {name}")));
    }
}

/// Reads a plan that can be used.
fn read(file: &str, text: &str) -> Result<File, ProposalError> {
    let form = |problem: String| ProposalError::Form { file: file.to_owned(), problem };
    let parsed: File = serde_json::from_str(text).map_err(|error| ProposalError::Parse {
        file: file.to_owned(),
        what: "a Terraform plan",
        line: error.line(),
        column: error.column(),
        problem: problem(&error),
    })?;
    let Some(version) = &parsed.format_version else {
        return Err(form(
                "not a Terraform plan: it has no `format_version`; write it with `terraform plan -out plan.out` and \
                 `terraform show -json plan.out`"
                    .to_owned(),
            ));
    };
    if version.split('.').next() != Some("1") {
        return Err(form(format!(
            "plan format {version} is not known here; make the plan with Terraform 1.1 or later, or OpenTofu, which \
                 write format 1"
        )));
    }
    if parsed.planned_values.is_none() {
        return Err(form(
            "this is a state, not a plan; write the plan with `terraform plan -out plan.out` and \
                 `terraform show -json plan.out`"
                .to_owned(),
        ));
    }
    if parsed.errored {
        return Err(form(
            "the plan failed, so it does not say all that would change; mend it and plan again".to_owned(),
        ));
    }
    Ok(parsed)
}

/// What a list of actions does to what is there; none where nothing changes.
fn does(actions: &[String]) -> Option<Does> {
    let has = |action: &str| actions.iter().any(|word| word == action);
    match (has("create"), has("delete"), has("update")) {
        (true, true, _) => Some(Does::Replaces),
        (true, false, _) => Some(Does::Makes),
        (false, true, _) => Some(Does::Removes),
        (false, false, true) => Some(Does::Changes),
        (false, false, false) => None,
    }
}

fn proposed(plan: &File, change: &Change, does: Does) -> Proposed {
    let body = &change.body;
    let (mut before, mut after) = (body.before.clone(), body.after.clone());
    sensitive::by_marks(&mut before, &body.before_sensitive);
    sensitive::by_marks(&mut after, &body.after_sensitive);
    sensitive::by_name(&mut before);
    sensitive::by_name(&mut after);
    let prefix = change.module_address.as_deref().unwrap_or_default();
    let declared = declared(plan, prefix, &change.address);
    let expressions = declared.as_ref().map_or(&Value::Null, |(_, resource)| &resource["expressions"]);
    mark_unknown(&mut after, &body.after_unknown, 0);
    keep_given(&before, &mut after, expressions);
    let mut taken = Vec::new();
    if let Some((chain, _)) = &declared {
        for path in unknown_paths(&after) {
            let mut names = BTreeSet::new();
            if let Some(names_whole) = references(expressions, &path, &mut names) {
                let mut all: Vec<Taken> = Vec::new();
                let is_whole = names_whole
                    && plain(names.iter().copied())
                        .iter()
                        .all(|name| resolve(chain, prefix, name, 0, &mut all));
                all.sort();
                all.dedup();
                if is_whole && !all.is_empty() {
                    taken.push((path, all));
                }
            }
        }
    }
    let provider = declared.and_then(|(chain, resource)| provider(plan, &chain, resource));
    let own = after["region"].as_str().or_else(|| before["region"].as_str()).map(str::to_owned);
    Proposed {
        language: Language::Terraform,
        kind: change.kind.clone(),
        address: change.address.clone(),
        does,
        before,
        after,
        taken,
        account: provider.as_ref().and_then(|(account, _)| account.clone()),
        region: own.or_else(|| provider.and_then(|(_, region)| region)),
        physical_id: None,
    }
}

/// Leaves as it is what the code does not state and the provider only gives after the run: that is no change that anybody
/// wrote.
fn keep_given(before: &Value, after: &mut Value, expressions: &Value) {
    let (Some(members), Some(written)) = (after.as_object_mut(), expressions.as_object()) else { return };
    let is_given =
        |name: &str, value: &Value| unknown_why(value) == Some(AFTER) && !written.contains_key(name);
    for (name, value) in members.iter_mut() {
        if is_given(name, value)
            && let Some(known) = before.get(name)
        {
            *value = known.clone();
        }
    }
    members.retain(|name, value| !is_given(name, value));
}

/// The paths of all unknowns, without places in lists, each once.
fn unknown_paths(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), value)];
    while let Some((path, value)) = left.pop() {
        if unknown_why(value) == Some(AFTER) {
            if !found.contains(&path) {
                found.push(path);
            }
            continue;
        }
        match value {
            Value::Object(members) => left.extend(members.iter().map(|(name, member)| {
                (if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, member)
            })),
            Value::Array(items) => left.extend(items.iter().map(|item| (path.clone(), item))),
            _ => {}
        }
    }
    found.sort();
    found
}

/// The names that expressions read for an attribute; of blocks that are written several times only where all read the same.
/// False where a part of it is not told.
fn references<'p>(expressions: &'p Value, path: &str, names: &mut BTreeSet<&'p str>) -> Option<bool> {
    let mut places = vec![expressions];
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let mut next = Vec::new();
        for place in places {
            // An expression for all of a block reads for each of its members.
            let blocks: Vec<&Value> = match place {
                Value::Array(items) => items.iter().collect(),
                one => vec![one],
            };
            for block in blocks {
                match &block[step] {
                    Value::Null if block["references"].is_array() => next.push(block),
                    Value::Null => {}
                    member => next.push(member),
                }
            }
        }
        places = next;
    }
    let mut lists: Vec<Vec<&str>> = Vec::new();
    for place in places {
        let list = place["references"].as_array()?;
        lists.push(list.iter().filter_map(Value::as_str).collect());
    }
    let first = lists.first()?.clone();
    let is_same = lists.iter().all(|list| *list == first);
    names.extend(first);
    Some(is_same)
}

/// Terraform names `aws_sqs_queue.q.arn` and then `aws_sqs_queue.q`: only the longest of such names.
fn plain<'p>(names: impl Iterator<Item = &'p str>) -> Vec<&'p str> {
    let all: Vec<&str> = names.collect();
    let is_beginning = |name: &str| {
        all.iter().any(|other| other.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '['])))
    };
    all.iter().copied().filter(|name| !is_beginning(name)).collect()
}

/// Follows a name to the resources it reads, through the modules that hand it on. False where it cannot be followed.
fn resolve(chain: &[Module<'_>], prefix: &str, name: &str, depth: usize, found: &mut Vec<Taken>) -> bool {
    let Some(module) = chain.last().filter(|_| depth < HANDED_MAX) else { return false };
    let steps = split(name);
    let (Some(first), Some(second)) = (steps.first(), steps.get(1)) else { return false };
    let names = |expression: &Value| -> Vec<String> {
        let list = expression["references"].as_array().map(Vec::as_slice).unwrap_or_default();
        plain(list.iter().filter_map(Value::as_str)).into_iter().map(str::to_owned).collect()
    };
    let follow = |chain: &[Module<'_>], prefix: &str, names: Vec<String>, found: &mut Vec<Taken>| {
        !names.is_empty() && names.iter().all(|name| resolve(chain, prefix, name, depth + 1, found))
    };
    match first.as_str() {
        "var" => {
            let Some((_, outer)) = chain.split_last() else { return false };
            follow(outer, parent(prefix), names(&module.given[second.as_str()]), found)
        }
        "module" => {
            let bare = without_index(second);
            let call = &module.body["module_calls"][bare];
            let Some(output) = steps.get(2) else { return false };
            let inner = Module { body: &call["module"], given: &call["expressions"] };
            let inside = [chain, &[inner]].concat();
            let place = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
            let place = format!("{place}module.{second}");
            follow(&inside, &place, names(&inner.body["outputs"][output.as_str()]["expression"]), found)
        }
        "data" | "local" | "each" | "count" | "path" | "terraform" | "self" => false,
        kind => {
            let Some(attribute) = steps.get(2) else { return false };
            let place = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
            found.push(Taken {
                address: format!("{place}{kind}.{second}"),
                attribute: without_index(attribute).to_owned(),
            });
            true
        }
    }
}

/// Splits an address at its dots, but not within brackets.
fn split(name: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut depth = 0_usize;
    for letter in name.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match steps.last_mut() {
            Some(step) if letter != '.' || depth > 0 => step.push(letter),
            _ => steps.push(String::new()),
        }
    }
    steps
}

fn without_index(step: &str) -> &str {
    step.split('[').next().unwrap_or(step)
}

/// The module that calls another.
fn parent(prefix: &str) -> &str {
    let steps = split(prefix);
    let last: usize = steps.iter().rev().take(2).map(|step| step.len() + 1).sum();
    prefix.get(..prefix.len().saturating_sub(last)).unwrap_or_default()
}

/// The modules down to the one that declares a resource, and its declaration.
fn declared<'p>(plan: &'p File, prefix: &str, address: &str) -> Option<(Vec<Module<'p>>, &'p Value)> {
    let mut chain = vec![Module { body: &plan.configuration["root_module"], given: &Value::Null }];
    for pair in split(prefix).chunks(2) {
        let [_, name] = pair else { break };
        let call = &chain.last()?.body["module_calls"][without_index(name)];
        chain.push(Module { body: &call["module"], given: &call["expressions"] });
    }
    let own = address.strip_prefix(prefix).unwrap_or(address).trim_start_matches('.');
    let own = without_index(own);
    let resources = chain.last()?.body["resources"].as_array()?;
    let found = resources.iter().find(|one| one["address"].as_str() == Some(own))?;
    Some((chain, found))
}

/// The account and the region of a resource's provider.
fn provider(plan: &File, chain: &[Module<'_>], resource: &Value) -> Option<(Option<String>, Option<String>)> {
    let key = resource["provider_config_key"].as_str()?;
    let all = plan.configuration["provider_config"].as_object()?;
    // A module without a provider of its own has that of whoever calls it.
    let config = all.get(key).or_else(|| all.get(key.rsplit(':').next().unwrap_or(key)))?;
    let expressions = &config["expressions"];
    let text = |expression: &Value| -> Option<String> {
        if let Some(text) = expression["constant_value"].as_str() {
            return Some(text.to_owned());
        }
        let name = expression["references"].as_array()?.iter().find_map(Value::as_str)?;
        let name = name.strip_prefix("var.").filter(|_| chain.len() == 1 || !key.starts_with("module."))?;
        plan.variables[name]["value"].as_str().map(str::to_owned)
    };
    let block = |value: &Value| value.as_array().and_then(|items| items.first()).unwrap_or(value).clone();
    let role = text(&block(&expressions["assume_role"])["role_arn"]);
    let of_role = role.as_deref().and_then(|arn| arn.split(':').nth(4)).map(str::to_owned);
    let allowed = expressions["allowed_account_ids"]["constant_value"].as_array();
    let only = allowed.filter(|list| list.len() == 1).and_then(|list| list.first()?.as_str());
    Some((of_role.or_else(|| only.map(str::to_owned)), text(&expressions["region"])))
}
