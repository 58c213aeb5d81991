//! What one more run of a check makes of a finding.

use fathom_model::{FindingChange, FindingLife, FindingState, FixedBy, Timestamp};

/// What a run heard of a check and a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It fails.
    Fails,
    /// It is not known.
    Unknown,
    /// It does not fail.
    Fixed(FixedBy),
}

/// The life of a finding after a run, and what that changed; none where there is no finding, before as after.
///
/// A check that never failed makes no finding. What is not known changes no state: the finding is then not confirmed.
pub fn follow(
    known: Option<&FindingLife>,
    heard: Heard,
    at: Timestamp,
) -> Option<(FindingLife, Option<FindingChange>)> {
    let Some(life) = known else {
        let life = FindingLife {
            state: FindingState::Open,
            confirmed: true,
            first_seen: at,
            last_seen: at,
            since: at,
            fixed_by: None,
            reopened: 0,
        };
        return (heard == Heard::Fails).then_some((life, Some(FindingChange::Opened)));
    };
    let back = (!life.confirmed).then_some(FindingChange::Confirmed);
    let is_fixed = life.state == FindingState::Fixed;
    Some(match heard {
        Heard::Unknown => {
            let change = life.confirmed.then_some(FindingChange::Unconfirmed);
            (FindingLife { confirmed: false, ..*life }, change)
        }
        Heard::Fails if is_fixed => {
            let state = FindingState::Reopened;
            let reopened = life.reopened.saturating_add(1);
            let next = FindingLife {
                state,
                confirmed: true,
                last_seen: at,
                since: at,
                fixed_by: None,
                reopened,
                ..*life
            };
            (next, Some(FindingChange::Reopened))
        }
        Heard::Fails => (FindingLife { confirmed: true, last_seen: at, ..*life }, back),
        Heard::Fixed(by) if is_fixed => (FindingLife { confirmed: true, fixed_by: Some(by), ..*life }, back),
        Heard::Fixed(by) => {
            let state = FindingState::Fixed;
            let next = FindingLife { state, confirmed: true, since: at, fixed_by: Some(by), ..*life };
            (next, Some(FindingChange::Fixed))
        }
    })
}
