//! How the data of each system is protected, layer by layer, by what its class demands.

use axum::{Json, extract::State};
use fathom_checks::{Status, finding_id};
use fathom_model::DataClass;
use fathom_posture::{DataStore, Protected, ProtectedLayer, ProtectedSystem, ProtectionGap};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    findings::{FindingSeverity, is_place},
    frameworks::CheckCounts,
    network::{ExposedCount, NetworkAsOf, counted},
    paths::GAPS_MAX,
};
use crate::{
    access::Visible,
    checking,
    extract::{Query, shown},
    permitting,
    problem::{Code, Problem, ProblemView},
    state::ApiState,
    views::mirrored,
};

/// What is told one by one of what to close in a layer.
const CLOSED_MAX: usize = 500;

mirrored! {
    /// How a layer stands.
    enum ProtectionStanding of Protected {
        /// Something that is demanded does not hold.
        Fail,
        /// Nothing fails, and of something it is not known.
        Unknown,
        /// Something is demanded, and no check is about what there is.
        Untested,
        /// All that is demanded and can be asked holds.
        Pass,
        /// The class of its data demands nothing here.
        NotDemanded,
    }
}

mirrored! {
    /// How much data is worth protecting, the least first.
    enum ProtectedClass of DataClass {
        /// Anyone may read it.
        Public,
        /// For everyone inside.
        Internal,
        /// Need to know.
        Confidential,
        /// The strictest: health, payment, secrets.
        Restricted,
    }
}

/// Which systems.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProtectionQuery {
    /// Only those with data of this class or a higher one.
    #[param(inline)]
    class: Option<ProtectedClass>,
    /// Only what these accounts own; may be repeated.
    account: Vec<String>,
    /// Only what these teams answer for; may be repeated. An empty one means that nobody does.
    owner: Vec<String>,
    /// Only this system, with what to close; empty for what nobody says the purpose of.
    system: Option<String>,
}

/// A side from which data is protected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectionLayerName {
    /// What it is called by.
    id: String,
    /// What holds where all of it holds, in words.
    title: String,
}

/// Something to close.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectionGapRow {
    /// The check.
    check: String,
    /// What would hold, in words.
    title: String,
    /// How bad it is.
    severity: FindingSeverity,
    /// Whether it is not known; it does not hold otherwise.
    unknown: bool,
    /// The finding, where it does not hold.
    finding: Option<String>,
    /// The resource: its ARN.
    resource: String,
    /// Its type.
    resource_type: String,
    /// What people call it.
    name: Option<String>,
}

/// How a layer of a system stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectionCell {
    /// The layer.
    layer: String,
    /// How it stands.
    status: ProtectionStanding,
    /// What checks answered: a resource counts once for each check that is demanded of it.
    counts: CheckCounts,
    /// How many things that keep data no check is about, of those of which something is demanded.
    untested: u64,
    /// What to close, the worst first, at most 500; only where one system is asked for.
    gaps: Vec<ProtectionGapRow>,
}

/// A system that keeps data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectionRow {
    /// What its resources say that they are for; null where nobody says.
    system: Option<String>,
    /// The highest class of its data.
    class: ProtectedClass,
    /// How many things in it keep data.
    stores: u64,
    /// Of how many of them nobody said the class, so that they count as confidential.
    assumed: u64,
    /// In the order of the layers.
    cells: Vec<ProtectionCell>,
}

/// How many things that keep data there are of each kind, whatever is chosen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectionFacets {
    /// By the class that counts.
    class: Vec<ExposedCount>,
    /// By account.
    account: Vec<ExposedCount>,
    /// By who answers for them; empty where nobody does.
    owner: Vec<ExposedCount>,
}

/// All systems that keep data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectionAnswer {
    /// The layers, in their order.
    layers: Vec<ProtectionLayerName>,
    /// Those with the highest classes first, then by name.
    systems: Vec<ProtectionRow>,
    /// How many things that keep data there are of each kind.
    facets: ProtectionFacets,
    /// What was not read, of which checks say nothing; empty for who sees a part of the estate.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// How the data of each system is protected
