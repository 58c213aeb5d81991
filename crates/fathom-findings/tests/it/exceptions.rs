//! What is accepted, until when, and what may be.

use fathom_content::ServiceLevels;
use fathom_findings::{Exceptions, Filter, Stands, State, check_rule};
use fathom_model::{DataClass, FindingLife, FindingRule, FindingState, KeptFinding, Severity};

use crate::support::{days, exception, finding};

fn rule(change: impl FnOnce(&mut FindingRule)) -> FindingRule {
    let mut rule = FindingRule::default();
    change(&mut rule);
    rule
}

fn levels() -> ServiceLevels {
    let of = |days: [u32; 4]| Severity::ALL.into_iter().zip(days).collect();
    ServiceLevels {
        days: of([7, 30, 90, 180]),
        classes: [
            (DataClass::Confidential, of([3, 14, 60, 120])),
            (DataClass::Restricted, of([1, 7, 30, 90])),
        ]
        .into(),
    }
}

fn state(finding: &KeptFinding, all: &[fathom_model::FindingException], day: i64) -> (State, Option<i64>) {
    let held = Exceptions::holding(all.to_vec(), days(day)).expect("rules");
    let stands = Stands::of(finding, &held, &levels(), days(day));
    (stands.state, stands.exception.map(|one| one.id))
}

#[test]
fn an_exception_hides_until_its_date_and_no_longer() {
    let one = finding("f1");
    let all = [exception(1, rule(|rule| rule.finding = Some("f1".to_owned())), 0, 10)];
    assert_eq!(state(&one, &all, 9), (State::Accepted, Some(1)));
    assert_eq!(state(&one, &all, 10), (State::Open, None), "the end is the first moment without it");
    assert_eq!(state(&finding("f2"), &all, 1), (State::Open, None), "another one is not accepted");
    let mut ended = all[0].clone();
    ended.ended_at = Some(days(5));
    assert_eq!(state(&one, &[ended.clone()], 4), (State::Accepted, Some(1)));
    assert_eq!(state(&one, &[ended], 5), (State::Open, None));
    // What is fixed is fixed, whoever accepted it; what came back is accepted as long as that holds.
    let with = |state| KeptFinding { life: FindingLife { state, ..one.life }, ..one.clone() };
    assert_eq!(state(&with(FindingState::Fixed), &all, 1), (State::Fixed, None));
    assert_eq!(state(&with(FindingState::Reopened), &all, 1), (State::Accepted, Some(1)));
    assert_eq!(state(&with(FindingState::Reopened), &all, 11), (State::Reopened, None));
}

#[test]
fn a_rule_takes_what_fits_all_of_it() {
    let one = finding("f1");
    for (wanted, rule) in [
        (true, rule(|rule| rule.check = Some("s3_bucket_*".to_owned()))),
        (false, rule(|rule| rule.check = Some("s3_*_encrypted".to_owned()))),
        (true, rule(|rule| rule.kind = Some("AWS::S3::*".to_owned()))),
        (true, rule(|rule| rule.account = Some("111122223333".to_owned()))),
        (false, rule(|rule| rule.account = Some("1111".to_owned()))),
        (true, rule(|rule| rule.tag = Some("stage=test*".to_owned()))),
        (false, rule(|rule| rule.tag = Some("stage=prod*".to_owned()))),
        (true, rule(|rule| rule.owner = Some("pay*".to_owned()))),
        (
            false,
            rule(|rule| {
                rule.check = Some("s3_*".to_owned());
                rule.owner = Some("core".to_owned());
            }),
        ),
    ] {
        let told = rule.to_string();
        assert_eq!(check_rule(&rule), Ok(()), "{told}");
        let wanted = if wanted { (State::Accepted, Some(7)) } else { (State::Open, None) };
        assert_eq!(state(&one, &[exception(7, rule, 0, 10)], 1), wanted, "{told}");
    }
    // Nobody is no owner that a pattern takes.
    let nobodys = KeptFinding { owner: None, ..one };
    let all = [exception(1, rule(|rule| rule.owner = Some("*a*".to_owned())), 0, 10)];
    assert_eq!(state(&nobodys, &all, 1), (State::Open, None));
}

