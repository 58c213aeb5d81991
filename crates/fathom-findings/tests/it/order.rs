//! The order by what an intruder could do, and what is said for it.

use fathom_findings::{Place, Rank, Way};
use fathom_model::{DataClass, KeptFinding, Severity};
use fathom_paths::Level;

use crate::support::{days, finding};

fn way(level: Level) -> Way {
    Way {
        level,
        number: 0,
        from: "the internet".to_owned(),
        to: "the data of arn:aws:s3:::secret".to_owned(),
        end: "arn:aws:s3:::secret".to_owned(),
    }
}

fn placed(id: &str, place: &Place, change: impl FnOnce(&mut KeptFinding)) -> (KeptFinding, Rank) {
    let mut one = finding(id);
    change(&mut one);
    let rank = Rank::of(&one, Some(place));
    (one, rank)
}

#[test]
fn what_an_intruder_passes_comes_before_what_is_only_severe() {
    let way_of = |level| Place { way: Some(way(level)), reached: None };
    let reached = |level| Place { way: None, reached: Some(level) };
    // As it must come out.
    let all = [
        placed("sure", &way_of(Level::Yes), |one| one.severity = Severity::Low),
        placed("perhaps", &way_of(Level::OnlyIf), |_| {}),
        placed("unread", &way_of(Level::Unknown), |_| {}),
        placed("open", &reached(Level::Yes), |_| {}),
        placed("half open", &reached(Level::OnlyIf), |_| {}),
        placed("restricted", &Place::default(), |one| one.class = Some(DataClass::Restricted)),
        placed("unsaid", &Place::default(), |one| (one.keeps_data, one.severity) = (true, Severity::High)),
        placed("confidential", &Place::default(), |one| one.class = Some(DataClass::Confidential)),
        placed("critical", &Place::default(), |one| one.severity = Severity::Critical),
        placed("a", &Place::default(), |_| {}),
        placed("b", &Place::default(), |_| {}),
        placed("public", &Place::default(), |one| one.class = Some(DataClass::Public)),
        placed("younger", &Place::default(), |one| one.life.since = days(3)),
        placed("low", &Place::default(), |one| one.severity = Severity::Low),
    ];
    let mut sorted: Vec<_> = all.iter().rev().collect();
    sorted.sort_by(|one, other| Rank::order((&one.0, &one.1), (&other.0, &other.1)));
    let ids = |list: &[&(KeptFinding, Rank)]| list.iter().map(|one| one.0.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&sorted), ids(&all.iter().collect::<Vec<_>>()));
}

#[test]
fn each_says_in_one_line_why_it_stands_there() {
    let place = Place { way: Some(way(Level::OnlyIf)), reached: Some(Level::Yes) };
    let (_, rank) =
        placed("a", &place, |one| (one.class, one.severity) = (Some(DataClass::Restricted), Severity::High));
    assert_eq!(
        rank.because,
        "on the way of an intruder from the internet to the data of arn:aws:s3:::secret, under a condition; reached from the \
         internet; restricted data; high severity"
    );
    assert!(!rank.plainly.contains("arn:"), "{}", rank.plainly);
    let (_, rank) = placed("b", &Place::default(), |one| one.keeps_data = true);
    assert_eq!(
        rank.because,
        "on no way of an intruder that is known; data of an unknown class, which counts as confidential; medium severity"
    );
    let asked = Rank::of(&finding("c"), None);
    assert_eq!(asked.because, "what an intruder could do is not worked out; medium severity");
}
