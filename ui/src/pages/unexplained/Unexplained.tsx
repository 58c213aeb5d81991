// What nobody can explain, worst first, and what would close each gap.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useMemo, useState } from "react";
import { get, type Schemas } from "../../api/client";
import * as ask from "../../api/queries";
import { count, counted, kind, plain, shown } from "../../lib/text";
import { type Column, DataTable } from "../../parts/DataTable";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { Kind, ResourceLink } from "../../parts/Name";
import { Badge } from "../../parts/state";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { Accept } from "../resource/Accept";

type Row = Schemas["UnknownRow"];
const COUNTS = "select type, account, count(distinct uid) as n from unknowns group by type, account";

function Gaps({ row }: { row: Row }) {
  const words = (accepted: boolean) => row.gaps.filter((gap) => Boolean(gap.accepted) === accepted).map((gap) => plain(gap.part) + (gap.reason ? `: ${plain(gap.reason)}` : "")).join(", ");
  const title = row.gaps.map((gap) => `${plain(gap.part)}: ${shown(gap.detail, 200)}`).join("\n");
  const [open, accepted] = [words(false), words(true)];
  return <span className="row">{open && <Badge state="unknown" title={title}>{open}</Badge>}{accepted && <Badge state="progress" title={title}>accepted: {accepted}</Badge>}</span>;
}

export function Unexplained() {
  const search = useSearch({ from: "/unexplained" });
  const navigate = useNavigate({ from: "/unexplained" });
  const [accept, setAccept] = useState<Row>();
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const counts = useQuery(ask.figures("unknown counts", COUNTS));
  const pages = useInfiniteQuery({
    queryKey: ["unknowns", search], placeholderData: keepPreviousData, initialPageParam: undefined as number | undefined,
    queryFn: ({ signal, pageParam }) => get("/api/v1/unknowns", { ...search, cursor: pageParam, limit: 200 }, { signal }),
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.unknowns) ?? [], [pages.data]);
  const first = pages.data?.pages[0];
  const columns = useMemo<Column<Row>[]>(() => [
    { id: "rank", header: "#", cell: ({ row }) => count(row.original.rank), meta: { width: "46px", number: true } },
    { id: "name", header: "Resource", cell: ({ row }) => <ResourceLink resource={row.original} />, meta: { width: "minmax(150px, 1.2fr)" } },
    { id: "type", header: "Kind", cell: ({ row }) => <Kind type={row.original.type} />, meta: { width: "minmax(110px, 0.8fr)" } },
    { id: "because", header: "Why it stands here", cell: ({ row }) => row.original.because.filter((each) => !/^\d+ gaps?$/.test(each)).map((each) => shown(each, 80)).join(", ") || <span className="muted">–</span>, meta: { width: "minmax(190px, 1.3fr)" } },
    { id: "gaps", header: "Missing", cell: ({ row }) => <Gaps row={row.original} />, meta: { width: "minmax(210px, 1.6fr)" } },
    { id: "account", header: "Account", cell: ({ row }) => <bdi>{shown(row.original.account, 40)}</bdi>, meta: { width: "128px" } },
    {
      id: "act", header: () => <span className="hidden">Actions</span>, meta: { width: "106px" },
      cell: ({ row }) => <button type="button" className="button plain" onClick={() => setAccept(row.original)}>Accept…</button>,
    },
  ], []);

  // Each list leaves out the filter of its own, so that a choice can be widened.
  const tally = (index: 0 | 1) => {
    const other = index === 0 ? search.account : search.type;
    const sums = new Map<string, number>();
    for (const row of counts.data?.rows ?? []) if (!other || other.includes(String(row[1 - index]))) sums.set(String(row[index]), (sums.get(String(row[index])) ?? 0) + Number(row[2]));
    return [...sums].map(([value, n]) => ({ value, count: n })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
  };
  const active = (search.type?.length ?? 0) + (search.account?.length ?? 0);
  return (
    <List
      title="Unexplained" active={active}
      sentence={first ? `${counted(first.total, "resource")} that nobody can explain${first.accepted > 0 ? `, ${count(first.accepted)} of them accepted` : ""}, worst first: exposed, then data, then identities, then cost` : " "}
      facets={counts.data ? (
        <>
          <Facet title="Kind" options={tally(0).map((each) => ({ ...each, name: kind(each.value) }))} chosen={search.type ?? []} onChange={(type) => set({ type: type.length ? type : undefined })} />
          <Facet title="Account" options={tally(1)} chosen={search.account ?? []} onChange={(account) => set({ account: account.length ? account : undefined })} />
        </>
      ) : counts.error ? <p className="small muted">Could not be counted.</p> : <Skeleton lines={10} label="Counting" />}
      tools={
        <>
          <label className="row small"><input type="checkbox" checked={search.include_accepted ?? false} onChange={(event) => set({ include_accepted: event.target.checked || undefined })} />also accepted</label>
          {active > 0 && <button type="button" className="button plain" onClick={() => set({ type: undefined, account: undefined })}><X aria-hidden />Clear filters</button>}
        </>
      }
    >
      {pages.error && !pages.data ? <Wrong error={pages.error} again={() => void pages.refetch()} /> : !pages.data ? <Skeleton lines={14} label="Asking for the list" /> : (
        <DataTable
          label="Unexplained resources" columns={columns} rows={rows} total={first?.total} keyOf={(row) => row.uid} loading={pages.isFetchingNextPage}
          more={pages.hasNextPage ? () => void pages.fetchNextPage() : undefined} open={(row) => void navigate({ to: "/resource", search: { uid: row.uid } })}
          empty={<div style={{ padding: "0 14px" }}><Empty title={active ? "Nothing with these filters" : "Nothing is unexplained"}><p>{active ? "Clear the filters to see the rest." : <>Everything that was seen is understood or accepted. What was not seen is on the <Link to="/coverage" className="link">coverage page</Link>.</>}</p></Empty></div>}
        />
      )}
      {accept && <Accept detail={{ resource: accept }} gap={{ part: (accept.gaps.find((gap) => !gap.accepted) ?? accept.gaps[0])?.part ?? "*" }} choices={accept.gaps.map((gap) => gap.part)} onClose={() => setAccept(undefined)} />}
    </List>
  );
}
