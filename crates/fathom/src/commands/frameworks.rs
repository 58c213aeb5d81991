//! `fathom frameworks`: the frameworks of `content/frameworks`, and how the estate stands to their controls.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::{Result, bail};
use fathom_checks::Checks;
use fathom_content::frameworks::{Framework, Frameworks};
use fathom_posture::{ControlStatus, Ground, Posture, Standing, standing};
use serde_json::{Value, json};

use super::check::{csv::field, load_of_estate, tell_problems};
use crate::{
    args::{FrameworksArgs, Global},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: &FrameworksArgs) -> Result<()> {
    let content = wiring::content(global)?;
    let (checks, problems) = load_of_estate(global, &content);
    tell_problems(&problems);
    let frameworks = Frameworks::load(global.content.as_deref());
    for problem in &frameworks.problems {
        anstream::eprintln!("{}", styled(render::ATTENTION, clean(&problem.to_string())));
    }
    let Some(id) = &args.framework else { return list(global, &frameworks, &checks) };
    let Some(framework) = frameworks.all.get(id) else {
        let names = frameworks.all.keys().map(String::as_str);
        let near = fathom_model::spelling::nearest(id, names);
        let hint = match near.as_slice() {
            [] => "`fathom frameworks` lists them".to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        bail!("no framework is called `{id}`; {hint}");
    };
    let plain = standing(&frameworks, framework, &checks, &BTreeMap::new());
    let checks =
        checks.only(|check| plain.iter().any(|control| control.checks.contains(&check.definition.id)));
    let store = wiring::reader(global).await?;
    let ground = Ground::load(&store, &content, &checks, wiring::now()).await?;
    let posture = Posture::of(&checks, &ground, |_, _| true, &[]);
    let controls = standing(&frameworks, framework, &checks, &posture.by_check);
    if global.json {
        render::print_json(&json!({
            "framework": framework.id,
            "title": framework.title,
            "source": framework.source,
            "counts": totals(&controls),
            "controls": controls,
            "gaps": posture.gaps,
        }))
    } else if args.csv {
        render::print(csv(&controls).trim_end())
    } else {
        render::print(table(framework, &controls, &posture.gaps))
    }
}

/// All frameworks, with how many controls checks answer.
fn list(global: &Global, frameworks: &Frameworks, checks: &Checks) -> Result<()> {
    let rows: Vec<(&Framework, [usize; 4])> = frameworks
        .all
        .values()
        .map(|framework| {
            let controls = standing(frameworks, framework, checks, &BTreeMap::new());
            let with = controls.iter().filter(|one| !one.checks.is_empty()).count();
            let both = controls.iter().filter(|one| !one.checks.is_empty() && one.evidence.is_some()).count();
            let only = controls.iter().filter(|one| one.checks.is_empty() && one.evidence.is_some()).count();
            (framework, [controls.len(), with - both, both, only])
        })
        .collect();
    if global.json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(framework, [all, tested, both, evidence])| {
                json!({
                    "id": framework.id, "title": framework.title, "source": framework.source, "controls": all,
                    "tested": tested, "tested_and_evidence": both, "evidence_only": evidence,
                    "untested": all - tested - both - evidence,
                })
            })
            .collect();
        return render::print_json(&rows);
    }
    let header =
        ["framework", "controls", "tested", "tested, with evidence", "evidence only", "untested", "title"];
    let rows = rows.iter().map(|(framework, [all, tested, both, evidence])| {
        let untested = all - tested - both - evidence;
        let numbers = [*all, *tested, *both, *evidence, untested].map(|number| number.to_string());
        let mut row = vec![clean(&framework.id)];
        row.extend(numbers);
        row.push(clean(&framework.title));
        row
    });
    render::print(render::table(&header, rows))
}

/// How many controls stand how.
fn totals(controls: &[ControlStatus]) -> BTreeMap<&'static str, usize> {
    let of = |standing: Standing| controls.iter().filter(|one| one.status == standing).count();
    Standing::ALL.iter().map(|standing| (standing.words(), of(*standing))).collect()
}

fn csv(controls: &[ControlStatus]) -> String {
    let mut out = String::from("control,topic,status,fail,unknown,pass,not_applicable,checks,evidence\r\n");
    for one in controls {
        let counts = [one.counts.fail, one.counts.unknown, one.counts.pass, one.counts.not_applicable];
        let mut fields = vec![field(&one.control), field(&one.topic), one.status.words().to_owned()];
        fields.extend(counts.map(|count| count.to_string()));
        fields.push(one.checks.len().to_string());
        fields.push(field(one.evidence.as_deref().unwrap_or_default()));
        out.push_str(&fields.join(","));
        out.push_str("\r\n");
    }
    out
}

fn table(framework: &Framework, controls: &[ControlStatus], gaps: &[String]) -> String {
    let style = |standing: Standing| match standing {
        Standing::Fail => render::BAD,
        Standing::Unknown | Standing::NeedsEvidence => render::ATTENTION,
        Standing::Pass => render::GOOD,
        Standing::Untested | Standing::NotApplicable => render::QUIET,
    };
    let header = ["control", "status", "fail", "unknown", "pass", "checks", "about"];
    let rows = controls.iter().map(|one| {
        let about = match &one.evidence {
            Some(evidence) => format!("{}; show: {evidence}", one.topic),
            None => one.topic.clone(),
        };
        vec![
            clean(&one.control),
            styled(style(one.status), one.status.words()),
            one.counts.fail.to_string(),
            one.counts.unknown.to_string(),
            one.counts.pass.to_string(),
            one.checks.len().to_string(),
            clean(&about),
        ]
    });
    let mut out =
        format!("{}\n\n{}", styled(render::STRONG, clean(&framework.title)), render::table(&header, rows));
    let totals = totals(controls);
    let said: Vec<String> = Standing::ALL
        .iter()
        .map(|standing| {
            format!("{} {}", totals.get(standing.words()).copied().unwrap_or_default(), standing.words())
        })
        .collect();
    let _ = write!(out, "\n\n{}: {}.", render::count(controls.len() as u64, "control"), said.join(", "));
    for gap in gaps {
        let _ = write!(out, "\n{}", styled(render::ATTENTION, clean(gap)));
    }
    out
}
