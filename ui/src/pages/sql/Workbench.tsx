// Questions in SQL: written with completion, answered as table or chart, kept by name.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Bookmark, Download, Play, Square, Undo2 } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Refused } from "../../api/problem";
import * as ask from "../../api/queries";
import { line, save } from "../../lib/csv";
import { word } from "../../lib/sqltext";
import { patient } from "../../lib/patient";
import { count, counted, shown } from "../../lib/text";
import { span } from "../../lib/time";
import { CopyLine } from "../../parts/Copy";
import { Dialog } from "../../parts/Dialog";
import { Badge } from "../../parts/state";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { useTick } from "../../lib/tick";
import { drawable } from "./drawable";
import { Editor } from "./Editor";
import { Result } from "./Result";
import { Kept, standing } from "./Kept";
import { type Questions, useQuestions } from "./useQuestions";
import styles from "./Workbench.module.css";

const Drawing = lazy(() => patient(() => import("./Drawing")));
const FIRST = "select type, count(*) as resources, sum(cast(understood as int)) as understood\nfrom resources\ngroup by type\norder by resources desc";
const EXAMPLES: [string, string][] = [
  ["Kinds by how much is understood", FIRST],
  ["Exposed and not understood", "select uid, type, account, region, name\nfrom resources\nwhere exposed and not understood\norder by uid"],
  ["References that lead to nothing", "select from_uid, kind, to_uid, to_type, path\nfrom edges\nwhere not resolved\norder by to_type"],
  ["Gaps by part", "select part, count(*) as resources\nfrom unknowns\ngroup by part\norder by resources desc"],
  ["Changes scan by scan", "select seen_at, count(*) as changes\nfrom changes\nwhere what <> 'first_seen'\ngroup by seen_at\norder by seen_at"],
  ["Who owns what", "select value as owner, count(*) as resources\nfrom explanations\nwhere part = 'owner' and holds\ngroup by value\norder by resources desc"],
];

export function Workbench() {
  const { q, as_of, view = "table" } = useSearch({ from: "/sql" });
  const navigate = useNavigate({ from: "/sql" });
  const [text, setText] = useState(q ?? FIRST);
  const [naming, setNaming] = useState(false);
  /** The kept question that the text began as. */
  const [from, setFrom] = useState<string>();
  const tables = useQuery(ask.tables);
  const questions = useQuestions();
  const { open, changed } = standing(questions.all, from, text);
  const replace = useMutation({ mutationFn: questions.keep });
  const stop = useRef<AbortController>(undefined);
  const run = useMutation({
    mutationFn: (question: { q: string; as_of?: string }) => {
      stop.current?.abort();
      stop.current = new AbortController();
      return ask.sql(question.q, { as_of: question.as_of, rows_max: 10_000 }, stop.current.signal);
    },
  });
  const mutate = run.mutate;
  // A question in the address is asked when the page opens, and whenever another page brings one.
  const asked = useRef<string>(undefined);
  useEffect(() => {
    const key = `${q ?? ""}\n${as_of ?? ""}`;
    if (q === undefined || asked.current === key) return;
    asked.current = key;
    setText(q);
    setFrom(undefined);
    mutate({ q, as_of });
  }, [q, as_of, mutate]);
  useEffect(() => () => stop.current?.abort(), []);

  /** A question from somewhere else than the field; `kept` where it is a kept one. */
  function bring(question: string, kept?: string) {
    setFrom(kept);
    start(question);
  }

  function start(question = text) {
    if (question.trim() === "") return;
    asked.current = `${question}\n${as_of ?? ""}`;
    setText(question);
    void navigate({ search: (was) => ({ ...was, q: question }) });
    mutate({ q: question, as_of });
  }

  const problem = run.error instanceof Refused ? run.error.problem : undefined;
  const stopped = run.error instanceof DOMException && run.error.name === "AbortError";
  const answer = run.data;
  const plot = answer && drawable(answer);
  return (
    <div className={styles.page}>
      <div className="row spread wrapped"><h1>SQL</h1><p className="muted small">Reads only. Every table of the estate; <kbd>Ctrl Enter</kbd> asks, <kbd>Ctrl Space</kbd> completes.</p></div>
      <div className={styles.columns}>
        <div className={styles.body}>
          <Editor value={text} onChange={setText} onRun={() => start()} tables={tables.data?.tables ?? []} wrong={problem?.line ? { line: problem.line, column: problem.column ?? 1 } : undefined} />
          <div className="row wrapped">
            {run.isPending ? <button type="button" className="button" onClick={() => stop.current?.abort()}><Square aria-hidden />Stop</button> : <button type="button" className="button main" onClick={() => start()} disabled={text.trim() === ""}><Play aria-hidden />Ask</button>}
            {open && changed && (
              <>
                <button type="button" className="button" onClick={() => replace.mutate({ name: open.name, query: text })} disabled={text.trim() === "" || replace.isPending}><Bookmark aria-hidden />Keep the change</button>
                <button type="button" className="button" onClick={() => bring(open.query, open.name)}><Undo2 aria-hidden />Back to the kept one</button>
              </>
            )}
            {(!open || changed) && <button type="button" className="button" onClick={() => setNaming(true)} disabled={text.trim() === ""}>{!open && <Bookmark aria-hidden />}{open ? "Keep as another…" : "Keep"}</button>}
            {open && <span className="row small wrapped" aria-live="polite"><bdi className="truncate">{shown(open.name, 60)}</bdi>{changed ? <Badge state="attention">changed, not kept</Badge> : <span className="muted">as it is kept</span>}</span>}
            {answer && (
              <span className="row" style={{ marginLeft: "auto" }}>
                <span className="small muted" aria-live="polite">{counted(answer.rows.length, "row")}{answer.truncated ? " and more, cut off" : ""} in {span(answer.millis)}</span>
                {plot && <Tabs label="Show as" value={view} options={[["table", "table"], ["chart", "chart"]]} onChange={(next) => void navigate({ search: (was) => ({ ...was, view: next === "table" ? undefined : next }), replace: true })} />}
                <button type="button" className="button" onClick={() => save("answer.csv", ["\ufeff", line(answer.columns.map((column) => column.name)), ...answer.rows.map(line)], "text/csv;charset=utf-8")} disabled={answer.rows.length === 0}><Download aria-hidden />CSV</button>
              </span>
            )}
          </div>
          {replace.error && <Wrong error={replace.error} once />}
          {run.isPending ? <Waiting /> : stopped ? <p className="muted">Stopped.</p> : run.error ? <Wrong error={run.error} again={() => start()} once /> : !answer ? (
            <Empty title="Ask a question"><ul className="stack">{EXAMPLES.map(([name, query]) => <li key={name}><button type="button" className={styles.example} onClick={() => bring(query)}>{name}</button></li>)}</ul></Empty>
          ) : answer.rows.length === 0 ? <Empty title="No rows"><p>The question is valid, and nothing fits it{as_of ? ` as of ${shown(as_of, 60)}` : ""}.</p></Empty> : view === "chart" && plot ? <Suspense fallback={<Skeleton lines={4} />}><Drawing plot={plot} /></Suspense> : <Result answer={answer} />}
          {answer && <CopyLine text={`fathom sql ${as_of ? `--as-of ${word(as_of)} ` : ""}${word((q ?? text).replace(/\s+/g, " "))}`} />}
        </div>
        <aside className={styles.side} aria-label="Questions and tables">
          <Kept questions={questions} open={open} changed={changed} onPick={(each) => bring(each.query, each.name)} />
          <section className="stack">
            <h2>Tables</h2>
            {tables.error ? <Wrong error={tables.error} again={() => void tables.refetch()} /> : !tables.data ? <Skeleton lines={6} label="Asking for tables" /> : <Tables all={tables.data.tables} onPick={(name) => bring(`select *\nfrom ${name}\nlimit 100`)} />}
          </section>
        </aside>
      </div>
      {naming && <Naming query={text} questions={questions} onKept={setFrom} onClose={() => setNaming(false)} />}
    </div>
  );
}

