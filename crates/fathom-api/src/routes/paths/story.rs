//! One story: each step with its proof, and the edit that closes it.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_intrude::Query as Asked;
use fathom_paths::Jewel;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    sight::Sight,
    stories::StoryView,
    views::{PathEdit, PathEntry, PathJewel},
};
use crate::{
    access::Visible,
    extract::Query,
    intruding, permitting,
    problem::{Code, Problem, ProblemView},
    routes::{network::NetworkAsOf, permissions::needed},
    state::ApiState,
};

/// Which one.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct StoryQuery {
    /// What is lost, by its id in the list.
    #[param(required = true)]
    to: Option<String>,
    /// What kind of loss it is; the worst that is told where it is left out.
    #[param(inline)]
    jewel: Option<PathJewel>,
    /// How it begins; the surest that is told where it is left out.
    #[param(inline)]
    entry: Option<PathEntry>,
    /// Whom or what the intruder has, in the place of the usual beginnings.
    from: Option<String>,
}

/// One story.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoryAnswer {
    /// It, with its proofs.
    story: StoryView,
    /// The edit that closes it, tried; null where no single one that is known does.
    edit: Option<PathEdit>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// One way to what must not be lost, with the proof of each step and the edit that closes it
///
/// The edit is tried on a copy of what was read, and every step that it may close is asked again.
#[utoipa::path(get, path = "/paths/story", tag = "paths", operation_id = "story", params(StoryQuery),
    responses(
        (status = 200, description = "The answer", body = StoryAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn story(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<StoryQuery>,
) -> Result<Json<StoryAnswer>, Problem> {
    let to = needed("to", query.to)?;
    let from = query.from.map(|from| needed("from", Some(from))).transpose()?;
    let snapshot = intruding::snapshot(&state).await?;
    let sight = Sight::of(&state, Arc::clone(&snapshot), visible).await?;
    permitting::ask(&state, move || {
        let asked = Asked {
            // Whoever is named is no kind of beginning.
            entries: query.entry.filter(|_| from.is_none()).map(Into::into).into_iter().collect(),
            from,
            to: Some(to),
            jewels: query.jewel.map(Into::into).into_iter().collect(),
            edits: 1,
            ..Asked::default()
        };
        let found = sight.walk()?.paths(&asked).map_err(|error| sight.refused(error))?;
        let mut story = found.stories.into_iter().next().ok_or_else(|| {
            Problem::new(Code::NotFound, "no way that is known leads there from where was asked about")
                .hint("leave `entry` out to ask from everywhere")
        })?;
        // Of an account also what is lost with it, which takes asking about everything.
        if story.jewel == Jewel::Administrators {
            let all = Asked { to: None, jewels: Vec::new(), edits: 0, plain: true, ..asked };
            let all = sight.walk()?.paths(&all).map_err(|error| sight.refused(error))?;
            let same = all
                .stories
                .into_iter()
                .find(|one| (one.entry, one.jewel, &one.to) == (story.entry, story.jewel, &story.to));
            story.with_it = same.map(|one| one.with_it).unwrap_or_default();
        }
        Ok(Json(StoryAnswer {
            edit: story.edit.as_ref().map(|closing| sight.closing(closing)),
            story: StoryView::of(&story, &sight, true),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}
