// The estate beside the state that somebody approved, and every difference until somebody explains it.
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Stamp, X } from "lucide-react";
import { type ReactNode, useId, useMemo, useState } from "react";
import { post } from "../../api/client";
import * as ask from "../../api/queries";
import type { Baseline, BaselineDifference, BaselineState } from "../../api/types";
import { word } from "../../lib/sqltext";
import { count, counted, kind, shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Ago } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { ChangeSign, Difference } from "../../parts/Difference";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { label, ResourceLink } from "../../parts/Name";
import { inDays, Plan } from "../../parts/Plan";
import { StartScan } from "../../parts/StartScan";
import { Badge } from "../../parts/state";
import { Answer, Empty, Skeleton, Wrong } from "../../parts/states";
import { useMay, whoCan } from "../../session/may";
import styles from "./Drift.module.css";

export function Baselines({ choice }: { choice: ReactNode }) {
  const search = useSearch({ from: "/drift" });
  const all = useQuery(ask.baselines);
  const [approve, setApprove] = useState(false);
  const may = useMay("approve_baseline");
  const held = all.data?.baselines.filter((each) => !each.ended_at) ?? [];
  const name = search.baseline ?? held[0]?.name;
  const chosen = held.find((each) => each.name === name);
  const state = useQuery({ ...ask.baseline(name ?? ""), enabled: chosen !== undefined });
  const button = may ? <button type="button" className={`button ${chosen ? "" : "main"}`} onClick={() => setApprove(true)}><Stamp aria-hidden />Approve the state as it is…</button> : <span className="small muted">{whoCan("approve_baseline").replace(/\.$/, "")} approve a state.</span>;
  const dialog = approve && <Approve before={chosen} state={state.data} onClose={() => setApprove(false)} />;
  if (chosen) return <>{<Compared key={chosen.name} baseline={chosen} state={state.data} held={held} past={all.data?.baselines.filter((each) => each.ended_at) ?? []} choice={choice} button={button} />}{dialog}</>;
  return (
    <List title="Drift" tools={choice}>
      {all.error && !all.data ? <Wrong error={all.error} again={() => void all.refetch()} /> : !all.data ? <Skeleton lines={8} label="Asking for approved states" /> : <NoneYet name={name} button={button} />}
      {dialog}
    </List>
  );
}

/** No state is approved, or none of that name: what to do depends on whether a scan left one. */
export function NoneYet({ name, button }: { name?: string; button: ReactNode }) {
  const summary = useQuery(ask.summary());
  const may = useMay("approve_baseline");
  return (
    <Answer of={summary} lines={8} label="Asking for the last scan">
      {({ last_scan }) => last_scan ? (
        <Empty title={name ? `There is no approved state called ${shown(name, 60)}` : "No state was approved so far"}>
          <p>Once the estate is approved as a scan left it, everything that comes, goes or changes is listed here until somebody explains it, and a pipeline can be held by it.</p>
          <div>{button}</div>
          {may && <CopyLine text={'fathom baseline approve --reason "…"'} />}
        </Empty>
      ) : (
        <Empty title="Nothing was scanned yet">
          <p>What is approved is the estate as a scan left it. When the first scan has ended, its state can be approved here, and from then on every difference is listed.</p>
          <StartScan first />
        </Empty>
      )}
    </Answer>
  );
}

interface ComparedProps { baseline: Baseline; state?: BaselineState; held: Baseline[]; past: Baseline[]; choice: ReactNode; button: ReactNode }

