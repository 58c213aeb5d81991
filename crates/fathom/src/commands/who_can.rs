//! `fathom who-can`: everyone who can do something to a resource; `fathom iam simulate --principal`: one of them.

use std::sync::Arc;

use anyhow::{Result, bail};
use fathom_access::{Assigned, Encryption, KeyStep, Says, account_of};
use fathom_iam::{
    Context, Decision, Index, Organisation, Verdict,
    organisation::{Asker, Kind, Row, Target, WhoCan},
    policy::Effect,
    verdict::{Condition, LayerName, Reason},
};
use fathom_store::Store;
use serde_json::json;

use super::{centre, permitted};
use crate::{
    args::{ContextArgs, Global, SimulateArgs, WhoCanArgs},
    render::{self, clean, clean_to, styled},
    wiring,
};

/// Statements and conditions of one answer that are shown; `--json` has all.
const SHOWN: usize = 4;
/// Characters of a list of values that are shown.
const VALUES_CHARS: usize = 80;

pub(crate) async fn run(global: &Global, args: WhoCanArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let (organisation, encryption, target) = asked(&store, &args.action, &args.resource).await?;
    let context = context(&args.context);
    let index = Index::new(Arc::new(organisation));
    let found = index.who_can(&args.action, &target, &context).map_err(anyhow::Error::msg)?;
    let steps = encryption.steps(index.organisation(), &found, &target, &context)?;
    let assigned = centre::of(&store, found.rows.iter().map(|row| row.asker.principal.as_str())).await?;
    if global.json {
        let mut told = json_of(&found, &steps)?;
        told["identity_centre"] = serde_json::to_value(&assigned)?;
        return render::print_json(&told);
    }
    let note = steps.iter().any(Option::is_some).then(|| encryption.note(&target.arn)).flatten();
    print(&found, &steps, note, &assigned)
}

/// The answer with what keys say beside each row.
fn json_of(found: &WhoCan, steps: &[Option<KeyStep>]) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(found)?;
    let rows = value["rows"].as_array_mut().into_iter().flatten();
    for (row, (step, told)) in rows.zip(steps.iter().zip(&found.rows)) {
        if let Some(step) = step {
            row["content"] = json!(Says::from(told.verdict.decision).and(step.says));
            row["key"] = serde_json::to_value(step)?;
        }
    }
    Ok(value)
}

/// One principal, one action, one resource.
pub(crate) async fn one(global: &Global, principal: &str, action: &str, args: &SimulateArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let resource = args.resource.as_deref().unwrap_or("*");
    let (organisation, encryption, target) = asked(&store, action, resource).await?;
    let called: Vec<&str> = organisation.called(principal).collect();
    let principal = match called.as_slice() {
        [] => principal,
        [one] => one,
        several => bail!("`{principal}` may mean several; name one:\n  {}", several.join("\n  ")),
    };
    let context = context(&args.context);
    let asker = asker(&organisation, principal);
    let verdict =
        organisation.ask_as(&asker, action, &target, context.clone()).map_err(anyhow::Error::msg)?;
    let step = encryption.step(&organisation, (action, &target), &asker, &context)?;
    if global.json {
        let mut told = json!({
            "principal": principal, "kind": asker.kind, "action": action, "resource": target.arn, "verdict": verdict,
            "gaps": organisation.gaps(&target),
        });
        if let Some(step) = step {
            told["content"] = json!(Says::from(verdict.decision).and(step.says));
            told["key"] = serde_json::to_value(step)?;
        }
        return render::print_json(&told);
    }
    render::print(format!(
        "{}  {} on {} by {}",
        both(verdict.decision, step.as_ref()),
        clean(action),
        clean(&target.arn),
        who(&asker)
    ))?;
    for line in why(&verdict) {
        render::print(format!("  {line}"))?;
    }
    if let Some(step) = &step {
        render::print(format!("  {}", of_key(step)))?;
    }
    gaps(&organisation.gaps(&target))
}

/// The organisation as it was scanned, and the resource that is meant.
async fn asked(store: &Store, action: &str, resource: &str) -> Result<(Organisation, Encryption, Target)> {
    let target = fathom_access::target(store, action, resource).await?;
    if fathom_access::on_objects(action, &target)?.is_some() {
        bail!("{action} is asked of an object, not of a bucket; write {}/KEY", target.arn);
    }
    let encryption = Encryption::load_of(store, &target, wiring::now()).await?;
    let organisation = fathom_access::load_with(store, &target, &encryption.keys(), wiring::now()).await?;
    Ok((organisation, encryption, target))
}

