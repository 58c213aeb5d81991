// The list as a file: fetched page by page, and stopped by whoever started it.
import { Download } from "lucide-react";
import { useRef, useState } from "react";
import type { Query } from "../../api/client";
import { words } from "../../api/problem";
import * as ask from "../../api/queries";
import { line, save } from "../../lib/csv";
import { resourcesSql, word } from "../../lib/sqltext";
import { count, counted, shown } from "../../lib/text";
import { momentWords } from "../../lib/when";
import { CopyLine } from "../../parts/Copy";
import { Dialog } from "../../parts/Dialog";

/** A browser holds about so many rows without trouble; beyond it the command line is the better way. */
const ROWS_MAX = 200_000;
const NAMES = ["uid", "type", "account", "region", "id", "name", "understood", "exposed", "stale", "created_at", "owner", "network", "first_seen", "last_seen", "tags"] as const;
type Format = "csv" | "json";

export function Export({ query, total }: { query: Query<"/api/v1/resources">; total: number }) {
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState<number>();
  const [wrong, setWrong] = useState<string>();
  const stop = useRef<AbortController>(undefined);

  const sql = resourcesSql(query, { line: true });

  async function run(format: Format) {
    const end = new AbortController();
    stop.current = end;
    setWrong(undefined);
    setDone(0);
    try {
      const parts: string[] = [];
      let rows = 0;
      let cursor: string | undefined;
      do {
        const page = await ask.resources({ ...query, cursor, limit: 1000 }, end.signal);
        parts.push(format === "csv" ? page.resources.map((row) => line(NAMES.map((name) => row[name]))).join("") : page.resources.map((row) => JSON.stringify(row)).join("\n") + (page.resources.length ? "\n" : ""));
        rows += page.resources.length;
        cursor = page.next ?? undefined;
        setDone(rows);
      } while (cursor && rows < ROWS_MAX);
      if (format === "csv") save("resources.csv", ["\ufeff", line(NAMES), ...parts], "text/csv;charset=utf-8");
      else save("resources.jsonl", parts, "application/x-ndjson");
      setOpen(false);
    } catch (error) {
      if (!end.signal.aborted) setWrong(words(error).join(" "));
    }
    setDone(undefined);
  }

  return (
    <>
      <button type="button" className="button" disabled={total === 0} onClick={() => setOpen(true)}><Download aria-hidden />Export</button>
      {open && (
        <Dialog title={`Export ${counted(total, "resource")}`} onClose={() => { stop.current?.abort(); setOpen(false); }}>
          <p>In CSV, a text that a spreadsheet would run as a formula gets an apostrophe before it. Documents are not in it.</p>
          {total > ROWS_MAX && <p>These are more than a browser should hold: the file ends after {count(ROWS_MAX)}.{sql !== undefined && " The command writes all of them."}</p>}
          {query.as_of && <p>They are as of {momentWords(shown(query.as_of, 60))}.</p>}
          {wrong && <p role="alert">{wrong}</p>}
          {done === undefined ? (
            <div className="row"><button type="button" className="button main" onClick={() => void run("csv")}>CSV</button><button type="button" className="button" onClick={() => void run("json")}>JSON, one a line</button></div>
          ) : (
            <div className="row"><progress value={done} max={Math.min(total, ROWS_MAX)} aria-label="Fetched" /><span aria-live="polite">{count(done)} fetched</span><button type="button" className="button" onClick={() => stop.current?.abort()}>Stop</button></div>
          )}
          {sql === undefined ? <p className="small muted">The command line cannot say all of these filters.</p> : <CopyLine text={`fathom sql ${query.as_of ? `--as-of ${word(query.as_of)} ` : ""}--format csv -o resources.csv ${word(sql)}`} />}
        </Dialog>
      )}
    </>
  );
}