function Waiting() {
  const [begun] = useState(() => Date.now());
  const now = useTick(true);
  return <Skeleton lines={6} label={`The server works on it${now - begun > 2000 ? `, ${span(now - begun)} so far` : ""}`} />;
}

function Tables({ all, onPick }: { all: { name: string; description: string; columns: { name: string; kind: string; description: string }[] }[]; onPick: (name: string) => void }) {
  const [find, setFind] = useState("");
  const first = all.filter((table) => !table.name.startsWith("aws_"));
  const fits = (find ? all : first).filter((table) => table.name.includes(find.toLowerCase()));
  return (
    <>
      <input type="search" className="input small" placeholder={`Find in ${counted(all.length, "table")}`} aria-label="Find a table" value={find} onChange={(event) => setFind(event.target.value)} />
      <ul className={styles.tables}>
        {fits.slice(0, 60).map((table) => (
          <li key={table.name}>
            <details>
              <summary title={table.description}><code>{table.name}</code></summary>
              <ul>{table.columns.map((column) => <li key={column.name} title={column.description}><code>{shown(column.name, 60)}</code> <span className="muted small">{column.kind}</span></li>)}</ul>
              <button type="button" className={styles.example} onClick={() => onPick(table.name)}>look at 100 rows</button>
            </details>
          </li>
        ))}
      </ul>
      {!find && <p className="small muted">and {count(all.length - first.length)} views, one a kind: <code>aws_…</code></p>}
    </>
  );
}

function Naming({ query, questions, onKept, onClose }: { query: string; questions: Questions; onKept: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState("");
  const keep = useMutation({ mutationFn: () => questions.keep({ name: name.trim(), query }), onSuccess: () => { onKept(name.trim()); onClose(); } });
  return (
    <Dialog title="Keep this question" onClose={keep.isPending ? undefined : onClose}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); keep.mutate(); }}>
        <label className="stack small">Name<input className="input" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} /></label>
        <p className="small muted">It stays {questions.here ? "in this browser" : "with you, on this server"}, and is found with Ctrl K. One of the same name is replaced.</p>
        {keep.error && <Wrong error={keep.error} once />}
        <div><button type="submit" className="button main" disabled={name.trim() === "" || keep.isPending}>Keep</button></div>
      </form>
    </Dialog>
  );
}