pub(super) fn context(args: &ContextArgs) -> Context {
    let mut values: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for (key, value) in &args.pairs {
        values.entry(key).or_default().push(value.clone());
    }
    let mut context = Context::new();
    for (key, values) in values {
        context.set(key, values);
    }
    context
}

fn print(found: &WhoCan, steps: &[Option<KeyStep>], note: Option<&str>, assigned: &[Assigned]) -> Result<()> {
    let heading = format!("{} on {}", clean(&found.action), clean(&found.resource));
    render::print(styled(render::STRONG, heading))?;
    if found.rows.is_empty() {
        render::print("nobody that was asked about can.")?;
    } else {
        render::print(render::table(&["answer", "who", "why"], lines(&found.rows, steps)))?;
    }
    centre::print(assigned)?;
    let told = found.rows.iter().zip(steps).map(|(row, step)| joined(row.verdict.decision, step.as_ref()));
    let told: Vec<Says> = told.collect();
    let of = |says| told.iter().filter(|one| **one == says).count();
    render::print(format!(
        "\n{} asked about: {} can, {} only if, {} not known, {} cannot.",
        found.asked,
        of(Says::Allowed),
        of(Says::OnlyIf),
        of(Says::Unknown),
        found.denied + of(Says::Denied)
    ))?;
    if let Some(note) = note {
        render::print(styled(render::QUIET, format!("of the key: {note}.")))?;
    }
    gaps(&found.gaps)
}

/// A line each; those of whom the same is not known share one.
fn lines(rows: &[Row], steps: &[Option<KeyStep>]) -> Vec<Vec<String>> {
    let mut lines: Vec<(Says, Vec<String>, String)> = Vec::new();
    for (row, step) in rows.iter().zip(steps) {
        let mut why = why(&row.verdict);
        let more = why.len().saturating_sub(SHOWN);
        why.truncate(SHOWN);
        if more > 0 {
            why.push(format!("and {more} more"));
        }
        why.extend(step.as_ref().map(of_key));
        let (decision, why) = (joined(row.verdict.decision, step.as_ref()), why.join("; "));
        match lines.iter_mut().find(|line| decision == Says::Unknown && line.0 == decision && line.2 == why) {
            Some(line) => line.1.push(who(&row.asker)),
            None => lines.push((decision, vec![who(&row.asker)], why)),
        }
    }
    let line = |(decision, mut who, why): (Says, Vec<String>, String)| {
        let more = who.len().saturating_sub(SHOWN);
        who.truncate(SHOWN);
        if more > 0 {
            who.push(format!("and {more} more"));
        }
        vec![permitted::says(decision), who.join(", "), why]
    };
    lines.into_iter().map(line).collect()
}

/// Gaps that are shown.
const GAPS_SHOWN: usize = 10;

pub(super) fn gaps(gaps: &[String]) -> Result<()> {
    for gap in gaps.iter().take(GAPS_SHOWN) {
        render::print(styled(render::ATTENTION, format!("not seen: {}", clean(gap))))?;
    }
    if gaps.len() > GAPS_SHOWN {
        render::print(styled(render::ATTENTION, format!("not seen: {} more", gaps.len() - GAPS_SHOWN)))?;
    }
    Ok(())
}

/// The action and the key together.
fn joined(decision: Decision, step: Option<&KeyStep>) -> Says {
    Says::from(decision).and(step.map_or(Says::Allowed, |step| step.says))
}

fn both(decision: Decision, step: Option<&KeyStep>) -> String {
    permitted::says(joined(decision, step))
}

/// Whom a person names. Of an account that no scan read nobody is known, as in all other answers: it comes from outside, if
/// its own account lets it.
fn asker(organisation: &Organisation, principal: &str) -> Asker {
    let kind = kind_of(principal);
    match account_of(principal).filter(|_| matches!(kind, Kind::Root | Kind::User | Kind::Role)) {
        Some(account) if !organisation.is_read(account) => {
            let named = if kind == Kind::Root { account } else { principal };
            Asker { kind: Kind::Outside, principal: named.to_owned() }
        }
        _ => Asker { kind, principal: principal.to_owned() },
    }
}

