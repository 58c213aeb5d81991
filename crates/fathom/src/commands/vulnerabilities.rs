//! `fathom vulnerabilities`: the weaknesses of hosts, images and functions, the most urgent first, and what nobody looked at.

use std::sync::Arc;

use anyhow::Result;
use fathom_content::vulnerable::Software;
use fathom_model::Timestamp;
use fathom_vulnerable::{FeedState, Ground, Row, Thing, Vulnerabilities};
use fathom_weakness::{Exploitation, Fix, Reached, cve_of};
use serde_json::json;

use super::who_can;
use crate::{
    args::{Global, VulnerabilitiesArgs},
    commands::unknown::day,
    render::{self, clean, styled},
    wiring,
};

/// Packages, things and reports that are named where there are many.
const NAMED: usize = 10;

pub(crate) async fn run(global: &Global, args: VulnerabilitiesArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let store = wiring::reader(global).await?;
    let of = match &args.of {
        Some(text) => Some(wiring::one_resource(&store, text).await?.resource.uid.as_str().to_owned()),
        None => None,
    };
    let now = wiring::now();
    let ground = Ground::load(&store, &content.vulnerabilities, Some(&content), None, now).await?;
    let all = Vulnerabilities::of(&content.vulnerabilities, &ground);
    let is_asked = |thing: &Thing| {
        let on: Vec<Software> = args.on.iter().map(|one| (*one).into()).collect();
        of.as_ref().is_none_or(|of| *of == thing.resource)
            && (on.is_empty() || on.contains(&thing.software))
            && args.account.as_ref().is_none_or(|account| *account == thing.account)
            && args.owner.as_ref().is_none_or(|owner| thing.owner.as_ref() == Some(owner))
            && (!args.exposed || matches!(thing.reached, Reached::Yes | Reached::OnlyIf))
    };
    let rows: Vec<&Row> = all.rows.iter().filter(|row| is_asked(&row.thing) && takes(&args, row)).collect();
    let not_looked: Vec<&Arc<Thing>> = all.not_looked.iter().filter(|thing| is_asked(thing)).collect();
    if global.json {
        let shown: &[&Row] = if args.not_looked { &[] } else { &rows };
        return render::print_json(&json!({
            "rows": shown,
            "not_looked": not_looked,
            "nowhere": all.nowhere,
            "feeds": all.feeds,
            "things": all.things,
            "gaps": all.gaps,
        }));
    }
    if args.not_looked {
        let lines = not_looked.iter().map(|thing| vec![what(thing), why_not(thing)]);
        render::print(render::table(&["nobody looked at", "why"], lines))?;
    } else if rows.is_empty() {
        render::print("no weakness is known of what was asked about.")?;
    } else {
        let head = ["class", "weakness", "of", "why"];
        let lines = rows.iter().take(args.limit).map(|row| line(row, now));
        render::print(render::table(&head, lines))?;
        if rows.len() > args.limit {
            render::print(format!("and {} more; --limit shows them", rows.len() - args.limit))?;
        }
    }
    render::print(format!("\n{}", sums(&all, &rows, &not_looked)))?;
    for feed in &all.feeds {
        render::print(told(feed))?;
    }
    for report in all.nowhere.iter().take(NAMED) {
        let names = if report.about.is_empty() { report.called.clone() } else { report.about.join(", ") };
        let told = format!(
            "{}: {} of {}, about {} that scans did not see",
            clean(&report.file),
            render::count(report.findings as u64, "finding"),
            clean(&report.tool),
            if names.is_empty() { "something".to_owned() } else { clean(&names) },
        );
        render::print(styled(render::ATTENTION, told))?;
    }
    who_can::gaps(&all.gaps)
}

fn takes(args: &VulnerabilitiesArgs, row: &Row) -> bool {
    let is_named = |id: &String| {
        let wanted = cve_of(id).unwrap_or_else(|| id.clone());
        row.weakness.id.eq_ignore_ascii_case(&wanted)
            || row.weakness.also.iter().any(|one| one.eq_ignore_ascii_case(&wanted))
    };
    args.judged == row.urgency.is_none()
        && (!args.kev || row.weakness.exploitation == Exploitation::Known)
        && (!args.fixable || row.weakness.fix == Fix::Available)
        && args.id.as_ref().is_none_or(is_named)
        && args.class.is_none_or(|most| row.urgency.as_ref().is_some_and(|one| one.class.number() <= most))
}

fn line(row: &Row, now: Timestamp) -> Vec<String> {
    let class = row.urgency.as_ref().map_or_else(|| "-".to_owned(), |one| one.class.number().to_string());
    vec![class, weakness(row), what(&row.thing), why(row, now)]
}

