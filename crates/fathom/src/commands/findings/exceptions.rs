//! What people accept of findings, until a date.

use anyhow::{Context as _, Result, bail};
use fathom_findings::check_rule;
use fathom_model::{FindingException, FindingRule};
use fathom_store::NewFindingException;
use jiff::tz::TimeZone;

use super::{Exceptions, one};
use crate::{
    args::{AcceptFindingsArgs, Global},
    commands::unknown::day,
    render::{self, clean, styled},
    wiring,
};

pub(super) async fn accept(global: &Global, args: AcceptFindingsArgs) -> Result<()> {
    let now = wiring::now();
    let until = args.until.to_zoned(TimeZone::UTC).context("the date does not exist")?.timestamp();
    // Opened to read first: a mistyped --data must not become a new, empty directory.
    let reader = wiring::reader(global).await?;
    let finding = match &args.finding {
        Some(text) => Some(one(&reader, text).await?.id),
        None => None,
    };
    reader.close().await?;
    let rule = FindingRule {
        finding,
        check: args.check,
        kind: args.kind,
        account: args.account,
        tag: args.tag,
        owner: args.owner,
    };
    if let Err(why) = check_rule(&rule) {
        bail!("{why}");
    }
    if args.reason.trim().is_empty() {
        bail!("--reason is empty; say why this is acceptable, for whoever reads it next year");
    }
    let by = wiring::decided_by(args.by)?;
    let store = wiring::store(global).await?;
    let new = NewFindingException { rule, reason: args.reason, approver: args.approver, by, until };
    let accepted = store.except_findings(new, now).await?;
    let held = Exceptions::holding([accepted.clone()], now).map_err(anyhow::Error::msg)?;
    let taken = store.findings().await?.iter().filter(|one| held.of(one).is_some()).count();
    store.close().await?;
    if global.json {
        return render::print_json(&accepted);
    }
    render::print(format!(
        "exception {}: accepted until {}: {}; {} now; sealed in the ledger",
        accepted.id,
        day(accepted.until),
        clean(&accepted.rule.to_string()),
        render::count(taken as u64, "finding"),
    ))
}

pub(super) async fn list(global: &Global, all: bool) -> Result<()> {
    let store = wiring::reader(global).await?;
    let now = wiring::now();
    let mut found = store.finding_exceptions().await?;
    found.retain(|one| all || one.holds(now));
    if global.json {
        return render::print_json(&found);
    }
    if found.is_empty() {
        return render::print("Nothing is accepted; `fathom findings accept` does it.");
    }
    let findings = store.findings().await?;
    let taken = |one: &FindingException| match Exceptions::holding([one.clone()], now) {
        Ok(held) => findings.iter().filter(|finding| held.of(finding).is_some()).count().to_string(),
        Err(_) => "unknown".to_owned(),
    };
    let rows = found.iter().map(|one| {
        let until = match (&one.ended_at, one.holds(now)) {
            (Some(ended), _) => {
                let why = one.ended_why.as_deref().unwrap_or_default();
                styled(render::QUIET, format!("ended {}: {}", day(*ended), clean(why)))
            }
            (None, true) => day(one.until),
            (None, false) => styled(render::QUIET, format!("ended {}", day(one.until))),
        };
        vec![
            one.id.to_string(),
            clean(&one.rule.to_string()),
            taken(one),
            until,
            clean(&one.approver),
            clean(&one.by),
            clean(&one.reason),
        ]
    });
    let head = ["number", "what", "findings", "until", "approved by", "by", "reason"];
    render::print(render::table(&head, rows))
}

pub(super) async fn withdraw(global: &Global, number: i64, reason: &str, by: Option<String>) -> Result<()> {
    wiring::reader(global).await?.close().await?;
    let by = wiring::decided_by(by)?;
    let store = wiring::store(global).await?;
    let ended = store.end_finding_exception(number, &by, reason, wiring::now()).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&ended);
    }
    render::print(format!(
        "exception {} withdrawn: {}; sealed in the ledger",
        ended.id,
        clean(&ended.rule.to_string())
    ))
}
