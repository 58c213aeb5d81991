// The answers, one for each question that the form can ask.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get, type Query } from "../../api/client";
import { count, counted, kind, list, shown } from "../../lib/text";
import * as answered from "../../parts/Answered";
import { KindIcon } from "../../parts/Name";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { Matrix, type MatrixRow } from "./Matrix";
import { AsOf, Gaps, More, Notes, Says, Who } from "./parts";
import styles from "./Permissions.module.css";
import { OfKey, Proof } from "./Proof";
import { type From, FROM, ofKey, short, vendor, who, why } from "./words";

/** Asks page by page. */
export const usePages = <T extends { next?: number | null }>(key: unknown[], fetch: (cursor: number, signal: AbortSignal) => Promise<T>) => answered.usePages(["permissions", ...key], fetch);

/** What stands in the place of an answer that is not there. */
export const Missing = (of: { of: { error: unknown; refetch: () => unknown }; label: string }) => <answered.Missing {...of} brings="users, roles, policies, and what they are about" />;

/** Those of whom is known what they can become. */
const OWN: string[] = ["user", "role", "root"];
const Climbs = ({ principal }: { principal: string }) => <Link to="/permissions" search={{ view: "escalation", principal }} className="link">What it can become</Link>;

/** An ARN as the way to its resource. */
function On({ uid }: { uid: string }) {
  return uid === "*" ? <>no resource</> : <Link to="/resource" search={{ uid: uid.replace(/^(arn:[^:]*:s3:::[^/]+)\/.*$/, "$1") }} className="wrap"><code>{shown(uid, 300)}</code></Link>;
}

export function WhoCan({ query }: { query: Query<"/api/v1/permissions/who-can"> }) {
  const pages = usePages(["who-can", query], (cursor, signal) => get("/api/v1/permissions/who-can", { ...query, cursor }, { signal }));
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Asking everyone" />;
  const { counts } = first;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <p className="wrap"><strong>{first.total === 0 ? "Nobody who was asked about can." : `${count(counts.allowed)} can, ${count(counts.only_if)} only if, ${count(counts.unknown)} not known.`}</strong> {count(counts.denied)} of {count(first.asked)} asked about cannot: <code>{shown(first.action, 100)}</code> on <On uid={first.resource} />. <AsOf of={first.as_of} /></p>
      <Notes notes={first.notes} />
      {rows.length > 0 && (
        <ul className={styles.rows} aria-label="Who can">
          {rows.map((row) => (
            <li key={`${row.kind} ${row.principal}`}>
              <details>
                <summary><Says decision={row.content} /><span className={styles.what}><span><bdi className="wrap">{row.kind === "user" || row.kind === "role" ? short(row.principal) : who(row)}</bdi> <span className="small muted">{row.kind === "user" || row.kind === "role" ? `${row.kind} of ${shown(row.principal.split(":")[4] ?? "", 20)}` : ""}</span></span><span className="small muted wrap">{shown(why(row), 400)}{row.key && `; ${ofKey(row.key)}`}</span></span></summary>
                <Proof verdict={row} />
                <OfKey step={row.key} />
                {(row.kind === "user" || row.kind === "role") && <p className="small"><Link to="/permissions" search={{ principal: row.principal }} className="link">What else it can do</Link> · <Climbs principal={row.principal} /></p>}
              </details>
            </li>
          ))}
        </ul>
      )}
      <More pages={pages} />
      <Gaps gaps={first.gaps} />
    </>
  );
}