#[test]
fn of_several_exceptions_the_one_that_holds_longest_counts() {
    let own = |id, until| exception(id, rule(|rule| rule.finding = Some("f1".to_owned())), 0, until);
    let ruled = exception(3, rule(|rule| rule.check = Some("s3_*".to_owned())), 0, 30);
    assert_eq!(state(&finding("f1"), &[own(1, 10), own(2, 20), ruled.clone()], 1).1, Some(3));
    assert_eq!(state(&finding("f1"), &[own(1, 30), ruled], 1).1, Some(1), "of equals the older one");
}

#[test]
fn what_nobody_can_mean_is_refused() {
    for (words, rule) in [
        ("name a finding", FindingRule::default()),
        ("not both", rule(|rule| (rule.finding, rule.check) = (Some("a".to_owned()), Some("b".to_owned())))),
        ("is empty", rule(|rule| rule.check = Some(" ".to_owned()))),
        ("is not a pattern", rule(|rule| rule.kind = Some("AWS::[".to_owned()))),
        ("KEY=VALUE", rule(|rule| rule.tag = Some("stage".to_owned()))),
        (
            "every finding",
            rule(|rule| (rule.check, rule.tag) = (Some("**".to_owned()), Some("*=*".to_owned()))),
        ),
        ("300 characters", rule(|rule| rule.owner = Some("x".repeat(301)))),
    ] {
        let told = check_rule(&rule).expect_err(words);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn due_dates_follow_severity_and_class() {
    let due = |finding: &KeptFinding, day: i64| {
        let none = Exceptions::default();
        let stands = Stands::of(finding, &none, &levels(), days(day));
        (stands.due, stands.overdue)
    };
    let one = finding("f1");
    assert_eq!(due(&one, 90), (Some(days(90)), false), "the end of the day is not past it");
    assert_eq!(due(&one, 91), (Some(days(90)), true));
    let restricted = KeptFinding { class: Some(DataClass::Restricted), ..one.clone() };
    assert_eq!(due(&restricted, 31), (Some(days(30)), true));
    let unsaid = KeptFinding { keeps_data: true, ..one.clone() };
    assert_eq!(due(&unsaid, 1).0, Some(days(60)), "what keeps data and has no class counts as confidential");
    let public = KeptFinding { class: Some(DataClass::Public), keeps_data: true, ..one.clone() };
    assert_eq!(due(&public, 1).0, Some(days(90)));
    // Since it came back, not since it was first seen.
    let back = FindingLife { state: FindingState::Reopened, since: days(50), ..one.life };
    assert_eq!(due(&KeptFinding { life: back, ..one.clone() }, 100), (Some(days(140)), false));
    let gone = FindingLife { state: FindingState::Fixed, ..one.life };
    assert_eq!(due(&KeptFinding { life: gone, ..one.clone() }, 900), (None, false));
    // Accepted, it is due when it was, and not overdue.
    let held = Exceptions::holding(
        [exception(1, rule(|rule| rule.check = Some("s3*".to_owned())), 0, 200)],
        days(91),
    );
    let held = held.expect("a rule");
    let stands = Stands::of(&one, &held, &levels(), days(91));
    assert_eq!((stands.due, stands.overdue), (Some(days(90)), false));
    let overdue = Filter { overdue: true, ..Filter::default() };
    assert!(!overdue.takes(&one, &stands));
    assert!(overdue.takes(&one, &Stands::of(&one, &Exceptions::default(), &levels(), days(91))));
}

#[test]
fn filters_take_what_fits_all_of_them() {
    let one = finding("f1");
    let none = Exceptions::default();
    let stands = Stands::of(&one, &none, &levels(), days(1));
    let filter = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        change(&mut filter);
        filter.takes(&one, &stands)
    };
    assert!(filter(&|_| {}));
    assert!(filter(&|filter| filter.states = vec![State::Reopened, State::Open]));
    assert!(!filter(&|filter| filter.states = vec![State::Fixed]));
    assert!(!filter(&|filter| filter.severities = vec![Severity::Critical, Severity::High]));
    assert!(filter(&|filter| filter.owners = vec!["core".to_owned(), "payments".to_owned()]));
    assert!(!filter(&|filter| filter.accounts = vec!["999999999999".to_owned()]));
    assert!(!filter(&|filter| filter.checks = Some([].into())));
    assert!(filter(&|filter| filter.checks = Some(["s3_bucket_versioning".to_owned()].into())));
    assert!(!filter(&|filter| filter.resource = Some("arn:aws:s3:::b".to_owned())));
}
