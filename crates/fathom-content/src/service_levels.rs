//! Within how many days findings are fixed: `content/service-levels.yaml`.

use std::collections::BTreeMap;

use fathom_model::{DataClass, Severity};
use serde::{Deserialize, Serialize};

/// Nobody waits for longer than this.
const DAYS_MAX: u32 = 3650;

/// Days by severity, and other days for classes of data. Without any, nothing is ever due.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevels {
    /// For what keeps no data, and for classes that have no days of their own.
    #[serde(default)]
    pub days: BTreeMap<Severity, u32>,
    /// For resources whose data has a class.
    #[serde(default)]
    pub classes: BTreeMap<DataClass, BTreeMap<Severity, u32>>,
}

impl ServiceLevels {
    /// Within how many days a finding of a severity is fixed; none where nothing says so.
    pub fn days(&self, severity: Severity, class: Option<DataClass>) -> Option<u32> {
        let own = class.and_then(|class| self.classes.get(&class)).and_then(|days| days.get(&severity));
        own.or_else(|| self.days.get(&severity)).copied()
    }

    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<String> {
        let all = self.classes.iter().map(|(class, days)| (class.word(), days));
        for (place, days) in std::iter::once(("days", &self.days)).chain(all) {
            for (severity, count) in days {
                if !(1..=DAYS_MAX).contains(count) {
                    return Some(format!("`{place}: {severity}: {count}`: write 1 to {DAYS_MAX} days"));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_yaml;

    fn read(text: &str) -> ServiceLevels {
        parse_yaml("service-levels.yaml", text).expect("it reads")
    }

    #[test]
    fn a_class_without_days_of_its_own_has_those_of_all() {
        let levels = read("days: { critical: 7, low: 180 }\nclasses: { restricted: { critical: 2 } }\n");
        assert_eq!(levels.days(Severity::Critical, Some(DataClass::Restricted)), Some(2));
        assert_eq!(levels.days(Severity::Critical, Some(DataClass::Public)), Some(7));
        assert_eq!(levels.days(Severity::Low, Some(DataClass::Restricted)), Some(180));
        assert_eq!(levels.days(Severity::High, None), None);
    }

    #[test]
    fn days_that_nobody_means_are_refused() {
        assert_eq!(read("days: { critical: 1 }\n").problem(), None);
        for text in ["days: { critical: 0 }\n", "classes: { public: { low: 9999 } }\n"] {
            let told = read(text).problem().expect("a problem");
            assert!(told.contains("write 1 to 3650 days"), "{told}");
        }
        assert!(parse_yaml::<ServiceLevels>("f", "days: { urgent: 1 }\n").is_err());
    }

    #[test]
    fn what_ships_is_shorter_for_worse_findings_and_for_data_that_is_worth_more() {
        let levels = crate::Content::embedded().expect("content").service_levels;
        let days = |severity, class| levels.days(severity, class).expect("days");
        let rising: Vec<u32> = Severity::ALL.map(|severity| days(severity, None)).to_vec();
        assert!(rising.is_sorted() && rising[0] < rising[3], "{rising:?}");
        for severity in Severity::ALL {
            let own = |class| days(severity, Some(class));
            assert!(own(DataClass::Restricted) <= own(DataClass::Confidential), "{severity}");
            assert!(own(DataClass::Confidential) < days(severity, None), "{severity}");
        }
    }
}
