// Each call: read, empty, or unknown and why, and which permission would open it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Database, X } from "lucide-react";
import { get, type Query, type Schemas } from "../../api/client";
import * as ask from "../../api/queries";
import { among, literal } from "../../lib/sqltext";
import { count, counted, kind, plain, shown } from "../../lib/text";
import { span } from "../../lib/time";
import { type Column, DataTable } from "../../parts/DataTable";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { Badge } from "../../parts/state";
import { StartScan } from "../../parts/StartScan";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { usePager } from "../../parts/usePager";
import { useMayAsk } from "../../session/may";
import { Grant } from "./Grant";

type Row = Schemas["CoverageRow"];
type Filter = { outcome?: string; reason?: string; account?: string[]; region?: string[]; service?: string[]; type?: string[] };

const COLUMNS: Column<Row>[] = [
  { id: "outcome", header: "Outcome", cell: ({ row }) => <Outcome row={row.original} />, meta: { width: "122px" } },
  { id: "call", header: "Call", cell: ({ row }) => <code>{shown(row.original.service, 40)}:{row.original.operation === "*" ? "all of it" : shown(row.original.operation, 60)}</code>, meta: { width: "minmax(190px, 1.3fr)" } },
  { id: "type", header: "Read for", cell: ({ row }) => (row.original.type ? <Link to="/resources" search={{ type: [row.original.type] }}>{kind(row.original.type)}</Link> : <span className="muted">–</span>), meta: { width: "minmax(110px, 0.8fr)" } },
  { id: "place", header: "Account and region", cell: ({ row }) => <bdi>{shown(row.original.account, 20)} {row.original.region === "*" ? "everywhere" : shown(row.original.region, 30)}</bdi>, meta: { width: "218px" } },
  { id: "todo", header: "Permission to grant, or what to do", cell: ({ row }) => <Todo row={row.original} />, meta: { width: "minmax(200px, 1.8fr)" } },
  { id: "items", header: "Items", cell: ({ row }) => count(row.original.items), meta: { width: "60px", number: true } },
  { id: "calls", header: "Calls", cell: ({ row }) => <span title={`in ${span(row.original.millis)}; ${counted(row.original.throttles, "answer")} throttled, ${counted(row.original.failures, "call")} without an answer we could use`}>{count(row.original.calls)}</span>, meta: { width: "60px", number: true } },
];

function Outcome({ row }: { row: Row }) {
  if (row.outcome === "read") return <Badge state="understood">read</Badge>;
  if (row.outcome === "empty") return <span className="muted">empty</span>;
  return <Badge state={row.reason === "denied" ? "attention" : "unknown"}>{plain(row.reason ?? "unknown")}</Badge>;
}

function Todo({ row }: { row: Row }) {
  const title = shown([row.detail, row.advice].filter(Boolean).join(" – "), 600);
  if (row.permission) return <span title={title}>grant <code>{shown(row.permission, 80)}</code></span>;
  return <span className={row.outcome === "unknown" ? "" : "muted"} title={title}>{row.advice ? shown(row.advice, 200) : row.detail ? shown(row.detail, 200) : ""}</span>;
}

const quoted = (values: string[] | undefined, name: string) => (values?.length ? `${name} in ${among(values)}` : undefined);
function where(filter: Filter): string {
  const all = [
    filter.outcome ? `outcome = ${literal(filter.outcome)}` : undefined, filter.reason ? `reason = ${literal(filter.reason)}` : undefined,
    quoted(filter.account, "account"), quoted(filter.region, "region"), quoted(filter.service, "service"), quoted(filter.type, "type"),
  ].filter(Boolean);
  return all.length ? ` where ${all.join(" and ")}` : "";
}

const FACETS = [["outcome", "Outcome"], ["reason", "Why unknown"], ["service", "Service"], ["account", "Account"], ["region", "Region"]] as const;

export function Coverage() {
  const search = useSearch({ from: "/coverage" });
  const navigate = useNavigate({ from: "/coverage" });
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const { outcome, reason, account, region, service, type } = search;
  const query: Query<"/api/v1/coverage"> = { outcome, reason, account, region, service, type };
  const mayAsk = useMayAsk();
  const facets = useQuery({ ...ask.coverageFacets(query), placeholderData: keepPreviousData });
  const { first, pages, error, refetch, waiting, listKey } = usePager<Schemas["CoverageAnswer"], Row>({
    key: ["coverage", query], fetch: (cursor, limit, signal) => get("/api/v1/coverage", { ...query, cursor: cursor as number | undefined, limit }, { signal }), page: ({ coverage, next }) => ({ rows: coverage, next }),
  });
  const total = first?.total;
  const totals = first?.totals ?? [];
  const sum = (outcome: string) => totals.filter((each) => each.outcome === outcome).reduce((all, each) => all + each.count, 0);
  const active = FACETS.reduce((all, [name]) => all + ([search[name]].flat().filter(Boolean).length), 0) + (search.type?.length ?? 0);
  const options = (name: (typeof FACETS)[number][0]) => (facets.data?.[name] ?? []).map((each) => ({ ...each, name: name === "reason" ? plain(each.value) : undefined }));
  const denied = totals.some((each) => each.reason === "denied" && each.count > 0);
  return (
    <List
      title="Coverage" active={active}
      sentence={total === undefined || waiting || (total === 0 && active === 0) ? " " : active > 0 ? `${counted(total, "call")} with these filters` : `${counted(sum("read"), "call")} read, ${count(sum("empty"))} empty, ${count(sum("unknown"))} unknown: what was not read cannot be known`}
      facets={facets.data?.total === 0 && !facets.isPlaceholderData && active === 0 ? undefined : facets.data ? FACETS.map(([name, title]) => (
        <Facet
          key={name} title={title} options={options(name)} single={name === "outcome" || name === "reason"} chosen={[search[name]].flat().filter((each): each is string => Boolean(each))}
          onChange={(chosen) => set(name === "outcome" ? { outcome: chosen[0] as typeof search.outcome, reason: chosen[0] === "unknown" ? search.reason : undefined } : name === "reason" ? { reason: chosen[0] } : { [name]: chosen.length ? chosen : undefined })}
        />
      )) : facets.error ? <p className="small muted">Could not be counted.</p> : <Skeleton lines={12} label="Counting" />}
      tools={
        <>
          {denied && <Grant filter={query} />}
          {search.type && <span className="small">read for {search.type.map(kind).join(", ")}</span>}
          {active > 0 && <button type="button" className="button plain" onClick={() => void navigate({ search: {}, replace: true })}><X aria-hidden />Clear filters</button>}
          {mayAsk && <span style={{ marginLeft: "auto" }}><Link to="/sql" search={{ q: `select account, region, service, operation, outcome, reason, permission, detail\nfrom coverage${where(search)}\norder by account, region, service, operation` }} className="button"><Database aria-hidden />SQL</Link></span>}
        </>
      }
    >
      {error ? <Wrong error={error} again={() => void refetch()} /> : !pages ? <Skeleton lines={14} label="Asking for the coverage" /> : (
        <DataTable
          label="Calls" columns={COLUMNS} busy={waiting} listKey={listKey} pages={pages} total={total} keyOf={(row) => [row.account, row.region, row.service, row.operation, row.type ?? ""].join("\n")}
          empty={<div style={{ padding: "0 14px" }}>{active ? <Empty title="No call fits"><p>Clear the filters to see the rest.</p></Empty> : <Empty title="No coverage yet"><p>The first scan brings it: one row for each account, region, service and operation. </p><StartScan /></Empty>}</div>}
        />
      )}
    </List>
  );
}
