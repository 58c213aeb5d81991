// Which web firewall stands before what answers the web from the internet, and what its rules do.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { get, type Schemas } from "../../api/client";
import { count, counted, kind, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { AsOf, Gaps, Missing, More, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { KindIcon } from "../../parts/Name";
import { Badge, type State } from "../../parts/state";
import { Empty } from "../../parts/states";
import styles from "./Network.module.css";

type Endpoint = Schemas["WebEndpoint"];
type Acl = Schemas["WebAclView"];
type Guard = Schemas["WebGuard"];

export const GUARDS: Record<Guard, [State, string]> = {
  none: ["broken", "none"],
  cannot: ["broken", "none can stand there"],
  unknown: ["unknown", "not known"],
  empty: ["attention", "has no rules"],
  only_counts: ["attention", "only counts"],
  stops: ["understood", "stops something"],
};

export function Firewall({ views, note }: { views: ReactNode; note: ReactNode }) {
  const { guard, type, account } = useSearch({ from: "/network" });
  const navigate = useNavigate({ from: "/network" });
  const query = { guard, type, account };
  const pages = usePages(["web-firewall", query], (cursor, signal) => get("/api/v1/web-firewall", { ...query, cursor }, { signal }), true);
  const first = pages.data?.pages[0];
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const set = (next: Partial<typeof query>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const active = [guard, type, account].filter((each) => each !== undefined).length;
  const facets = first && (
    <>
      <Facet title="Firewall" options={first.facets.guard.map((each) => ({ ...each, name: GUARDS[each.value as Guard][1] }))} chosen={guard ?? []} onChange={(chosen) => set({ guard: chosen.length ? (chosen as Guard[]) : undefined })} />
      <Facet title="Type" options={first.facets.type.map((each) => ({ ...each, name: kind(each.value) }))} chosen={type ?? []} onChange={(chosen) => set({ type: chosen.length ? chosen : undefined })} />
      <Facet title="Account" options={first.facets.account} chosen={account ?? []} onChange={(chosen) => set({ account: chosen.length ? chosen : undefined })} />
    </>
  );
  return (
    <List title="Network" facets={first && first.facets.guard.length + active > 0 ? facets : undefined} active={active} tools={views}>
      {note}
      <div className={styles.scrolled} role="region" aria-label="What answers the web, scrolls" tabIndex={0} aria-busy={pages.isPlaceholderData || undefined}>
        {!first ? <Missing of={pages} label="Asking what stands before what answers the web" brings="load balancers, distributions and web ACLs" /> : (
          <>
            <p className="wrap"><strong>{told(first.facets.guard)}</strong> {first.asked !== null && first.asked !== undefined && `${counted(first.asked, "thing")} asked about. `}<AsOf of={first.as_of} /></p>
            {rows.length === 0 ? <Empty title={active ? "Nothing fits" : "Nothing answers the web"}><p>{active ? "Nothing that answers the web is of this kind." : "Nothing that was asked about answers the web from the internet."}</p>{active > 0 && <div><button type="button" className="button" onClick={() => set({ guard: undefined, type: undefined, account: undefined })}>Show all</button></div>}</Empty> : <Rows rows={rows} />}
            <More pages={pages} />
            {first.acls.length > 0 && <Acls acls={first.acls} />}
            <Gaps gaps={first.gaps} />
          </>
        )}
      </div>
      <CopyLine text="fathom web-firewall" />
    </List>
  );
}

function told(counts: { value: string; count: number }[]): string {
  const of = (...guards: Guard[]) => counts.filter((each) => guards.includes(each.value as Guard)).reduce((sum, each) => sum + each.count, 0);
  if (counts.length === 0) return "Nothing answers the web from the internet.";
  return `${count(of("stops"))} with a firewall that stops something, ${count(of("only_counts", "empty"))} with one that only counts or has no rules, ${count(of("none", "cannot"))} without, ${count(of("unknown"))} not known.`;
}

function Guarded({ by }: { by: Guard }) {
  const [state, words] = GUARDS[by];
  return <Badge state={state}>{words}</Badge>;
}

export function Rows({ rows }: { rows: Endpoint[] }) {
  return (
    <table className={styles.table} aria-label="What answers the web">
      <thead><tr><th scope="col">What</th><th scope="col">Firewall</th><th scope="col">Where</th><th scope="col">Why</th></tr></thead>
      <tbody>{rows.map((row) => <Row key={`${row.resource ?? row.account} ${row.resource_type}`} row={row} />)}</tbody>
    </table>
  );
}

function Row({ row }: { row: Endpoint }) {
  const called = row.name?.trim() ? row.name : (row.resource?.split(/[/:]/).filter(Boolean).at(-1) ?? "");
  return (
    <tr>
      <th scope="row">{row.resource ? <span className={styles.two}><span className="row"><KindIcon type={row.resource_type} /><Link to="/resource" search={{ uid: row.resource }} className="wrap" title={shown(row.resource, 400)}><bdi>{shown(called, 160)}</bdi></Link></span><span className="small muted">{shown(row.what, 80)}</span></span> : <span className="wrap">every {kind(row.resource_type)} of the account</span>}</th>
      <td data-name="Firewall"><Guarded by={row.guard} />{(row.acl_name ?? row.acl) && <p className="small muted wrap">{shown(row.acl_name ?? row.acl ?? "", 120)}</p>}</td>
      <td data-name="Where"><span className={styles.two}><span>{shown(row.account, 20)}</span>{row.region && <span className="small muted">{shown(row.region, 40)}</span>}</span></td>
      <td data-name="Why">
        <div className="stack">
          {row.way && <p className="small wrap">{shown(row.way, 400)}</p>}
          {row.cannot && <p className="small wrap">{shown(row.cannot, 300)}</p>}
          <Lines word="if" of={row.conditions} />
          <Lines word="not read" of={row.missing} />
          {row.past.map((past) => <p key={past.resource} className="row wrapped small"><Badge state={past.guard === "stops" ? "progress" : "broken"}>past it</Badge><span className="wrap">{shown(past.what, 80)} <Link to="/resource" search={{ uid: past.resource }} className="link"><bdi>{shown(past.name ?? past.resource, 120)}</bdi></Link>, which it asks, {past.reached === "yes" ? "is" : "may be"} reached from the internet directly: {GUARDS[past.guard][1]}</span></p>)}
        </div>
      </td>
    </tr>
  );
}

function Lines({ word, of }: { word: string; of: readonly string[] }) {
  return of.length > 0 ? <ul className={styles.said}>{of.map((each, at) => <li key={at} className="wrap small"><span className="muted">{word}:</span> {shown(each, 400)}</li>)}</ul> : null;
}

function Acls({ acls }: { acls: Acl[] }) {
  return (
    <section className="stack" aria-labelledby="acls">
      <h2 id="acls">Their rules</h2>
      {acls.map((acl) => (
        <details key={acl.arn}>
          <summary><span className="row wrapped"><bdi>{shown(acl.name, 120)}</bdi><Guarded by={acl.guard} /><span className="small muted">{shown(acl.account, 20)}, {shown(acl.region, 40)}; before {counted(acl.guards, "endpoint")}; otherwise {acl.default}; {acl.logs_to ? (acl.logs_to.length > 0 ? "logs" : "logs nowhere") : "where it logs to was not read"}</span></span></summary>
          <table className={styles.table} aria-label={`Rules of ${shown(acl.name, 120)}`}>
            <thead><tr><th scope="col">Order</th><th scope="col">Rule</th><th scope="col">Does</th><th scope="col">Looks for</th></tr></thead>
            <tbody>{acl.rules.map((rule) => (
              <tr key={rule.priority}>
                <td data-name="Order">{rule.priority}</td>
                <th scope="row" className="wrap"><bdi>{shown(rule.name, 120)}</bdi></th>
                <td data-name="Does"><span className={styles.two}>{rule.only_counts ? <Badge state="attention">{shown(rule.does, 120)}</Badge> : <span className="wrap">{shown(rule.does, 120)}</span>}{rule.counts_since && <span className="small muted">seen so since <Ago at={rule.counts_since} /></span>}</span></td>
                <td data-name="Looks for" className="wrap small">{shown(rule.looks_for, 600)}</td>
              </tr>
            ))}</tbody>
          </table>
          {acl.faults.map((each, at) => <p key={at} className="row wrapped small"><Badge state="unknown">makes no sense</Badge><span className="wrap">{shown(each, 300)}</span></p>)}
          {acl.rules.some((rule) => rule.only_counts) && <CopyLine text={`fathom web-firewall rehearse ${/^[\w-]+$/.test(acl.name) ? acl.name : acl.arn} --logs waf-logs/`} />}
        </details>
      ))}
    </section>
  );
}
