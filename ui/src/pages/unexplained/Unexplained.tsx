// What nobody can explain, worst first, and what would close each gap.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FileCode2, Handshake, UserRoundCheck, X } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import * as ask from "../../api/queries";
import type { Facets, UnknownPage, UnknownRow as Row } from "../../api/types";
import { stringify } from "../../lib/address";
import { chosen, filterOf, filtered } from "../../lib/filter";
import { count, counted, plain, shown } from "../../lib/text";
import { type Column, DataTable } from "../../parts/DataTable";
import { Facet } from "../../parts/Facets";
import { Field } from "../../parts/Field";
import { FilterFacets } from "../../parts/FilterFacets";
import { List } from "../../parts/List";
import { Menu } from "../../parts/Menu";
import { Kind, ResourceLink } from "../../parts/Name";
import { Badge } from "../../parts/state";
import { StartScan } from "../../parts/StartScan";
import { Answer, Empty, Skeleton, Wrong } from "../../parts/states";
import { usePager } from "../../parts/usePager";
import { Views } from "../../parts/Views";
import { useMay, whoCan } from "../../session/may";
import { NothingForYou } from "../../session/NothingForYou";
import { Accept, EndAcceptance } from "../resource/Accept";
import { Assign } from "./Assign";
import { Explain } from "./Explain";
import styles from "./Unexplained.module.css";

type Doing = { what: "accept" | "assign" | "explain"; rows: Row[] } | { what: "end"; rows: Row[] };
/** As many as one request of the API takes. */
const MARKED_MAX = 500;

