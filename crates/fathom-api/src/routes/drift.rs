//! What code declares against what is there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use axum::{Json, extract::State};
use fathom_content::declared::Language;
use fathom_estate::drift::{AttributeDrift, DeclaredBy, Report, Row, Skipped, Verdict};
use fathom_model::{Timestamp, Uid};
use fathom_store::{Owners, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX, activity};
use crate::{
    access::Visible,
    drifting,
    extract::{Query, within},
    problem::{Code, Problem, ProblemView},
    state::ApiState,
};

/// Rows of a page of which it is told who changed them last: each is a question to the log.
const LAST_CHANGES_MAX: usize = 100;
/// The most characters of a declared or actual value.
const VALUE_CHARS_MAX: usize = 2000;

/// What came of the comparison of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VerdictView {
    /// At least one attribute is not as declared.
    Drifted,
    /// It is declared, and not there.
    Missing,
    /// It is there, and nothing declares it.
    Undeclared,
    /// It is declared, but cannot be compared; the row says why.
    NotComparable,
    /// All that was compared is as declared.
    InLine,
}

impl From<Verdict> for VerdictView {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Drifted => Self::Drifted,
            Verdict::Missing => Self::Missing,
            Verdict::Undeclared => Self::Undeclared,
            Verdict::NotComparable => Self::NotComparable,
            Verdict::InLine => Self::InLine,
        }
    }
}

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct DriftQuery {
    /// Only these verdicts; may be repeated. All but `in_line` where none is named; with `uid` all.
    #[param(inline)]
    verdict: Vec<VerdictView>,
    /// Only these types, as the estate or the code names them; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these regions; may be repeated.
    region: Vec<String>,
    /// Only what these files declare; may be repeated.
    file: Vec<String>,
    /// Only this resource.
    uid: Option<String>,
    /// Only those whose uid, name or address in code contains this text.
    search: Option<String>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<u64>,
}

/// A place in code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeclaredByView {
    /// `terraform` or `cloudformation`.
    language: &'static str,
    /// The file.
    file: String,
    /// The address in it.
    address: String,
    /// The module of Terraform that it is in.
    module: Option<String>,
    /// Whether it declares a part of the resource only.
    part: bool,
}

/// An attribute that is not as declared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AttributeDriftView {
    /// The attribute as the code names it.
    attribute: String,
    /// What is declared; null where it is not. Absent for callers who may not read documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    declared: Option<Value>,
    /// What is there; null where nothing is. Absent for callers who may not read documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    actual: Option<Value>,
    /// Whether values are left out, because the caller may not read documents.
    withheld: bool,
    /// Whether the two were brought together by their names alone.
    by_name: bool,
    /// The tool that saw it itself; null where we did.
    seen_by: Option<&'static str>,
    /// The file that declares it.
    file: String,
    /// The address that declares it.
    address: String,
}

/// An attribute that was not compared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SkippedView {
    /// The attribute as the code names it.
    attribute: String,
    /// Why.
    why: String,
}

/// One resource, or one declaration that has none.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DriftRow {
    /// What came of the comparison.
    verdict: VerdictView,
    /// The resource; null where it is missing or could not be told.
    uid: Option<String>,
    /// Its type, or the declared type where the estate has none.
    #[serde(rename = "type")]
    kind: String,
    /// Its account, where known.
    account: Option<String>,
    /// Its region, where known.
    region: Option<String>,
    /// Its name, or the name under which it is declared.
    name: Option<String>,
    /// What declares it, or parts of it.
    declared_by: Vec<DeclaredByView>,
    /// Attributes that are not as declared.
    differences: Vec<AttributeDriftView>,
    /// How many attributes were compared.
    compared: u64,
    /// Attributes that were not.
    not_compared: Vec<SkippedView>,
    /// Why it is not comparable, and what a person should know.
    notes: Vec<String>,
    /// Who changed it last, where the provider's log of calls tells it; of the first 100 rows of a page.
    last_change: Option<activity::LastChange>,
}

/// How many rows have a verdict.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct DriftCounts {
    /// As declared.
    in_line: u64,
    /// Not as declared.
    drifted: u64,
    /// Declared, and not there.
    missing: u64,
    /// There, and not declared.
    undeclared: u64,
    /// Not to be compared.
    not_comparable: u64,
}

