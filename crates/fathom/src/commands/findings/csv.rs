//! Findings as CSV (RFC 4180), a line each.

use super::Told;
use crate::commands::check::csv::field;

pub(super) fn report(told: &Told<'_>) -> String {
    let mut out = String::from(
        "id,state,confirmed,severity,check,title,resource,type,name,account,region,owner,class,first_seen,last_seen,due,overdue,\
         reopened,accepted_until,why,missing,because\r\n",
    );
    for row in &told.rows {
        let (one, life) = (row.finding, &row.finding.life);
        let time = |at: Option<fathom_model::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let fields = [
            one.id.as_str(),
            row.stands.state.word(),
            &life.confirmed.to_string(),
            one.severity.word(),
            &one.check,
            &one.title,
            one.resource.as_str(),
            one.resource_type.as_str(),
            one.name.as_deref().unwrap_or_default(),
            one.account.as_str(),
            one.region.as_str(),
            one.owner.as_deref().unwrap_or_default(),
            one.class.map(fathom_model::DataClass::word).unwrap_or_default(),
            &time(Some(life.first_seen)),
            &time(Some(life.last_seen)),
            &time(row.stands.due),
            &row.stands.overdue.to_string(),
            &life.reopened.to_string(),
            &time(row.stands.exception.map(|one| one.until)),
            &row.why().join("; "),
            &row.proof.missing.join("; "),
            row.rank.as_ref().map(|rank| rank.because.as_str()).unwrap_or_default(),
        ]
        .map(field);
        out.push_str(&fields.join(","));
        out.push_str("\r\n");
    }
    out
}
