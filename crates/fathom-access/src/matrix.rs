//! Who may do what to what, as a grid: principals against resources, their types or their accounts.
//!
//! Only what is asked for is worked out: some rows against some columns. Resources that no pattern of the rows' policies
//! tells apart are asked about once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
};

use fathom_catalogue::Kind as Access;
use fathom_iam::{
    Context, Truth,
    index::PatternsOfSome,
    organisation::{Asker, Kind},
};

use crate::{
    AccessError,
    permissions::{Answer, Permissions, Resource, sort_of},
    wanted::{Wanted, account_of},
};

/// Principals times questions that one grid may take; what is beyond is told as not asked. Two or three seconds.
const WORK_MAX: usize = 40_000_000;
/// Questions that one grid may take where there are few principals, and that it always may.
const QUESTIONS: Range<usize> = 3_000..40_000;
/// Resources that one grid looks at; what is beyond is told as not asked.
const RESOURCES_MAX: usize = 50_000;

/// What a column of a grid stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// One resource.
    Resource,
    /// All resources of a type.
    Type,
    /// All resources of an account.
    Account,
}

/// Which part of which grid.
#[derive(Debug, Clone)]
pub struct GridQuestion {
    /// Which principals, resources and kinds of access.
    pub wanted: Wanted,
    /// What the principals are; anything where nothing is named.
    pub kinds: Vec<Kind>,
    /// Only principals with this text in their name, whatever its case.
    pub who: String,
    /// Only resources with this text in their ARN, whatever its case.
    pub on: String,
    /// What a column is.
    pub by: By,
    /// Which of the rows.
    pub rows: Range<usize>,
    /// Which of the columns.
    pub columns: Range<usize>,
}

/// A part of a grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Who stands at the left, by account, then by what they are and their names.
    pub rows: Vec<GridRow>,
    /// What stands at the top.
    pub columns: Vec<GridColumn>,
    /// How many rows there are.
    pub rows_total: usize,
    /// How many columns there are.
    pub columns_total: usize,
    /// How many resources they stand for, all together.
    pub resources_total: usize,
    /// How many questions this part took.
    pub questions: usize,
    /// What was not read of all that may decide.
    pub gaps: Vec<String>,
}

/// What a column stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridColumn {
    /// The ARN, the type or the account.
    pub key: String,
    /// The type of a resource; none of an account.
    pub resource_type: Option<String>,
    /// The account that owns a resource; none of a type.
    pub account: Option<String>,
    /// How many resources it stands for.
    pub resources: usize,
    /// Of how many of these the catalogue knows no action, or none of the wanted kinds.
    pub without_actions: usize,
    /// How many of these were not asked about, since that would have taken too long.
    pub not_asked: usize,
    /// What was not read of its resources that may decide.
    pub gaps: Vec<String>,
}

/// What one principal may do to each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridRow {
    /// Who.
    pub asker: Asker,
    /// A cell for each column, in their order.
    pub cells: Vec<Vec<Mark>>,
}

/// One kind of access with what becomes of it, in one cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The kind of access.
    pub access: Access,
    /// Allowed, only if, or not known.
    pub decision: Answer,
    /// How many actions there are of which that is so on any of the resources.
    pub actions: usize,
    /// On how many resources some action is so.
    pub resources: usize,
}

/// What makes resources alike to all rows; those whose guard was read and is nothing apart from those that have none.
type Class = (String, Option<String>, bool, Vec<Truth>);
/// The actions of one kind and decision, by the place of each row.
type Found = BTreeMap<(usize, Access, Answer), BTreeSet<String>>;
/// What becomes of a resource: none where nothing can be asked of it.
type Known = Option<Arc<Found>>;
/// What is gathered of a column.
type Gathered = BTreeMap<(usize, Access, Answer), (BTreeSet<String>, usize)>;

struct Asking<'p> {
    permissions: &'p Permissions,
    question: &'p GridQuestion,
    given: &'p Context,
    rows: Vec<u32>,
    patterns: PatternsOfSome<'p>,
    known: HashMap<Class, Known>,
    questions: usize,
    looked: usize,
}

impl Permissions {
    /// A part of the grid of who may do what to what.
    ///
    /// # Errors
    /// When a question is not of its form.
    pub fn grid(&self, question: &GridQuestion, given: &Context) -> Result<Grid, AccessError> {
        let rows = self.rows_of(question);
        let columns = self.columns_of(question);
        let (rows_total, columns_total) = (rows.len(), columns.len());
        let resources_total = columns.values().map(Vec::len).sum();
        let rows: Vec<u32> = cut(rows, &question.rows);
        let columns = cut(columns.into_iter().collect(), &question.columns);
        let patterns = self.index.patterns_of_some(&rows);
        let mut asking = Asking {
            permissions: self,
            question,
            given,
            rows,
            patterns,
            known: HashMap::new(),
            questions: 0,
            looked: 0,
        };
        let all = (WORK_MAX / self.index.principals().max(1)).clamp(QUESTIONS.start, QUESTIONS.end);
        let many = columns.len();
        let mut told = Vec::with_capacity(many);
        for (place, (key, resources)) in columns.into_iter().enumerate() {
            // What one column leaves is for those after it.
            let left = many - place;
            let questions = asking.questions + all.saturating_sub(asking.questions) / left;
            let looked = asking.looked + RESOURCES_MAX.saturating_sub(asking.looked) / left;
            told.push(asking.column(key, &resources, questions, looked)?);
        }
        let (columns, gathered): (Vec<GridColumn>, Vec<Gathered>) = told.into_iter().unzip();
        let asker = |number: &u32| {
            self.index.principal(*number).map(|(name, kind)| Asker { kind, principal: name.to_owned() })
        };
        let rows = asking.rows.iter().enumerate().filter_map(|(place, number)| {
            let cells = gathered.iter().map(|column| marks(column, place)).collect();
            asker(number).map(|asker| GridRow { asker, cells })
        });
        Ok(Grid {
            rows: rows.collect(),
            columns,
            rows_total,
            columns_total,
            resources_total,
            questions: asking.questions,
            gaps: self.index.organisation().unread().to_vec(),
        })
    }

