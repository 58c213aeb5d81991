//! The checks that ship: all can be used, and their tests hold.

use fathom_checks::{Checks, NoForms};
use fathom_content::checks::CheckFiles;

#[test]
fn every_check_that_ships_can_be_asked_and_does_what_its_tests_say() {
    let (checks, problems) = Checks::compile(CheckFiles::load(None), &NoForms);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(checks.all.len() >= 60, "{} checks", checks.all.len());
    let tested = fathom_checks::test(&checks);
    let told: Vec<String> = tested.problems.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(tested.run >= 2 * checks.all.len(), "{} tests", tested.run);
}

#[test]
fn checks_name_controls_by_the_ids_of_frameworks_and_sources_by_the_provider() {
    let (checks, _) = Checks::compile(CheckFiles::load(None), &NoForms);
    for check in &checks.all {
        let definition = &check.definition;
        for (framework, controls) in &definition.controls {
            assert!(!controls.is_empty(), "{}: {framework} without controls", definition.id);
        }
        for page in &definition.references {
            let of_manifests = definition.fix.manifest.is_some();
            let provider =
                if of_manifests { "https://kubernetes.io/docs/" } else { "https://docs.aws.amazon.com/" };
            assert!(page.starts_with(provider), "{}: {page}", definition.id);
        }
        assert!(!definition.title.ends_with('.'), "{}: `{}`", definition.id, definition.title);
        assert!(definition.because.ends_with('.'), "{}: `{}`", definition.id, definition.because);
    }
}
