//! Makes the crate anew when the console was built anew, and leaves it alone when there is none.

use std::{fs, path::Path};

fn main() {
    let dist = Path::new("../../ui/dist");
    // A path that is not there counts as changed every time; an empty folder means that there is no console. Where it
    // cannot be made (a checkout that is read only), the crate is made anew more often than needed, and nothing else.
    let _ = fs::create_dir_all(dist);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
}
