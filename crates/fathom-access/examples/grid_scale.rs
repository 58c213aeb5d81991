//! How long a part of the grid of who may do what to what takes, in an organisation with every layer on. `cargo xtask bench
//! access` runs it; it prints its own table.
//!
//! Arguments: principals (10,000), and resources beside those that have policies of their own (100,000).

use std::{collections::BTreeMap, error::Error, ops::Range, time::Instant};

#[path = "../../fathom-iam/examples/who_can_scale/estate.rs"]
mod estate;

use estate::{Choices, IN_ACCOUNT, account, documents, organisation};
use fathom_access::{By, Grid, GridQuestion, Permissions, Resource, Wanted};
use fathom_catalogue::Kind as Access;
use fathom_iam::{Context, organisation::Target};

/// Rows and columns of a part, as the console asks for them.
const ROWS: usize = 50;
const COLUMNS: usize = 12;

/// Resources without policies of their own, of every type in turn.
fn plain(number: usize, accounts: usize) -> (String, Resource) {
    let owner = account(number % accounts);
    let app = number % 500;
    let (kind, arn) = match number % 5 {
        0 => ("AWS::SQS::Queue", format!("arn:aws:sqs:eu-west-1:{owner}:app{app}-jobs-{number}")),
        1 => (
            "AWS::DynamoDB::Table",
            format!("arn:aws:dynamodb:eu-west-1:{owner}:table/app{app}-table-{number}"),
        ),
        2 => (
            "AWS::Lambda::Function",
            format!("arn:aws:lambda:eu-west-1:{owner}:function:app{app}-worker-{number}"),
        ),
        3 => (
            "AWS::SecretsManager::Secret",
            format!("arn:aws:secretsmanager:eu-west-1:{owner}:secret:app{app}/db-{number}"),
        ),
        _ => ("AWS::EC2::Instance", format!("arn:aws:ec2:eu-west-1:{owner}:instance/i-{number:017x}")),
    };
    let target = Target { arn: arn.clone(), account: Some(owner), seen: true };
    (arn, Resource { kind: kind.to_owned(), target })
}

fn question(by: By, rows: Range<usize>, columns: Range<usize>, access: &[Access]) -> GridQuestion {
    let wanted = Wanted { access: access.to_vec(), ..Wanted::default() };
    GridQuestion { wanted, kinds: Vec::new(), who: String::new(), on: String::new(), by, rows, columns }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let principals: usize = words.next().map_or(Ok(10_000), |text| text.parse())?;
    let more: usize = words.next().map_or(Ok(100_000), |text| text.parse())?;
    let accounts = principals.div_ceil(IN_ACCOUNT);
    let found = documents(principals);
    let mut resources: BTreeMap<String, Resource> = (0..more).map(|number| plain(number, accounts)).collect();
    for (kind, uid, account, _) in found.iter().filter(|(_, uid, ..)| uid.starts_with("arn:")) {
        let target = Target { arn: uid.clone(), account: Some(account.clone()), seen: true };
        resources.insert(uid.clone(), Resource { kind: (*kind).to_owned(), target });
    }
    let permissions = Permissions::of(organisation(&found, principals), resources)?;
    drop(found);
    println!("| part of the grid | time | questions | not asked |\n| --- | --- | --- | --- |");
    let row = |what: &str, question: &GridQuestion| -> Result<(), Box<dyn Error>> {
        let begun = Instant::now();
        let grid: Grid = permissions.grid(question, &Context::new())?;
        let took = begun.elapsed().as_secs_f64();
        let not_asked: usize = grid.columns.iter().map(|column| column.not_asked).sum();
        let resources: usize = grid.columns.iter().map(|column| column.resources).sum();
        println!(
            "| {what}: {} of {} rows, {} of {} columns | {took:.2} s | {} | {not_asked} of {resources} resources |",
            grid.rows.len(),
            grid.rows_total,
            grid.columns.len(),
            grid.columns_total,
            grid.questions,
        );
        Ok(())
    };
    let mut choices = Choices::new(1);
    let (first, columns) = (0..ROWS, 0..COLUMNS);
    row("types, the first", &question(By::Type, first.clone(), columns.clone(), &[]))?;
    row("types, the same again", &question(By::Type, first.clone(), columns.clone(), &[]))?;
    let begin = choices.below(principals.saturating_sub(ROWS).max(1));
    row("types, other rows", &question(By::Type, begin..begin + ROWS, columns.clone(), &[]))?;
    row("types, data only", &question(By::Type, first.clone(), columns.clone(), &[Access::Data]))?;
    row("accounts", &question(By::Account, first.clone(), columns.clone(), &[]))?;
    row("accounts, admin only", &question(By::Account, first.clone(), columns.clone(), &[Access::Admin]))?;
    row("single resources", &question(By::Resource, first, columns, &[]))?;
    let mut buckets = question(By::Resource, begin..begin + ROWS, 0..COLUMNS, &[]);
    buckets.wanted.resource_types = vec!["AWS::S3::Bucket".to_owned()];
    row("buckets", &buckets)
}
