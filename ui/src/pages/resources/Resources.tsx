// Every resource, filtered by what stands in the address.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Database, LayoutGrid, X } from "lucide-react";
import { useMemo } from "react";
import * as ask from "../../api/queries";
import type { ResourcePage, ResourceRow } from "../../api/types";
import { stringify } from "../../lib/address";
import { chosen, filterOf, filtered } from "../../lib/filter";
import { resourcesSql, tagsOf } from "../../lib/sqltext";
import { count, counted, percent } from "../../lib/text";
import { Columns } from "../../parts/Columns";
import { DataTable } from "../../parts/DataTable";
import { Field } from "../../parts/Field";
import { FilterFacets } from "../../parts/FilterFacets";
import { List } from "../../parts/List";
import { StartScan } from "../../parts/StartScan";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { usePager } from "../../parts/usePager";
import { Views } from "../../parts/Views";
import { useMayAsk } from "../../session/may";
import { NothingForYou } from "../../session/NothingForYou";
import { columns, STANDARD } from "./columns";
import { Export } from "./Export";

const cleanTags = (text: string) => tagsOf(text).join(", ");

/** Kept only of the present. */
const PRESENT_ONLY = ["stale", "assigned_to"];

export function Resources() {
  const search = useSearch({ from: "/resources" });
  const navigate = useNavigate({ from: "/resources" });
  const mayAsk = useMayAsk();
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const { order, descending, include_deleted, as_of, columns: shownColumns } = search;
  const filter = filterOf(search);
  const facets = useQuery({ ...ask.facets({ ...filter, include_deleted, as_of }), placeholderData: keepPreviousData });
  const query = { ...filter, include_deleted, as_of, order, descending };
  const { first, pages, error, refetch, waiting, listKey } = usePager<ResourcePage, ResourceRow>({
    key: ["resources", query], fetch: (cursor, limit, signal) => ask.resources({ ...query, cursor: cursor as string | undefined, limit }, signal), page: ({ resources, next }) => ({ rows: resources, next }),
  });
  const sql = resourcesSql(query);
  const total = first?.total ?? 0;
  const active = chosen(filter);
  const isFiltered = filtered(filter);
  const understood = facets.data?.understood.find((each) => each.value === "true")?.count ?? 0;
  const everything = facets.data?.understood.reduce((all, each) => all + each.count, 0) ?? 0;
  const clear = () => void navigate({ search: { order, descending, columns: shownColumns, as_of, since: search.since }, replace: true });
  const names = useMemo(() => new Map([...(facets.data?.account ?? []), ...(facets.data?.network ?? [])].flatMap((each) => (each.label ? [[each.value, each.label] as const] : []))), [facets.data]);
  const all = useMemo(() => columns(names), [names]);
  const wanted = shownColumns ?? STANDARD;
  const visible = useMemo(() => all.filter((column) => column.id === "name" || wanted.includes(column.id as never)), [all, wanted]);

  return (
    <List
      title="Resources" active={active}
      sentence={first && !waiting && facets.data && !facets.isPlaceholderData ? total === 0 ? "None" : filter.understood === undefined ? `${counted(total, "resource")}, ${percent(understood, everything)} understood` : `${counted(total, "resource")} that ${total === 1 ? "is" : "are"} ${filter.understood ? "" : "not "}understood` : " "}
      facets={facets.data?.total === 0 && !facets.isPlaceholderData && !isFiltered ? undefined : facets.data ? <FilterFacets facets={facets.data} filter={filter} set={set} hide={as_of ? PRESENT_ONLY : []} /> : facets.error ? <p className="small muted">Could not be counted.</p> : <Skeleton lines={12} label="Counting" />}
      tools={
        <>
          <Field value={filter.search} onChange={(value) => set({ search: value })} label="Search name, id or uid" wide search />
          <Field value={filter.tag?.join(", ")} clean={cleanTags} onChange={(value) => set({ tag: value ? tagsOf(value) : undefined })} label="Tags: key or key=value, …" />
          <label className="row small"><input type="checkbox" checked={include_deleted ?? false} onChange={(event) => set({ include_deleted: event.target.checked || undefined })} />also gone</label>
          {isFiltered && <button type="button" className="button plain" onClick={clear}><X aria-hidden />Clear filters</button>}
          <span className="row wrapped" style={{ marginLeft: "auto" }}>
            <Views page="/resources" query={stringify({ ...filter, include_deleted, order, descending, columns: shownColumns })} />
            <Columns all={all.map(({ id, meta }) => ({ id, name: meta.name, fixed: id === "name" }))} shown={visible.map((column) => column.id)} standard={STANDARD} onChange={(next) => set({ columns: next })} />
            <Link to="/map" search={filter} className="button" title="The same as areas"><LayoutGrid aria-hidden />Map</Link>
            {mayAsk && sql !== undefined && <Link to="/sql" search={{ q: sql }} className="button" title="The question in SQL whose answer this list is"><Database aria-hidden />SQL</Link>}
            <Export query={query} total={total} />
          </span>
        </>
      }
    >
      {error ? <Wrong error={error} again={() => void refetch()} /> : !pages ? <Skeleton lines={14} label="Asking for resources" /> : (
        <DataTable
          label="Resources" columns={visible} busy={waiting} listKey={listKey} pages={pages} total={total} keyOf={(row) => row.uid} open={(row) => void navigate({ to: "/resource", search: { uid: row.uid } })}
          order={{ by: order ?? "uid", descending: descending ?? false, set: (by, down) => { if (!as_of || by !== "last_seen") set({ order: by as typeof order, descending: down || undefined }); } }}
          empty={<div style={{ padding: "0 14px" }}>{isFiltered
            ? <Empty title="No resource fits">{everything > 0 && <p>All {count(everything)} that the other filters leave are of other values.</p>}<div><button type="button" className="button" onClick={clear}>Clear filters</button></div></Empty>
            : <NothingForYou><Empty title="No resources yet"><p>The first scan brings them.</p><StartScan main /></Empty></NothingForYou>}</div>}
        />
      )}
    </List>
  );
}
