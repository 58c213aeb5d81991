//! All stories, the worst first.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use fathom_intrude::{Paths, Query as Asked, Story};
use fathom_paths::Jewel;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    GAPS_MAX, refused,
    sight::Sight,
    views::{HowSure, PathEntry, PathJewel, PathNode, PathStep},
};
use crate::{
    access::Visible,
    extract::Query,
    intruding, permitting,
    problem::{Problem, ProblemView},
    routes::{
        network::NetworkAsOf,
        permissions::{Page, part},
    },
    state::ApiState,
};

/// What is lost with an account and named in a list.
const WITH_IT_MAX: usize = 20;

/// Which stories.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PathsQuery {
    /// Only those that begin so; may be repeated.
    #[param(inline)]
    entry: Vec<PathEntry>,
    /// Only those that end so; may be repeated.
    #[param(inline)]
    jewel: Vec<PathJewel>,
    /// Only those that are so sure; may be repeated.
    #[param(inline)]
    answer: Vec<HowSure>,
    /// Whom or what the intruder has, in the place of the usual beginnings: an ARN or a name, an access key's id, an account.
    from: Option<String>,
    /// What the intruder wants: an ARN or a name, an account.
    to: Option<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// The surest and shortest way to one jewel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoryView {
    /// How it begins.
    pub(super) entry: PathEntry,
    /// With what.
    pub(super) from: Vec<PathNode>,
    /// What kind of loss it is.
    pub(super) jewel: PathJewel,
    /// What is lost.
    pub(super) to: PathNode,
    /// The class of its data.
    pub(super) data_class: Option<String>,
    /// How sure all steps are together.
    pub(super) answer: HowSure,
    /// The steps, each after those that it needs.
    pub(super) steps: Vec<PathStep>,
    /// What else is lost, where this is an account, by kind of loss.
    pub(super) with_it_counts: Vec<JewelCount>,
    /// The first 20 of it.
    pub(super) with_it: Vec<PathNode>,
}

/// How many losses of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JewelCount {
    /// The kind.
    pub(super) jewel: PathJewel,
    /// How many.
    pub(super) count: u64,
}

/// How many stories begin so.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryCount {
    /// How.
    entry: PathEntry,
    /// How many.
    count: u64,
}

/// How many stories are so sure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnswerCount {
    /// How sure.
    answer: HowSure,
    /// How many.
    count: u64,
}

/// How many stories there are of each kind; each list as if nothing were chosen in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoryFacets {
    /// By beginning.
    entry: Vec<EntryCount>,
    /// By what is lost.
    jewel: Vec<JewelCount>,
    /// By how sure they are.
    answer: Vec<AnswerCount>,
}

/// How an intruder would walk.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PathsAnswer {
    /// The worst first: one for each jewel and each kind of beginning that leads to it. What is lost with an account stands there.
    rows: Vec<StoryView>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are of each kind.
    facets: StoryFacets,
    /// How many jewels were asked about, of those that the caller may see.
    jewels: u64,
    /// How many of these are come by.
    reached: u64,
    /// How many places to begin at there are; null for who sees a part of the estate, as are the next three.
    entries: Option<u64>,
    /// How many things an intruder can have were looked at.
    nodes: Option<u64>,
    /// How many steps between them.
    steps: Option<u64>,
    /// Things that keep data of which nobody has said which class it has: they are not asked about.
    unclassified: Option<u64>,
    /// Whether a limit ended the work before all was followed.
    cut: bool,
    /// How many things were not read that may decide.
    gap_count: u64,
    /// The first of them.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// How an intruder would walk to what must not be lost
