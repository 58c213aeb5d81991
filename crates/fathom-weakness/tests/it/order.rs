//! What several sources say of one weakness, and which comes first.

use std::collections::BTreeMap;

use fathom_weakness::{
    Exploitation, Fix, Noted, Package, Reached, Score, Severity, State, Urgency, Weakness,
    feed::{EpssRow, KevRow},
    join::{Feeds, cves, join},
    rank::order,
};

const NETWORK: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const LOCAL: &str = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H";

fn note(id: &str, source: &str, package: Option<&str>) -> Noted {
    let mut note = Noted::new(id, source);
    note.package = package.map(|name| Package {
        name: name.to_owned(),
        version: Some("1".to_owned()),
        ..Package::default()
    });
    note
}

fn scored(id: &str, vector: &str) -> Noted {
    let mut note = note(id, "scan", Some("p"));
    let score = vector.parse::<fathom_weakness::Vector>().unwrap().score();
    note.scores = vec![Score { score, vector: Some(vector.to_owned()), by: "NVD".to_owned() }];
    note
}

fn feeds(kev: &[&str], epss: &[(&str, f64)]) -> Feeds {
    let row = |cve: &&str| KevRow {
        cve: (*cve).to_owned(),
        name: String::new(),
        added: "2024-01-02".to_owned(),
        due: None,
        ransomware: false,
    };
    let chance =
        |(cve, score): &(&str, f64)| EpssRow { cve: (*cve).to_owned(), score: *score, percentile: 0.5 };
    Feeds {
        kev: Some(kev.iter().map(|cve| ((*cve).to_owned(), row(cve))).collect::<BTreeMap<_, _>>()),
        epss: Some(epss.iter().map(|one| (one.0.to_owned(), chance(one))).collect()),
    }
}

