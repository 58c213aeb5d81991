//! What falls with one thing.

use fathom_model::DataClass;
use fathom_paths::{Jewel, Level, search, surest};
use serde::Serialize;

use crate::{
    IntrudeError,
    walk::{Kind, Named, Walk},
};

/// What falls if something is taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Blast {
    /// What is taken.
    pub taken: Named,
    /// What falls with it: jewels first, then the surest and nearest.
    pub fallen: Vec<Fallen>,
    /// Of a key: what is kept under it, which nobody reads without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept_under: Vec<String>,
    /// Whether more falls that whoever asks may not know of.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// Whether a limit ended the work before all was followed.
    pub cut: bool,
    /// What was not read.
    pub gaps: Vec<String>,
}

/// Something that falls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fallen {
    /// What.
    #[serde(flatten)]
    pub what: Named,
    /// What kind of loss it is, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jewel: Option<Jewel>,
    /// The class of its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_class: Option<DataClass>,
    /// How sure that is.
    pub decision: Level,
    /// How many steps after another it takes.
    pub steps: u32,
}

impl Walk<'_> {
    /// What a person names.
    ///
    /// # Errors
    /// As [`Walk::blast`].
    pub fn taken(&self, text: &str) -> Result<Named, IntrudeError> {
        Ok(self.named(self.begin(text)?))
    }

    /// What falls with one thing that a person names.
    ///
    /// # Errors
    /// When nothing is called so, or several things are.
    pub fn blast(&self, text: &str) -> Result<Blast, IntrudeError> {
        let start = self.begin(text)?;
        let taken = self.named(start);
        let levels = surest(&self.graph, &[start]);
        let searches = Level::ALL.map(|level| search(&self.graph, &[start], level));
        let (mut fallen, mut outside) = (Vec::new(), false);
        for (node, level) in (0..).zip(&levels) {
            let (Some(level), what) = (level, self.named(node)) else { continue };
            if node == start
                || matches!(what.kind, Kind::Listener | Kind::Balancer | Kind::Grown | Kind::Internet)
            {
                continue;
            }
            if !self.sees(&what) {
                outside = true;
                continue;
            }
            let place = Level::ALL.iter().position(|one| one == level).unwrap_or_default();
            let jewel = self.jewels.iter().find(|(_, jewel)| *jewel == node).map(|(jewel, _)| *jewel);
            let data_class = self.class_of(&what);
            let steps = searches[place].depth(node).unwrap_or_default();
            fallen.push(Fallen { what, jewel, data_class, decision: *level, steps });
        }
        fallen.sort_by(|one, other| {
            let key = |one: &Fallen| (one.jewel.is_none(), one.jewel, one.decision, one.steps);
            key(one).cmp(&key(other)).then_with(|| one.what.cmp(&other.what))
        });
        let kept_under = self.kept_under(&taken.id).into_iter().map(str::to_owned).collect();
        Ok(Blast { taken, fallen, kept_under, outside, cut: self.cut, gaps: self.gaps.clone() })
    }
}
