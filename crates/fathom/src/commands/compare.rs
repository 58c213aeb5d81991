//! `fathom iam compare`: whether a policy allows what another does not, in files or in a Terraform plan.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, bail};
use fathom_compare::{
    Answer, Comparison, Counterexample, Refusal, Relation, Rule, Scope, compare, outsider, plan,
};
use fathom_iam::{Policy, PolicyKind, policy::Fault, verdict::Reason};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::{
    Ending,
    args::{CompareArgs, Global},
    render::{self, styled},
};

/// Bytes of a file. The policies in it have a limit of their own.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

pub(crate) fn run(global: &Global, args: &CompareArgs) -> Result<Ending> {
    if let Some(file) = &args.plan {
        return of_plan(global, file);
    }
    let rule = Rule { never: args.never.clone(), on: args.on.clone(), only_if: args.only_if.clone() };
    match (args.policies.as_slice(), args.outside.is_empty(), rule.never.is_empty()) {
        ([old, new], true, true) => two(global, old, new),
        ([one], false, true) => outside(global, one, &scope(&args.outside)?),
        ([one], true, false) => alone(global, one, |kind, policies| Ok(rule.ask(kind, policies)?)),
        (_, false, false) => bail!("--outside and --never are two questions; ask them one after the other"),
        (_, true, true) => {
            bail!("name two files, the old policy and the new one: fathom iam compare OLD NEW")
        }
        _ => bail!("name one file: the policy that --outside or --never is about"),
    }
}

fn outside(global: &Global, file: &Path, scope: &Scope) -> Result<Ending> {
    alone(global, file, |kind, policies| {
        if kind != PolicyKind::Resource {
            bail!(
                "{} names no principals: it allows nobody by itself. --outside is about policies of resources",
                file.display()
            );
        }
        Ok(outsider(policies, scope))
    })
}

/// Accounts and organisations, as they are told apart by their form.
fn scope(inside: &[String]) -> Result<Scope> {
    let (mut accounts, mut organisations) = (Vec::new(), Vec::new());
    for one in inside {
        if one.len() == 12 && one.bytes().all(|byte| byte.is_ascii_digit()) {
            accounts.push(one.clone());
        } else if one.starts_with("o-") {
            organisations.push(one.clone());
        } else {
            bail!(
                "--outside `{one}` is neither an account such as 111122223333 nor an organisation such as o-a1b2c3d4e5"
            );
        }
    }
    Ok(Scope::Outside {
        accounts: accounts.into_iter().collect(),
        organisations: organisations.into_iter().collect(),
    })
}

