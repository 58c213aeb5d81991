//! What scans and files say, joined with the network and the feeds, on a small estate in the shape of AWS's answers.

mod estate;
mod joins;
mod store;