///
/// Worked out once for a scan. Where that takes long the answer is `too_busy`, with the step that it is at; it goes on meanwhile.
#[utoipa::path(get, path = "/paths", tag = "paths", operation_id = "paths", params(PathsQuery),
    responses(
        (status = 200, description = "The answer", body = PathsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn paths(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<PathsQuery>,
) -> Result<Json<PathsAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let ends = (part("from", query.from.clone())?, part("to", query.to.clone())?);
    let snapshot = intruding::snapshot(&state).await?;
    let sight = Sight::of(&state, Arc::clone(&snapshot), visible).await?;
    permitting::ask(&state, move || {
        let own;
        let is_usual = sight.is_all() && ends.0.is_empty() && ends.1.is_empty();
        let found: &Paths = if is_usual {
            snapshot.stories().map_err(refused)?
        } else {
            own = ask(&sight, &ends)?;
            &own
        };
        let facets = StoryFacets::of(&found.stories, &query);
        let rows: Vec<&Story> =
            found.stories.iter().filter(|story| query.takes(story, Facet::None)).collect();
        let (total, is_all) = (rows.len(), sight.is_all());
        let gaps = sight.gaps(&found.gaps);
        let rows = page.cut(rows).into_iter().map(|story| StoryView::of(story, &sight, false)).collect();
        let whole = |count: usize| is_all.then_some(count as u64);
        Ok(Json(PathsAnswer {
            rows,
            total: total as u64,
            next: page.next(total),
            facets,
            jewels: found.jewels as u64,
            reached: found.reached as u64,
            entries: whole(found.entries),
            nodes: whole(found.nodes),
            steps: whole(found.steps),
            unclassified: whole(found.unclassified),
            cut: found.cut,
            gap_count: gaps.len() as u64,
            gaps: gaps.into_iter().take(GAPS_MAX).collect(),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

/// The stories between ends that are named, or of who sees a part.
fn ask(sight: &Sight, (from, to): &(String, String)) -> Result<Paths, Problem> {
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let asked = Asked { from: text(from), to: text(to), plain: true, ..Asked::default() };
    sight.walk()?.paths(&asked).map_err(|error| sight.refused(error))
}

/// The part of a filter that a list of counts leaves out: its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    None,
    Entry,
    Jewel,
    Answer,
}

impl PathsQuery {
    fn takes(&self, story: &Story, without: Facet) -> bool {
        fn is_in<T: PartialEq>(chosen: &[T], value: &T, leave: bool) -> bool {
            leave || chosen.is_empty() || chosen.contains(value)
        }
        is_in(&self.entry, &story.entry.into(), without == Facet::Entry)
            && (without == Facet::Jewel
                || self.jewel.is_empty()
                || self.jewel.iter().any(|jewel| loses(story, (*jewel).into())))
            && is_in(&self.answer, &story.decision.into(), without == Facet::Answer)
    }
}

/// Whether a kind of thing is lost. What falls with an account is told there, and is found there.
fn loses(story: &Story, jewel: Jewel) -> bool {
    story.jewel == jewel || story.with_it.iter().any(|lost| lost.jewel == jewel)
}

impl StoryFacets {
    fn of(all: &[Story], query: &PathsQuery) -> Self {
        let rows = |facet| all.iter().filter(move |story| query.takes(story, facet));
        let entry = counted(rows(Facet::Entry).map(|story| story.entry));
        let count = |jewel| rows(Facet::Jewel).filter(|story| loses(story, jewel)).count() as u64;
        let jewel =
            Jewel::ALL.into_iter().map(|jewel| JewelCount { jewel: jewel.into(), count: count(jewel) });
        let answer = counted(rows(Facet::Answer).map(|story| story.decision));
        Self {
            entry: entry
                .into_iter()
                .map(|(entry, count)| EntryCount { entry: entry.into(), count })
                .collect(),
            jewel: jewel.filter(|one| one.count > 0).collect(),
            answer: answer
                .into_iter()
                .map(|(level, count)| AnswerCount { answer: level.into(), count })
                .collect(),
        }
    }
}

/// How many there are of each, in their order.
fn counted<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, u64> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// How many losses there are of each kind, the worst first.
pub(super) fn jewels(all: impl Iterator<Item = Jewel>) -> Vec<JewelCount> {
    counted(all).into_iter().map(|(jewel, count)| JewelCount { jewel: jewel.into(), count }).collect()
}

/// The class of data, as definitions and explanations write it.
pub(super) fn class(of: Option<fathom_model::DataClass>) -> Option<String> {
    of.map(|class| format!("{class:?}").to_lowercase())
}

impl StoryView {
    pub(super) fn of(story: &Story, sight: &Sight, proved: bool) -> Self {
        Self {
            entry: story.entry.into(),
            from: sight.nodes(&story.from),
            jewel: story.jewel.into(),
            to: sight.node(&story.to),
            data_class: class(story.data_class),
            answer: story.decision.into(),
            steps: sight.steps(&story.steps, proved),
            with_it_counts: jewels(story.with_it.iter().map(|lost| lost.jewel)),
            with_it: sight.nodes(story.with_it.iter().map(|lost| &lost.what).take(WITH_IT_MAX)),
        }
    }
}