impl DriftCounts {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::InLine => self.in_line += 1,
            Verdict::Drifted => self.drifted += 1,
            Verdict::Missing => self.missing += 1,
            Verdict::Undeclared => self.undeclared += 1,
            Verdict::NotComparable => self.not_comparable += 1,
        }
    }
}

/// How many rows have a value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ValueCount {
    /// The value, as the parameter takes it.
    pub(super) value: String,
    /// How many.
    pub(super) count: u64,
}

/// The counts behind the filters, each leaving out its own.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct DriftFacets {
    /// By verdict.
    verdict: Vec<ValueCount>,
    /// By type.
    #[serde(rename = "type")]
    kind: Vec<ValueCount>,
    /// By account.
    account: Vec<ValueCount>,
    /// By region.
    region: Vec<ValueCount>,
    /// By the file that declares it.
    file: Vec<ValueCount>,
}

/// The scan whose estate was compared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ComparedScan {
    /// Its number.
    scan: i64,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Whether there is code to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DriftState {
    /// The estate was compared with code.
    Compared,
    /// No code is named.
    NoCode,
}

/// What code declares against what is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DriftAnswer {
    /// Whether there is code.
    state: DriftState,
    /// What to do where there is none.
    hint: Option<&'static str>,
    /// The scan whose estate was compared.
    as_of: ComparedScan,
    /// When it was.
    #[schema(value_type = String, format = DateTime)]
    compared_at: Timestamp,
    /// All that the caller may see, by verdict.
    counts: DriftCounts,
    /// How many attributes were compared.
    attributes_compared: u64,
    /// The rows, worst first, then by file and address.
    rows: Vec<DriftRow>,
    /// How many there are on all pages.
    total: u64,
    /// The cursor of the next page; null at the end.
    next: Option<u64>,
    /// What a person should know about the files as a whole.
    notes: Vec<String>,
    /// Files that could not be used, and why.
    left_out: Vec<String>,
    /// The counts behind the filters.
    facets: DriftFacets,
}

const NO_CODE: &str = "name Terraform states or plans, or CloudFormation templates in fathom.yaml: `terraform_states`, \
                       `terraform_plans`, `cloudformation_templates`";

/// What code declares against what is there
///
/// The comparison is made once for a scan and a state of the files. Where it takes long the answer is `too_busy` with a
/// time after which to ask again.
#[utoipa::path(get, path = "/drift", tag = "drift", operation_id = "drift", params(DriftQuery),
    responses(
        (status = 200, description = "The answer", body = DriftAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn drift(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<DriftQuery>,
) -> Result<Json<DriftAnswer>, Problem> {
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))? as usize;
    let compared = drifting::compared(&state).await?;
    let as_of = ComparedScan { scan: compared.scan.id, at: compared.scan.finished_at };
    let mut answer = DriftAnswer {
        state: DriftState::Compared,
        hint: None,
        as_of,
        compared_at: compared.at,
        counts: DriftCounts::default(),
        attributes_compared: 0,
        rows: Vec::new(),
        total: 0,
        next: None,
        notes: Vec::new(),
        left_out: compared.left_out.clone(),
        facets: DriftFacets::default(),
    };
    let Some(report) = &compared.report else {
        answer.state = DriftState::NoCode;
        answer.hint = Some(NO_CODE);
        return Ok(Json(answer));
    };
    if visible.is_all() {
        answer.notes.clone_from(&report.notes);
    } else {
        // They may name anything.
        answer.left_out.clear();
    }
    let sight =
        if visible.is_all() { None } else { Some((visible.scope().clone(), state.store.owners().await?)) };
    let begin = usize::try_from(query.cursor.unwrap_or_default()).unwrap_or(usize::MAX);
    let all = Arc::clone(&compared);
    // Counting many rows would hold up the other requests of this thread.
    let counted = tokio::task::spawn_blocking(move || {
        let is_seen = |row: &Row| sight.as_ref().is_none_or(|(scope, owners)| is_seen(row, scope, owners));
        all.report.as_ref().map(|report| count(report, is_seen, &query, begin, limit))
    });
    let counted = counted.await.map_err(|_| Problem::new(Code::Internal, "the rows were not counted"))?;
    let Counted { counts, attributes, facets, total, page } = counted.unwrap_or_default();
    (answer.counts, answer.attributes_compared, answer.facets) = (counts, attributes, facets);
    answer.total = total as u64;
    let end = begin.saturating_add(page.len());
    answer.next = (end < total && !page.is_empty()).then_some(end as u64);
    let has_log = !state.store.trail_spans().await?.is_empty();
    for (at, row) in page.into_iter().filter_map(|row| report.rows.get(row)).enumerate() {
        let last_change = match &row.uid {
            Some(uid) if has_log && at < LAST_CHANGES_MAX => activity::last_change(&state, uid).await?,
            _ => None,
        };
        answer.rows.push(shown(row, visible.documents(), last_change));
    }
    Ok(Json(answer))
}