pub(super) fn read(file: &Path) -> Result<String> {
    let size = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    if size > FILE_BYTES_MAX {
        bail!("{} has {size} bytes; {FILE_BYTES_MAX} are read at most", file.display());
    }
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn two(global: &Global, old: &Path, new: &Path) -> Result<Ending> {
    let (old_text, new_text) = (read(old)?, read(new)?);
    let names = (old.display().to_string(), new.display().to_string());
    let (before, after) = (Documents::of(&names.0, &old_text)?, Documents::of(&names.1, &new_text)?);
    let kind = if before.names_principals || after.names_principals {
        PolicyKind::Resource
    } else {
        PolicyKind::Identity
    };
    let compared = compare(kind, &before.parse(kind)?, &after.parse(kind)?);
    if global.json {
        render::print_json(&compared)?;
    } else {
        render::print(told(&compared, &names.0, &names.1).trim_end())?;
    }
    Ok(ending(&compared.more))
}

fn alone(
    global: &Global,
    file: &Path,
    ask: impl Fn(PolicyKind, &[Policy]) -> Result<Answer>,
) -> Result<Ending> {
    let text = read(file)?;
    let name = file.display().to_string();
    let documents = Documents::of(&name, &text)?;
    let kind = if documents.names_principals { PolicyKind::Resource } else { PolicyKind::Identity };
    let answer = ask(kind, &documents.parse(kind)?)?;
    if global.json {
        render::print_json(&answer)?;
    } else {
        let text = match &answer {
            Answer::NotWider => {
                format!("{}: {} never allows it", styled(render::GOOD, "KEPT"), render::clean(&name))
            }
            Answer::Wider(found) => format!(
                "{}: {} allows it\n{}",
                styled(render::BAD, "BROKEN"),
                render::clean(&name),
                shown(found, None)
            ),
            Answer::Unknown { because } => unknown(because),
        };
        render::print(text.trim_end())?;
    }
    Ok(ending(&answer))
}

fn of_plan(global: &Global, file: &Path) -> Result<Ending> {
    let text = read(file)?;
    let changes = plan::changes(&text).map_err(|error| anyhow::anyhow!("{} {error}", file.display()))?;
    let mut rows = Vec::new();
    let mut out = String::new();
    let mut worst = Ending::Done;
    for change in &changes {
        let name = format!("{} ({})", change.address, change.attribute);
        let side = |held: &plan::Held, when: &str| -> Result<Option<Vec<Policy>>> {
            Ok(match held {
                plan::Held::None => Some(Vec::new()),
                plan::Held::Text(text) => {
                    Some(Documents::of(&format!("{name} {when}"), text)?.parse(change.kind)?)
                }
                plan::Held::NotKnownYet => None,
            })
        };
        let sides = (side(&change.before, "before")?, side(&change.after, "after")?);
        let compared = if let (Some(before), Some(after)) = sides {
            compare(change.kind, &before, &after)
        } else {
            let because = vec!["the policy is known only when the plan is applied".to_owned()];
            let answer = Answer::Unknown { because };
            Comparison { relation: Relation::Unknown, more: answer.clone(), less: answer }
        };
        worst = match (worst, ending(&compared.more)) {
            (Ending::GateClosed, _) | (_, Ending::GateClosed) => Ending::GateClosed,
            (Ending::Undecided, _) | (_, Ending::Undecided) => Ending::Undecided,
            _ => Ending::Done,
        };
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{}", render::clean(&name));
        let _ = writeln!(out, "{}", told(&compared, "the policy before", "the policy after"));
        rows.push(json!({
            "address": change.address,
            "attribute": change.attribute,
            "relation": compared.relation,
            "more": compared.more,
            "less": compared.less,
        }));
    }
    if global.json {
        render::print_json(&json!({ "policies": rows }))?;
    } else if changes.is_empty() {
        render::print("the plan changes no policy")?;
    } else {
        render::print(out.trim_end())?;
    }
    Ok(worst)
}

fn ending(more: &Answer) -> Ending {
    match more {
        Answer::NotWider => Ending::Done,
        Answer::Wider(_) => Ending::GateClosed,
        Answer::Unknown { .. } => Ending::Undecided,
    }
}

/// For people: how the new side stands to the old one, and the requests that show it.
fn told(compared: &Comparison, old: &str, new: &str) -> String {
    let (old, new) = (render::clean(old), render::clean(new));
    let (style, word, sentence) = match compared.relation {
        Relation::Equal => (render::GOOD, "EQUAL", format!("{new} allows exactly what {old} allows")),
        Relation::Narrower => {
            (render::GOOD, "NARROWER", format!("{new} allows less than {old}, and nothing more"))
        }
        Relation::NotWider => {
            (render::GOOD, "NOT WIDER", format!("{new} allows nothing that {old} does not"))
        }
        Relation::Wider => (render::BAD, "WIDER", format!("{new} allows all that {old} does, and more")),
        Relation::AtLeastWider => (render::BAD, "WIDER", format!("{new} allows what {old} does not")),
        Relation::Different => (
            render::BAD,
            "WIDER",
            format!("{new} allows what {old} does not, and does not allow all that {old} does"),
        ),
        Relation::Unknown => {
            (render::ATTENTION, "UNKNOWN", format!("whether {new} allows what {old} does not"))
        }
    };
    let mut out = format!("{}: {sentence}\n", styled(style, word));
    match &compared.more {
        Answer::Wider(found) => {
            let _ = write!(out, "{}", shown(found, Some(&old)));
        }
        Answer::Unknown { because } => {
            for reason in because {
                let _ = writeln!(out, "  because {}", render::clean_to(reason, REASON_CHARS_MAX));
            }
        }
        Answer::NotWider => {}
    }
    if let Answer::Wider(found) = &compared.less {
        let _ = writeln!(out, "\nno longer allowed, for example:");
        let _ = writeln!(out, "{}", request(found));
    }
    out
}

/// Reasons name patterns and limits, and may be longer than names.
const REASON_CHARS_MAX: usize = 600;

fn unknown(because: &[String]) -> String {
    let mut out = format!("{}: it could not be decided\n", styled(render::ATTENTION, "UNKNOWN"));
    for reason in because {
        let _ = writeln!(out, "  because {}", render::clean_to(reason, REASON_CHARS_MAX));
    }
    out
}

/// A request with what allows it and, of two policies, why the other does not.
fn shown(found: &Counterexample, old: Option<&str>) -> String {
    let mut out = format!("{}\n", request(found));
    for reason in &found.allowed_by {
        let _ = writeln!(out, "allowed by {}", statement(reason));
    }
    match (old, &found.refused) {
        (Some(old), Refusal::NothingAllows) => {
            let _ = writeln!(out, "nothing in {old} allows it");
        }
        (Some(_), Refusal::Denied { by }) => {
            for reason in by {
                let _ = writeln!(out, "denied by {}", statement(reason));
            }
        }
        (None, _) => {}
    }
    out
}

fn request(found: &Counterexample) -> String {
    let request = &found.request;
    let mut rows: Vec<Vec<String>> = Vec::new();
    if let Some(principal) = &request.principal {
        let principal = if principal == "*" { "somebody without credentials" } else { principal };
        rows.push(vec!["principal".to_owned(), render::clean(principal)]);
    }
    if let Some(user) = &request.federated_by {
        rows.push(vec!["with a token of".to_owned(), render::clean(user)]);
    }
    rows.push(vec!["action".to_owned(), render::clean(&request.action)]);
    rows.push(vec!["resource".to_owned(), render::clean(&request.resource)]);
    for (key, values) in &request.context {
        let told = match values {
            None => styled(render::QUIET, "absent"),
            Some(values) if values.is_empty() => styled(render::QUIET, "no value"),
            Some(values) => values
                .iter()
                .map(|value| if value.is_empty() { "\"\"".to_owned() } else { render::clean(value) })
                .collect::<Vec<_>>()
                .join(", "),
        };
        rows.push(vec![render::clean(key), told]);
    }
    render::table(&["request", ""], rows)
}

fn statement(reason: &Reason) -> String {
    let mut out = render::clean(&reason.policy);
    if let Some(index) = reason.statement {
        let _ = write!(out, ", statement {index}");
    }
    if let Some(sid) = &reason.sid {
        let _ = write!(out, " ({})", render::clean(sid));
    }
    out
}

/// The policies of a file: one document, or a list of those that are attached together.
pub(super) struct Documents<'a> {
    file: &'a str,
    text: &'a str,
    each: Vec<&'a RawValue>,
    names_principals: bool,
}