export function WhatCan({ query }: { query: Query<"/api/v1/permissions/what-can"> }) {
  const pages = usePages(["what-can", query], (cursor, signal) => get("/api/v1/permissions/what-can", { ...query, cursor }, { signal }));
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Asking about every resource" />;
  const { principal, counts } = first;
  const rows = (pages.data?.pages.flatMap((page) => page.rows) ?? []).map((row, at): MatrixRow => {
    const one = row.resources[0] ?? "*";
    const type = row.resource_type ?? undefined;
    return {
      key: String(at), permitted: row.permitted, withKey: row.with_key, proof: { principal: principal.principal, kind: principal.kind, resource: one, context: query.context }, name: type ? `to ${counted(row.count, kind(type))}` : "without a resource",
      head: type ? <Named type={type} resources={row.resources} all={row.count} /> : <span className="muted">actions without a resource</span>,
    };
  });
  return (
    <>
      <p className="wrap"><strong>Something on {counted(counts.allowed, "resource")}, only if on {count(counts.only_if)}, not known on {count(counts.unknown)}</strong>, nothing on {count(counts.denied)}: <bdi>{who(principal)}</bdi>. <AsOf of={first.as_of} /></p>
      {OWN.includes(principal.kind) && <p className="small"><Climbs principal={principal.principal} /></p>}
      {rows.length === 0 ? <Empty title="Nothing"><p>It may do nothing of what was asked about.</p></Empty> : <Matrix rows={rows} title="On" label="What it can do" />}
      <More pages={pages} />
      {first.without_actions.length > 0 && <p className="small muted wrap">Not asked about, since the catalogue knows no action on them: {list(first.without_actions.map((each) => `${count(each.count)} ${kind(each.resource_type)}`))}.</p>}
      <Gaps gaps={first.gaps} />
    </>
  );
}

const NAMES_SHOWN = 3;

/** Resources that are alike; the first few by name. */
export function Named({ type, resources, all }: { type: string; resources: string[]; all: number }) {
  return (
    <span className={styles.named}>
      <span className="row small muted"><KindIcon type={type} />{kind(type)}{all > 1 && ` × ${count(all)}`}</span>
      {resources.slice(0, NAMES_SHOWN).map((arn) => <Link key={arn} to="/resource" search={{ uid: arn }} className="wrap" title={shown(arn, 400)}><bdi>{shown(arn.split(":").slice(5).join(":") || arn, 90)}</bdi></Link>)}
      {all > NAMES_SHOWN && (
        <details className="small"><summary>and {count(all - NAMES_SHOWN)} more</summary>
          <ul>{resources.slice(NAMES_SHOWN).map((arn) => <li key={arn}><Link to="/resource" search={{ uid: arn }} className="wrap"><bdi>{shown(arn.split(":").slice(5).join(":") || arn, 90)}</bdi></Link></li>)}{all > resources.length && <li className="muted">and {count(all - resources.length)} that are not listed here</li>}</ul>
        </details>
      )}
    </span>
  );
}

export function WhatOn({ query }: { query: Query<"/api/v1/permissions/what-on"> }) {
  const pages = usePages(["what-on", query], (cursor, signal) => get("/api/v1/permissions/what-on", { ...query, cursor }, { signal }));
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Asking everyone about every action" />;
  const rows = (pages.data?.pages.flatMap((page) => page.rows) ?? []).map((row): MatrixRow => ({
    key: `${row.kind} ${row.principal}`, permitted: row.permitted, withKey: row.with_key, name: `for ${who(row)}`, head: <Who asker={row} />, proof: { principal: row.principal, kind: row.kind, resource: first.resource, context: query.context },
  }));
  return (
    <>
      <p className="wrap"><strong>{query.principal ? (first.total === 0 ? "It may do nothing to it" : "It may do something to it") : `${count(first.total)} may do something to it`}</strong>: <On uid={first.resource} />, of {counted(first.actions, "action")} asked of {counted(first.principals, "user, role and root user", "users, roles and root users")}. <AsOf of={first.as_of} /></p>
      {rows.length === 0 ? <Empty title="Nobody"><p>Nobody who was asked about may do anything to it.</p></Empty> : <Matrix rows={rows} title="Who" label="Who can do what to it" />}
      <More pages={pages} />
      <Gaps gaps={first.gaps} />
    </>
  );
}

