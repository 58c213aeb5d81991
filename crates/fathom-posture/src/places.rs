//! What an intruder could do with each resource: which ways pass it, and whether the internet reaches it.
//!
//! Nothing is decided here: ways are those of `fathom-intrude`, what is reached is what `fathom-net` and `fathom-access` answer.

use std::collections::HashMap;

use fathom_access::{Openings, Origin, Says};
use fathom_findings::{Place, Way};
use fathom_intrude::{Paths, Story};
use fathom_net::{Network, USUAL, Verdict, exposure};
use fathom_paths::Level;
use fathom_reach::Directory;

use crate::ground::reached;

/// What an intruder could do with resources, by ARN.
#[derive(Debug, Default)]
pub struct Places {
    by: HashMap<String, Place>,
    /// What an intruder can do with all else.
    none: Place,
}

impl Places {
    /// Puts together what engines answered.
    pub fn of(paths: &Paths, network: &Network, directory: &Directory, openings: &Openings) -> Self {
        let mut places = Self::default();
        for (number, story) in paths.stories.iter().enumerate() {
            places.passed(number, story);
        }
        for opening in openings.rows.iter().filter(|one| one.from == Origin::Public) {
            let levels = opening.permitted.iter().filter_map(|one| of_answer(Says::from(one.decision)));
            if let Some(level) = levels.min() {
                places.reached(&opening.resource, level);
            }
        }
        places.exposed(network, directory);
        places
    }

    /// What an intruder could do with a resource.
    pub fn of_resource(&self, arn: &str) -> &Place {
        self.by.get(arn).unwrap_or(&self.none)
    }

    /// Notes a way with everything that it passes.
    fn passed(&mut self, number: usize, story: &Story) {
        let named = |all: &[fathom_intrude::Named]| {
            all.iter().map(fathom_intrude::Named::words).collect::<Vec<_>>().join(" and ")
        };
        let way = Way {
            level: story.decision,
            number,
            from: named(&story.from),
            to: story.to.words(),
            end: story.to.id.clone(),
        };
        let steps = story.steps.iter().flat_map(|step| {
            step.with.iter().chain([&step.gains]).map(|one| one.id.as_str()).chain(step.on.as_deref())
        });
        let ends = story.from.iter().chain([&story.to]).map(|one| one.id.as_str());
        for id in steps.chain(ends) {
            self.put_way(id, &way);
        }
        for lost in &story.with_it {
            let way = Way { to: lost.what.words(), end: lost.what.id.clone(), ..way.clone() };
            self.put_way(&lost.what.id, &way);
        }
    }

    /// Of several ways the surest counts, and of those that are as sure the worst.
    fn put_way(&mut self, id: &str, way: &Way) {
        let place = &mut self.by.entry(id.to_owned()).or_default().way;
        if place.as_ref().is_none_or(|known| (way.level, way.number) < (known.level, known.number)) {
            *place = Some(way.clone());
        }
    }

    fn reached(&mut self, id: &str, level: Level) {
        let place = &mut self.by.entry(id.to_owned()).or_default().reached;
        *place = Some(place.map_or(level, |known| known.min(level)));
    }

    /// What packets come to, and what they pass on their way: groups, gateways, tables. What guards a thing that lies on the way of
    /// an intruder lies there too.
    fn exposed(&mut self, network: &Network, directory: &Directory) {
        let mut guards: Vec<(String, Way)> = Vec::new();
        for (uid, rows) in reached(exposure(network, &USUAL), directory) {
            let way = self.by.get(&uid).and_then(|place| place.way.clone());
            for port in rows.iter().flat_map(|row| &row.ports) {
                let Some(level) = of_verdict(port.answer.verdict) else { continue };
                self.reached(&uid, level);
                for hop in &port.answer.hops {
                    for one in directory.of(&hop.id) {
                        self.reached(one.uid.as_str(), level);
                        guards.extend(way.clone().map(|way| (one.uid.as_str().to_owned(), way)));
                    }
                }
            }
        }
        for (uid, way) in guards {
            self.put_way(&uid, &way);
        }
    }
}

fn of_verdict(verdict: Verdict) -> Option<Level> {
    match verdict {
        Verdict::Yes => Some(Level::Yes),
        Verdict::OnlyIf => Some(Level::OnlyIf),
        Verdict::Unknown => Some(Level::Unknown),
        Verdict::No => None,
    }
}

fn of_answer(says: Says) -> Option<Level> {
    match says {
        Says::Allowed => Some(Level::Yes),
        Says::OnlyIf => Some(Level::OnlyIf),
        Says::Unknown => Some(Level::Unknown),
        Says::Denied => None,
    }
}
