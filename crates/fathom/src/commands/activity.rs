//! `fathom activity`: who made a resource, who changed it, event by event.

use anyhow::Result;
use fathom_estate::activity::Who;
use fathom_model::{Action, Activity, Resource};
use fathom_see::trail::{Story, story};
use fathom_store::Store;
use serde_json::{Value, json};

use crate::{
    args::{ActivityArgs, Global},
    commands::unknown::{kind, short},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: ActivityArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let content = wiring::content(global)?;
    let resource = wiring::one_resource(&store, &args.resource).await?.resource;
    let story = story(&store, &content, &resource).await?;
    if global.json {
        return render::print_json(&as_json(&resource, &story));
    }
    let name = resource.name.as_deref().unwrap_or_else(|| short(resource.uid.as_str()));
    render::print(format!("{}  {}", styled(render::STRONG, clean(name)), kind(resource.kind.as_str())))?;
    render::print(styled(render::QUIET, clean(resource.uid.as_str())))?;
    if story.events.is_empty() && store.trail_spans().await?.is_empty() {
        return render::print(
            "\nNo CloudTrail log was read yet: `fathom scan --cloudtrail lookup`, or `fathom import cloudtrail PATH`.",
        );
    }
    render::print(format!("\n{}", made(&story)))?;
    if story.events.is_empty() {
        return render::print("The log names it in no change.");
    }
    render::print("")?;
    render::print(render::table(
        &["time", "did", "operation", "who", "from", "event"],
        story.events.iter().take(args.limit as usize).map(|(activity, who)| row(activity, who)),
    ))?;
    if story.events.iter().any(|(activity, _)| activity.action == Action::Touched) {
        render::print(styled(
            render::QUIET,
            "\ntouched: no rule describes the event; that it concerns this resource is inferred from its parameters",
        ))?;
    }
    Ok(())
}

/// Who made it, in a sentence; or why that is not known.
pub(crate) fn made(story: &Story) -> String {
    match &story.creation {
        Ok(creation) => format!(
            "made by {} at {}{}, {} (event {} in {})",
            styled(render::GOOD, clean(&creation.who.sentence())),
            creation.at,
            creation.from.as_ref().map(|from| format!(" from {}", clean(from))).unwrap_or_default(),
            clean(&creation.operation),
            clean(&creation.event),
            clean(&creation.source),
        ),
        Err(why) => {
            format!("{}: {}", styled(render::ATTENTION, "who made it is unknown"), clean(&why.to_string()))
        }
    }
}

/// The newest change, in a sentence.
pub(crate) fn last_change(story: &Story) -> Option<String> {
    story.last_change().map(|(activity, who)| {
        format!(
            "last {} by {} at {}{}, {} (event {})",
            activity.action,
            clean(&who.sentence()),
            activity.at,
            activity.actor.from.as_ref().map(|from| format!(" from {}", clean(from))).unwrap_or_default(),
            clean(&activity.operation),
            clean(&activity.event),
        )
    })
}

/// What the log tells, for `explain --json` too.
pub(crate) fn as_json(resource: &Resource, story: &Story) -> Value {
    let creation = match &story.creation {
        Ok(creation) => json!({
            "at": creation.at,
            "event": creation.event,
            "operation": creation.operation,
            "who": creation.who,
            "from": creation.from,
            "source": creation.source,
        }),
        Err(why) => json!({ "unknown": why.to_string() }),
    };
    let events: Vec<Value> =
        story.events.iter().map(|(activity, who)| json!({ "activity": activity, "who": who })).collect();
    json!({ "uid": resource.uid, "creation": creation, "events": events })
}

/// What the log tells about a resource, where any log was ever read.
pub(crate) async fn of(store: &Store, global: &Global, resource: &Resource) -> Result<Option<Story>> {
    if store.trail_spans().await?.is_empty() {
        return Ok(None);
    }
    let content = wiring::content(global)?;
    Ok(Some(story(store, &content, resource).await?))
}

fn row(activity: &Activity, who: &Who) -> Vec<String> {
    vec![
        activity.at.to_string(),
        match activity.action {
            Action::Created | Action::Put => styled(render::GOOD, activity.action),
            Action::Deleted => styled(render::BAD, activity.action),
            Action::Touched => styled(render::QUIET, activity.action),
            Action::Changed => activity.action.to_string(),
        },
        clean(&activity.operation),
        clean(&who.sentence()),
        activity.actor.from.as_deref().map(clean).unwrap_or_default(),
        clean(&activity.event),
    ]
}
