//! The tests of what would open and close.
