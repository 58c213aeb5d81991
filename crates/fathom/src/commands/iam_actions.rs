//! `fathom iam actions`: the actions of AWS, what kind of access they are and on what.

use anyhow::{Result, bail};
use fathom_catalogue::{Action, Catalogue, ConditionKey};
use serde_json::{Value, json};

use crate::{
    args::{ActionsArgs, Global, KindArg},
    render::{self, clean, styled},
};

/// Rows of the table where nobody says how many; `--json` has all.
const SHOWN: usize = 50;
/// Names in one cell; `--json` has all.
const NAMES: usize = 4;

pub(crate) fn run(global: &Global, args: &ActionsArgs) -> Result<()> {
    let catalogue = Catalogue::embedded()?;
    let pattern = pattern(catalogue, &args.pattern)?;
    let on = match &args.on {
        None => None,
        Some(arn) => match catalogue.actions_on(arn) {
            Some(actions) => Some(actions),
            None => bail!(
                "the catalogue knows no resource type with the ARN `{}`, so any action may be on it",
                clean(arn)
            ),
        },
    };
    let found: Vec<Action<'_>> = catalogue
        .actions_matching(&pattern)
        .into_iter()
        .filter(|id| on.as_ref().is_none_or(|on| on.binary_search(id).is_ok()))
        .filter_map(|id| catalogue.get(id))
        .filter(|action| args.kind.is_none_or(|kind| action.kind() == kind.into()))
        .collect();
    let most = args.limit.map_or(if global.json { usize::MAX } else { SHOWN }, |limit| limit as usize);
    let shown = &found[..found.len().min(most)];
    if global.json {
        return render::print_json(&json!({
            "catalogue": catalogue.version(),
            "found": found.len(),
            "actions": shown.iter().map(document).collect::<Vec<_>>(),
        }));
    }
    if found.is_empty() {
        render::print(format!("no action matches `{}`", clean(&args.pattern)))?;
    } else {
        render::print(render::table(
            &["action", "kind", "resource types", "condition keys"],
            shown.iter().map(row),
        ))?;
        if shown.len() < found.len() {
            let more = found.len() - shown.len();
            render::print(styled(render::QUIET, format!("and {more} more; --limit shows them")))?;
        }
    }
    let version = catalogue.version();
    render::print(styled(
        render::QUIET,
        format!("catalogue of {}: {} actions; AWS adds more every week", version.date, catalogue.len()),
    ))
}

/// The pattern as it is meant: a service alone is all of its actions.
fn pattern(catalogue: &Catalogue, written: &str) -> Result<String> {
    let Some((prefix, _)) = written.split_once(':') else {
        if !written.is_empty() && written.bytes().all(|b| b == b'*') {
            return Ok(written.to_owned());
        }
        return match catalogue.service(written) {
            Some(service) => Ok(format!("{}:*", service.prefix())),
            None => bail!("`{}` is no service; write one, or a pattern such as s3:Get*", clean(written)),
        };
    };
    if !prefix.contains(['*', '?']) && catalogue.service(prefix).is_none() {
        bail!(
            "the catalogue knows no service `{}`; `fathom iam actions \"*\"` lists all actions",
            clean(prefix)
        );
    }
    Ok(written.to_owned())
}

fn row(action: &Action<'_>) -> Vec<String> {
    let resources = if action.is_without_resource() {
        "* only".to_owned()
    } else {
        let name = |required: bool, name: &str| format!("{name}{}", if required { "" } else { "?" });
        list(action.resources().map(|resource| name(resource.required, resource.resource_type.name())))
    };
    vec![
        action.name().to_owned(),
        action.kind().name().to_owned(),
        resources,
        list(keys(action).into_iter().map(|key| key.name.to_owned())),
    ]
}

/// The keys of the action and those it has for any of its resource types, each once, by name.
fn keys<'a>(action: &Action<'a>) -> Vec<ConditionKey<'a>> {
    let of_resources = action.resources().flat_map(|resource| resource.condition_keys());
    let mut keys: Vec<ConditionKey<'a>> = action.condition_keys().chain(of_resources).collect();
    keys.sort_by_key(|key| key.name);
    keys.dedup();
    keys
}

fn list(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMES);
    let mut names: Vec<String> = names.take(NAMES).collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

fn document(action: &Action<'_>) -> Value {
    let resources: Vec<Value> = action
        .resources()
        .map(|resource| {
            json!({
                "type": resource.resource_type.name(),
                "required": resource.required,
                "arns": resource.resource_type.arns().collect::<Vec<_>>(),
                "condition_keys": resource.condition_keys().map(key).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "action": action.name(),
        "service": action.service().name(),
        "kind": action.kind(),
        "level": action.level(),
        "resources": resources,
        "condition_keys": action.condition_keys().map(key).collect::<Vec<_>>(),
        // Null where it is not known.
        "needs": action.needs().map(|needs| needs.map(|action| action.name()).collect::<Vec<_>>()),
    })
}

fn key(key: ConditionKey<'_>) -> Value {
    json!({ "key": key.name, "type": key.value_type, "list": key.is_list })
}

impl From<KindArg> for fathom_catalogue::Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::List => Self::List,
            KindArg::Read => Self::Read,
            KindArg::Data => Self::Data,
            KindArg::Tagging => Self::Tagging,
            KindArg::Write => Self::Write,
            KindArg::Admin => Self::Admin,
        }
    }
}