/// Whether somebody may see a row. A declaration without a resource is nobody's, unless its account says.
fn is_seen(row: &Row, scope: &Scope, owners: &Owners) -> bool {
    let owner = row.uid.as_ref().and_then(|uid| owners.of(uid));
    row.account.as_ref().is_some_and(|account| scope.sees(account, owner))
}

/// What an answer says of all rows, and the places of those of its page.
#[derive(Default)]
struct Counted {
    counts: DriftCounts,
    attributes: u64,
    facets: DriftFacets,
    total: usize,
    page: Vec<usize>,
}

fn count(
    report: &Report,
    is_seen: impl Fn(&Row) -> bool,
    query: &DriftQuery,
    begin: usize,
    limit: usize,
) -> Counted {
    let test = Test::new(query);
    let mut counted = Counted::default();
    let mut lists: [HashMap<&str, u64>; 5] = Default::default();
    for (place, row) in report.rows.iter().enumerate() {
        if !is_seen(row) {
            continue;
        }
        counted.counts.add(row.verdict);
        counted.attributes += row.compared as u64;
        let fails = test.fails(row);
        if fails == 0 {
            if counted.total >= begin && counted.page.len() < limit {
                counted.page.push(place);
            }
            counted.total += 1;
        }
        for (at, (list, value)) in lists.iter_mut().zip(values(row)).enumerate() {
            if fails & !(1 << at) == 0 {
                *list.entry(value).or_default() += 1;
            }
        }
    }
    let named = |list: HashMap<&str, u64>| {
        sorted(list.into_iter().map(|(value, count)| (value.to_owned(), count)).collect())
    };
    let [verdict, kind, account, region, file] = lists.map(named);
    counted.facets = DriftFacets { verdict, kind, account, region, file };
    counted
}

/// The filters, each with a bit.
struct Test<'q> {
    query: &'q DriftQuery,
    search: Option<String>,
}

impl<'q> Test<'q> {
    fn new(query: &'q DriftQuery) -> Self {
        Self { query, search: query.search.as_ref().map(|text| text.to_ascii_lowercase()) }
    }

    /// Bits of the filters that a row does not pass; those that have no list of counts have the highest.
    fn fails(&self, row: &Row) -> u8 {
        const OTHERS: u8 = 0x80;
        let query = self.query;
        let mut fails = 0;
        let verdict = VerdictView::from(row.verdict);
        let is_asked = if query.verdict.is_empty() {
            verdict != VerdictView::InLine || query.uid.is_some()
        } else {
            query.verdict.contains(&verdict)
        };
        if !is_asked {
            fails |= 1;
        }
        let listed = |wanted: &[String], value: Option<&str>| {
            wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|one| one == value))
        };
        let account = row.account.as_ref().map(fathom_model::AccountId::as_str);
        let region = row.region.as_ref().map(fathom_model::Region::as_str);
        let lists = [
            listed(&query.kind, Some(&row.kind)),
            listed(&query.account, account),
            listed(&query.region, region),
            query.file.is_empty() || row.declared_by.iter().any(|one| query.file.contains(&one.file)),
        ];
        for (at, fits) in lists.into_iter().enumerate() {
            if !fits {
                fails |= 2 << at;
            }
        }
        if query.uid.as_deref().is_some_and(|uid| row.uid.as_ref().is_none_or(|own| own.as_str() != uid)) {
            fails |= OTHERS;
        }
        if let Some(text) = &self.search {
            let names = row.uid.iter().map(Uid::as_str).chain(row.name.as_deref());
            let mut all = names.chain(row.declared_by.iter().map(|one| one.address.as_str()));
            if !all.any(|name| name.to_ascii_lowercase().contains(text)) {
                fails |= OTHERS;
            }
        }
        fails
    }
}

