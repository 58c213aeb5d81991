//! Where a finding stands at a moment: what checks left, what people accepted, and when it is due.

use fathom_content::ServiceLevels;
use fathom_model::{FindingException, FindingState, KeptFinding, Timestamp};
use serde::Serialize;

use crate::Exceptions;

/// Where a finding stands, as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It came back after it was fixed.
    Reopened,
    /// It is there.
    Open,
    /// It is there, and somebody accepted that until a date.
    Accepted,
    /// It is there no more.
    Fixed,
}

impl State {
    /// All of them, what needs work first.
    pub const ALL: [Self; 4] = [Self::Reopened, Self::Open, Self::Accepted, Self::Fixed];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reopened => "reopened",
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Fixed => "fixed",
        }
    }

    /// Whether somebody has to do something.
    pub fn needs_work(self) -> bool {
        matches!(self, Self::Open | Self::Reopened)
    }
}

/// All that follows for a finding at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands<'e> {
    /// Where it stands.
    pub state: State,
    /// By what it is accepted.
    pub exception: Option<&'e FindingException>,
    /// When it is to be fixed; none of what is fixed, and where no service level says so.
    pub due: Option<Timestamp>,
    /// Whether that is past. What is accepted is not overdue.
    pub overdue: bool,
}

impl<'e> Stands<'e> {
    /// Puts together what is known of a finding.
    pub fn of(
        finding: &KeptFinding,
        exceptions: &'e Exceptions,
        levels: &ServiceLevels,
        now: Timestamp,
    ) -> Self {
        let fixed = Self { state: State::Fixed, exception: None, due: None, overdue: false };
        let open = match finding.life.state {
            FindingState::Fixed => return fixed,
            FindingState::Open => State::Open,
            FindingState::Reopened => State::Reopened,
        };
        let exception = exceptions.of(finding);
        let state = if exception.is_some() { State::Accepted } else { open };
        let days = levels.days(finding.severity, finding.counted_class());
        let due = days.and_then(|days| after(finding.life.since, days));
        Self { state, exception, due, overdue: state.needs_work() && due.is_some_and(|due| due < now) }
    }
}

/// Days of 24 hours after a time; none beyond what a time can be.
fn after(since: Timestamp, days: u32) -> Option<Timestamp> {
    Timestamp::from_second(since.as_second().checked_add(i64::from(days) * 86_400)?).ok()
}
