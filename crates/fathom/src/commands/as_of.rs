//! `fathom as-of`: a question to the estate as it was.

use anyhow::{Result, bail};

use crate::{
    args::{AsOfArgs, AsOfCommand, Global},
    commands::sql,
};

pub(crate) async fn run(global: &Global, args: AsOfArgs) -> Result<()> {
    match args.command {
        AsOfCommand::Sql(sql) if sql.as_of.is_some() => {
            bail!("name the moment once: `fathom as-of 7d sql …`")
        }
        AsOfCommand::Sql(mut sql) => {
            sql.as_of = Some(args.moment);
            sql::run(global, sql).await
        }
    }
}