/// A row's values, in the order of the lists of counts.
fn values(row: &Row) -> [&str; 5] {
    [
        row.verdict.as_str(),
        &row.kind,
        row.account.as_ref().map_or("", fathom_model::AccountId::as_str),
        row.region.as_ref().map_or("", fathom_model::Region::as_str),
        row.declared_by.first().map_or("", |one| &one.file),
    ]
}

/// The most frequent first.
pub(super) fn sorted(counts: BTreeMap<String, u64>) -> Vec<ValueCount> {
    let mut list: Vec<ValueCount> =
        counts.into_iter().map(|(value, count)| ValueCount { value, count }).collect();
    list.sort_by_key(|one| std::cmp::Reverse(one.count));
    list
}

fn shown(row: &Row, documents: bool, last_change: Option<activity::LastChange>) -> DriftRow {
    DriftRow {
        verdict: row.verdict.into(),
        uid: row.uid.as_ref().map(ToString::to_string),
        kind: row.kind.clone(),
        account: row.account.as_ref().map(ToString::to_string),
        region: row.region.as_ref().map(ToString::to_string),
        name: row.name.clone(),
        declared_by: row.declared_by.iter().map(declared_by).collect(),
        differences: row.differences.iter().map(|one| attribute(one, documents)).collect(),
        compared: row.compared as u64,
        not_compared: row
            .not_compared
            .iter()
            .map(|Skipped { attribute, why }| SkippedView { attribute: attribute.clone(), why: why.clone() })
            .collect(),
        notes: row.notes.clone(),
        last_change,
    }
}

fn declared_by(source: &DeclaredBy) -> DeclaredByView {
    let is_terraform = source.language == Language::Terraform;
    DeclaredByView {
        language: if is_terraform { "terraform" } else { "cloudformation" },
        file: source.file.clone(),
        address: source.address.clone(),
        module: module(&source.address).filter(|_| is_terraform).map(str::to_owned),
        part: source.part,
    }
}

/// The modules that an address of Terraform begins with: `module.net["a.b"].module.sub` of
/// `module.net["a.b"].module.sub.aws_vpc.main`.
fn module(address: &str) -> Option<&str> {
    let mut end = 0;
    while address.get(end..)?.starts_with("module.") {
        let begin = end + "module.".len();
        let (mut depth, mut is_quoted, mut stop) = (0_u32, false, None);
        for (at, c) in address.get(begin..)?.char_indices() {
            match c {
                '"' => is_quoted = !is_quoted,
                '[' if !is_quoted => depth += 1,
                ']' if !is_quoted => depth = depth.saturating_sub(1),
                '.' if !is_quoted && depth == 0 => {
                    stop = Some(begin + at);
                    break;
                }
                _ => {}
            }
        }
        end = stop? + 1;
    }
    end.checked_sub(1).and_then(|end| address.get(..end))
}

fn attribute(one: &AttributeDrift, documents: bool) -> AttributeDriftView {
    AttributeDriftView {
        attribute: one.attribute.clone(),
        declared: documents.then(|| cut(&one.declared)),
        actual: documents.then(|| cut(&one.actual)),
        withheld: !documents,
        by_name: one.by_name,
        seen_by: one.seen_by,
        file: one.file.clone(),
        address: one.address.clone(),
    }
}

/// A long value's text up to a limit, in its place.
fn cut(value: &Value) -> Value {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        _ => return value.clone(),
    };
    if text.chars().nth(VALUE_CHARS_MAX).is_none() {
        return value.clone();
    }
    let mut short: String = text.chars().take(VALUE_CHARS_MAX).collect();
    short.push('…');
    Value::String(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_end_where_the_resource_begins() {
        for (address, wanted) in [
            ("aws_vpc.main", None),
            ("module.net.aws_vpc.main", Some("module.net")),
            ("module.net.module.sub[0].aws_vpc.main[1]", Some("module.net.module.sub[0]")),
            (r#"module.net["a.b"].data.aws_vpc.main"#, Some(r#"module.net["a.b"]"#)),
            ("module.broken", None),
        ] {
            assert_eq!(module(address), wanted, "{address}");
        }
    }

    #[test]
    fn long_values_are_cut_and_short_ones_keep_their_kind() {
        assert_eq!(cut(&serde_json::json!({"a": 1})), serde_json::json!({"a": 1}));
        let cut = cut(&Value::from("é".repeat(VALUE_CHARS_MAX + 1)));
        assert_eq!(cut.as_str().map(|text| text.chars().count()), Some(VALUE_CHARS_MAX + 1));
    }
}
