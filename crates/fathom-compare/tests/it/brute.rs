//! Letter by letter: on a small alphabet every resource up to a length is asked about.

use fathom_compare::{Answer, wider};
use fathom_iam::{Context, Policy, PolicyKind, Request, Resource};
use serde_json::json;

use crate::{
    choices::Choices,
    judge::{allows, identity},
};

/// Every text up to a length.
fn texts(alphabet: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last =
            last.iter().flat_map(|text| alphabet.iter().map(move |char| format!("{text}{char}"))).collect();
        all.extend(last.clone());
    }
    all
}

fn requests() -> Vec<Request> {
    let mut context = Context::new();
    context.set_complete(true);
    let rests = texts(&['a', 'b', ':', 'z'], 4);
    let arns = ["", "a", "b"]
        .iter()
        .flat_map(|account| rests.iter().map(move |rest| format!("arn:a:s::{account}:{rest}")));
    arns.map(|arn| {
        let resource = Resource { arn, account: Some("111122223333".to_owned()) };
        Request::new("arn:aws:iam::111122223333:user/ann", "s3:GetObject", resource, context.clone()).unwrap()
    })
    .collect()
}

fn pattern(choices: &mut Choices) -> String {
    let length = choices.below(5);
    let rest: String = (0..length).map(|_| choices.pick(&['a', 'b', '*', '*', '?', ':'])).collect();
    let begin = choices.pick(&[
        "arn:a:s:::",
        "arn:a:s::a:",
        "arn:a:s::*:",
        "arn:a:*:",
        "arn:*",
        "arn:a:s::",
        "arn:a:s:*:*:",
    ]);
    format!("{begin}{rest}")
}

fn policy(choices: &mut Choices) -> Vec<Policy> {
    let statements: Vec<_> = (0..=choices.below(2))
        .map(|_| {
            let resources: Vec<String> = (0..=choices.below(2)).map(|_| pattern(choices)).collect();
            let member = if choices.chance(20) { "NotResource" } else { "Resource" };
            json!({"Effect": if choices.chance(75) { "Allow" } else { "Deny" }, "Action": "*", member: resources})
        })
        .collect();
    identity(&json!({"Statement": statements}))
}

#[test]
fn every_short_resource_is_decided_alike() {
    let requests = requests();
    let mut choices = Choices::new(7);
    let (mut wider_many, mut not_wider) = (0, 0);
    for _ in 0..400 {
        let (old, new) = (policy(&mut choices), policy(&mut choices));
        let shows = requests.iter().find(|request| {
            allows(PolicyKind::Identity, &new, request) && !allows(PolicyKind::Identity, &old, request)
        });
        match (wider(PolicyKind::Identity, &old, &new), shows) {
            (Answer::NotWider, None) => not_wider += 1,
            (Answer::Wider(found), _) => {
                let request = crate::judge::request(&found.request);
                assert!(
                    allows(PolicyKind::Identity, &new, &request)
                        && !allows(PolicyKind::Identity, &old, &request)
                );
                wider_many += 1;
            }
            (answer, shows) => {
                panic!("{answer:?}, and the evaluator shows {shows:?}\nold {old:#?}\nnew {new:#?}")
            }
        }
    }
    assert!(wider_many > 50 && not_wider > 50, "{wider_many} wider, {not_wider} not");
}
