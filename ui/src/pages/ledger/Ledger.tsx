// The sealed log: where it ends, its entries, and the proof of each.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useMemo, useState } from "react";
import { ask, get, type Schemas } from "../../api/client";
import { words } from "../../api/problem";
import { save } from "../../lib/csv";
import { count, counted, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { type Column, DataTable } from "../../parts/DataTable";
import { Dialog } from "../../parts/Dialog";
import { Json } from "../../parts/Json";
import { List } from "../../parts/List";
import { Answer, Skeleton, Wrong } from "../../parts/states";
import { beginOf } from "./begin";
import styles from "./Ledger.module.css";

type Entry = Schemas["EntryView"];
const PAGE = 200;

export function Ledger() {
  const { from, entry: chosen } = useSearch({ from: "/ledger" });
  const navigate = useNavigate({ from: "/ledger" });
  const state = useQuery({ queryKey: ["ledger"], queryFn: ({ signal }) => get("/api/v1/ledger", undefined, { signal }) });
  const size = state.data?.size ?? 0;
  const begin = beginOf(size, PAGE, from, chosen);
  const entries = useQuery({
    queryKey: ["ledger", "entries", begin], enabled: state.data !== undefined, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => get("/api/v1/ledger/entries", { from: begin, limit: PAGE }, { signal }),
  });
  const rows = useMemo(() => [...(entries.data?.entries ?? [])].reverse(), [entries.data]);
  const shownEntry = rows.find((row) => row.index === chosen);
  const columns = useMemo<Column<Entry>[]>(() => [
    { id: "index", header: "Entry", cell: ({ row }) => <Link to="/ledger" search={{ from, entry: row.original.index }} className="link">{count(row.original.index)}</Link>, meta: { width: "74px", number: true } },
    { id: "at", header: "When", cell: ({ row }) => <Ago at={row.original.at} />, meta: { width: "140px" } },
    { id: "kind", header: "What", cell: ({ row }) => shown(row.original.kind, 80), meta: { width: "180px" } },
    { id: "actor", header: "Who", cell: ({ row }) => <bdi>{shown(row.original.actor, 80)}</bdi>, meta: { width: "120px" } },
    { id: "subject", header: "To what", cell: ({ row }) => <bdi>{shown(row.original.subject, 200)}</bdi>, meta: { width: "minmax(220px, 1fr)" } },
    { id: "hash", header: "Leaf hash", cell: ({ row }) => <code title={row.original.hash}>{row.original.hash.slice(0, 16)}</code>, meta: { width: "150px" } },
  ], [from]);
  return (
    <List
      title="Ledger"
      sentence={state.data ? <>{counted(size, "entry", "entries")}{state.data.published < size ? `, ${count(size - state.data.published)} not yet published` : ", all published"}. Nothing in it can be changed unseen.</> : " "}
      tools={
        <>
          {size > PAGE && (
            <>
              <button type="button" className="button" disabled={begin === 0} onClick={() => void navigate({ search: { from: Math.max(0, begin - PAGE) } })}>Older</button>
              <button type="button" className="button" disabled={begin + PAGE >= size} onClick={() => void navigate({ search: { from: begin + PAGE } })}>Newer</button>
            </>
          )}
          <span style={{ marginLeft: "auto" }}><CopyLine text="fathom ledger verify" /></span>
        </>
      }
    >
      <Answer of={state} lines={2} label="Asking where the ledger ends">
        {(data) => (
          <details className={styles.end}>
            <summary>Signed end, root <code>{data.root.slice(0, 16)}…</code>, to keep somewhere else</summary>
            <div className="stack">
              <pre>{shown(data.checkpoint, 2000)}</pre>
              <div className="row small"><span className="muted">key</span><code className="wrap">{shown(data.public_key, 200)}</code><CopyButton text={data.public_key} what="Copy the key" /></div>
              <div className="row"><button type="button" className="button" onClick={() => save("checkpoint", [data.checkpoint], "text/plain")}><Download aria-hidden />Checkpoint</button><button type="button" className="button" onClick={() => save("ledger.pub", [data.public_key], "text/plain")}><Download aria-hidden />Public key</button></div>
              <p className="small muted">The console shows what the server says. To verify it without trusting the server, run <code>fathom ledger verify COPY --key KEY</code> on another machine.</p>
            </div>
          </details>
        )}
      </Answer>
      {entries.error && !entries.data ? <Wrong error={entries.error} again={() => void entries.refetch()} /> : !entries.data ? !state.error && <Skeleton lines={8} label="Reading entries" /> : (
        <DataTable label="Entries" columns={columns} rows={rows} total={rows.length} keyOf={(row) => String(row.index)} open={(row) => void navigate({ search: { from, entry: row.index } })} />
      )}
      {shownEntry && <OneEntry entry={shownEntry} onClose={() => void navigate({ search: { from } })} />}
    </List>
  );
}

function OneEntry({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const [wrong, setWrong] = useState<string>();
  async function proof() {
    try {
      const response = await ask(`/api/v1/ledger/entries/${entry.index}/proof`, { headers: { accept: "text/plain, application/problem+json" } });
      save(`entry${entry.index}.tlog-proof`, [await response.text()], "text/plain");
    } catch (error) {
      setWrong(words(error).join(" "));
    }
  }
  return (
    <Dialog title={`Entry ${entry.index}: ${shown(entry.kind, 80)}`} onClose={onClose} wide>
      <dl className={styles.facts}>
        <div><dt>when</dt><dd><time dateTime={entry.at}>{entry.at}</time></dd></div>
        <div><dt>who</dt><dd><bdi>{shown(entry.actor, 200)}</bdi></dd></div>
        <div><dt>to what</dt><dd className="wrap"><bdi>{shown(entry.subject, 600)}</bdi></dd></div>
        <div><dt>leaf hash</dt><dd className="wrap mono">{entry.hash}</dd></div>
      </dl>
      <Json value={entry.body} />
      {wrong && <p role="alert">{wrong}</p>}
      <div className="row"><button type="button" className="button" onClick={() => void proof()}><Download aria-hidden />Proof</button><CopyLine text={`fathom ledger prove ${entry.index} -o entry${entry.index}.tlog-proof`} /></div>
    </Dialog>
  );
}
