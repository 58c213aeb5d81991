// What answers without asking who comes: from the internet, or inside the network, with the way and the proof.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { get, type Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { count, counted, kind, shown } from "../../lib/text";
import { AsOf, Gaps, Missing, More, Says, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { KindIcon } from "../../parts/Name";
import { Empty } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { Hops, Said } from "./Hops";
import styles from "./Network.module.css";
import { type Verdict, VERDICTS } from "./words";

type OpenRow = Schemas["UnauthenticatedRow"];
type Asks = Schemas["OpenAsks"];

export const ASKS: Record<Asks, string> = { nothing: "nothing", application: "what the application asks", any_account: "any account of AWS", credentials: "its own credentials" };
const ANSWERS: Record<Verdict, string> = { ...VERDICTS, yes: "answers" };

export function Unauthenticated({ views, note }: { views: ReactNode; note: ReactNode }) {
  const { internal, verdict, asks, in_the_clear, type, account } = useSearch({ from: "/network" });
  const navigate = useNavigate({ from: "/network" });
  const query = { internal, verdict, asks, in_the_clear, type, account };
  const pages = usePages(["unauthenticated", query], (cursor, signal) => get("/api/v1/unauthenticated", { ...query, cursor }, { signal }), true);
  const first = pages.data?.pages[0];
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const set = (next: Partial<typeof query>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const none = { verdict: undefined, asks: undefined, in_the_clear: undefined, type: undefined, account: undefined };
  const active = [verdict, asks, in_the_clear, type, account].filter((each) => each !== undefined).length;
  const facets = first && (
    <>
      <Facet title="Answer" options={first.facets.verdict.map((each) => ({ ...each, name: ANSWERS[each.value as Verdict] }))} chosen={verdict ?? []} onChange={(chosen) => set({ verdict: chosen.length ? (chosen as typeof verdict) : undefined })} />
      <Facet title="Asks for" options={first.facets.asks.map((each) => ({ ...each, name: ASKS[each.value as Asks] }))} chosen={asks ?? []} onChange={(chosen) => set({ asks: chosen.length ? (chosen as Asks[]) : undefined })} />
      {first.facets.in_the_clear.length > 1 && <Facet title="Encryption" single options={first.facets.in_the_clear.map((each) => ({ ...each, name: each.value === "true" ? "in the clear" : "another matter" }))} chosen={in_the_clear === undefined ? [] : [String(in_the_clear)]} onChange={([chosen]) => set({ in_the_clear: chosen === undefined ? undefined : chosen === "true" })} />}
      <Facet title="Type" options={first.facets.type.map((each) => ({ ...each, name: kind(each.value) }))} chosen={type ?? []} onChange={(chosen) => set({ type: chosen.length ? chosen : undefined })} />
      <Facet title="Account" options={first.facets.account} chosen={account ?? []} onChange={(chosen) => set({ account: chosen.length ? chosen : undefined })} />
    </>
  );
  return (
    <List title="Network" facets={first && first.facets.verdict.length + active > 0 ? facets : undefined} active={active} tools={<>{views}<Tabs label="Who comes" value={internal ? "internal" : "internet"} options={[["internet", "Anybody"], ["internal", "Inside"]]} onChange={(next) => void navigate({ search: (was) => ({ as_of: was.as_of, since: was.since, view: "open", internal: next === "internal" || undefined }), replace: true })} /></>}>
      {note}
      <div className={styles.scrolled} role="region" aria-label="What answers without asking who comes, scrolls" tabIndex={0} aria-busy={pages.isPlaceholderData || undefined}>
        {!first ? <Missing of={pages} label="Asking what answers without asking who comes" brings="settings, policies and networks" /> : (
          <>
            <p className="wrap"><strong>{told(first.facets.verdict, internal === true)}</strong> {first.asked !== null && first.asked !== undefined && `${counted(first.asked, "resource")} asked about. `}<AsOf of={first.as_of} /></p>
            {rows.length === 0 ? <Empty title={active ? "Nothing fits" : "Nothing answers"}><p>{active ? "Nothing that answers is of this kind." : "Nothing that was asked about answers without asking who comes."}</p>{active > 0 && <div><button type="button" className="button" onClick={() => set(none)}>Show all</button></div>}</Empty> : <Rows rows={rows} />}
            <More pages={pages} />
            <Gaps gaps={first.gaps} />
          </>
        )}
      </div>
      <CopyLine text={line({ internal, asks, type })} />
    </List>
  );
}

/** The command that asks the same. */
const line = ({ internal, asks, type }: { internal?: boolean; asks?: Asks[]; type?: string[] }): string =>
  `fathom unauthenticated${internal ? " --internal" : ""}${(asks ?? []).map((each) => ` --asks ${word(each.replace(/_/g, "-"))}`).join("")}${type?.length === 1 ? ` --type ${word(type[0] ?? "")}` : ""}`;

function told(counts: { value: string; count: number }[], internal: boolean): string {
  const of = (verdict: Verdict) => counts.find((each) => each.value === verdict)?.count ?? 0;
  if (counts.length === 0) return "Nothing answers without asking who comes.";
  const yes = of("yes");
  return `${count(yes)} ${yes === 1 ? "answers" : "answer"} ${internal ? "whoever is inside, or in the clear" : "anybody of the internet"}, asking for no more than stands beside; ${count(of("only_if"))} only if something holds, ${count(of("unknown"))} not known.`;
}

export function Rows({ rows }: { rows: OpenRow[] }) {
  return (
    <table className={styles.table} aria-label="What answers without asking who comes">
      <thead><tr><th scope="col">What</th><th scope="col">Answer</th><th scope="col">Asks for</th><th scope="col">Where</th><th scope="col">Why</th></tr></thead>
      <tbody>{rows.map((row) => <Row key={`${row.resource ?? row.account} ${row.rule} ${row.ports.join(" ")} ${row.proof.join(" ")}`} row={row} />)}</tbody>
    </table>
  );
}

/** Its name; where those of a type were not listed, which those are. */
function What({ row }: { row: OpenRow }) {
  const { uid, resource, name } = row;
  const called = name?.trim() ? name : (resource?.split(/[/:]/).filter(Boolean).at(-1) ?? "");
  if (!resource) return <span className="wrap">every {kind(row.resource_type)} of the account</span>;
  return (
    <span className={styles.two}>
      <span className="row"><KindIcon type={row.resource_type} />{uid ? <Link to="/resource" search={{ uid }} className="wrap" title={shown(resource, 400)}><bdi>{shown(called, 160)}</bdi></Link> : <bdi className="wrap">{shown(called, 160)}</bdi>}</span>
      <span className="small muted">{kind(row.resource_type)}</span>
    </span>
  );
}

function Row({ row }: { row: OpenRow }) {
  const said = row.conditions.length + row.missing.length + row.assumptions.length > 0;
  return (
    <tr>
      <th scope="row"><What row={row} /></th>
      <td data-name="Answer"><Says decision={row.verdict} /></td>
      <td data-name="Asks for">{row.in_the_clear ? "no encryption" : ASKS[row.asks]}</td>
      <td data-name="Where"><span className={styles.two}><span>{shown(row.account, 20)}</span>{row.region && <span className="small muted">{shown(row.region, 40)}</span>}</span></td>
      <td data-name="Why">
        <div className="stack">
          <p className="wrap">{shown(row.says, 400)}</p>
          {row.proof.length > 0 && <ul className={styles.said}>{row.proof.map((each, at) => <li key={at} className="wrap small"><code>{shown(each, 400)}</code></li>)}</ul>}
          {row.way && <p className="small muted wrap">Way: {shown(row.way, 400)}</p>}
          {said && <Said path={row} />}
          {row.hops.length > 0 && <details><summary className="small">Every hop of the packet and of its answer</summary><Hops hops={row.hops} /></details>}
        </div>
      </td>
    </tr>
  );
}
