//! The SQL prompt: history, completion of tables, columns and words, `.tables` and `.schema`.

use std::sync::Arc;

use anyhow::Result;
use fathom_lake::{
    Lake, Limits,
    output::{self, Options},
};
use reedline::{
    ColumnarMenu, CompletionResult, DefaultPrompt, DefaultPromptSegment, Emacs, FileBackedHistory, KeyCode,
    KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu, Signal, Span, Suggestion,
    ValidationResult, Validator, default_emacs_keybindings,
};

use super::warn_if_cut;
use crate::{
    args::Global,
    render::{self, styled},
};

const HISTORY_LINES: usize = 5_000;
const MENU: &str = "completion";
const WORDS: [&str; 24] = [
    "select",
    "from",
    "where",
    "group by",
    "order by",
    "limit",
    "join",
    "left join",
    "on",
    "and",
    "or",
    "not",
    "in",
    "like",
    "is null",
    "is not null",
    "count(*)",
    "distinct",
    "having",
    "desc",
    "with",
    "union all",
    "case when",
    "json_get_str(",
];

pub(super) async fn run(lake: &Lake, limits: &Limits, global: &Global) -> Result<()> {
    let tables = lake.tables();
    let mut words: Vec<String> = WORDS.iter().map(|&word| word.to_owned()).collect();
    for table in &tables {
        words.push(table.name.clone());
        words.extend(table.columns.iter().map(|column| column.name.clone()));
    }
    words.sort();
    words.dedup();
    let mut keys = default_emacs_keybindings();
    keys.add_binding(
        KeyModifiers::NONE,
        KeyCode::Tab,
        ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]),
    );
    let mut editor = Reedline::create()
        .with_history(Box::new(FileBackedHistory::with_file(HISTORY_LINES, global.data.join("sql.history"))?))
        .with_completer(Box::new(Completer { words: Arc::from(words) }))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(ColumnarMenu::default().with_name(MENU))))
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_validator(Box::new(EndsWithSemicolon));
    let prompt =
        DefaultPrompt::new(DefaultPromptSegment::Basic("fathom".to_owned()), DefaultPromptSegment::Empty);
    render::print("A question ends with `;`. `.tables`, `.schema <table>`, `.quit`; Tab completes.")?;
    loop {
        match editor.read_line(&prompt)? {
            Signal::Success(line) => {
                let line = line.trim().trim_end_matches(';').trim();
                match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                    [] => {}
                    [".quit" | ".exit" | "quit" | "exit"] => return Ok(()),
                    [".tables"] => render::print(render::table(
                        &["table", "what it holds"],
                        tables.iter().map(|table| vec![table.name.clone(), table.description.clone()]),
                    ))?,
                    [".schema", name] => match tables.iter().find(|table| table.name == *name) {
                        Some(table) => render::print(render::table(
                            &["column", "type", "what it holds"],
                            table.columns.iter().map(|column| {
                                vec![
                                    column.name.clone(),
                                    column.kind.as_str().to_owned(),
                                    column.description.clone(),
                                ]
                            }),
                        ))?,
                        None => render::print(format!("no table is called `{name}`; `.tables` lists them"))?,
                    },
                    _ => ask(lake, limits, line).await?,
                }
            }
            Signal::CtrlD => return Ok(()),
            _ => {}
        }
    }
}

async fn ask(lake: &Lake, limits: &Limits, query: &str) -> Result<()> {
    let answered = async {
        let mut answer = lake.query(query, *limits).await.map_err(super::explained)?;
        super::show(&mut answer, &Options::new(output::Format::Table)).await
    };
    match answered.await {
        Ok(written) => {
            render::print(styled(
                render::QUIET,
                format!("{}, {:.2} s", render::count(written.rows, "row"), written.elapsed.as_secs_f64()),
            ))?;
            warn_if_cut(&written);
        }
        Err(error) => render::print(format!("{}: {error}", styled(render::BAD, "error")))?,
    }
    Ok(())
}

/// Words that begin like the one before the cursor.
struct Completer {
    words: Arc<[String]>,
}

impl reedline::Completer for Completer {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let before = line.get(..position).unwrap_or(line);
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        let word = before.get(start..).unwrap_or_default().to_lowercase();
        if word.is_empty() {
            return CompletionResult::fresh(Vec::new());
        }
        let suggestions: Vec<Suggestion> = self
            .words
            .iter()
            .filter(|known| known.starts_with(&word))
            .map(|known| Suggestion {
                value: known.clone(),
                span: Span::new(start, position),
                append_whitespace: true,
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}

/// A question may take several lines; it is over at a semicolon. Commands with a dot are one line.
struct EndsWithSemicolon;

impl Validator for EndsWithSemicolon {
    fn validate(&self, line: &str) -> ValidationResult {
        let line = line.trim();
        let is_command = line.is_empty() || line.starts_with('.') || matches!(line, "quit" | "exit");
        if is_command || line.ends_with(';') {
            ValidationResult::Complete
        } else {
            ValidationResult::Incomplete
        }
    }
}
