//! For everybody at once.
