//! The page that says how our checks and rules of others agree.

use std::fmt::Write as _;

use super::{LeftOut, OF_MANIFESTS, REFUSED, REFUSED_PLANS, Rule, Told};

const HEAD: &str = "# Whether others say the same

Rules of others bring cases: code, and what the rule says of it. `fathom check` is asked of the same code. This page is made from that by
`UPDATE_DOCS=1 cargo test -p fathom --test it agreement`, which also asks that each difference has a reason.

Sources: the rules that AWS publishes for `cfn-guard` (aws-guard-rules-registry, 7f7340c, 2024-03-22), and the examples of Trivy's
checks (trivy-checks, 80e5382, 2026-08-21); of those about Kubernetes also their tests, named `trivy-kubernetes`. Of several resources in one case the worst answer counts. The table of counterparts is
`crates/fathom/tests/it/agreement/rules.tsv`. What CloudFormation or Terraform would refuse is not counted, whether answers agree on it or
not; it is listed below, with what says so.

Snippets in Terraform are read as the plan that Terraform makes of code where nothing is there yet. Terraform and its provider were not at
hand, so the test makes the plan: what code writes out is known, what it takes from elsewhere is known after the run.

";

const NEAR: &str = "## Rules that ask something else about the same

They read the same setting and mean another thing by it, so cases may differ by right; the reason says how.
";

type Row<'a> = (&'a Rule, &'a Told);

/// How many rules that ask the same agree on all cases, and how many have cases that are counted: those about manifests, or the others.
pub(super) fn agreeing(rules: &[Rule], told: &[Told], of_manifests: bool) -> (usize, usize) {
    let wanted = |rule: &Rule| (rule.source == OF_MANIFESTS) == of_manifests;
    let counted =
        rules.iter().zip(told).filter(|(rule, told)| wanted(rule) && rule.is_same && told.cases > 0);
    let (agree, differ): (Vec<Row>, Vec<Row>) = counted.partition(|(_, told)| told.differ.is_empty());
    (agree.len(), agree.len() + differ.len())
}

/// The same of all rules, with the cases that would be refused.
fn with_refused(all: &[Row]) -> (usize, usize) {
    let same = all.iter().filter(|(rule, _)| rule.is_same);
    let agrees = |told: &Told| told.differ.is_empty() && told.refused_agree == told.refused.len();
    let (agree, differ): (Vec<Row>, Vec<Row>) = same.copied().partition(|(_, told)| agrees(told));
    (agree.len(), agree.len() + differ.len())
}

pub(super) fn page(rules: &[Rule], told: &[Told], left_out: &LeftOut) -> String {
    let mut out = String::from(HEAD);
    let all: Vec<Row> = rules.iter().zip(told).collect();
    let (templates, manifests) = (agreeing(rules, told, false), agreeing(rules, told, true));
    let both = (templates.0 + manifests.0, templates.1 + manifests.1);
    let kinds =
        [(both, "rules"), (templates, "of them about templates"), (manifests, "about Kubernetes manifests")];
    out.push_str("Of those that ask the same and have cases that are counted, these agree with our checks on all of them:\n\n");
    for ((agree, counted), what) in kinds {
        let percent = (agree * 1000).checked_div(counted).unwrap_or_default();
        let _ = writeln!(out, "- {agree} of {counted} {what}: {}.{} %", percent / 10, percent % 10);
    }
    let (agree, all_cases) = with_refused(&all);
    let percent = (agree * 1000).checked_div(all_cases).unwrap_or_default();
    let _ = writeln!(
        out,
        "\nCounting also the cases that would be refused, {agree} of {all_cases} rules agree on all: {}.{} %.\n",
        percent / 10,
        percent % 10
    );
    for (is_same, heading) in [(true, "## Rules that ask the same\n"), (false, NEAR)] {
        let _ = writeln!(out, "{heading}");
        let of: Vec<Row> =
            all.iter().filter(|(rule, told)| rule.is_same == is_same && told.cases > 0).copied().collect();
        table(&mut out, &of);
    }
    refused(&mut out, &all);
    out.push_str("## What is left out\n\n");
    for (what, count) in left_out {
        let _ = writeln!(out, "- {count} {what}");
    }
    out
}

fn checks(rule: &Rule) -> String {
    rule.checks.iter().map(|check| format!("`{check}`")).collect::<Vec<_>>().join(", ")
}

fn table(out: &mut String, of: &[Row]) {
    for source in ["guard", "trivy", OF_MANIFESTS] {
        let of: Vec<&Row> = of.iter().filter(|(rule, _)| rule.source == source).collect();
        if of.is_empty() {
            continue;
        }
        let fully = of.iter().filter(|(_, told)| told.differ.is_empty()).count();
        let cases: usize = of.iter().map(|(_, told)| told.cases).sum();
        let agree: usize = of.iter().map(|(_, told)| told.agree).sum();
        let _ = writeln!(
            out,
            "{source}: {fully} of {} rules agree on all cases; {agree} of {cases} cases.\n",
            of.len()
        );
    }
    out.push_str(
        "| source | rule | our checks | cases | agree | differ |\n| --- | --- | --- | ---: | ---: | --- |\n",
    );
    for (rule, told) in of {
        // What differs by right is told also where no case that is counted shows it.
        let differ = match (told.differ.is_empty(), rule.is_same) {
            (false, _) => format!("{}. {}", told.differ.join("; "), rule.why),
            (true, false) => rule.why.to_owned(),
            (true, true) => String::new(),
        };
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {} | {} | {differ} |",
            rule.source,
            rule.name,
            checks(rule),
            told.cases,
            told.agree
        );
    }
    out.push('\n');
}

fn refused(out: &mut String, all: &[Row]) {
    let with: Vec<&Row> = all.iter().filter(|(_, told)| !told.refused.is_empty()).collect();
    let cases: usize = with.iter().map(|(_, told)| told.refused.len()).sum();
    let agree: usize = with.iter().map(|(_, told)| told.refused_agree).sum();
    let nothing_left = with.iter().filter(|(_, told)| told.cases == 0).count();
    let by = |table: &'static str| -> &'static str {
        table.split(" by ").nth(1).and_then(|rest| rest.split(": ").next()).unwrap_or_default()
    };
    let _ = write!(
        out,
        "## Code that would be refused\n\n\
         An argument that must be there is not, one is misspelt, a value is none, or something is read that is not declared: what such code\n\
         makes is nothing, and answers about it prove nothing. Of templates {} says which they are (its errors E1xxx and E3xxx), of Terraform the\n\
         schema of the provider in {}; `tools/agreement` makes the lists anew.\n\n\
         {cases} cases of {} rules; on {agree} of them answers agree all the same. Of {nothing_left} rules no case is left.\n\n\
         | source | rule | our checks | counted | refused | agree all the same | refused cases |\n\
         | --- | --- | --- | ---: | ---: | ---: | --- |\n",
        by(REFUSED),
        by(REFUSED_PLANS),
        with.len()
    );
    for (rule, told) in with {
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {} | {} | {} | {} |",
            rule.source,
            rule.name,
            checks(rule),
            told.cases,
            told.refused.len(),
            told.refused_agree,
            told.refused.join("; ")
        );
    }
    out.push('\n');
}
