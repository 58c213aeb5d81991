// Every resource, filtered by what stands in the address.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Database, X } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { get, type Schemas } from "../../api/client";
import { useDelayed } from "../../lib/delayed";
import { resourcesSql } from "../../lib/sqltext";
import { count, counted, kind, percent, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { type Column, DataTable } from "../../parts/DataTable";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { Kind, ResourceLink } from "../../parts/Name";
import { Badge, Understood } from "../../parts/state";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { Export } from "./Export";

type Row = Schemas["ResourceRow"];

const COLUMNS: Column<Row>[] = [
  { id: "name", header: "Name", cell: ({ row }) => <ResourceLink resource={row.original} />, meta: { width: "minmax(200px, 2fr)", order: "name" } },
  { id: "type", header: "Kind", cell: ({ row }) => <Kind type={row.original.type} />, meta: { width: "minmax(160px, 1.4fr)", order: "type" } },
  { id: "account", header: "Account", cell: ({ row }) => <bdi>{shown(row.original.account, 40)}</bdi>, meta: { width: "130px", order: "account" } },
  { id: "region", header: "Region", cell: ({ row }) => shown(row.original.region, 40), meta: { width: "125px", order: "region" } },
  { id: "state", header: "State", cell: ({ row }) => <State row={row.original} />, meta: { width: "215px" } },
  { id: "seen", header: "Last seen", cell: ({ row }) => <Ago at={row.original.last_seen} />, meta: { width: "128px", order: "last_seen" } },
];

function State({ row }: { row: Row }) {
  return (
    <span className="row">
      {row.deleted_at ? <Badge state="broken">gone</Badge> : <Understood is={row.understood} />}
      {row.exposed && !row.deleted_at && <Badge state="attention" title="Its own settings say that it may be reached from outside">exposed</Badge>}
      {row.stale && <Badge state="unknown" title="The last scan could not say whether it still exists">stale</Badge>}
    </span>
  );
}

export function Resources() {
  const search = useSearch({ from: "/resources" });
  const navigate = useNavigate({ from: "/resources" });
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const { order, descending, ...filter } = search;
  const facets = useQuery({ queryKey: ["facets", filter], queryFn: ({ signal }) => get("/api/v1/resources/facets", filter, { signal }), placeholderData: keepPreviousData });
  const pages = useInfiniteQuery({
    queryKey: ["resources", search], placeholderData: keepPreviousData, initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => get("/api/v1/resources", { ...search, cursor: pageParam, limit: 200 }, { signal }),
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.resources) ?? [], [pages.data]);
  const total = pages.data?.pages.at(-1)?.total ?? 0;
  const active = [filter.type, filter.account, filter.region].reduce((all, each) => all + (each?.length ?? 0), 0) + (filter.understood === undefined ? 0 : 1);
  const filtered = active > 0 || filter.search || filter.tag;
  const understood = facets.data?.understood.find((each) => each.value === "true")?.count ?? 0;
  const everything = facets.data?.understood.reduce((all, each) => all + each.count, 0) ?? 0;
  const clear = () => void navigate({ search: { order, descending }, replace: true });

  return (
    <List
      title="Resources" active={active}
      sentence={pages.data && facets.data ? total === 0 ? "None" : filter.understood === undefined ? `${counted(total, "resource")}, ${percent(understood, everything)} understood` : `${counted(total, "resource")} that ${total === 1 ? "is" : "are"} ${filter.understood ? "" : "not "}understood` : " "}
      facets={
        facets.data ? (
          <>
            <Facet title="Understood" single options={facets.data.understood.map((each) => ({ ...each, name: each.value === "true" ? "understood" : "not understood" }))} chosen={filter.understood === undefined ? [] : [String(filter.understood)]} onChange={([value]) => set({ understood: value === undefined ? undefined : value === "true" })} />
            <Facet title="Kind" options={facets.data.type.map((each) => ({ ...each, name: kind(each.value) }))} chosen={filter.type ?? []} onChange={(type) => set({ type: type.length ? type : undefined })} />
            <Facet title="Account" options={facets.data.account} chosen={filter.account ?? []} onChange={(account) => set({ account: account.length ? account : undefined })} />
            <Facet title="Region" options={facets.data.region} chosen={filter.region ?? []} onChange={(region) => set({ region: region.length ? region : undefined })} />
          </>
        ) : facets.error ? <p className="small muted">Could not be counted.</p> : <Skeleton lines={12} label="Counting" />
      }
      tools={
        <>
          <Field value={filter.search} onChange={(value) => set({ search: value })} label="Search name, id or uid" wide search />
          <Field value={filter.tag} onChange={(value) => set({ tag: value })} label="Tag: key or key=value" />
          <label className="row small"><input type="checkbox" checked={filter.include_deleted ?? false} onChange={(event) => set({ include_deleted: event.target.checked || undefined })} />also gone</label>
          {filtered && <button type="button" className="button plain" onClick={clear}><X aria-hidden />Clear filters</button>}
          <span className="row" style={{ marginLeft: "auto" }}>
            <Link to="/sql" search={{ q: resourcesSql(search) }} className="button" title="The question in SQL whose answer this list is"><Database aria-hidden />SQL</Link>
            <Export query={search} total={total} />
          </span>
        </>
      }
    >
      {pages.error && !pages.data ? <Wrong error={pages.error} again={() => void pages.refetch()} /> : !pages.data ? <Skeleton lines={14} label="Asking for resources" /> : (
        <DataTable
          label="Resources" columns={COLUMNS} rows={rows} total={total} keyOf={(row) => row.uid} loading={pages.isFetchingNextPage}
          more={pages.hasNextPage ? () => void pages.fetchNextPage() : undefined} open={(row) => void navigate({ to: "/resource", search: { uid: row.uid } })}
          order={{ by: order ?? "uid", descending: descending ?? false, set: (by, down) => set({ order: by as typeof order, descending: down || undefined }) }}
          empty={<div style={{ padding: "0 14px" }}>{filtered
            ? <Empty title="No resource fits"><p>All {count(everything)} that the other filters leave are of other values.</p><div><button type="button" className="button" onClick={clear}>Clear filters</button></div></Empty>
            : <Empty title="No resources yet"><p>The first scan brings them.</p><div><Link to="/scans" hash="start" className="button main">Start a scan</Link></div></Empty>}</div>}
        />
      )}
    </List>
  );
}

/** A field whose text goes into the address after a pause. */
function Field({ value = "", onChange, label, wide, search }: { value?: string; onChange: (value: string | undefined) => void; label: string; wide?: boolean; search?: boolean }) {
  const [text, setText] = useState(value);
  const delayed = useDelayed(text, 200);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (delayed.trim() !== value && delayed === text) onChange(delayed.trim() || undefined);
    // Only what was typed goes out; what comes in from the address is handled above.
  }, [delayed]);
  return (
    <input
      type="search" className="input" style={{ flex: wide ? "1 1 200px" : "0 1 190px", maxWidth: wide ? 420 : 190 }} placeholder={label} aria-label={label} value={text} maxLength={1000} data-search={search || undefined}
      onChange={(event) => setText(event.target.value)} onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }} spellCheck={false}
    />
  );
}
