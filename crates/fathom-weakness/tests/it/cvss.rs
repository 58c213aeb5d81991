//! Scores that FIRST publishes: the example documents of CVSS 3.1 and 4.0, the guide of version 2, and the qualitative scale.

use fathom_weakness::{Attack, Severity, Vector};

#[test]
fn published_examples_score_as_published() {
    let rows = [
        // "CVSS v3.1 Examples".
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        // "CVSS v4.0 Examples".
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0),
        // The guide of version 2, 3.3.
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),
        ("(AV:L/AC:H/Au:N/C:C/I:C/A:C)", 6.2),
    ];
    for (text, score) in rows {
        let vector: Vector = text.parse().unwrap();
        assert!((vector.score() - score).abs() < 0.01, "{text}: {} and not {score}", vector.score());
    }
}

#[test]
fn what_a_vector_says_of_the_attacker_is_read() {
    let read = |text: &str| {
        let vector: Vector = text.parse().unwrap();
        (vector.version().to_owned(), vector.attack(), vector.needs_no_account(), vector.needs_nobody())
    };
    let network = Some(Attack::Network);
    assert_eq!(
        read("CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:U/C:H/I:H/A:H"),
        ("3.1".to_owned(), network, Some(false), Some(false))
    );
    assert_eq!(
        read("CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
        ("4.0".to_owned(), Some(Attack::Physical), Some(true), Some(false))
    );
    assert_eq!(read("AV:N/AC:L/Au:N/C:P/I:P/A:P"), ("2.0".to_owned(), network, Some(true), None));
    assert_eq!(read("CVSS:3.0/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H").1, Some(Attack::Adjacent));
    assert_eq!(read("CVSS:3.0/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H").1, Some(Attack::Local));
}

#[test]
fn what_is_no_vector_is_refused() {
    for text in [
        "",
        "CVSS:3.1",
        "CVSS:3.1/",
        "CVSS:5.0/AV:N",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "9.8",
    ] {
        assert!(text.parse::<Vector>().is_err(), "{text}");
    }
    let long = format!("CVSS:3.1/{}", "AV:N/".repeat(1_000));
    assert!(long.parse::<Vector>().unwrap_err().to_string().contains("longer than 512"));
}

/// CVSS 3.1, 5; the same bounds in 4.0, 6.
#[test]
fn the_scale_of_words_has_the_bounds_of_the_specification() {
    let rows = [
        (0.0, Some(Severity::None)),
        (0.1, Some(Severity::Low)),
        (3.9, Some(Severity::Low)),
        (4.0, Some(Severity::Medium)),
        (6.9, Some(Severity::Medium)),
        (7.0, Some(Severity::High)),
        (8.9, Some(Severity::High)),
        (9.0, Some(Severity::Critical)),
        (10.0, Some(Severity::Critical)),
        (10.1, None),
        (-0.1, None),
        (f64::NAN, None),
    ];
    for (score, expected) in rows {
        assert_eq!(Severity::of(score), expected, "{score}");
    }
    assert_eq!(Severity::parse("UNTRIAGED"), None, "what nobody has judged has no severity");
    assert_eq!(Severity::parse("UNDEFINED"), None);
    assert_eq!(Severity::parse("CRITICAL"), Some(Severity::Critical));
}
