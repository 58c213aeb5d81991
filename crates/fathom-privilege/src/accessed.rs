//! What IAM itself remembers of use: the report of `GetServiceLastAccessedDetails` for one user or role, as a scan read it.
//!
//! It tells of each service that identity policies allow when it was tried last, and of some actions. Source: API reference
//! of `GenerateServiceLastAccessedDetails`: attempts count, refused ones too; what happened within the last four hours may
//! be missing; it reaches back at least 400 days, or as far as a region has the report.

use std::collections::{BTreeMap, BTreeSet};

use fathom_catalogue::{ActionId, Catalogue};
use fathom_model::{Timestamp, Uid};
use fathom_store::Store;
use serde::Serialize;
use serde_json::Value;

use crate::PrivilegeError;

/// The member of a user or role that has the report.
pub(crate) const MEMBER: &str = "LastAccessed";
/// Days that IAM remembers.
const WINDOW_DAYS: u32 = 400;
const DAY_SECONDS: i64 = 86_400;
/// What both the log and the report tell may lie so far apart: IAM takes some hours.
const APART_SECONDS: i64 = DAY_SECONDS;

/// What IAM remembers of one principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accessed {
    /// Where it is from.
    pub source: &'static str,
    /// When the report was made; what was used since is not in it.
    pub made: Timestamp,
    /// How many days IAM remembers.
    pub window_days: u32,
    /// The services that identity policies allowed then, by name.
    pub services: Vec<AccessedService>,
}

/// A service of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessedService {
    /// The service, as actions name it.
    pub service: String,
    /// When it was tried last; none where not within the days that IAM remembers.
    pub last: Option<Timestamp>,
    /// From which region.
    pub region: Option<String>,
    /// Its actions that IAM saw tried; there are more of which IAM does not tell.
    pub actions: Vec<AccessedAction>,
}

/// An action of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessedAction {
    /// The action.
    pub action: String,
    /// When it was tried last.
    pub last: Timestamp,
    /// From which region.
    pub region: Option<String>,
}

/// Where the log and IAM's report say different things. Neither is taken for the truth: what one of them knows is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Disagreement {
    /// The action, or the service where IAM tells no more.
    pub what: String,
    /// The last use that the log has.
    pub log: Option<Timestamp>,
    /// The last attempt that IAM remembers.
    pub iam: Option<Timestamp>,
    /// In words.
    pub because: String,
}