/// Its name, how bad it is and by whose score, and the software.
fn weakness(row: &Row) -> String {
    let one = &row.weakness;
    let severity = one.severity.map_or("severity UNKNOWN", |severity| severity.word());
    let score = one.score.as_ref().map(|score| {
        let version = score.vector.as_ref().map(|text| version(text)).unwrap_or_default();
        let by = if score.by.is_empty() { String::new() } else { format!(", {}", clean(&score.by)) };
        format!(" {:.1} (CVSS{version}{by})", score.score)
    });
    let mut lines =
        vec![styled(render::STRONG, clean(&one.id)), format!("{severity}{}", score.unwrap_or_default())];
    for package in one.packages.iter().take(NAMED) {
        let version = package.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let fixed = package.fixed.as_ref().map(|fixed| format!(", mended in {fixed}")).unwrap_or_default();
        lines.push(clean(&format!("{}{version}{fixed}", package.name)));
    }
    if one.packages.len() > NAMED {
        lines.push(format!("and {} more", one.packages.len() - NAMED));
    }
    lines.join("\n")
}

/// ` 3.1` of `CVSS:3.1/…`; version 2 does not say.
fn version(vector: &str) -> String {
    let version = vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next());
    format!(" {}", version.unwrap_or("2.0"))
}

fn what(thing: &Thing) -> String {
    let name = thing.name.as_deref().filter(|name| !thing.resource.ends_with(name));
    let name = name.map(|name| format!(" {}", styled(render::STRONG, clean(name)))).unwrap_or_default();
    let owner = thing.owner.as_ref().map(|owner| format!("\nof {}", clean(owner))).unwrap_or_default();
    format!("{}{name}\n{}{owner}", thing.software.word(), clean(&thing.resource))
}

fn why(row: &Row, now: Timestamp) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(judged) = &row.weakness.judged {
        lines.push(format!("{}: {}", row.weakness.state.word().replace('_', " "), clean(judged)));
    }
    for (at, reason) in row.urgency.iter().flat_map(|one| &one.because).enumerate() {
        let reason = match at {
            0 if row.weakness.exploitation == Exploitation::Known => styled(render::BAD, clean(reason)),
            1 => format!("{}: {}", reached(&row.thing, reason), clean(&row.thing.way)),
            _ => clean(reason),
        };
        lines.push(reason);
    }
    let sources = clean(&row.weakness.sources.join(", "));
    lines.push(match row.weakness.first_seen {
        Some(first) => {
            let days = (now.as_second() - first.as_second()).max(0) / 86_400;
            format!("seen since {} ({}) by {sources}", day(first), render::count(days as u64, "day"))
        }
        None => format!("seen by {sources}; since when is not known"),
    });
    lines.join("\n")
}

fn reached(thing: &Thing, reason: &str) -> String {
    match thing.reached {
        Reached::Yes => styled(render::BAD, reason),
        Reached::OnlyIf | Reached::Unknown => styled(render::ATTENTION, reason),
        Reached::No => styled(render::GOOD, reason),
    }
}

fn why_not(thing: &Thing) -> String {
    if thing.not_looked.is_empty() {
        "no source tells of it".to_owned()
    } else {
        clean(&thing.not_looked.join("\n"))
    }
}

/// How many there are, and what is not known.
fn sums(all: &Vulnerabilities, rows: &[&Row], not_looked: &[&Arc<Thing>]) -> String {
    let of = |wanted: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
    let judged = all.rows.iter().filter(|row| row.urgency.is_none()).count();
    let things = format!("{} hosts, images and functions", all.things);
    let mut lines = vec![format!(
        "{} shown or counted: {} known to be exploited, {} on what the internet reaches, {} with a fix.",
        render::count(rows.len() as u64, "row"),
        of(&|row| row.weakness.exploitation == Exploitation::Known),
        of(&|row| matches!(row.thing.reached, Reached::Yes | Reached::OnlyIf)),
        of(&|row| row.weakness.fix == Fix::Available),
    )];
    if judged > 0 {
        lines.push(format!("{judged} more were judged not to count (--judged)."));
    }
    if not_looked.is_empty() {
        lines.push(format!("Somebody looked at all that were asked about, of {things}."));
    } else {
        let told = format!(
            "UNKNOWN: nobody looked at {} of {things}; what they have is not known (--not-looked).",
            not_looked.len()
        );
        lines.push(styled(render::ATTENTION, told));
    }
    lines.join("\n")
}

fn told(feed: &FeedState) -> String {
    let name = feed.feed.to_uppercase();
    if !feed.loaded {
        let told = format!(
            "{name} was not loaded, so that exploitation is UNKNOWN where it alone would say; `fathom import {} FILE` loads it.",
            feed.feed
        );
        return styled(render::ATTENTION, told);
    }
    let released =
        feed.released_at.map_or_else(|| "of an unknown day".to_owned(), |at| format!("of {}", day(at)));
    let version = feed.version.as_deref().unwrap_or_default();
    styled(render::QUIET, format!("{name} {} {released}, {} rows", clean(version), feed.entries))
}