///
/// By what the checks answered after the last scan, of what the caller sees: who sees a part is told what that part comes to.
#[utoipa::path(get, path = "/protection", tag = "findings", operation_id = "protection", params(ProtectionQuery),
    responses(
        (status = 200, description = "The answer", body = ProtectionAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn protection(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<ProtectionQuery>,
) -> Result<Json<ProtectionAnswer>, Problem> {
    let snapshot = checking::snapshot(&state).await?;
    let protectable = checking::protectable(&state, &snapshot).await?;
    let content = std::sync::Arc::clone(&state.content);
    permitting::ask(&state, move || {
        let rules = &content.protection;
        let sees = |account: &str, owner: Option<&str>| visible.scope().sees(&account.into(), owner);
        let wants = |account: &str, owner: Option<&str>| {
            sees(account, owner) && is_place((&query.account, &query.owner), account, owner)
        };
        let mut found = protectable.within(rules, &snapshot.catalogue.checks, wants);
        if let Some(least) = query.class.map(DataClass::from) {
            found.systems.retain(|one| one.class >= least);
        }
        if let Some(wanted) = &query.system {
            found.systems.retain(|one| one.system.as_deref().unwrap_or_default() == wanted);
            if found.systems.is_empty() {
                let words = format!("no system that keeps data is called `{}`", shown(wanted));
                return Err(
                    Problem::new(Code::NotFound, words).hint("GET /protection without `system` lists them")
                );
            }
        }
        let seen: Vec<DataStore<'_>> =
            protectable.stores().filter(|one| sees(one.account, one.owner)).collect();
        let whole = visible.is_all();
        let is_open = query.system.is_some();
        Ok(Json(ProtectionAnswer {
            layers: rules
                .layers
                .iter()
                .map(|one| ProtectionLayerName { id: one.id.clone(), title: one.title.clone() })
                .collect(),
            systems: found.systems.into_iter().map(|one| ProtectionRow::of(one, is_open)).collect(),
            facets: ProtectionFacets::of(&seen),
            gaps: found.gaps.into_iter().filter(|_| whole).take(GAPS_MAX).collect(),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

impl ProtectionFacets {
    fn of(seen: &[DataStore<'_>]) -> Self {
        let mut class = counted(seen.iter().map(|one| one.class.word().to_owned()));
        class.sort_by_key(|one| std::cmp::Reverse(DataClass::parse(&one.value)));
        Self {
            class,
            account: counted(seen.iter().map(|one| one.account.to_owned())),
            owner: counted(seen.iter().map(|one| one.owner.unwrap_or_default().to_owned())),
        }
    }
}

impl ProtectionRow {
    fn of(system: ProtectedSystem, is_open: bool) -> Self {
        Self {
            system: system.system,
            class: system.class.into(),
            stores: system.stores as u64,
            assumed: system.assumed as u64,
            cells: system.layers.into_iter().map(|one| ProtectionCell::of(one, is_open)).collect(),
        }
    }
}

impl ProtectionCell {
    fn of(layer: ProtectedLayer, is_open: bool) -> Self {
        let ProtectedLayer { layer, status, counts, untested, gaps } = layer;
        let most = if is_open { CLOSED_MAX } else { 0 };
        let gaps = gaps.into_iter().take(most).map(ProtectionGapRow::of).collect();
        Self { layer, status: status.into(), counts: counts.into(), untested: untested as u64, gaps }
    }
}

impl ProtectionGapRow {
    fn of(gap: ProtectionGap) -> Self {
        let ProtectionGap { check, title, severity, status, resource, resource_type, name } = gap;
        let fails = status == Status::Fail;
        Self {
            finding: fails.then(|| finding_id(&check, &resource, "")),
            unknown: !fails,
            severity: severity.into(),
            check,
            title,
            resource,
            resource_type,
            name,
        }
    }
}
