//! Arguments of `fathom fix`.

use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is run: the commands are printed, for people to read first. `fathom findings` lists findings.\n\
    What only you can choose is a variable: `fathom fix 3f9a1c --cli` begins with lines that stop where one is not set, so\n\
    \x20         fathom fix 3f9a1c --cli > fix.sh && KEY=arn:aws:kms:… sh -eu fix.sh\n\
    docs/fix.md says more."
)]
pub(crate) struct FixArgs {
    /// The finding's id, or the beginning of it
    pub(crate) finding: String,
    /// Print the commands only
    #[arg(long, conflicts_with_all = ["terraform", "undo", "json"])]
    pub(crate) cli: bool,
    /// Print what it is in Terraform only
    #[arg(long, conflicts_with_all = ["undo", "json"])]
    pub(crate) terraform: bool,
    /// Print the commands that take it back only
    #[arg(long, conflicts_with = "json")]
    pub(crate) undo: bool,
}