export function Explained({ query }: { query: Query<"/api/v1/permissions/explain"> }) {
  const asked = useQuery({ queryKey: ["permissions", "explain", query], queryFn: ({ signal }) => get("/api/v1/permissions/explain", query, { signal }) });
  const answer = asked.data;
  if (!answer) return <Missing of={asked} label="Asking every layer" />;
  const { principal, verdict } = answer;
  return (
    <>
      <p className="row wrapped"><Says decision={answer.content} /><span className="wrap"><Who asker={principal} /> · <code>{shown(answer.action, 100)}</code> on <On uid={answer.resource} /></span></p>
      <p className="wrap">{shown(why(verdict), 600)}{answer.key && `; ${ofKey(answer.key)}`}. <AsOf of={answer.as_of} /></p>
      <Notes notes={answer.notes} />
      <Proof verdict={verdict} />
      <OfKey step={answer.key} />
      <p className="row wrapped small"><Link to="/permissions" search={{ action: answer.action, resource: query.resource, context: query.context }} className="link">Who else can</Link><Link to="/permissions" search={{ resource: query.resource }} className="link">What is allowed on it</Link>{OWN.includes(principal.kind) && <Climbs principal={principal.principal} />}</p>
      <Gaps gaps={answer.gaps} />
    </>
  );
}

export function Open({ from, context, onFrom }: { from: From; context?: string[]; onFrom: (from: From) => void }) {
  const query = { from: [from], context };
  const pages = usePages(["openings", query], (cursor, signal) => get("/api/v1/permissions/openings", { ...query, cursor }, { signal }));
  const counts = useQuery({ queryKey: ["permissions", "openings", "counts", context], queryFn: ({ signal }) => get("/api/v1/permissions/openings", { context, limit: 1 }, { signal }) });
  const first = pages.data?.pages[0];
  const told = first ?? counts.data;
  const of = (which: From) => told?.counts.find((each) => each.from === which)?.count;
  const rows = (pages.data?.pages.flatMap((page) => page.rows) ?? []).map((row): MatrixRow => ({
    key: `${row.resource} ${row.kind} ${row.principal}`, permitted: row.permitted, withKey: row.with_key, name: `on ${shown(row.resource, 200)} for ${who(row)}`, proof: { principal: row.principal, kind: row.kind, resource: row.resource, context },
    head: <span className={styles.named}><Link to="/permissions" search={{ resource: row.resource }} className="row" title={shown(row.resource, 400)}><KindIcon type={row.resource_type} /><bdi className="wrap">{shown(row.resource.split(":").slice(5).join(":") || row.resource, 120)}</bdi></Link><span className="small muted wrap">lets in <Who asker={row} /></span>{row.not_named && <Badge state="attention">not named: who is this?</Badge>}{row.vendor && <span className="small wrap">{vendor(row.vendor)}</span>}</span>,
  }));
  const words = FROM.find(([each]) => each === from)?.[2];
  return (
    <>
      <Tabs label="From where" value={from} panel="openings" onChange={onFrom} options={FROM.map(([each, name]) => [each, `${name}${of(each) === undefined ? "" : ` ${count(of(each) ?? 0)}`}`] as const)} />
      <div id="openings" role="tabpanel" aria-labelledby={`tab-${from}`} tabIndex={0} className={styles.panel}>
        {!first ? <Missing of={pages} label="Asking who is let in" /> : (
          <>
            <p className="wrap">{words} <strong>{first.total === 0 ? "Nothing that was asked about is open to them." : `${counted(first.total, "opening")}.`}</strong> {counted(first.resources, "resource")} with policies of their own asked about. <AsOf of={first.as_of} /></p>
            {rows.length > 0 && <Matrix rows={rows} title="Resource" label="What is open" />}
            {rows.length > 0 && from !== "public" && <p className="small muted">As far as the resource's side decides: their own accounts must allow it too.</p>}
            <More pages={pages} />
            {first.not_asked.length > 0 && <p className="row wrapped small"><Badge state="unknown">{counted(first.not_asked.length, "resource")} not asked about</Badge><span className="muted wrap">no action of the catalogue fits: {list(first.not_asked.slice(0, 5).map((each) => shown(each, 120)))}{first.not_asked.length > 5 && ` and ${first.not_asked.length - 5} more`}</span></p>}
            <Gaps gaps={first.gaps} />
          </>
        )}
      </div>
    </>
  );
}
