//! Tests of the engine: the language, what is not known, what decided, mistakes, and the checks that ship.

mod fix;
mod language;
mod mistakes;
mod peer;
mod shipped;