fn one(notes: &[Noted], feeds: &Feeds) -> Weakness {
    let mut all = join(notes, feeds);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn several_sources_of_one_weakness_are_one() {
    let mut ghsa = note("GHSA-jfh8-c2jp-5v3q", "grype", Some("log4j"));
    ghsa.also = vec!["CVE-2021-44228".to_owned()];
    let all = [note("CVE-2021-44228", "Amazon Inspector", Some("log4j")), ghsa];
    assert_eq!(cves(&all).into_iter().collect::<Vec<_>>(), ["CVE-2021-44228"]);
    let joined = one(&all, &Feeds::default());
    assert_eq!(joined.sources, ["Amazon Inspector", "grype"]);
    assert_eq!(
        (joined.id.as_str(), joined.also.as_slice()),
        ("CVE-2021-44228", ["GHSA-jfh8-c2jp-5v3q".to_owned()].as_slice())
    );
    assert_eq!(joined.packages.len(), 1);
    let mut two = note("GHSA-jfh8-c2jp-5v3q", "grype", None);
    two.also = vec!["CVE-2021-1111".to_owned(), "CVE-2021-2222".to_owned()];
    assert_eq!(
        one(&[two], &Feeds::default()).id,
        "GHSA-jfh8-c2jp-5v3q",
        "an advisory of two weaknesses is neither of them"
    );
}

#[test]
fn a_verdict_closes_what_it_is_about_and_nothing_else() {
    let closing = |package: Option<&str>| {
        let mut one = note("CVE-2020-1111", "our VEX", package);
        one.state = State::NotAffected;
        one.why = Some("code_not_reachable".to_owned());
        one
    };
    let (a, b) = (note("CVE-2020-1111", "scan", Some("a")), note("CVE-2020-1111", "scan", Some("b")));
    let whole = one(&[a.clone(), b.clone(), closing(None)], &Feeds::default());
    assert_eq!(
        (whole.state, whole.judged.as_deref()),
        (State::NotAffected, Some("our VEX: code_not_reachable"))
    );
    let part = one(&[a.clone(), b.clone(), closing(Some("a"))], &Feeds::default());
    assert_eq!((part.state, part.packages.len(), part.judged), (State::Open, 1, None));
    assert_eq!(part.packages[0].name, "b");
    let both = one(&[a.clone(), b, closing(Some("a")), closing(Some("B"))], &Feeds::default());
    assert_eq!(both.state, State::NotAffected);
    let mut other = closing(Some("a"));
    other.package.as_mut().unwrap().version = Some("2".to_owned());
    assert_eq!(one(&[a.clone(), other], &Feeds::default()).state, State::Open, "it is about another version");
    let unnamed = note("CVE-2020-1111", "scan", None);
    assert_eq!(
        one(&[unnamed, closing(Some("a"))], &Feeds::default()).state,
        State::Open,
        "what the scan found may be other software"
    );
    let mut exploitable = note("CVE-2020-1111", "our VEX", Some("a"));
    exploitable.state = State::Exploitable;
    assert_eq!(one(&[a, exploitable], &Feeds::default()).state, State::Exploitable);
}

#[test]
fn without_a_feed_exploitation_is_unknown_and_never_unlikely() {
    let note = scored("CVE-2020-1111", NETWORK);
    let of = |feeds: &Feeds| one(std::slice::from_ref(&note), feeds).exploitation;
    assert_eq!(of(&Feeds::default()), Exploitation::Unknown);
    assert_eq!(of(&feeds(&["CVE-2020-1111"], &[])), Exploitation::Known);
    assert_eq!(of(&feeds(&[], &[("CVE-2020-1111", 0.1)])), Exploitation::Likely);
    assert_eq!(of(&feeds(&[], &[("CVE-2020-1111", 0.0999)])), Exploitation::Unlikely);
    assert_eq!(of(&feeds(&[], &[])), Exploitation::Unknown, "EPSS does not know it");
    let only_epss = Feeds { kev: None, ..feeds(&[], &[("CVE-2020-1111", 0.01)]) };
    assert_eq!(of(&only_epss), Exploitation::Unknown, "KEV was not asked");
    let only_kev = Feeds { epss: None, ..feeds(&[], &[]) };
    assert_eq!(of(&only_kev), Exploitation::Unknown);
    let advisory = Noted::new("GHSA-jfh8-c2jp-5v3q", "scan");
    assert_eq!(
        one(&[advisory], &feeds(&[], &[])).exploitation,
        Exploitation::Unknown,
        "feeds know CVEs only"
    );
    let mut known = note.clone();
    known.exploit = true;
    assert_eq!(one(&[known], &feeds(&[], &[("CVE-2020-1111", 0.01)])).exploitation, Exploitation::Likely);
}

#[test]
fn the_class_is_the_sum_of_two_steps() {
    let by = [
        feeds(&["CVE-2020-1111"], &[]),
        feeds(&[], &[("CVE-2020-1111", 0.5)]),
        Feeds::default(),
        feeds(&[], &[("CVE-2020-1111", 0.01)]),
    ];
    let expected = [[1, 1, 2, 3], [2, 2, 3, 4], [3, 3, 4, 5], [4, 4, 5, 6]];
    for (feeds, row) in by.iter().zip(expected) {
        let weakness = one(&[scored("CVE-2020-1111", NETWORK)], feeds);
        let classes = [Reached::Yes, Reached::OnlyIf, Reached::Unknown, Reached::No]
            .map(|reached| Urgency::of(&weakness, reached).class.number());
        assert_eq!(classes, row);
        let local = one(&[scored("CVE-2020-1111", LOCAL)], feeds);
        assert_eq!(Urgency::of(&local, Reached::Yes).class.number(), row[3], "the internet is not on it");
        let mut vague = scored("CVE-2020-1111", NETWORK);
        vague.scores[0].vector = None;
        let vague = one(&[vague], feeds);
        assert_eq!(
            Urgency::of(&vague, Reached::Yes).class.number(),
            row[0],
            "from where it is attacked is not known"
        );
    }
}

#[test]
fn within_a_class_severity_then_chance_then_age_decide() {
    let mut sorted = [
        one(&[scored("CVE-2020-0001", "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N")], &Feeds::default()),
        one(&[scored("CVE-2020-0002", NETWORK)], &feeds(&["CVE-2020-0002"], &[])),
        one(&[Noted::new("CVE-2020-0003", "scan")], &Feeds::default()),
        one(&[scored("CVE-2020-0004", NETWORK)], &Feeds::default()),
        one(
            &[Noted { first_seen: "2020-01-01T00:00:00Z".parse().ok(), ..scored("CVE-2020-0005", NETWORK) }],
            &Feeds::default(),
        ),
        one(
            &[Noted { first_seen: "2019-01-01T00:00:00Z".parse().ok(), ..scored("CVE-2020-0006", NETWORK) }],
            &Feeds::default(),
        ),
    ];
    let class = |one: &Weakness| Urgency::of(one, Reached::No).class;
    sorted.sort_by(|a, b| order((a, class(a)), (b, class(b))));
    let ids: Vec<&str> = sorted.iter().map(|one| &one.id[9..]).collect();
    assert_eq!(
        ids,
        ["0002", "0006", "0005", "0004", "0003", "0001"],
        "what nobody has judged comes with what is high"
    );
}

#[test]
fn the_newest_cvss_counts_and_of_one_version_the_highest() {
    let mut all = scored("CVE-2020-1111", NETWORK);
    let score =
        |score, vector: &str, by: &str| Score { score, vector: Some(vector.to_owned()), by: by.to_owned() };
    all.scores.push(score(10.0, "AV:N/AC:L/Au:N/C:C/I:C/A:C", "old"));
    assert_eq!(one(&[all.clone()], &Feeds::default()).score.unwrap().by, "NVD");
    all.scores.push(score(9.9, "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", "vendor"));
    assert_eq!(one(&[all.clone()], &Feeds::default()).score.unwrap().by, "vendor");
    all.scores.push(score(8.7, "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", "new"));
    let newest = one(&[all], &Feeds::default());
    assert_eq!((newest.score.unwrap().by.as_str(), newest.severity), ("new", Some(Severity::High)));
    let old = one(&[scored("CVE-2020-1111", "AV:N/AC:L/Au:N/C:C/I:C/A:C")], &Feeds::default());
    assert_eq!(old.severity, Some(Severity::High), "version 2 has no word above high");
}

#[test]
fn what_breaks_in_is_attacked_by_packets_alone() {
    let of = |vector: &str| one(&[scored("CVE-2020-1111", vector)], &Feeds::default()).breaks_in();
    assert_eq!(of(NETWORK), Some(true));
    assert_eq!(of("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"), Some(false));
    assert_eq!(of("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"), Some(false));
    assert_eq!(of(LOCAL), Some(false));
    assert_eq!(one(&[Noted::new("CVE-2020-1111", "scan")], &Feeds::default()).breaks_in(), None);
}

#[test]
fn a_fix_is_told_with_its_version() {
    let mut fixed = note("CVE-2020-1111", "scan", Some("openssl"));
    fixed.package.as_mut().unwrap().fixed = Some("3.0.7".to_owned());
    let mut none = note("CVE-2020-1111", "scan", Some("other"));
    none.has_fix = Some(false);
    let joined = one(&[fixed, none.clone()], &Feeds::default());
    assert_eq!((joined.fix, joined.fixed_in()), (Fix::Available, vec!["3.0.7"]));
    assert_eq!(one(&[none], &Feeds::default()).fix, Fix::None);
    assert_eq!(one(&[Noted::new("CVE-2020-1111", "scan")], &Feeds::default()).fix, Fix::Unknown);
}