/// What somebody is whom a person names.
fn kind_of(principal: &str) -> Kind {
    match principal {
        "*" => Kind::Anyone,
        text if text.contains(":user/") => Kind::User,
        text if text.starts_with("arn:") && !text.ends_with(":root") => Kind::Role,
        text if text.contains('.') && !text.contains(':') => Kind::Service,
        _ => Kind::Root,
    }
}

/// What the key says, as a step of its own.
fn of_key(step: &KeyStep) -> String {
    let word = match step.says {
        Says::Allowed => "allowed",
        Says::OnlyIf => "only if",
        Says::Unknown => "not known",
        Says::Denied => "NOT allowed",
    };
    let mut why: Vec<String> = step.verdict.as_ref().map(why).unwrap_or_default();
    why.truncate(SHOWN);
    why.extend(step.note.as_deref().map(clean));
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    format!("and {} of the key {}: {word}{why}", step.needs.join(" and "), clean(&step.key))
}

pub(super) fn who(asker: &Asker) -> String {
    let principal = clean(&asker.principal);
    match asker.kind {
        Kind::Anyone => "everyone, without credentials".to_owned(),
        Kind::AnyAccount => "any AWS account that lets its own".to_owned(),
        Kind::Outside => format!("outside: {principal}, if its own account lets it"),
        Kind::Federated => format!("whom {principal} vouches for"),
        Kind::Service => format!("service {principal}"),
        Kind::Root => format!("root user of {principal}"),
        Kind::User | Kind::Role => principal,
    }
}

/// The statements that decided, the conditions, what is missing.
fn why(verdict: &Verdict) -> Vec<String> {
    match verdict.decision {
        Decision::OnlyIf => {
            let mut lines: Vec<String> = verdict.conditions.iter().map(condition).collect();
            lines.dedup();
            lines
        }
        Decision::Unknown => verdict.unknown.iter().map(|line| clean(line)).collect(),
        Decision::ImplicitlyDenied if verdict.because.is_empty() => verdict
            .blocked_by
            .iter()
            .map(|layer| format!("no statement of its {} allows it", layer_name(*layer)))
            .collect(),
        _ => {
            let tells = |reason: &&Reason| reason.effect == Effect::Deny || !is_limit(reason.layer);
            let told: Vec<String> = verdict.because.iter().filter(tells).map(reason).collect();
            if told.is_empty() { vec!["its account's own root user".to_owned()] } else { told }
        }
    }
}

/// Whether a layer never grants, so that its consent explains nothing.
pub(super) fn is_limit(layer: LayerName) -> bool {
    matches!(
        layer,
        LayerName::Scps | LayerName::Rcps | LayerName::VpcEndpointPolicies | LayerName::PermissionBoundaries
    )
}

pub(super) fn reason(reason: &Reason) -> String {
    let statement = match (&reason.sid, reason.statement) {
        (Some(sid), _) if !sid.is_empty() => format!(" `{}`", clean(sid)),
        (_, Some(index)) => format!(" statement {index}"),
        _ => String::new(),
    };
    let does = if reason.effect == Effect::Deny { "denied by " } else { "" };
    let level = reason.level.as_ref().map(|level| format!(" of {}", clean(level))).unwrap_or_default();
    format!("{does}{} `{}`{level}{statement}", layer_name(reason.layer), clean(&reason.policy))
}

pub(super) fn condition(condition: &Condition) -> String {
    let values = clean_to(&condition.values.join(", "), VALUES_CHARS);
    let not = if condition.effect == Effect::Deny { "not " } else { "" };
    format!("{not}{} {} {values}", clean(&condition.key), clean(&condition.operator))
}

fn layer_name(layer: LayerName) -> &'static str {
    match layer {
        LayerName::IdentityPolicies => "identity policy",
        LayerName::PermissionBoundaries => "permissions boundary",
        LayerName::SessionPolicy => "session policy",
        LayerName::ResourcePolicy => "resource policy",
        LayerName::Scps => "service control policy",
        LayerName::Rcps => "resource control policy",
        LayerName::VpcEndpointPolicies => "endpoint policy",
        LayerName::KmsGrants => "grant",
        LayerName::S3 => "S3 setting",
        LayerName::Service => "rule of the service",
    }
}