impl Accessed {
    /// Reads the report of a user or role out of what the last scan saw; in words why there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn read(
        store: &Store,
        principal: &str,
        now: Timestamp,
    ) -> Result<Result<Self, String>, PrivilegeError> {
        let uid = Uid::from(principal);
        let Some(stored) = store.resource(&uid).await? else {
            return Ok(Err("no scan read the user or role itself".to_owned()));
        };
        let document = stored.resource.document.whole().value();
        if let Some(accessed) = Self::of(&document[MEMBER]) {
            return Ok(Ok(accessed));
        }
        let gaps = store.unknown_of(&uid, now).await?.map(|unknown| unknown.gaps).unwrap_or_default();
        if let Some(gap) = gaps.into_iter().find(|gap| gap.part == MEMBER) {
            return Ok(Err(gap.detail));
        }
        let is_never_used =
            document["RoleLastUsed"].as_object().is_some_and(|used| !used.contains_key("LastUsedDate"));
        Ok(Err(if is_never_used {
            format!(
                "IAM does not remember any use of this role within {WINDOW_DAYS} days, so it was not asked for a report"
            )
        } else {
            "the last scan asked for no report".to_owned()
        }))
    }

    /// The report in a document; none where it is not there or not finished.
    pub(crate) fn of(report: &Value) -> Option<Self> {
        let made = moment(&report["JobCompletionDate"])?;
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let mut services: Vec<AccessedService> = Vec::new();
        for service in report["ServicesLastAccessed"].as_array()? {
            let Some(name) = text(&service["ServiceNamespace"]) else { continue };
            let tracked = service["TrackedActionsLastAccessed"].as_array().into_iter().flatten();
            let actions = tracked.filter_map(|action| {
                Some(AccessedAction {
                    action: format!("{name}:{}", action["ActionName"].as_str()?),
                    last: moment(&action["LastAccessedTime"])?,
                    region: text(&action["LastAccessedRegion"]),
                })
            });
            services.push(AccessedService {
                last: moment(&service["LastAuthenticated"]),
                region: text(&service["LastAuthenticatedRegion"]),
                actions: actions.collect(),
                service: name,
            });
        }
        services.sort_by(|one, other| one.service.cmp(&other.service));
        Some(Self { source: "iam:GetServiceLastAccessedDetails", made, window_days: WINDOW_DAYS, services })
    }

    /// The last attempt of any service.
    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.services.iter().filter_map(|service| service.last).max()
    }

    /// The services that were not tried since a time that IAM remembers; none where the report was made before it.
    pub(crate) fn quiet(&self, since: Timestamp) -> BTreeSet<&str> {
        let oldest = self.made.as_second() - i64::from(self.window_days) * DAY_SECONDS;
        let remembers = oldest <= since.as_second() && since < self.made;
        let quiet = self.services.iter().filter(|one| remembers && one.last.is_none_or(|last| last < since));
        quiet.map(|one| one.service.as_str()).collect()
    }

    /// Where the report and the log say different things, and the granted actions that stay for it. `used` is what the log
    /// shows with the last time; `never` what is granted, would be in the log, and is not; `hidden` are the services some of
    /// whose granted actions no log shows; `silent` the regions without a log.
    pub(crate) fn against(
        &self,
        since: Timestamp,
        used: &BTreeMap<ActionId, Timestamp>,
        never: &BTreeSet<ActionId>,
        hidden: &BTreeSet<&str>,
        silent: &[String],
        catalogue: &Catalogue,
    ) -> (Vec<Disagreement>, BTreeSet<ActionId>) {
        let (mut found, mut kept) = (Vec::new(), BTreeSet::new());
        for service in &self.services {
            let of = |id: &ActionId| {
                catalogue.get(*id).is_some_and(|action| action.service().prefix() == service.service)
            };
            let mut told = false;
            for action in service.actions.iter().filter(|action| action.last >= since) {
                let Some(id) = catalogue.action(&action.action).map(|action| action.id()) else { continue };
                told |= used.contains_key(&id) || !never.contains(&id);
                if never.contains(&id) {
                    told = true;
                    kept.insert(id);
                    found.push(Disagreement {
                        what: action.action.clone(),
                        log: None,
                        iam: Some(action.last),
                        because: only_iam(action.region.as_deref(), silent),
                    });
                }
            }
            let logged = used.iter().filter(|(id, _)| of(id)).map(|(_, at)| *at).max();
            let iam = service.last.filter(|last| *last >= since);
            match (logged, iam) {
                (None, Some(_)) if !told && !hidden.contains(service.service.as_str()) => {
                    kept.extend(never.iter().filter(|id| of(id)));
                    found.push(Disagreement {
                        what: service.service.clone(),
                        log: None,
                        iam,
                        because: only_iam(service.region.as_deref(), silent),
                    });
                }
                (Some(at), _) if lacks(self.made, at, service.last) => found.push(Disagreement {
                    what: service.service.clone(),
                    log: Some(at),
                    iam: service.last,
                    because: "the log has a later use than IAM remembers".to_owned(),
                }),
                _ => {}
            }
        }
        found.sort();
        (found, kept)
    }
}

/// Whether what IAM told at one moment should know of a use and does not.
pub(crate) fn lacks(made: Timestamp, at: Timestamp, last: Option<Timestamp>) -> bool {
    let (at, made) = (at.as_second(), made.as_second());
    at + APART_SECONDS < made && last.is_none_or(|last| last.as_second() + APART_SECONDS < at)
}

fn only_iam(region: Option<&str>, silent: &[String]) -> String {
    match region {
        Some(region) if silent.iter().any(|one| one == region) => {
            format!("IAM remembers an attempt from {region}, whose log was not read for this time")
        }
        Some(region) => format!(
            "IAM remembers an attempt from {region}, which may have been refused; the log that was read has no such call"
        ),
        None => {
            "IAM remembers an attempt, which may have been refused; the log that was read has no such call"
                .to_owned()
        }
    }
}

/// A moment in a document: text, or seconds since 1970.
pub(crate) fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => Timestamp::from_second(number.as_f64()? as i64).ok(),
        _ => None,
    }
}
