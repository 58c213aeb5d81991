//! What is known of the software that an intruder breaks into: the condition of the step, in words, and how easy it seems.
//!
//! That a weakness is in software on a server does not say that this software listens on the port that is reached, so breaking in
//! stays a condition. Where a weakness is known that packets alone use, it is named; where it is known to be exploited, or likely to
//! be, ways by it are told before others.

use std::collections::HashMap;

use fathom_vulnerable::{Row, WaysIn};
use fathom_weakness::{Exploitation, rank::exploitation};

use crate::walk::{Route, Walk};

/// The rule of the step.
pub(crate) const BREAKS_IN: &str = "breaks-in";

/// How easy a step seems to be, the easiest first. Steps of other kinds are what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ease {
    /// No breaking in, or by what is known to be exploited or likely to be.
    Exploited,
    /// By a weakness that is known.
    Known,
    /// By one that nobody knows here, or a password.
    Any,
}

impl Ease {
    pub(crate) const ALL: [Self; 3] = [Self::Exploited, Self::Known, Self::Any];
}

impl Walk<'_> {
    /// How easy each step of breaking in seems to be; none where that was not asked.
    pub(crate) fn eases(&self) -> HashMap<u32, Ease> {
        if self.ground.weaknesses.is_none() {
            return HashMap::new();
        }
        let steps = (0..).zip(&self.routes).filter(|(_, route)| route.rule == BREAKS_IN);
        steps.map(|(step, _)| (step, self.ease(step))).collect()
    }

    fn ease(&self, step: u32) -> Ease {
        let Some(into) = self.broken_into(step) else { return Ease::Exploited };
        let ways = self.ground.weaknesses.as_ref().and_then(|all| all.ways_in(&into));
        match ways.as_ref().and_then(|ways| ways.rows.first()).map(|row| row.weakness.exploitation) {
            Some(Exploitation::Known | Exploitation::Likely) => Ease::Exploited,
            Some(_) => Ease::Known,
            None => Ease::Any,
        }
    }

    /// What must hold for breaking in, where weaknesses were asked about; none of other steps.
    pub(crate) fn weakness(&self, step: u32) -> Option<Vec<String>> {
        let into = self.broken_into(step)?;
        let all = self.ground.weaknesses.as_ref()?;
        Some(match all.ways_in(&into) {
            Some(ways) => told(&ways),
            None => vec!["what listens there has a weakness or a password that is known; no source tells of its software".to_owned()],
        })
    }

    /// The thing that a step breaks into; none where it is another step.
    fn broken_into(&self, step: u32) -> Option<String> {
        let is_it = |route: &&Route| route.rule == BREAKS_IN;
        self.routes.get(step as usize).filter(is_it)?;
        Some(self.named(self.graph.get(step)?.to).id)
    }
}

/// The condition in words.
fn told(ways: &WaysIn<'_>) -> Vec<String> {
    let who = ways.looked.iter().copied().collect::<Vec<_>>().join(", ");
    let Some((first, rest)) = ways.rows.split_first() else {
        return vec![match (ways.looked.is_empty(), ways.vague) {
            (true, _) => {
                "what listens there has a weakness or a password that is known; nobody looked for weaknesses at it".to_owned()
            }
            (false, 0) => format!(
                "what listens there has a weakness that no scan knows, or a password that is known: {who} looked and found none that \
                 packets alone would use"
            ),
            (false, vague) => format!(
                "what listens there has a weakness or a password that is known: {who} found {vague} of which no source says from where \
                 they are attacked"
            ),
        }];
    };
    let mut all =
        vec![format!("the software with {} is what listens there: {}", first.weakness.id, weight(first))];
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().map(|row| row.weakness.id.as_str()).take(NAMED).collect();
        let more =
            if rest.len() > NAMED { format!(" and {} more", rest.len() - NAMED) } else { String::new() };
        all.push(format!("or that with {}{more}; or a password is known", names.join(", ")));
    }
    all
}

/// Weaknesses that are named beside the first.
const NAMED: usize = 4;

/// A weakness with its software, its weight and its source.
fn weight(row: &Row) -> String {
    let one = &row.weakness;
    let package = one.packages.first().map(|package| {
        let version = package.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        let fixed = package.fixed.as_deref().map(|fixed| format!(", mended in {fixed}")).unwrap_or_default();
        format!("{}{version}{fixed}; ", package.name)
    });
    let severity = one.severity.map_or("severity not known", |severity| severity.word());
    let score = one.score.as_ref().map(|score| format!(" {:.1}", score.score)).unwrap_or_default();
    format!(
        "{}{severity}{score}; {}; seen by {}",
        package.unwrap_or_default(),
        exploitation(one),
        one.sources.join(", ")
    )
}
