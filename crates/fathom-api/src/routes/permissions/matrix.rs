//! Who may do what to what, as a grid of which only the asked part is worked out.

use std::{ops::Range, sync::Arc};

use axum::{Json, extract::State};
use fathom_access::{By, GridColumn, GridQuestion, GridRow, Mark, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    PermissionsAsOf, context, part, refused,
    views::{AccessKind, AnswerKind, AskerKind, AskerView, mirrored},
};
use crate::{
    extract::{Query, within},
    permitting,
    problem::{Problem, ProblemView},
    state::ApiState,
};

/// Rows and columns of a part, where the client does not say.
const ROWS_DEFAULT: u32 = 50;
const COLUMNS_DEFAULT: u32 = 20;
/// The most of them.
const ROWS_MAX: u32 = 200;
const COLUMNS_MAX: u32 = 50;
/// What was not read of the resources of one column is named so often.
const GAPS_NAMED: usize = 20;

/// Which part of which grid.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct MatrixQuery {
    /// What a column is; a type where nothing is said.
    #[param(inline)]
    by: Option<ColumnKind>,
    /// Only principals of these accounts; may be repeated.
    account: Vec<String>,
    /// Only these kinds of principals: `root`, `user`, `role`; may be repeated.
    #[param(inline)]
    principal_kind: Vec<AskerKind>,
    /// Only principals with this text in their name.
    who: Option<String>,
    /// Only resources of these types; may be repeated.
    resource_type: Vec<String>,
    /// Only resources of these accounts; may be repeated.
    resource_account: Vec<String>,
    /// Only resources with this text in their ARN.
    on: Option<String>,
    /// Only these kinds of access; may be repeated.
    #[param(inline)]
    kind: Vec<AccessKind>,
    /// What is known of the requests, as `KEY=VALUE`; may be repeated.
    context: Vec<String>,
    /// The first row of the part.
    row: Option<u64>,
    /// The most rows of it.
    #[param(minimum = 1, maximum = 200, default = 50)]
    rows: Option<u32>,
    /// The first column of the part.
    column: Option<u64>,
    /// The most columns of it.
    #[param(minimum = 1, maximum = 50, default = 20)]
    columns: Option<u32>,
}

mirrored! {
    /// What a column of the grid stands for.
    enum ColumnKind of By {
        /// One resource.
        Resource,
        /// All resources of a type.
        Type,
        /// All resources of an account.
        Account,
    }
}

/// What a column stands for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatrixColumn {
    /// The ARN, the type or the account.
    key: String,
    /// The type of a resource; null of an account.
    resource_type: Option<String>,
    /// The account that owns a resource; null of a type.
    account: Option<String>,
    /// How many resources it stands for.
    resources: u64,
    /// Of how many of these the catalogue knows no action, or none of the wanted kinds.
    without_actions: u64,
    /// How many of these were not asked about, since that would have taken too long: of them nothing is known.
    not_asked: u64,
    /// What was not read of its resources that may decide; at most 20.
    gaps: Vec<String>,
    /// How many such things there are.
    gaps_count: u64,
}

/// One kind of access with what becomes of it, in one cell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatrixMark {
    /// The kind of access.
    access: AccessKind,
    /// Allowed, only if, or not known.
    decision: AnswerKind,
    /// How many actions there are of which that is so on any of the resources.
    actions: u64,
    /// On how many resources some action is so.
    resources: u64,
}

/// What one principal may do to each column.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatrixRow {
    /// Who.
    #[serde(flatten)]
    asker: AskerView,
    /// A cell for each column, in their order; an empty one where nothing is allowed.
    cells: Vec<Vec<MatrixMark>>,
}

