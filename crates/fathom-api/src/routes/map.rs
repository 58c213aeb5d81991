//! The organisation: accounts, their regions, the networks there, and how much lies in each.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State};
use fathom_store::{Counts, Group};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    filter::{AsOfView, as_of, filtered},
    resources::account_names,
};
use crate::{
    access::Visible,
    extract::Query,
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// Networks of an answer.
const NETWORKS_MAX: usize = 5000;

filtered! {
    /// Which resources are counted.
    MapQuery {
        /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
        as_of: Option<String>,
    }
}

/// How much there is of something.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct CountsView {
    /// Resources.
    pub(super) resources: u64,
    /// Of these, understood.
    pub(super) understood: u64,
    /// Of these, those whose own settings say that they may be reached from outside.
    pub(super) exposed: u64,
    /// Of these, those of which the last scan could not say whether they still exist; 0 for the past.
    pub(super) stale: u64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            resources: counts.resources,
            understood: counts.understood,
            exposed: counts.exposed,
            stale: counts.stale,
        }
    }
}

/// A network and what lies in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapNetwork {
    /// The network.
    uid: String,
    /// What people call it.
    name: Option<String>,
    /// How much lies in it.
    counts: CountsView,
}

/// A region of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapRegion {
    /// The region; `global` for what has no place.
    region: String,
    /// How much there is.
    counts: CountsView,
    /// Its networks, the largest first.
    networks: Vec<MapNetwork>,
    /// What lies in none that the caller may see.
    outside: CountsView,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapAccount {
    /// The account.
    account: String,
    /// What people call it.
    name: Option<String>,
    /// How much there is.
    counts: CountsView,
    /// Its regions, the largest first.
    regions: Vec<MapRegion>,
}

/// The organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MapAnswer {
    /// The accounts, the largest first.
    accounts: Vec<MapAccount>,
    /// All of them together.
    counts: CountsView,
    /// Whether there were more than 5000 networks, and small ones are left out; they count all the same.
    cut: bool,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// How much lies where
#[utoipa::path(get, path = "/map", tag = "estate", operation_id = "map", params(MapQuery),
    responses(
        (status = 200, description = "The answer", body = MapAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn map(
    State(state): State<ApiState>,
    visible: Visible,
    Query(mut query): Query<MapQuery>,
) -> Result<Json<MapAnswer>, Problem> {
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let words = query.words();
    words.check_as_of(as_of.as_ref())?;
    let filter = words.read(&state, visible.scope()).await?;
    let by = [Group::Account, Group::Region, Group::Network];
    let grouped = state.store.estate_groups(&filter, &by, as_of.as_ref(), state.now()).await?;
    let mut sizes: Vec<(u64, &String)> = grouped
        .iter()
        .filter_map(|(key, counts)| {
            Some((counts.resources, key.get(2).filter(|network| !network.is_empty())?))
        })
        .collect();
    sizes.sort_by(|a, b| b.cmp(a));
    let cut = sizes.len() > NETWORKS_MAX;
    let shown: BTreeSet<&String> = sizes.iter().take(NETWORKS_MAX).map(|(_, network)| *network).collect();
    let names = state.store.names_of(&shown.iter().map(|uid| (*uid).clone()).collect::<Vec<_>>()).await?;
    let mut accounts: BTreeMap<&str, BTreeMap<&str, Place<'_>>> = BTreeMap::new();
    let mut all = Counts::default();
    for (key, counts) in &grouped {
        let [account, region, network] = key.as_slice() else { continue };
        all.add(*counts);
        let place = accounts.entry(account).or_default().entry(region).or_default();
        place.counts.add(*counts);
        if network.is_empty() {
            place.outside.add(*counts);
        } else if shown.contains(network) {
            place.networks.push((network, *counts));
        }
    }
    let account_names = account_names(&state).await?;
    let mut accounts: Vec<MapAccount> = accounts
        .into_iter()
        .map(|(account, regions)| {
            let mut counts = Counts::default();
            let mut regions: Vec<MapRegion> = regions
                .into_iter()
                .map(|(region, place)| {
                    counts.add(place.counts);
                    place.view(region, &names)
                })
                .collect();
            regions.sort_by_key(|region| std::cmp::Reverse(region.counts.resources));
            let name = account_names.get(account).cloned();
            MapAccount { account: account.to_owned(), name, counts: counts.into(), regions }
        })
        .collect();
    accounts.sort_by_key(|account| std::cmp::Reverse(account.counts.resources));
    Ok(Json(MapAnswer { accounts, counts: all.into(), cut, as_of: as_of.as_ref().map(AsOfView::of) }))
}

/// What is gathered of a region.
#[derive(Default)]
struct Place<'g> {
    counts: Counts,
    outside: Counts,
    networks: Vec<(&'g String, Counts)>,
}

impl Place<'_> {
    fn view(self, region: &str, names: &BTreeMap<String, String>) -> MapRegion {
        let mut networks: Vec<MapNetwork> = self
            .networks
            .into_iter()
            .map(|(uid, counts)| MapNetwork {
                uid: uid.clone(),
                name: names.get(uid).cloned(),
                counts: counts.into(),
            })
            .collect();
        networks.sort_by_key(|network| std::cmp::Reverse(network.counts.resources));
        MapRegion {
            region: region.to_owned(),
            counts: self.counts.into(),
            networks,
            outside: self.outside.into(),
        }
    }
}