    /// Who stands at the left: by account, root users first, then users and roles by their names.
    fn rows_of(&self, question: &GridQuestion) -> Vec<u32> {
        let who = question.who.to_lowercase();
        let is_wanted = |number: &u32| {
            self.index.principal(*number).is_some_and(|(name, kind)| {
                (question.kinds.is_empty() || question.kinds.contains(&kind))
                    && (who.is_empty() || name.to_lowercase().contains(&who))
                    && question.wanted.is_asker(&Asker { kind, principal: name.to_owned() })
            })
        };
        let mut rows: Vec<u32> = (0..self.index.principals() as u32).filter(is_wanted).collect();
        rows.sort_by_key(|number| {
            let (name, kind) = self.index.principal(*number).unwrap_or(("", Kind::Role));
            (account_of(name), kind, name)
        });
        rows
    }

    /// What stands at the top, with the resources of each.
    fn columns_of<'a>(&'a self, question: &'a GridQuestion) -> BTreeMap<&'a str, Vec<&'a Resource>> {
        let on = question.on.to_lowercase();
        let mut columns: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for resource in self.resources_of(&question.wanted).filter(|one| one.is_called(&on)) {
            let key = match question.by {
                By::Resource => resource.target.arn.as_str(),
                By::Type => resource.kind.as_str(),
                By::Account => resource.target.account.as_deref().unwrap_or_default(),
            };
            columns.entry(key).or_default().push(resource);
        }
        columns
    }
}

impl Asking<'_> {
    /// Asks about a column, until so many questions were asked and so many resources looked at in all.
    fn column(
        &mut self,
        key: &str,
        resources: &[&Resource],
        questions_end: usize,
        looked_end: usize,
    ) -> Result<(GridColumn, Gathered), AccessError> {
        let is = |by: By| self.question.by == by;
        let first = resources.first();
        let mut column = GridColumn {
            key: key.to_owned(),
            resource_type: first.filter(|_| !is(By::Account)).map(|one| one.kind.clone()),
            account: first.filter(|_| !is(By::Type)).and_then(|one| one.target.account.clone()),
            resources: resources.len(),
            without_actions: 0,
            not_asked: 0,
            gaps: Vec::new(),
        };
        let mut gathered = Gathered::new();
        let organisation = self.permissions.index.organisation();
        for resource in resources {
            if self.looked >= looked_end {
                column.not_asked += 1;
                continue;
            }
            self.looked += 1;
            column.gaps.extend(organisation.gap(&resource.target));
            let is_bare = organisation.is_bare(&resource.target);
            let class = (is_bare || !organisation.is_guarded(&resource.target)).then(|| {
                let matched = self.patterns.of(&resource.target.arn);
                (sort_of(resource), resource.target.account.clone(), is_bare, matched)
            });
            let found = match class.as_ref().and_then(|class| self.known.get(class)) {
                Some(known) => known.clone(),
                None if self.questions >= questions_end => {
                    column.not_asked += 1;
                    continue;
                }
                None => {
                    let found = self.resource(resource)?.map(Arc::new);
                    if let Some(class) = class {
                        self.known.insert(class, found.clone());
                    }
                    found
                }
            };
            let Some(found) = found else {
                column.without_actions += 1;
                continue;
            };
            for (place, actions) in found.iter() {
                let (all, resources) = gathered.entry(*place).or_default();
                for action in actions {
                    if !all.contains(action) {
                        all.insert(action.clone());
                    }
                }
                *resources += 1;
            }
        }
        Ok((column, gathered))
    }

    /// What the rows may do to one resource; none where nothing wanted can be asked of it.
    fn resource(&mut self, resource: &Resource) -> Result<Option<Found>, AccessError> {
        let asked = match self.permissions.asked_on(&resource.target) {
            Ok(asked) => asked,
            Err(AccessError::NoAction { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_wanted = |action: &str, access| self.question.wanted.is_action(action, access);
        let mut found = Found::new();
        let mut is_any = false;
        for (action, access, target) in asked.iter().filter(|(action, access, _)| is_wanted(action, *access))
        {
            is_any = true;
            self.questions += 1;
            let decisions = self.permissions.index.decide_of(&self.rows, action, target, self.given);
            for (place, decision) in decisions.map_err(AccessError::Question)?.into_iter().enumerate() {
                let Some(answer) = Answer::of(decision) else { continue };
                let actions = found.entry((place, *access, answer)).or_default();
                if !actions.contains(action) {
                    actions.insert(action.clone());
                }
            }
        }
        Ok(is_any.then_some(found))
    }
}

/// The cell of a row, the kinds in their order and the surest first.
fn marks(column: &Gathered, place: usize) -> Vec<Mark> {
    let of_row =
        column.range((place, Access::List, Answer::Allowed)..).take_while(|((row, ..), _)| *row == place);
    of_row
        .map(|((_, access, decision), (actions, resources))| Mark {
            access: *access,
            decision: *decision,
            actions: actions.len(),
            resources: *resources,
        })
        .collect()
}

fn cut<T>(all: Vec<T>, range: &Range<usize>) -> Vec<T> {
    all.into_iter().skip(range.start).take(range.len()).collect()
}