export function Unexplained() {
  const search = useSearch({ from: "/unexplained" });
  const navigate = useNavigate({ from: "/unexplained" });
  const may = useMay("accept");
  const [doing, setDoing] = useState<Doing>();
  const [marked, setMarked] = useState<ReadonlyMap<string, Row>>(new Map());
  const { gap, include_accepted, as_of } = search;
  const filter = filterOf(search);
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const query = { ...filter, gap, include_accepted, as_of };
  const facets = useQuery({ ...ask.unknownFacets(query), placeholderData: keepPreviousData });
  const { first, pages, error, refetch, waiting, listKey } = usePager<UnknownPage, Row>({
    key: ["unknowns", query], fetch: (cursor, limit, signal) => ask.unknowns({ ...query, cursor: cursor as number | undefined, limit }, signal), page: ({ unknowns, next }) => ({ rows: unknowns, next }),
  });
  const acting = may && as_of === undefined;
  const toggle = useCallback((row: Row) => setMarked((was) => {
    const next = new Map(was);
    if (!next.delete(row.uid) && next.size < MARKED_MAX) next.set(row.uid, row);
    return next;
  }), []);
  const columns = useMemo<Column<Row>[]>(() => {
    return [
      ...(acting ? [{
        id: "mark", header: () => <span className="hidden">Chosen</span>, meta: { width: "34px" },
        cell: ({ row }) => <input type="checkbox" aria-label={`Choose ${shown(row.original.name ?? row.original.uid, 60)}`} checked={marked.has(row.original.uid)} onChange={() => toggle(row.original)} />,
      } satisfies Column<Row>] : []),
      { id: "rank", header: "#", cell: ({ row }) => count(row.original.rank), meta: { width: "52px", number: true } },
      { id: "name", header: "Resource", cell: ({ row }) => <ResourceLink resource={row.original} />, meta: { width: "minmax(170px, 1.3fr)" } },
      { id: "type", header: "Kind", cell: ({ row }) => <Kind type={row.original.type} />, meta: { width: "minmax(110px, 0.8fr)" } },
      { id: "because", header: "Why it stands here", cell: ({ row }) => row.original.because.filter((each) => !/^\d+ gaps?$/.test(each)).map((each) => shown(each, 80)).join(", ") || <span className="muted">–</span>, meta: { width: "minmax(180px, 1.2fr)" } },
      { id: "gaps", header: "Missing", cell: ({ row }) => <Gaps row={row.original} />, meta: { width: "minmax(210px, 1.6fr)" } },
      { id: "who", header: "Owner or assigned", cell: ({ row }) => <Who row={row.original} />, meta: { width: "minmax(130px, 0.9fr)" } },
      ...(acting ? [{ id: "act", header: () => <span className="hidden">Actions</span>, meta: { width: "66px" }, cell: ({ row }) => <Act row={row.original} act={setDoing} /> } satisfies Column<Row>] : []),
    ];
  }, [acting, marked, toggle]);

  const active = chosen(filter) + (gap?.length ?? 0);
  const isFiltered = filtered(filter) || active > 0;
  const clear = () => void navigate({ search: { include_accepted, as_of, since: search.since }, replace: true });
  const rows = [...marked.values()];
  const teams = facets.data?.owner.map((each) => each.value).filter(Boolean) ?? [];
  const done = () => setMarked(new Map());
  return (
    <List
      title="Unexplained" active={active}
      sentence={first && !waiting && first.total > 0 ? `${counted(first.total, "resource")} that nobody can explain${first.accepted > 0 ? `, ${count(first.accepted)} of them accepted` : ""}, worst first: exposed, then data, then identities, then cost` : " "}
      facets={facets.data?.total === 0 && !facets.isPlaceholderData && !isFiltered ? undefined : facets.data ? <FilterFacetsOf facets={facets.data} search={search} set={set} past={as_of !== undefined} /> : facets.error ? <p className="small muted">Could not be counted.</p> : <Skeleton lines={10} label="Counting" />}
      tools={
        <>
          <Field value={filter.search} onChange={(value) => set({ search: value })} label="Search name, id or uid" wide search />
          <label className="row small"><input type="checkbox" checked={include_accepted ?? false} onChange={(event) => set({ include_accepted: event.target.checked || undefined })} />also accepted</label>
          {isFiltered && <button type="button" className="button plain" onClick={clear}><X aria-hidden />Clear filters</button>}
          {!may && <span className="small muted">To accept or assign: {whoCan("accept")}</span>}
          <span className="row" style={{ marginLeft: "auto" }}><Views page="/unexplained" query={stringify({ ...filter, gap, include_accepted })} /></span>
        </>
      }
    >
      {rows.length > 0 && acting && (
        <div className={styles.marked} role="group" aria-label="What is chosen">
          <strong>{counted(rows.length, "resource")} chosen</strong>
          <button type="button" className="button" onClick={() => setDoing({ what: "assign", rows })}><UserRoundCheck aria-hidden />Assign…</button>
          <button type="button" className="button" onClick={() => setDoing({ what: "explain", rows })}><FileCode2 aria-hidden />Explain…</button>
          <button type="button" className="button" onClick={() => setDoing({ what: "accept", rows })}><Handshake aria-hidden />Accept…</button>
          <button type="button" className="button plain" onClick={done}><X aria-hidden />None</button>
          {rows.length >= MARKED_MAX && <span className="small">No more than {MARKED_MAX} at once.</span>}
        </div>
      )}
      {error ? <Wrong error={error} again={() => void refetch()} /> : !pages ? <Skeleton lines={14} label="Asking for the list" /> : (
        <DataTable
          label="Unexplained resources" columns={columns} busy={waiting} listKey={listKey} pages={pages} total={first?.total} keyOf={(row) => row.uid} open={(row) => void navigate({ to: "/resource", search: { uid: row.uid } })} mark={acting ? toggle : undefined}
          empty={<div style={{ padding: "0 14px" }}>{isFiltered ? <Empty title="Nothing with these filters"><p>Clear the filters to see the rest.</p></Empty> : <Nothing as_of={as_of} />}</div>}
        />
      )}
      {doing?.what === "accept" && <Accept resources={doing.rows} part={parts(doing.rows)[0] ?? "*"} choices={parts(doing.rows)} onClose={() => setDoing(undefined)} onDone={done} />}
      {doing?.what === "assign" && <Assign rows={doing.rows} teams={teams} onClose={() => setDoing(undefined)} onDone={done} />}
      {doing?.what === "explain" && <Explain rows={doing.rows} teams={teams} onClose={() => setDoing(undefined)} />}
      {doing?.what === "end" && <End row={doing.rows[0]} onClose={() => setDoing(undefined)} />}
    </List>
  );
}

