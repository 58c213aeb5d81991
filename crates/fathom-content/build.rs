//! Builds this crate anew when a file of the content appears or goes; known files are watched by themselves.

fn main() {
    println!("cargo::rerun-if-changed=../../content");
}
