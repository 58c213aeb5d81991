//! `fathom fix`: the exact change that puts a finding right, what it touches, and how it is taken back. It runs nothing.

mod text;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use fathom_checks::{Check, Filled, Status, variable};
use fathom_content::{Content, checks::UndoKind};
use fathom_foresee::Difference;
use fathom_model::{Edge, Explanation, KeptFinding, Part, Resource, Statement, Uid};
use fathom_posture::{Copied, Ground, Proven};
use fathom_store::{Store, Which};
use futures::TryStreamExt as _;
use serde_json::{Value, json};

use super::{check, findings};
use crate::{
    args::{FixArgs, Global},
    render::{self, clean},
    wiring,
};

/// All that is told of a fix.
struct Told<'a> {
    finding: &'a KeptFinding,
    check: &'a Check,
    resource: &'a Resource,
    filled: Filled,
    /// The code that declares the resource.
    code: Option<Statement>,
    /// The edges that come from what would be changed, or lead to it.
    touches: Vec<Edge>,
    /// The resources whose descriptions would be others.
    changed: Vec<Uid>,
    proven: Option<Proven>,
    difference: Option<Difference>,
}

pub(crate) async fn run(global: &Global, args: FixArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let (checks, _) = check::load(global, &content);
    let store = wiring::reader(global).await?;
    let finding = findings::one(&store, &args.finding).await?;
    let checks = checks.only(|check| check.definition.id == finding.check).with_fixes();
    let Some(check) = checks.all.first() else {
        bail!("the check {} is no longer there, so its fix is not known", clean(&finding.check));
    };
    let now = wiring::now();
    let which = Which { uids: vec![finding.resource.clone()], ..Which::all() };
    let mut found = store.stream_resources(&which, true).try_concat().await?;
    let resource = match found.pop() {
        Some(stored) if stored.deleted_at.is_none() => stored.resource,
        _ => bail!("{} is gone, so there is nothing to put right", clean(finding.resource.as_str())),
    };
    let ground = Ground::load(&store, &content, &checks, now).await?;
    if let Some((Status::Pass | Status::NotApplicable, _)) =
        fathom_posture::answer(check, &ground, resource.uid.as_str())
    {
        bail!("the check passes of what the last scans read, so there is nothing to put right");
    }
    let filled = fathom_posture::fill(&checks, &ground, &resource)
        .with_context(|| format!("the last scans did not read {}", clean(resource.uid.as_str())))?;
    drop(ground);
    let explanation = Explanation { statements: store.statements(&resource.uid).await? };
    let code = explanation.of(Part::DeclaredBy).cloned();
    let mut told = Told {
        finding: &finding,
        check,
        resource: &resource,
        filled,
        code,
        touches: Vec::new(),
        changed: Vec::new(),
        proven: None,
        difference: None,
    };
    if args.cli {
        return text::plain(&told.filled.cli, &told.filled.missing, &told.filled.choices);
    }
    if args.undo {
        return told.undo();
    }
    if args.terraform {
        return render::print(text::terraform(&told));
    }
    let copied = fathom_posture::copied(&store, &resource, &told.filled).await?;
    if !copied.documents.is_empty() {
        told.changed = copied.documents.iter().map(|(one, _)| one.uid.clone()).collect();
        let (proven, difference) = foresee(&store, &content, &told, &checks, copied).await?;
        (told.proven, told.difference) = (proven, Some(difference));
    }
    let mut meant: Vec<Uid> = told.changed.clone();
    if !meant.contains(&resource.uid) {
        meant.push(resource.uid.clone());
    }
    for uid in &meant {
        let edges = store.edges_of(uid).await?;
        told.touches.extend(edges.incoming.into_iter().filter(|edge| !meant.contains(&edge.from)));
    }
    if global.json { render::print_json(&fathom_checks::named(&told.machine())) } else { text::told(&told) }
}

/// What the check says of the estate with the change made, and what opens and closes.
async fn foresee(
    store: &Store,
    content: &Content,
    told: &Told<'_>,
    checks: &fathom_checks::Checks,
    copied: Copied,
) -> Result<(Option<Proven>, Difference)> {
    let now = wiring::now();
    let Copied { documents, with_choices } = copied;
    let touched: BTreeMap<Uid, Vec<String>> =
        told.changed.iter().map(|uid| (uid.clone(), vec!["the fix".to_owned()])).collect();
    let after = store.under(fathom_see::planned::rewritten(store, content, documents).await?);
    let uid = told.resource.uid.as_str();
    let proven = Proven::of(&after, content, checks, (uid, with_choices), now).await?;
    let difference = fathom_foresee::compare(store, &after, content, &touched, now).await?;
    Ok((proven, difference))
}

impl Told<'_> {
    fn undo(&self) -> Result<()> {
        let Some(undo) = &self.check.fix.undo else {
            bail!("the undo of {} is not written yet; docs/fix.md counts them", self.check.definition.id);
        };
        if undo.kind == UndoKind::OneWay {
            bail!("it cannot be undone: {}", undo.because.as_deref().unwrap_or_default());
        }
        text::plain(&self.filled.undo, &self.filled.undo_missing, &self.filled.choices)
    }

    fn machine(&self) -> Value {
        let definition = &self.check.definition;
        let undo = self.check.fix.undo.as_ref().map(|undo| {
            json!({
                "kind": undo.kind,
                "because": undo.because,
                "commands": self.filled.undo,
                "missing": self.filled.undo_missing,
            })
        });
        let choices: Vec<Value> = self
            .filled
            .choices
            .iter()
            .map(|(name, what)| json!({ "name": name, "variable": variable(name), "what": what }))
            .collect();
        json!({
            "finding": self.finding.id,
            "check": definition.id,
            "title": definition.title,
            "resource": self.resource.uid,
            "account": self.resource.account,
            "region": self.resource.region,
            "commands": self.filled.cli,
            "missing": self.filled.missing,
            "choices": choices,
            "terraform": { "text": self.filled.terraform, "declared": self.code },
            "undo": undo,
            "costs": definition.costs,
            "changes": self.changed,
            "then": self.filled.then_told(),
            "proven": self.proven,
            "touches": self.touches.iter().map(|edge| json!({ "kind": edge.kind, "from": edge.from, "to": edge.to })).collect::<Vec<_>>(),
            "difference": self.difference,
        })
    }
}