/// As much of a policy as tells its kind and its places.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow, rename = "Statement", default)]
    statements: Option<&'a RawValue>,
}

type Members<'a> = std::collections::BTreeMap<String, &'a RawValue>;

impl<'a> Documents<'a> {
    pub(super) fn of(file: &'a str, text: &'a str) -> Result<Self> {
        let whole: &RawValue = serde_json::from_str(text).map_err(|error| {
            anyhow::anyhow!("{file}:{}:{}: is no JSON: {error}", error.line(), error.column())
        })?;
        let each = if whole.get().starts_with('[') { serde_json::from_str(text)? } else { vec![whole] };
        let mut documents = Self { file, text, each, names_principals: false };
        documents.names_principals =
            documents.each.iter().flat_map(|document| statements(document)).any(|statement| {
                serde_json::from_str::<Members<'_>>(statement.get()).is_ok_and(|members| {
                    members.contains_key("Principal") || members.contains_key("NotPrincipal")
                })
            });
        Ok(documents)
    }

    pub(super) fn parse(&self, kind: PolicyKind) -> Result<Vec<Policy>> {
        self.each
            .iter()
            .map(|document| {
                Policy::parse(self.file, kind, document.get()).map_err(|bad| {
                    let told: Vec<String> =
                        bad.faults.iter().map(|fault| self.fault(document, fault)).collect();
                    anyhow::anyhow!("{}", told.join("\n"))
                })
            })
            .collect()
    }

    /// A fault with its line and column.
    fn fault(&self, document: &'a RawValue, fault: &Fault) -> String {
        let whole = fault.statement.and_then(|index| statements(document).into_iter().nth(index));
        let member = whole.and_then(|statement| {
            let members: Members<'a> = serde_json::from_str(statement.get()).ok()?;
            members.get(fault.member.split('.').next()?).copied()
        });
        let at = member.or(whole).unwrap_or(document).get();
        let offset = (at.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let mut place = String::new();
        if let Some(index) = fault.statement {
            let _ = write!(place, "statement {index}, ");
        }
        format!("{}:{line}:{column}: {place}{} {}", self.file, fault.member, fault.problem)
    }
}

fn statements(document: &RawValue) -> Vec<&RawValue> {
    let Some(statements) =
        serde_json::from_str::<Outline<'_>>(document.get()).ok().and_then(|outline| outline.statements)
    else {
        return Vec::new();
    };
    serde_json::from_str(statements.get()).unwrap_or_else(|_| vec![statements])
}
