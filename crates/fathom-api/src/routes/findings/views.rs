//! Findings as the API tells them.

use fathom_findings::{Rank, Stands, State as Is};
use fathom_model::{DataClass, FindingException, FindingRule, FixedBy, KeptFinding, Severity, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{routes::paths::HowSure, views::mirrored};

mirrored! {
    /// How bad it is where a check fails.
    #[derive(PartialOrd, Ord)]
    enum FindingSeverity of Severity {
        /// Somebody can take the system or its data with what the internet has.
        Critical,
        /// One more mistake, or one stolen credential, and the same happens.
        High,
        /// It makes an attack or a loss larger, or hides it.
        Medium,
        /// Good order.
        Low,
    }
}

/// How many there are, by how bad they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BySeverity {
    /// Critical ones.
    critical: u64,
    /// High ones.
    high: u64,
    /// Medium ones.
    medium: u64,
    /// Low ones.
    low: u64,
}

impl BySeverity {
    /// Those of a severity.
    pub(super) fn of(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
        }
    }

    /// All of them.
    pub(super) fn total(&self) -> u64 {
        self.critical + self.high + self.medium + self.low
    }
}

mirrored! {
    /// Where a finding stands.
    #[derive(PartialOrd, Ord)]
    enum StandsAs of Is {
        /// It came back after it was fixed.
        Reopened,
        /// It is there.
        Open,
        /// It is there, and somebody accepted that until a date.
        Accepted,
        /// It is there no more.
        Fixed,
    }
}

mirrored! {
    /// Why a finding counts as fixed.
    enum FixedWhy of FixedBy {
        /// The check passes.
        Passes,
        /// The check is not about the resource any more.
        NotApplicable,
        /// The resource is gone.
        Gone,
    }
}

/// Which findings an exception is about: those that fit all that is given. `*` in a pattern stands for any characters.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExceptionRule {
    /// One finding, by its id; then nothing else is given.
    pub(super) finding: Option<String>,
    /// A pattern over names of checks.
    pub(super) check: Option<String>,
    /// A pattern over types.
    pub(super) resource_type: Option<String>,
    /// A pattern over accounts.
    pub(super) account: Option<String>,
    /// A pattern over tags, written `key=value`.
    pub(super) tag: Option<String>,
    /// A pattern over owners.
    pub(super) owner: Option<String>,
}

impl From<ExceptionRule> for FindingRule {
    fn from(rule: ExceptionRule) -> Self {
        let ExceptionRule { finding, check, resource_type: kind, account, tag, owner } = rule;
        Self { finding, check, kind, account, tag, owner }
    }
}

/// Findings that somebody accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingExceptionView {
    /// Its number.
    number: i64,
    /// Which findings.
    rule: ExceptionRule,
    /// The same in words.
    words: String,
    /// Why it is acceptable.
    reason: String,
    /// Who approved it.
    approver: String,
    /// Who accepted it.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it stops to hold.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// When it was ended before that.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Who ended it.
    ended_by: Option<String>,
    /// Why.
    ended_why: Option<String>,
}

impl From<&FindingException> for FindingExceptionView {
    fn from(one: &FindingException) -> Self {
        let words = one.rule.to_string();
        let FindingRule { finding, check, kind, account, tag, owner } = one.rule.clone();
        Self {
            number: one.id,
            rule: ExceptionRule { finding, check, resource_type: kind, account, tag, owner },
            words,
            reason: one.reason.clone(),
            approver: one.approver.clone(),
            by: one.by.clone(),
            at: one.at,
            until: one.until,
            ended_at: one.ended_at,
            ended_by: one.ended_by.clone(),
            ended_why: one.ended_why.clone(),
        }
    }
}

/// A way of an intruder that passes the resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingWay {
    /// How sure all of its steps are.
    level: HowSure,
    /// Where it begins, in words; null for who sees a part of the estate.
    from: Option<String>,
    /// What is lost at its end, in words; null for who sees a part of the estate.
    to: Option<String>,
    /// The same as `GET /paths` takes it in `to`: an ARN, or an account; null for who sees a part of the estate.
    end: Option<String>,
}

/// A finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingRow {
    /// Its name for life.
    id: String,
    /// The check.
    check: String,
    /// What would hold, in words.
    title: String,
    /// How bad it is.
    severity: FindingSeverity,
    /// Where it stands.
    state: StandsAs,
    /// Whether the last run of its check could say so.
    confirmed: bool,
    /// The resource: its ARN.
    resource: String,
    /// Its type.
    resource_type: String,
    /// What people call it.
    name: Option<String>,
    /// The account that owns it.
    account: String,
    /// Its region; `global` where it has none.
    region: String,
    /// Who answers for it.
    owner: Option<String>,
    /// The class of its data, or the one that counts where nobody said; null where it keeps no data.
    class: Option<String>,
    /// Whether nobody said the class.
    class_assumed: bool,
    /// Why it stands where it stands in the order.
    because: String,
    /// The worst way of an intruder that passes it.
    way: Option<FindingWay>,
    /// Whether the internet reaches it; null where it does not, or where that is not worked out.
    reached: Option<HowSure>,
    /// When its check failed first.
    #[schema(value_type = String, format = DateTime)]
    first_seen: Timestamp,
    /// When its check failed last.
    #[schema(value_type = String, format = DateTime)]
    last_seen: Timestamp,
    /// Since when it is open, or fixed.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why it counts as fixed.
    fixed_by: Option<FixedWhy>,
    /// How often it came back.
    reopened: u32,
    /// When it is to be fixed.
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    /// Whether that is past.
    overdue: bool,
    /// By what it is accepted.
    accepted: Option<FindingExceptionView>,
}

impl FindingRow {
    /// `whole` is whether who asks sees everything, and so what other resources are called.
    pub(super) fn of(finding: &KeptFinding, stands: &Stands<'_>, rank: &Rank, whole: bool) -> Self {
        let life = &finding.life;
        let named = |text: &String| whole.then(|| text.clone());
        Self {
            id: finding.id.clone(),
            check: finding.check.clone(),
            title: finding.title.clone(),
            severity: finding.severity.into(),
            state: stands.state.into(),
            confirmed: life.confirmed,
            resource: finding.resource.as_str().to_owned(),
            resource_type: finding.resource_type.as_str().to_owned(),
            name: finding.name.clone(),
            account: finding.account.as_str().to_owned(),
            region: finding.region.as_str().to_owned(),
            owner: finding.owner.clone(),
            class: finding.counted_class().map(|class: DataClass| class.word().to_owned()),
            class_assumed: finding.class.is_none() && finding.keeps_data,
            because: if whole { rank.because.clone() } else { rank.plainly.clone() },
            way: rank.place.way.as_ref().map(|way| FindingWay {
                level: way.level.into(),
                from: named(&way.from),
                to: named(&way.to),
                end: named(&way.end),
            }),
            reached: rank.place.reached.map(Into::into),
            first_seen: life.first_seen,
            last_seen: life.last_seen,
            since: life.since,
            fixed_by: life.fixed_by.map(Into::into),
            reopened: life.reopened,
            due: stands.due,
            overdue: stands.overdue,
            // A rule may name others; what is accepted by one is told as that.
            accepted: stands.exception.filter(|one| whole || one.rule.finding.is_some()).map(Into::into),
        }
    }
}