function Compared({ baseline, state, held, past, choice, button }: ComparedProps) {
  const search = useSearch({ from: "/drift" });
  const navigate = useNavigate({ from: "/drift" });
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const [explain, setExplain] = useState<BaselineDifference>();
  const may = useMay("approve_baseline");
  const query = { explained: search.explained ?? false, type: search.type, account: search.account, region: search.region };
  const pages = useInfiniteQuery({
    queryKey: ["baselines", baseline.name, "differences", query], initialPageParam: undefined as string | undefined, placeholderData: keepPreviousData,
    queryFn: ({ signal, pageParam }) => ask.baselineDifferences(baseline.name, { ...query, cursor: pageParam, limit: 100 }, signal), getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.differences) ?? [], [pages.data]);
  const active = (search.type?.length ?? 0) + (search.account?.length ?? 0) + (search.region?.length ?? 0);
  const tally = (of: (row: BaselineDifference) => string) => {
    const sums = new Map<string, number>();
    for (const row of rows) sums.set(of(row), (sums.get(of(row)) ?? 0) + 1);
    return [...sums].map(([value, n]) => ({ value, count: n })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
  };
  const counts = state?.counts;
  const open = counts ? counts.added + counts.changed + counts.gone : undefined;
  return (
    <List
      title="Drift" active={active}
      sentence={counts ? open === 0 ? `As approved${counts.explained > 0 ? `, but ${counted(counts.explained, "explained difference")}` : ""}` : `${[[counts.added, "came"], [counts.changed, "changed"], [counts.gone, "went"]].filter(([n]) => n).map(([n, what]) => `${count(Number(n))} ${what ?? ""}`).join(", ")} since it was approved, and nobody explained why` : " "}
      facets={rows.length > 0 || active > 0 ? (
        <>
          <Facet title="Kind" options={tally((row) => row.type).map((each) => ({ ...each, name: kind(each.value) }))} chosen={search.type ?? []} onChange={(next) => set({ type: next.length ? next : undefined })} />
          <Facet title="Account" options={tally((row) => row.account)} chosen={search.account ?? []} onChange={(next) => set({ account: next.length ? next : undefined })} />
          <Facet title="Region" options={tally((row) => row.region)} chosen={search.region ?? []} onChange={(next) => set({ region: next.length ? next : undefined })} />
          {pages.hasNextPage && <p className="small muted">Counted among the {count(rows.length)} that were fetched so far.</p>}
        </>
      ) : undefined}
      tools={
        <>
          {choice}
          {held.length > 1 && <select className="input" aria-label="Approved state" value={baseline.name} onChange={(event) => set({ baseline: event.target.value })}>{held.map((each) => <option key={each.name} value={each.name}>{shown(each.name, 60)}</option>)}</select>}
          <label className="row small"><input type="checkbox" checked={search.explained ?? false} onChange={(event) => set({ explained: event.target.checked || undefined })} />explained ones{counts ? ` (${count(counts.explained)})` : ""}</label>
          {active > 0 && <button type="button" className="button plain" onClick={() => set({ type: undefined, account: undefined, region: undefined })}><X aria-hidden />Clear filters</button>}
          <span style={{ marginLeft: "auto" }}>{button}</span>
        </>
      }
    >
      <div className={styles.approved}>
        <p className="wrap"><strong><bdi>{shown(baseline.name, 80)}</bdi></strong>: {counted(baseline.resources, "resource")} as scan {baseline.scan} left them, approved by <bdi>{shown(baseline.by, 80)}</bdi> <Ago at={baseline.at} />: <bdi>{shown(baseline.reason, 400)}</bdi></p>
        <p className="small muted truncate" title="SHA-256 over all resources, sealed in the ledger">digest <code>{shown(baseline.digest, 64)}</code></p>
        {past.length > 0 && (
          <details className="small">
            <summary className="muted">{counted(past.length, "earlier one")}</summary>
            <table className={styles.history}><thead><tr><th scope="col">name</th><th scope="col">scan</th><th scope="col">approved</th><th scope="col">by</th><th scope="col">reason</th><th scope="col">until</th></tr></thead>
              <tbody>{past.slice(0, 50).map((each, at) => <tr key={at}><td><bdi>{shown(each.name, 60)}</bdi></td><td>{each.scan}</td><td>{moment(each.at)}</td><td><bdi>{shown(each.by, 60)}</bdi></td><td className="wrap"><bdi>{shown(each.reason, 200)}</bdi></td><td>{each.ended_at ? moment(each.ended_at) : ""}</td></tr>)}</tbody>
            </table>
          </details>
        )}
      </div>
      {pages.error && !pages.data ? <Wrong error={pages.error} again={() => void pages.refetch()} /> : !pages.data ? <Skeleton lines={10} label="Comparing with the approved state" /> : rows.length === 0 ? (
        <Empty title={active ? "Nothing with these filters" : search.explained ? "No difference was explained" : "Nothing differs that nobody explained"} />
      ) : (
        <ul className={styles.list} aria-label="Differences">
          {rows.map((row) => (
            <li key={row.uid} className="row spread" style={{ alignItems: "flex-start" }}>
              <div className={styles.row}>
                <div className="row wrapped"><ChangeSign what={row.what} /><ResourceLink resource={row} tab="history" /><span className="small muted">{kind(row.type)} · <bdi>{shown(row.account, 40)}</bdi> · {shown(row.region, 40)}</span></div>
                {row.difference && <Difference of={row.difference} max={20} />}
                {row.explained && <p className="small wrap"><Badge state="progress">explained{row.explained.until ? ` until ${row.explained.until.slice(0, 10)}` : ""}</Badge> <bdi>{shown(row.explained.by, 80)}</bdi>, <Ago at={row.explained.at} />: <bdi>{shown(row.explained.reason, 400)}</bdi></p>}
              </div>
              {!row.explained && may && <button type="button" className="button plain" onClick={() => setExplain(row)}>Explain…</button>}
            </li>
          ))}
          {pages.hasNextPage && <li><button type="button" className="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{pages.isFetchingNextPage ? "Fetching…" : "More"}</button></li>}
        </ul>
      )}
      <CopyLine text={`fathom baseline diff${baseline.name === "default" ? "" : ` --name ${word(baseline.name)}`}`} />
      {explain && <Explain baseline={baseline} row={explain} onClose={() => setExplain(undefined)} />}
    </List>
  );
}

/** The estate as it was when this was opened: what somebody agrees to is what they saw, also where a scan ends meanwhile. */
function useSeen() {
  const { data } = useQuery(ask.summary());
  const [seen, setSeen] = useState(data);
  if (!seen && data) setSeen(data);
  return seen;
}

function Approve({ before, state, onClose }: { before?: Baseline; state?: BaselineState; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/drift" });
  const seen = useSeen();
  const [name, setName] = useState(before?.name ?? "default");
  const [reason, setReason] = useState("");
  const ids = { name: useId(), reason: useId() };
  const last = seen?.last_scan;
  const run = useMutation({
    mutationFn: () => post<Baseline>("/api/v1/baselines", { name: name.trim(), reason: reason.trim(), seen: last?.id }),
    onSuccess: (made) => {
      void client.invalidateQueries();
      void navigate({ search: (was) => ({ ...was, tab: "baseline", baseline: made.name }), replace: true });
      onClose();
    },
  });
  const replaces = before && name.trim() === before.name;
  const differs = state ? state.counts.added + state.counts.changed + state.counts.gone : 0;
  return (
    <Plan
      title="Approve the state as it is" action="Approve" busy={run.isPending} error={run.error} disabled={reason.trim() === "" || name.trim() === "" || !last} onRun={() => run.mutate()} onClose={onClose}
      cli={`fathom baseline approve${name.trim() === "default" ? "" : ` --name ${word(name.trim())}`} --reason ${word(reason.trim() || "…")}`}
      plan={[
        ["Approves", last ? <>{counted(seen.all.resources.value, "resource")} as scan {last.id} left them{last.finished_at && <> (<Ago at={last.finished_at} />)</>}</> : "nothing: no scan has ended yet"],
        ["Means", <>Whatever comes, goes or changes after that is listed until somebody explains it. Nothing changes in the cloud.</>],
        ...(replaces ? [["Ends", <>the state of scan {before.scan}, approved by <bdi>{shown(before.by, 60)}</bdi>{state && <>; with it {differs === 0 ? "no open difference" : `${counted(differs, "difference")} that nobody explained count as approved`}</>}</>] as const] : []),
        ["Undo", "None: what was approved stays in the ledger. Approve a later state to replace it."],
      ]}
    >
      <label htmlFor={ids.name} className="small">Name</label>
      <div><input id={ids.name} className="input" required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} /></div>
      <label htmlFor={ids.reason} className="small">Reason</label>
      <textarea id={ids.reason} className="input" rows={2} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
    </Plan>
  );
}

function Explain({ baseline, row, onClose }: { baseline: Baseline; row: BaselineDifference; onClose: () => void }) {
  const client = useQueryClient();
  const seen = useSeen()?.last_scan?.id;
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const ids = { reason: useId(), until: useId() };
  const run = useMutation({
    mutationFn: () => post("/api/v1/baselines/{name}/accept", { uid: row.uid, reason: reason.trim(), seen, ...(until ? { until } : {}) }, undefined, { name: baseline.name }),
    onSuccess: () => { void client.invalidateQueries({ queryKey: ["baselines"] }); onClose(); },
  });
  return (
    <Plan
      title="Explain a difference" action="Explain" busy={run.isPending} error={run.error} disabled={reason.trim() === "" || seen === undefined} onRun={() => run.mutate()} onClose={onClose}
      cli={`fathom baseline accept ${word(row.uid)} --reason ${word(reason.trim() || "…")}${until ? ` --until ${until}` : ""}`}
      plan={[
        ["Concerns", <bdi key="what">{label({ uid: row.uid, type: row.type, name: row.name })}</bdi>],
        ["Means", "It no longer counts as an open difference, as it is now. When it changes again, it is listed again. Nothing changes in the cloud."],
        ["Undo", "None: the explanation stays in the ledger. With a date it ends by itself."],
      ]}
    >
      {row.difference && <Difference of={row.difference} max={8} />}
      <label htmlFor={ids.reason} className="small">Reason</label>
      <textarea id={ids.reason} className="input" rows={2} data-first required maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
      <label htmlFor={ids.until} className="small">Until the end of (for as long as the approved state where empty)</label>
      <div><input id={ids.until} className="input" type="date" min={inDays(0)} value={until} onChange={(event) => setUntil(event.target.value)} /></div>
    </Plan>
  );
}