/// A part of the grid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatrixAnswer {
    /// Who, by account, root users first, then users and roles by their names.
    rows: Vec<MatrixRow>,
    /// On what, in the order of the names.
    columns: Vec<MatrixColumn>,
    /// How many rows there are over all parts.
    rows_total: u64,
    /// How many columns there are over all parts.
    columns_total: u64,
    /// How many resources all columns stand for.
    resources_total: u64,
    /// How many questions were asked of everyone for this part.
    questions: u64,
    /// What was not read that may decide about all of them.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

impl From<GridColumn> for MatrixColumn {
    fn from(column: GridColumn) -> Self {
        let gaps_count = column.gaps.len() as u64;
        Self {
            key: column.key,
            resource_type: column.resource_type,
            account: column.account,
            resources: column.resources as u64,
            without_actions: column.without_actions as u64,
            not_asked: column.not_asked as u64,
            gaps: column.gaps.into_iter().take(GAPS_NAMED).collect(),
            gaps_count,
        }
    }
}

impl From<GridRow> for MatrixRow {
    fn from(row: GridRow) -> Self {
        let mark = |mark: Mark| MatrixMark {
            access: mark.access.into(),
            decision: mark.decision.into(),
            actions: mark.actions as u64,
            resources: mark.resources as u64,
        };
        let cells = row.cells.into_iter().map(|cell| cell.into_iter().map(mark).collect());
        Self { asker: row.asker.into(), cells: cells.collect() }
    }
}

/// Who may do what to what, as a grid
///
/// Users, roles and root users against resources, types or accounts; only the part that is asked for is worked out. What
/// keys say of encrypted data is told where one principal is asked about, as are those from outside where openings are.
#[utoipa::path(get, path = "/permissions/matrix", tag = "permissions", operation_id = "matrix", params(MatrixQuery),
    responses(
        (status = 200, description = "The part", body = MatrixAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn matrix(
    State(state): State<ApiState>,
    Query(query): Query<MatrixQuery>,
) -> Result<Json<MatrixAnswer>, Problem> {
    let given = context(&query.context)?;
    let question = question(query)?;
    let snapshot = permitting::snapshot(&state).await?;
    let asking = Arc::clone(&snapshot);
    let found = permitting::ask(&state, move || {
        asking.permissions.grid(&question, &given).map_err(|error| refused("context", error))
    })
    .await?;
    Ok(Json(MatrixAnswer {
        rows: found.rows.into_iter().map(Into::into).collect(),
        columns: found.columns.into_iter().map(Into::into).collect(),
        rows_total: found.rows_total as u64,
        columns_total: found.columns_total as u64,
        resources_total: found.resources_total as u64,
        questions: found.questions as u64,
        gaps: found.gaps,
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

fn question(query: MatrixQuery) -> Result<GridQuestion, Problem> {
    let is_member = |kind: &AskerKind| matches!(kind, AskerKind::Root | AskerKind::User | AskerKind::Role);
    if !query.principal_kind.iter().all(is_member) {
        let words = "rows are users, roles and root users; who comes from outside is told with the openings";
        return Err(Problem::parameter("principal_kind", words));
    }
    let rows = span(query.row, within("rows", query.rows, ROWS_DEFAULT, &(1..=ROWS_MAX))?);
    let columns = span(query.column, within("columns", query.columns, COLUMNS_DEFAULT, &(1..=COLUMNS_MAX))?);
    Ok(GridQuestion {
        wanted: Wanted {
            principal_accounts: query.account,
            resource_types: query.resource_type,
            resource_accounts: query.resource_account,
            access: query.kind.into_iter().map(Into::into).collect(),
            ..Wanted::default()
        },
        kinds: query.principal_kind.into_iter().map(Into::into).collect(),
        who: part("who", query.who)?,
        on: part("on", query.on)?,
        by: query.by.unwrap_or(ColumnKind::Type).into(),
        rows,
        columns,
    })
}

fn span(begin: Option<u64>, many: u32) -> Range<usize> {
    let begin = usize::try_from(begin.unwrap_or_default()).unwrap_or(usize::MAX);
    begin..begin.saturating_add(many as usize)
}
