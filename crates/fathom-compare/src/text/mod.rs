//! Which texts the patterns of an axis tell apart: all of them are read side by side, and each set of patterns that
//! some text matches comes out with the shortest such text.
//!
//! This is the subset construction over the characters that stand in the patterns and one that stands for all others.
//! In the worst case it is exponential, so that it is bounded; policies as people write them take some hundred states.

mod machine;

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

pub(crate) use machine::{Machine, Style, Token};

use crate::limits::{STATE_WORDS_MAX, STATES_MAX};

/// What the texts of an axis are read by.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) machines: Vec<Machine>,
    /// Every text begins with this.
    pub(crate) prefix: String,
    /// Every text matches this, which is the number of a machine.
    pub(crate) required: Option<usize>,
    /// Characters that no text has.
    pub(crate) without: &'static [char],
}

/// Characters that stand for all that no pattern names, the first that is free.
const OTHERS: &str = "xyzwvuqjkabcdefghilmnoprst0123456789XYZWVUQJK-_=+~éßçøåæñü";

impl Reading {
    /// A text for each set of patterns that some text matches, the shortest first.
    ///
    /// # Errors
    /// When a limit is passed, with its name and figure.
    pub(crate) fn texts(&self) -> Result<Vec<String>, String> {
        let symbols = self.symbols();
        let columns: Vec<Vec<Vec<u64>>> = self
            .machines
            .iter()
            .map(|machine| symbols.iter().map(|symbol| machine.column(*symbol)).collect())
            .collect();
        let words: usize = self.machines.iter().map(Machine::words).sum();
        let mut start = State { colons: 0, places: vec![0; words].into() };
        let mut at = 0;
        for machine in &self.machines {
            let end = at + machine.words();
            if let Some(places) = start.places.get_mut(at..end) {
                machine.start(places);
            }
            at = end;
        }
        for char in self.prefix.chars() {
            let own: Vec<Vec<u64>> = self.machines.iter().map(|machine| machine.column(char)).collect();
            start = self.step(&start, own.iter().map(Vec::as_slice), char == ':');
        }
        let start = Rc::new(start);
        let mut known = HashSet::from([Rc::clone(&start)]);
        // Each state with the one before it and the character between.
        let mut states = vec![(start, usize::MAX, '\0')];
        let mut seen: HashMap<Vec<bool>, usize> = HashMap::new();
        let mut found = Vec::new();
        let mut next = 0;
        while let Some((state, _, _)) = states.get(next).cloned() {
            let accepted = self.accepted(&state);
            let counts = self.required.is_none_or(|required| accepted.get(required) == Some(&true));
            if counts && !seen.contains_key(&accepted) {
                seen.insert(accepted, next);
                found.push(next);
            }
            for (number, symbol) in symbols.iter().enumerate() {
                let columns =
                    columns.iter().map(|columns| columns.get(number).map_or(&[][..], Vec::as_slice));
                let after = Rc::new(self.step(&state, columns, *symbol == ':'));
                if known.contains(&after) {
                    continue;
                }
                if states.len() == STATES_MAX || states.len() * (words + 1) > STATE_WORDS_MAX {
                    return Err(format!(
                        "reading the patterns side by side takes more than {} states (limits: {STATES_MAX} states, \
                         {STATE_WORDS_MAX} words)",
                        states.len()
                    ));
                }
                known.insert(Rc::clone(&after));
                states.push((after, next, *symbol));
            }
            next += 1;
        }
        Ok(found.into_iter().map(|at| self.text(&states, at)).collect())
    }

    fn symbols(&self) -> Vec<char> {
        let mut symbols: Vec<char> = self.machines.iter().flat_map(Machine::characters).collect();
        symbols.sort_unstable();
        symbols.dedup();
        // Ideographs have no case, and there are more of them than patterns have characters.
        let other =
            OTHERS.chars().chain('\u{4e00}'..='\u{9fff}').find(|other| symbols.binary_search(other).is_err());
        symbols.extend(other);
        symbols.retain(|symbol| !self.without.contains(symbol));
        symbols
    }

    fn step<'a>(&self, state: &State, columns: impl Iterator<Item = &'a [u64]>, is_colon: bool) -> State {
        let mut next = State { colons: state.colons, places: vec![0; state.places.len()].into() };
        let mut at = 0;
        for (machine, column) in self.machines.iter().zip(columns) {
            let end = at + machine.words();
            if let (Some(from), Some(to)) = (state.places.get(at..end), next.places.get_mut(at..end)) {
                machine.step(from, to, column, is_colon, state.colons);
            }
            at = end;
        }
        next.colons = state.colons.saturating_add(u8::from(is_colon)).min(COLONS_MAX);
        next
    }

    fn accepted(&self, state: &State) -> Vec<bool> {
        let mut at = 0;
        self.machines
            .iter()
            .map(|machine| {
                let end = at + machine.words();
                let accepts =
                    state.places.get(at..end).is_some_and(|places| machine.accepts(places, state.colons));
                at = end;
                accepts
            })
            .collect()
    }

    fn text(&self, states: &[(Rc<State>, usize, char)], mut at: usize) -> String {
        let mut reversed = Vec::new();
        while let Some((_, before, char)) = states.get(at).filter(|(_, before, _)| *before != usize::MAX) {
            reversed.push(*char);
            at = *before;
        }
        self.prefix.chars().chain(reversed.into_iter().rev()).collect()
    }
}

/// More colons than these make no difference: an ARN has six segments.
const COLONS_MAX: u8 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    colons: u8,
    places: Box<[u64]>,
}
