// Scans: what is under way, what was, and the next one.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import { post, type Schemas } from "../../api/client";
import * as ask from "../../api/queries";
import { counted, percent, shown, told } from "../../lib/text";
import { span } from "../../lib/time";
import { Ago } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { type Column, DataTable } from "../../parts/DataTable";
import { Dialog } from "../../parts/Dialog";
import { List } from "../../parts/List";
import { Badge, type State } from "../../parts/state";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { May, useMay, useWhole } from "../../session/may";
import { Progress, useProgress } from "./Progress";

type Row = Schemas["ScanView"];
const STATES: Record<Row["state"], State> = { running: "progress", finished: "understood", failed: "broken", interrupted: "attention" };

const COLUMNS: Column<Row>[] = [
  { id: "id", header: "#", cell: ({ row }) => <span id={`scan-${row.original.id}`}>{row.original.id}</span>, meta: { width: "56px", number: true } },
  { id: "state", header: "State", cell: ({ row }) => <Badge state={STATES[row.original.state]} title={row.original.error ? shown(row.original.error, 600) : undefined}>{row.original.state}</Badge>, meta: { width: "118px" } },
  { id: "began", header: "Began", cell: ({ row }) => <Ago at={row.original.started_at} />, meta: { width: "130px" } },
  { id: "took", header: "Took", cell: ({ row }) => (row.original.finished_at ? span(Date.parse(row.original.finished_at) - Date.parse(row.original.started_at)) : ""), meta: { width: "100px", number: true } },
  { id: "resources", header: "Resources", cell: ({ row }) => told(row.original.resources), meta: { width: "90px", number: true } },
  { id: "share", header: "Understood", cell: ({ row }) => (row.original.state !== "finished" ? "" : typeof row.original.understood === "number" && typeof row.original.resources === "number" ? percent(row.original.understood, row.original.resources) : "–"), meta: { width: "96px", number: true } },
  { id: "unknown", header: "Calls unknown", cell: ({ row }) => (row.original.state === "finished" ? told(row.original.coverage_unknown) : ""), meta: { width: "112px", number: true } },
  { id: "calls", header: "Calls", cell: ({ row }) => told(row.original.calls), meta: { width: "76px", number: true } },
  {
    id: "scope", header: "Looked at, or why it failed", meta: { width: "minmax(260px, 1fr)" },
    cell: ({ row: { original: scan } }) => {
      const text = scan.error ?? `${scan.scope}: ${counted(scan.accounts.length, "account")}, ${counted(scan.regions.length, "region")}`;
      return <span title={shown(`${text}\n${scan.accounts.join(", ")}\n${scan.regions.join(", ")}`, 900)}>{shown(text, 200)}</span>;
    },
  },
];

export function Scans() {
  // That a scan of another process failed is told by nobody: it is asked for while one is under way.
  const scans = useQuery({ ...ask.scans, refetchInterval: (query) => (query.state.data?.scans.some((scan) => scan.state === "running") ? 5_000 : false) });
  const summary = useQuery(ask.summary());
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate({ from: "/scans" });
  const [may, whole] = [useMay("scan"), useWhole()];
  const [plan, setPlan] = useState(false);
  const [follow, setFollow] = useState(0);
  const running = scans.data?.scans.some((scan) => scan.state === "running") ?? false;
  const progress = useProgress(running || follow > 0 ? `${follow}` : undefined);
  useEffect(() => {
    if (hash !== "start") return;
    // The address asks for it once, and no longer does afterwards.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setPlan(true);
    void navigate({ to: "/scans", hash: "", replace: true });
  }, [hash, navigate]);
  const busy = running || progress.state === "running";
  const schedule = summary.data?.schedule;
  return (
    <List
      title="Scans"
      sentence={schedule ? <>One every {span(schedule.every_seconds * 1000)}{schedule.next_at ? <>, the next <Ago at={schedule.next_at} /></> : ""}{schedule.failures > 0 ? `; ${counted(schedule.failures, "failure")} in a row` : ""}</> : `Each reads the cloud and changes nothing in it.${summary.data ? " This server has no schedule." : ""}`}
      tools={<May do="scan" whole say="start a scan"><button type="button" className="button main" onClick={() => setPlan(true)} disabled={busy}><Play aria-hidden />{busy ? "A scan is under way" : "Start a scan"}</button></May>}
    >
      <Progress progress={progress} />
      {scans.error && !scans.data ? <Wrong error={scans.error} again={() => void scans.refetch()} /> : !scans.data ? <Skeleton lines={8} label="Asking for scans" /> : (
        <DataTable label="Scans" columns={COLUMNS} rows={scans.data.scans} keyOf={(row) => String(row.id)} empty={<div style={{ padding: "0 14px" }}><Empty title="No scan yet"><p>Start one, or let the server do it by itself:</p><CopyLine text="fathom serve --every 6h" /></Empty></div>} />
      )}
      {plan && may && whole && <Plan last={summary.data?.last_scan ?? undefined} onClose={() => setPlan(false)} onStarted={() => { setPlan(false); setFollow((was) => was + 1); }} />}
    </List>
  );
}

/** What a scan will do, before it does. */
function Plan({ last, onClose, onStarted }: { last?: Row; onClose: () => void; onStarted: () => void }) {
  const [regions, setRegions] = useState("");
  const [types, setTypes] = useState("");
  const client = useQueryClient();
  const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);
  const narrow = { regions: words(regions), types: words(types) };
  const start = useMutation({
    mutationFn: () => post<Schemas["StartedScan"]>("/api/v1/scans", narrow),
    onSuccess: () => { void client.invalidateQueries({ queryKey: ["scans"] }); onStarted(); },
  });
  return (
    <Dialog title="Start a scan" onClose={start.isPending ? undefined : onClose}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); start.mutate(); }}>
        <ul className="stack">
          <li>Reads what the server is set up for{last ? <> (last time {counted(last.accounts.length, "account")}, {counted(last.regions.length, "region")}, {told(last.calls)} calls)</> : ""}.</li>
          <li>Changes nothing in the cloud. Its calls stand in the provider's own log.</li>
          <li>Ends as one entry in the ledger. If it is interrupted, nothing of it is kept.</li>
        </ul>
        <label className="stack small">Only these regions; all of the setup where empty<input className="input" value={regions} onChange={(event) => setRegions(event.target.value)} placeholder="eu-west-1, us-east-1" /></label>
        <label className="stack small">Only these kinds; all where empty<input className="input" value={types} onChange={(event) => setTypes(event.target.value)} placeholder="AWS::S3::Bucket" /></label>
        {start.error && <Wrong error={start.error} once />}
        <div className="row"><button type="submit" className="button main" data-first disabled={start.isPending} >{start.isPending ? "Signing in to the cloud…" : "Start"}</button><button type="button" className="button" disabled={start.isPending} onClick={onClose}>Cancel</button></div>
        <CopyLine text={`fathom scan${narrow.regions.length ? ` --regions ${narrow.regions.join(",")}` : ""}${narrow.types.length ? ` --types ${narrow.types.join(",")}` : ""}`} />
      </form>
    </Dialog>
  );
}
