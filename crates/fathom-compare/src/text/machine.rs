//! One pattern as a machine that reads a text character by character.

/// One step of a pattern without variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// `*`.
    Any,
    /// `?`.
    One,
}

/// What colons mean to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Style {
    /// They are characters.
    Plain,
    /// The first of them part segments, and wildcards stay within one.
    Segments {
        /// How many segments a text has; the last takes what follows.
        count: u8,
        /// What a short pattern lacks matches anything.
        pads: bool,
        /// A `*` that ends a segment goes on across colons.
        crosses: bool,
    },
}

/// A pattern that reads a text. Its places are the gaps between its tokens, as bits of words.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    tokens: Vec<Token>,
    style: Style,
    folds: bool,
    any: Vec<u64>,
    any_at_end: Vec<u64>,
    one: Vec<u64>,
    words: usize,
}

impl Machine {
    /// Takes a pattern; `folds` where letters match in any case.
    pub(crate) fn new(tokens: impl IntoIterator<Item = Token>, style: Style, folds: bool) -> Self {
        let mut kept: Vec<Token> = Vec::new();
        for token in tokens {
            // Two stars in a row are one.
            if token == Token::Any && kept.last() == Some(&Token::Any) {
                continue;
            }
            kept.push(match token {
                Token::Char(char) if folds => Token::Char(fold(char)),
                other => other,
            });
        }
        // A place behind each token, one before them, and one for the rest of a text that goes on.
        let words = (kept.len() + 2).div_ceil(64);
        let mask = |wanted: &dyn Fn(usize, Token) -> bool| {
            let mut bits = vec![0_u64; words];
            for (at, _) in kept.iter().enumerate().filter(|(at, token)| wanted(*at, **token)) {
                set(&mut bits, at);
            }
            bits
        };
        let ends = |at: usize| matches!(kept.get(at + 1), None | Some(Token::Char(':')));
        Self {
            any: mask(&|_, token| token == Token::Any),
            any_at_end: mask(&|at, token| token == Token::Any && ends(at)),
            one: mask(&|_, token| token == Token::One),
            style,
            folds,
            words,
            tokens: kept,
        }
    }

    /// How many words a state takes.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// The characters it tells from others.
    pub(crate) fn characters(&self) -> impl Iterator<Item = char> + '_ {
        let folds = self.folds;
        self.tokens.iter().flat_map(move |token| match token {
            Token::Char(char) if folds => {
                let mut cases = vec![*char, char.to_ascii_uppercase()];
                if *char == 'k' {
                    // The only letter beyond ASCII whose lower case is within it.
                    cases.push('\u{212a}');
                }
                cases
            }
            Token::Char(char) => vec![*char],
            Token::Any | Token::One => Vec::new(),
        })
    }

    /// Where it is before anything was read.
    pub(crate) fn start(&self, state: &mut [u64]) {
        state.fill(0);
        set(state, 0);
        self.skip_stars(state);
    }

    /// Which tokens are this character.
    pub(crate) fn column(&self, char: char) -> Vec<u64> {
        let char = if self.folds { fold(char) } else { char };
        let mut bits = vec![0; self.words];
        for (at, _) in self.tokens.iter().enumerate().filter(|(_, token)| **token == Token::Char(char)) {
            set(&mut bits, at);
        }
        bits
    }

    /// Reads one character, of which `column` says what tokens it is. `colons` are those read so far.
    pub(crate) fn step(&self, state: &[u64], next: &mut [u64], column: &[u64], is_colon: bool, colons: u8) {
        let (parts, pads, crosses, count) = match self.style {
            Style::Plain => (false, false, false, 0),
            Style::Segments { count, pads, crosses } => {
                (is_colon && colons + 1 < count, pads, crosses, usize::from(count))
            }
        };
        let mut carry = 0;
        for (at, next) in next.iter_mut().enumerate() {
            let here = word(state, at);
            let one = if parts { 0 } else { word(&self.one, at) };
            let stays = match (parts, crosses) {
                (false, _) => word(&self.any, at),
                (true, true) => word(&self.any_at_end, at),
                (true, false) => 0,
            };
            let moved = here & (word(column, at) | one);
            *next = (moved << 1) | carry | (here & stays);
            carry = moved >> 63;
        }
        let (end, rest) = (self.tokens.len(), self.tokens.len() + 1);
        let is_short = || self.tokens.iter().filter(|token| **token == Token::Char(':')).count() + 1 < count;
        if has(state, rest) || (parts && pads && has(state, end) && is_short()) {
            set(next, rest);
        }
        self.skip_stars(next);
    }

    /// Whether the text read so far matches.
    pub(crate) fn accepts(&self, state: &[u64], colons: u8) -> bool {
        let is_whole = match self.style {
            Style::Plain => true,
            Style::Segments { count, .. } => colons + 1 >= count,
        };
        is_whole && (has(state, self.tokens.len()) || has(state, self.tokens.len() + 1))
    }

    /// A `*` may also stand for nothing.
    fn skip_stars(&self, state: &mut [u64]) {
        let mut carry = 0;
        for (at, here) in state.iter_mut().enumerate() {
            let stars = *here & word(&self.any, at);
            let moved = (stars << 1) | carry;
            carry = stars >> 63;
            *here |= moved;
        }
    }
}

fn fold(char: char) -> char {
    if char == '\u{212a}' { 'k' } else { char.to_ascii_lowercase() }
}

fn word(bits: &[u64], at: usize) -> u64 {
    bits.get(at).copied().unwrap_or_default()
}

fn has(bits: &[u64], at: usize) -> bool {
    word(bits, at / 64) & (1 << (at % 64)) != 0
}

fn set(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}