/** An empty list says something only where something was looked at. */
function Nothing({ as_of }: { as_of?: string }) {
  const summary = useQuery(ask.summary({ as_of }));
  return (
    <Answer of={summary} label="Asking whether there was a scan">
      {({ last_scan, all }) => last_scan && all.resources.value === 0 ? <NothingForYou><Empty title="Nothing was seen"><p>The last scan found no resource. What it could not see is on the <Link to="/coverage" className="link">coverage page</Link>.</p></Empty></NothingForYou> : last_scan ? <Empty title="Nothing is unexplained"><p>Everything that was seen is understood or accepted. What was not seen is on the <Link to="/coverage" className="link">coverage page</Link>.</p></Empty>
        : <Empty title="Nothing was scanned yet"><p>The first scan brings the list of what nobody can explain.</p><StartScan /></Empty>}
    </Answer>
  );
}

/** The gaps that all of them have open, the first one's order kept. */
function parts(rows: Row[]): string[] {
  const open = (row: Row) => row.gaps.filter((gap) => !gap.accepted).map((gap) => gap.part);
  const [first, ...rest] = rows.map(open);
  return (first ?? []).filter((part) => rest.every((other) => other.includes(part)));
}

function FilterFacetsOf({ facets, search, set, past }: { facets: Facets; search: { gap?: string[] } & Parameters<typeof filterOf>[0]; set: (next: object) => void; past: boolean }) {
  return (
    <>
      <Facet title="Missing" options={facets.gap.map((each) => ({ ...each, name: plain(each.value) }))} chosen={search.gap ?? []} onChange={(gap) => set({ gap: gap.length ? gap : undefined })} />
      <FilterFacets facets={facets} filter={filterOf(search)} set={set} hide={past ? ["understood", "stale", "assigned_to"] : ["understood"]} />
    </>
  );
}

function Gaps({ row }: { row: Row }) {
  const words = (accepted: boolean) => row.gaps.filter((gap) => Boolean(gap.accepted) === accepted).map((gap) => plain(gap.part) + (gap.reason ? `: ${plain(gap.reason)}` : "")).join(", ");
  const title = row.gaps.map((gap) => `${plain(gap.part)}: ${shown(gap.detail, 200)}`).join("\n");
  const [open, accepted] = [words(false), words(true)];
  return <span className="row">{open && <Badge state="unknown" title={title}>{open}</Badge>}{accepted && <Badge state="progress" title={title}>accepted: {accepted}</Badge>}</span>;
}

function Who({ row }: { row: Row }) {
  if (row.assigned) return <Badge state="progress" title={shown([row.assigned.note, row.assigned.until ? `until ${row.assigned.until.slice(0, 10)}` : ""].filter(Boolean).join(" – "), 300)}>{shown(row.assigned.to, 60)} </Badge>;
  return row.owner ? <bdi>{shown(row.owner, 60)}</bdi> : <span className="muted">–</span>;
}

function Act({ row, act }: { row: Row; act: (doing: Doing) => void }) {
  const accepted = row.gaps.some((gap) => gap.accepted);
  const choices = ([["accept", "Accept…"], ["assign", "Assign…"], ["explain", "Explain…"], ...(accepted ? [["end", "End acceptance…"] as const] : [])] as const);
  return (
    <Menu name={`What to do about ${shown(row.name ?? row.uid, 60)}`} right className="button plain" title={`${shown(row.account, 40)}, ${shown(row.region, 40)}`} label={<>Act<span className="hidden"> on {shown(row.name ?? row.uid, 60)}</span></>}>
      {(close) => <ul>{choices.map(([what, name]) => <li key={what}><button type="button" className="button plain" onClick={() => { close(); act({ what, rows: [row] }); }}>{name}</button></li>)}</ul>}
    </Menu>
  );
}

function End({ row, onClose }: { row: Row | undefined; onClose: () => void }) {
  // One acceptance may hold for several gaps.
  const [first, ...rest] = new Map((row?.gaps ?? []).flatMap(({ accepted }) => (accepted ? [[accepted.part, accepted] as const] : []))).values();
  if (!row || !first) return null;
  return <EndAcceptance resource={row} acceptances={[first, ...rest]} onClose={onClose} />;
}
