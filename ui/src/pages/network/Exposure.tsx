// What the internet reaches: a list with facets, and the same as a map.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { get } from "../../api/client";
import { count, counted, shown } from "../../lib/text";
import { AsOf, Gaps, Missing, More, Says, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { useNarrow } from "../../parts/useNarrow";
import { ExposureMap } from "./Map";
import styles from "./Network.module.css";
import { type Exposed, exposedLine, range, service, type Verdict, VERDICTS, why } from "./words";

export function Exposure({ views, note }: { views: ReactNode; note: ReactNode }) {
  const { account, verdict, protocol, port, as = "list" } = useSearch({ from: "/network" });
  const navigate = useNavigate({ from: "/network" });
  // Where the map does not fit, the list says the same.
  const narrow = useNarrow(1000);
  const query = { account, verdict, protocol, port };
  const pages = usePages(["network", "exposed", query], (cursor, signal) => get("/api/v1/network/exposed", { ...query, cursor }, { signal }), true);
  const first = pages.data?.pages[0];
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const set = (next: Partial<typeof query> & { as?: "map" | undefined }) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const active = [account, verdict, protocol, port].filter((each) => each !== undefined).length;
  const facets = first && (
    <>
      <Facet title="Answer" options={first.facets.verdict.map((each) => ({ ...each, name: VERDICTS[each.value as Verdict] }))} chosen={verdict ?? []} onChange={(chosen) => set({ verdict: chosen.length ? (chosen as typeof verdict) : undefined })} />
      <Facet title="Port" single options={first.facets.port.map((each) => ({ ...each, name: [each.value, service(each.value)].filter(Boolean).join(" ") }))} chosen={port === undefined ? [] : [String(port)]} onChange={([chosen]) => set({ port: chosen === undefined ? undefined : Number(chosen) })} />
      <Facet title="Protocol" options={first.facets.protocol} chosen={protocol ?? []} onChange={(chosen) => set({ protocol: chosen.length ? chosen : undefined })} />
      <Facet title="Account" options={first.facets.account} chosen={account ?? []} onChange={(chosen) => set({ account: chosen.length ? chosen : undefined })} />
    </>
  );
  const isMap = as === "map" && !narrow;
  return (
    <List title="Network" facets={first && first.facets.verdict.length + active > 0 ? facets : undefined} active={active} tools={<>{views}{first && first.total > 0 && !narrow && <Tabs label="Shown as" value={isMap ? "map" : "list"} options={[["list", "List"], ["map", "Map"]]} onChange={(next) => set({ as: next === "list" ? undefined : next })} />}</>}>
      {note}
      <div className={styles.scrolled} role="region" aria-label="What the internet reaches, scrolls" tabIndex={0} aria-busy={pages.isPlaceholderData || undefined}>
        {!first ? <Missing of={pages} label="Asking what the internet reaches" brings="networks, servers, load balancers, and who may reach them" /> : (
          <>
            <p className="wrap"><strong>{told(first.facets.verdict, first.interfaces + first.load_balancers)}</strong> {counted(first.interfaces, "network interface")} and {counted(first.load_balancers, "load balancer")} asked about. <AsOf of={first.as_of} /></p>
            {rows.length === 0 ? <Empty title={active ? "Nothing fits" : first.interfaces + first.load_balancers === 0 ? "No network" : "Nothing is reached"}><p>{active ? "Nothing that the internet reaches is of this kind." : first.interfaces + first.load_balancers === 0 ? "No network interface and no load balancer was seen that you may see." : "Nothing that was asked about is reached from the internet."}</p>{active > 0 && <div><button type="button" className="button" onClick={() => set({ account: undefined, verdict: undefined, protocol: undefined, port: undefined })}>Show all</button></div>}</Empty>
              : isMap ? <ExposureMap rows={rows} total={first.total} /> : <Rows rows={rows} />}
            <More pages={pages} />
            <Gaps gaps={first.not_read} />
            {first.faults.length > 0 && <details><summary className="small"><Badge state="attention">{counted(first.faults.length, "thing")}</Badge> in documents made no sense</summary><ul className={styles.said}>{first.faults.slice(0, 20).map((each) => <li key={each} className="small wrap">{shown(each, 400)}</li>)}</ul></details>}
          </>
        )}
      </div>
      <CopyLine text={exposedLine(query)} />
    </List>
  );
}

/** How many are answered how; what is not named is none. */
function told(counts: { value: string; count: number }[], asked: number): string {
  const of = (verdict: Verdict) => counts.find((each) => each.value === verdict)?.count ?? 0;
  if (asked === 0) return "There was nothing to ask about.";
  if (counts.length === 0) return "Nothing is reached from the internet.";
  return `By thing and protocol: ${count(of("yes"))} reached from the internet, ${count(of("only_if"))} only if, ${count(of("unknown"))} not known.`;
}

function Rows({ rows }: { rows: Exposed[] }) {
  return (
    <table className={styles.table} aria-label="What the internet reaches">
      <thead><tr><th scope="col">What</th><th scope="col">Answer</th><th scope="col">Ports</th><th scope="col">Public addresses</th><th scope="col">Where</th><th scope="col">Why</th></tr></thead>
      <tbody>{rows.map((row) => <Row key={`${row.id} ${row.protocol}`} row={row} />)}</tbody>
    </table>
  );
}

const PORTS = 8;

function Row({ row }: { row: Exposed }) {
  const server = row.server;
  const uid = server ? server.uid : row.uid;
  const name = server ? (server.name ?? server.id) : ((row.name ?? row.description) || row.id);
  const way = (port?: number | null) => ({ view: "reach" as const, from: "internet", to: row.id, protocol: row.protocol === "tcp" ? undefined : [row.protocol], port: port ?? undefined });
  const first = row.ports.find((each) => each.verdict === row.verdict);
  return (
    <tr>
      <th scope="row">
        <span className={styles.two}>
          {uid ? <Link to="/resource" search={{ uid }} className="wrap" title={shown(uid, 400)}><bdi>{shown(name, 160)}</bdi></Link> : <bdi className="wrap">{shown(name, 160)}</bdi>}
          <span className="small muted wrap">{row.component === "load_balancer" ? `${shown(row.kind, 40)} load balancer` : <>{row.kind === "interface" ? "" : `${shown(row.kind.replace(/_/g, " "), 40)} `}{row.uid ? <Link to="/resource" search={{ uid: row.uid }}>{shown(row.id, 60)}</Link> : shown(row.id, 60)}</>}</span>
        </span>
      </th>
      <td data-name="Answer"><Says decision={row.verdict} /></td>
      <td data-name="Ports">
        <span className={styles.ports}>
          <span className="small muted">{shown(row.protocol, 20)}</span>
          {row.ports.slice(0, PORTS).map((each) => <Link key={each.first ?? "all"} to="/network" search={way(each.first)} className={styles.port} data-verdict={each.verdict} title={`${VERDICTS[each.verdict]}: the way`}>{range(each) || "the way"}{service(range(each)) && <span className="muted"> {service(range(each))}</span>}</Link>)}
          {row.ports.length > PORTS && <Link to="/network" search={way()} className="link small">{count(row.ports.length - PORTS)} more</Link>}
        </span>
      </td>
      <td data-name="Addresses" data-none={row.addresses.length === 0 ? "" : undefined}><span className={styles.two}>{row.addresses.slice(0, 3).map((each) => <code key={each}>{each}</code>)}{row.addresses.length > 3 && <span className="small muted">and {row.addresses.length - 3} more</span>}</span></td>
      <td data-name="Where"><span className={styles.two}><span>{shown(row.account, 20)}</span><span className="small muted wrap">{shown(row.region, 40)}</span>{row.vpc && <span className="small muted">{shown(row.vpc, 40)}</span>}</span></td>
      <td data-name="Why" className="wrap" data-none={first && why(first) ? undefined : ""}>{first && shown(why(first), 300)}</td>
    </tr>
  );
}
