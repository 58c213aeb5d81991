//! What breaks if something is isolated, as `fathom blast-radius` tells it.

use anyhow::Result;
use fathom_reach::flows::{Cover, Isolation, Talk, Way, Whose};
use fathom_store::ToldBy;

use crate::{
    commands::unknown::day,
    render::{self, clean, count, styled},
};

/// What is shown of all who talk to it.
const SHOWN: usize = 20;

pub(super) fn print(found: &Isolation, all: bool) -> Result<()> {
    let seen = match found.cover {
        Cover::Whole => format!("by its flow logs of the last {} days", found.days),
        Cover::Part => format!("as far as flow logs of the last {} days tell", found.days),
        Cover::None => "UNKNOWN".to_owned(),
    };
    render::print(format!("\n{}", styled(render::STRONG, format!("If it is isolated, {seen}:"))))?;
    if found.talks.is_empty() {
        render::print(match found.cover {
            Cover::Whole => "nobody was seen talking to it, and it was seen talking to nobody.",
            Cover::Part => "nobody was seen talking to it in what the logs cover; of the rest it is UNKNOWN.",
            Cover::None => "what breaks is not known: no flow logs tell who talks to it.",
        })?;
    } else {
        let shown = if all { found.talks.len() } else { SHOWN };
        let rows = found.talks.iter().take(shown).map(row);
        let head = ["who", "which way", "of", "for", "port", "sent", "days", "last seen"];
        render::print(render::table(&head, rows))?;
        if found.talks.len() > shown {
            render::print(format!("and {} more: --all", found.talks.len() - shown))?;
        }
        render::print(sums(found))?;
    }
    if found.rejected > 0 {
        let told = format!("{} only ever rejected: nothing breaks for them.", count(found.rejected, "other"));
        render::print(styled(render::QUIET, told))?;
    }
    for line in &found.unknown {
        render::print(format!("{} {}", styled(render::ATTENTION, "UNKNOWN"), clean(line)))?;
    }
    Ok(())
}

fn row(talk: &Talk) -> Vec<String> {
    let said = |value: &Option<String>| value.as_deref().map(clean).unwrap_or_default();
    let mut way = talk.way.word().to_owned();
    if !talk.answered {
        way.push_str(", no answer");
    }
    let port = match talk.port {
        Some(port) => format!("{} {port}", talk.protocol),
        None => talk.protocol.clone(),
    };
    let port = if talk.told_by == ToldBy::Ports { format!("{port} (by its number)") } else { port };
    vec![
        who(talk),
        way,
        said(&talk.owner),
        said(&talk.purpose),
        port,
        volume(talk.volume.bytes),
        talk.days.to_string(),
        day(talk.last),
    ]
}

fn who(talk: &Talk) -> String {
    let few: Vec<String> = talk.addresses.iter().take(2).map(ToString::to_string).collect();
    let more = talk.address_count.saturating_sub(few.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let at = format!("{}{more}", few.join(", "));
    match &talk.other {
        Whose::Resource { uid } => {
            let name = talk.name.as_deref().filter(|name| !uid.ends_with(name));
            let name = name.map(|name| format!("{}\n", styled(render::STRONG, clean(name))));
            format!("{}{}", name.unwrap_or_default(), clean(uid))
        }
        Whose::Interface { id } => format!("{}\n{at}", clean(id)),
        Whose::Internet => format!("the internet\n{at}"),
        Whose::Unknown { address, why } => format!("{address}\n{}", clean(why)),
    }
}

/// Bytes as people read them.
fn volume(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

fn sums(found: &Isolation) -> String {
    let of = |way: Way| found.talks.iter().filter(|talk| talk.way == way).count() as u64;
    let mut told = Vec::new();
    for (way, says) in [
        (Way::AsksIt, "can no longer ask it"),
        (Way::IsAsked, "it can no longer ask"),
        (Way::Either, "no longer talk with it"),
        (Way::Through, "no longer send through it"),
    ] {
        if of(way) > 0 {
            told.push(format!("{} {says}", of(way)));
        }
    }
    format!("breaks: {}.", told.join("; "))
}
