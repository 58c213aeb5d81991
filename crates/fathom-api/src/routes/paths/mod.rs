//! How an intruder would walk: stories, what to mend first, what falls with one thing, what breaks if it is isolated, and what fails if it goes.
//!
//! Steps lead over everything, whoever asks. Whoever sees a part of the estate is told of the jewels in it, and of each way only what
//! belongs to that part: the rest is withheld.

mod blast;
mod fix_first;
mod isolation;
mod outage;
mod sight;
mod stories;
mod story;
mod views;

pub(crate) use blast::{__path_blast_radius, blast_radius};
use fathom_intrude::IntrudeError;
pub(crate) use fix_first::{__path_first, __path_fix_first, first, fix_first};
pub(crate) use isolation::{__path_isolation, isolation};
pub(crate) use outage::{__path_outage, __path_zones, outage, zones};
pub(crate) use stories::{__path_paths, paths};
pub(crate) use story::{__path_story, story};
pub(in crate::routes) use views::HowSure;

use crate::{
    extract::shown,
    intruding,
    problem::{Code, Problem},
};

/// What was not read and is told; the count is of all.
pub(in crate::routes) const GAPS_MAX: usize = 200;

/// Why a question was not answered.
fn refused(error: IntrudeError) -> Problem {
    match error {
        IntrudeError::Nothing { what, text, forms } => {
            let words = format!("nothing that an intruder could {what} is called `{}`", shown(&text));
            Problem::new(Code::NotFound, words).hint(forms)
        }
        IntrudeError::Ambiguous { text, found } => {
            Problem::new(Code::InvalidParameter, format!("`{}` may mean several things", shown(&text)))
                .hint(format!("name one: {}", found.join(", ")))
        }
        error => intruding::refused(error),
    }
}
