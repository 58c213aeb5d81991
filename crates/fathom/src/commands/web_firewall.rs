//! `fathom web-firewall`: which web firewall stands before what answers the web, and what its rules do.

mod rehearse;

use anyhow::Result;
use fathom_net::Verdict;
use fathom_reach::web::{AclRow, AclRule, Endpoint, Firewalls, Guard, firewalls};

use super::{network, unknown::day, who_can};
use crate::{
    Ending,
    args::{Global, WebFirewallArgs, WebFirewallCommand},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: WebFirewallArgs) -> Result<Ending> {
    if let Some(WebFirewallCommand::Rehearse(args)) = args.command {
        return rehearse::run(global, args).await;
    }
    let content = wiring::content(global)?;
    let mut found: Firewalls = network::asked(global, &args.network, async |store| {
        Ok(firewalls(store, &content, wiring::now()).await?)
    })
    .await?;
    if let Some(account) = &args.only_account {
        found.endpoints.retain(|one| one.account == *account);
        found.acls.retain(|one| one.account == *account);
    }
    if global.json {
        render::print_json(&found)?;
    } else {
        shown(&found)?;
    }
    Ok(if args.exit_code { ending(&found) } else { Ending::Done })
}

fn ending(found: &Firewalls) -> Ending {
    let is = |guards: &[Guard]| found.endpoints.iter().any(|one| guards.contains(&one.guard));
    if is(&[Guard::None, Guard::Cannot, Guard::Empty, Guard::OnlyCounts]) {
        Ending::GateClosed
    } else if is(&[Guard::Unknown]) || !found.gaps.is_empty() {
        Ending::Undecided
    } else {
        Ending::Done
    }
}

fn shown(found: &Firewalls) -> Result<()> {
    if found.endpoints.is_empty() {
        render::print("nothing that was asked about answers the web from the internet.")?;
    } else {
        let rows =
            found.endpoints.iter().map(|one| vec![says(one.guard), what(one), firewall(one), why(one)]);
        render::print(render::table(&["firewall", "what", "web ACL", "why"], rows))?;
    }
    for acl in &found.acls {
        head(acl)?;
        if !acl.rules.is_empty() {
            let rows = acl.rules.iter().map(rule);
            render::print(render::table(&["order", "rule", "does", "looks for"], rows))?;
        }
        for fault in &acl.faults {
            render::print(styled(render::ATTENTION, format!("makes no sense: {}", clean(fault))))?;
        }
    }
    let count = |guard| found.endpoints.iter().filter(|one| one.guard == guard).count();
    render::print(format!(
        "\n{} asked about, {} reached from the internet or maybe: {} with a firewall that stops something, {} with one that only counts or \
        has no rules, {} without, {} where none can stand, {} not known.",
        render::count(found.asked as u64, "thing"),
        found.endpoints.len(),
        count(Guard::Stops),
        count(Guard::OnlyCounts) + count(Guard::Empty),
        count(Guard::None),
        count(Guard::Cannot),
        count(Guard::Unknown),
    ))?;
    who_can::gaps(&found.gaps)
}

/// What stands there, in a word.
fn says(guard: Guard) -> String {
    match guard {
        Guard::None => styled(render::BAD, "NONE"),
        Guard::Cannot => styled(render::BAD, "CANNOT HAVE ONE"),
        Guard::Unknown => styled(render::ATTENTION, "UNKNOWN"),
        Guard::Empty => styled(render::ATTENTION, "NO RULES"),
        Guard::OnlyCounts => styled(render::ATTENTION, "ONLY COUNTS"),
        Guard::Stops => styled(render::GOOD, "STOPS"),
    }
}

fn what(one: &Endpoint) -> String {
    if one.resource.is_empty() {
        return format!("all {} of account {}", clean(&one.resource_type), clean(&one.account));
    }
    let name = one
        .name
        .as_ref()
        .map(|name| format!("{}\n", styled(render::STRONG, clean(name))))
        .unwrap_or_default();
    format!("{name}{}\n{}", clean(&one.what), clean(&one.resource))
}

fn firewall(one: &Endpoint) -> String {
    match (&one.acl_name, &one.acl) {
        (Some(name), _) => clean(name),
        (None, Some(arn)) => clean(arn),
        (None, None) => String::new(),
    }
}

fn why(one: &Endpoint) -> String {
    let mut lines = Vec::new();
    if !one.resource.is_empty() {
        lines.push(clean(&one.way));
    }
    lines.extend(one.cannot.iter().map(|line| clean(line)));
    let lists = [("if", &one.conditions), ("not seen", &one.missing)];
    for (word, list) in lists {
        lines.extend(list.iter().map(|line| format!("{word}: {}", clean(line))));
    }
    for past in &one.past {
        let name = clean(past.name.as_deref().unwrap_or(&past.resource));
        let own = match past.guard {
            Guard::Stops => "with a firewall of its own".to_owned(),
            Guard::Unknown => "with a firewall of its own or without, which is not known".to_owned(),
            _ => "where nothing is stopped".to_owned(),
        };
        let reached = match past.reached {
            Verdict::Yes => "is",
            Verdict::OnlyIf => "is, under conditions,",
            Verdict::Unknown | Verdict::No => "may be",
        };
        let line = format!(
            "past it: {} {name}, which it asks, {reached} reached from the internet directly, {own}",
            past.what
        );
        let style = if past.guard == Guard::Stops { render::QUIET } else { render::BAD };
        lines.push(styled(style, line));
    }
    lines.join("\n")
}

fn head(acl: &AclRow) -> Result<()> {
    let mut line = format!(
        "\n{} ({}, {}): {}, otherwise {}",
        styled(render::STRONG, clean(&acl.name)),
        clean(&acl.account),
        clean(&acl.region),
        says(acl.guard),
        acl.default.word(),
    );
    if let Some(capacity) = acl.capacity {
        line = format!("{line}; {capacity} WCU");
    }
    line = match acl.guards.len() {
        0 => format!("{line}; before nothing that the internet reaches"),
        count => format!("{line}; before {}", render::count(count as u64, "endpoint")),
    };
    line = match &acl.logs_to {
        Some(places) if places.is_empty() => format!("{line}; logs nowhere"),
        Some(places) => format!("{line}; logs to {}", clean(&places.join(", "))),
        None => format!("{line}; where it logs to was not read"),
    };
    render::print(line)
}

fn rule(rule: &AclRule) -> Vec<String> {
    let mut does = clean(&rule.does);
    if rule.only_counts {
        does = styled(render::ATTENTION, does);
    }
    if let Some(since) = rule.counts_since {
        does = format!("{does}\nsince {} at least", day(since));
    }
    vec![rule.priority.to_string(), clean(&rule.name), does, clean(&rule.looks_for)]
}
