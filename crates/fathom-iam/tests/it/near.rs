//! Resources that are said to be alike get the same answers, and nobody can who is said not to be able to.

use std::{collections::HashMap, sync::Arc};

use fathom_iam::{Context, Decision, Index, organisation::Target};

use crate::{choices::Choices, estates};

const ACTIONS: [&str; 4] = ["iam:PassRole", "iam:DeleteRole", "iam:PutRolePolicy", "iam:GetUser"];
const NAMES: [&str; 9] = [
    "role/worker",
    "role/other",
    "role/another",
    "role/team/worker",
    "role/team/other",
    "role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
    "role/aws-reserved/x/y",
    "user/ann",
    "user/bob",
];
const ESTATES: u64 = 300;

fn is_yes(decision: Decision) -> bool {
    !matches!(decision, Decision::ImplicitlyDenied | Decision::ExplicitlyDenied)
}

#[test]
fn what_is_alike_gets_the_same_answer() {
    let (mut alike, mut alone) = (0, 0);
    for estate in 1..=ESTATES {
        let mut choices = Choices::new(estate << 20);
        let index = Index::new(Arc::new(estates::organisation(&mut choices)));
        for action in ACTIONS {
            let mut known = HashMap::new();
            for (account, name) in ["111111111111", "222222222222"]
                .into_iter()
                .flat_map(|account| NAMES.map(|name| (account, name)))
            {
                let arn = format!("arn:aws:iam::{account}:{name}");
                let target = Target { arn: arn.clone(), account: Some(account.to_owned()), seen: true };
                let decisions = index.decide(action, &target, &Context::new()).unwrap();
                let marks = index.marks(&arn);
                let near = index.near(action, &marks);
                for member in 0..index.principals() as u32 {
                    let decision = decisions.of(member);
                    assert!(
                        near.might(member) || !is_yes(decision),
                        "estate {estate}: {:?} can {action} on {arn}, and was said not to be able to",
                        index.principal(member),
                    );
                    let Some(class) = near.alike(member) else {
                        alone += 1;
                        continue;
                    };
                    let before = known.entry((member, class)).or_insert((decision, arn.clone()));
                    alike += usize::from(before.1 != arn);
                    assert_eq!(
                        before.0,
                        decision,
                        "estate {estate}: {:?}: {action} on {arn} is not as on {}",
                        index.principal(member),
                        before.1,
                    );
                }
            }
        }
    }
    println!("{alike} answers were those of something alike, {alone} of something that is like nothing");
    assert!(alike > 10_000, "hardly anything was alike: {alike}");
}
