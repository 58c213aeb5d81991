//! `fathom secrets`: who can read each secret, which takes its key too.

use anyhow::{Result, bail};
use fathom_access::{Permissions, Reader, Says, SecretReport, Secrets, Under};

use super::{keys, permitted, who_can};
use crate::{
    args::{Global, SecretsArgs},
    render::{self, clean, styled},
    wiring,
};

/// Names of one secret that are shown; `--json` has all.
const NAMED: usize = 20;

pub(crate) async fn run(global: &Global, args: SecretsArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let now = wiring::now();
    let mut secrets = Secrets::load(&store, now).await?;
    if let Some(text) = &args.secret {
        secrets.0.retain(|one| {
            one.arn == *text || one.name.as_deref() == Some(text) || one.document["Name"] == **text
        });
        if secrets.0.is_empty() {
            bail!(
                "no scan saw a secret called `{text}`; write its ARN or its name (`fathom secrets` lists them)"
            );
        }
    }
    let permissions = Permissions::load(&store, now).await?;
    let found = permissions.secrets(&secrets, &who_can::context(&args.context))?;
    let gaps = permissions.index.organisation().unread();
    if global.json {
        return render::print_json(&serde_json::json!({ "secrets": found, "gaps": gaps }));
    }
    if args.who {
        for report in &found {
            render::print(styled(render::STRONG, clean(name(report))))?;
            render::print(format!("  {}", row(report).join("\n").replace('\n', "\n  ")))?;
            names(&report.read_by)?;
            for gap in &report.gaps {
                render::print(styled(render::ATTENTION, format!("  not seen: {}", clean(gap))))?;
            }
            render::print("")?;
        }
    } else if !found.is_empty() {
        let rows = found.iter().map(|report| [vec![clean(name(report))], row(report)].concat());
        render::print(render::table(&["secret", "read by", "key", "rotation", "last read"], rows))?;
    }
    let concerned = found.iter().filter(|report| !report.concerns.is_empty()).count();
    let unknown: Vec<&str> = found.iter().flat_map(|report| &report.gaps).map(String::as_str).collect();
    render::print(format!("\n{} secrets: {concerned} with something to look at.", found.len()))?;
    if !args.who && !unknown.is_empty() {
        let told = format!("not seen: {} things of these that may decide; --who names them", unknown.len());
        render::print(styled(render::ATTENTION, told))?;
    }
    who_can::gaps(gaps)
}

fn name(report: &SecretReport) -> &str {
    report.name.as_deref().unwrap_or(&report.secret)
}

fn row(report: &SecretReport) -> Vec<String> {
    let mut readers = vec![keys::counts(report.readers)];
    if report.without_key > 0 {
        readers.push(format!("{} may ask and cannot decrypt", report.without_key));
    }
    let key = match &report.key {
        None => "none that has a policy".to_owned(),
        Some(Under::Managed(alias)) => clean(alias),
        Some(Under::Key(arn)) => clean(arn.rsplit('/').next().unwrap_or(arn)),
        Some(Under::Unknown(why)) => styled(render::ATTENTION, format!("UNKNOWN: {}", clean(why))),
    };
    let mut rotation = vec![keys::rotation(&report.rotation)];
    if let Some(at) = &report.rotated_at {
        rotation.push(format!("last {}", day(at)));
    }
    let used = match (&report.used_at, report.resource_type.as_str()) {
        (Some(at), _) => day(at),
        (None, "AWS::SSM::Parameter") => "AWS does not tell".to_owned(),
        (None, _) => "never, as AWS tells".to_owned(),
    };
    vec![readers.join("\n"), key, rotation.join("\n"), used]
}

fn day(at: &str) -> String {
    clean(at.split('T').next().unwrap_or(at))
}

fn names(all: &[Reader]) -> Result<()> {
    for one in all.iter().take(NAMED) {
        let why = match (one.may_decrypt, &one.note) {
            (Some(Says::Denied), None) => "may ask, and its key does not let it decrypt".to_owned(),
            (_, Some(note)) => clean(note),
            (Some(_), None) => "by its policies and by its key".to_owned(),
            (None, None) => "by its policies".to_owned(),
        };
        render::print(format!("    {} {} ({why})", permitted::says(one.content), who_can::who(&one.asker)))?;
    }
    if all.len() > NAMED {
        render::print(format!("    and {} more", all.len() - NAMED))?;
    }
    Ok(())
}
