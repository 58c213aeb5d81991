// Keys: who can use and who can administer each, its grants, its rotation, what hangs on it.
import { Link, useSearch } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { type ReactNode, useState } from "react";
import { get } from "../../api/client";
import { count, counted, shown } from "../../lib/text";
import { CopyButton, CopyLine } from "../../parts/Copy";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Missing, usePages } from "./Answers";
import { called, type Counts, counts, CUSTODY, GRANTEE, type Grant, grouped, type Key, keysLine, rotation } from "./custody";
import { AsOf, Gaps, More, Says, Who } from "./parts";
import shared from "./Permissions.module.css";
import styles from "./Report.module.css";
import { short } from "./words";

const FOUND = 12;

export function Keys() {
  const { key } = useSearch({ from: "/permissions" });
  return (
    <>
      <section className={shared.answer} aria-label="Answer">
        {key ? <OneKey key={key} arn={key} /> : <AllKeys />}
      </section>
      <CopyLine text={keysLine(key)} />
    </>
  );
}

function useKeys(key?: string) {
  return usePages(["keys", key], (cursor, signal) => get("/api/v1/permissions/keys", { key, cursor }, { signal }));
}

export function AllKeys() {
  const pages = useKeys();
  const first = pages.data?.pages[0];
  if (!first) return <><h2>Keys</h2><Missing of={pages} label="Asking who can use every key" /></>;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const concerned = rows.filter((row) => row.concerns.length > 0).length;
  return (
    <>
      <h2>Keys</h2>
      <p className="wrap"><strong>{first.total === 0 ? "No key was scanned." : `${counted(first.total, "key")}, ${count(concerned)}${rows.length < first.total ? ` of the first ${count(rows.length)}` : ""} with something to look at.`}</strong> <AsOf of={first.as_of} /></p>
      {rows.length === 0 ? <Empty title="No keys"><p>The scan found no key of KMS. Under Coverage stands what could not be read.</p></Empty> : (
        <div className={styles.scroller} role="region" aria-label="Keys, scrolls" tabIndex={0}>
          <table className={styles.table} aria-label="Keys">
            <thead><tr><th scope="col">Key</th><th scope="col">To look at</th><th scope="col">Can use it</th><th scope="col">Can administer it</th><th scope="col">Rotation</th><th scope="col">Grants</th><th scope="col" className={styles.amount}>Encrypts</th></tr></thead>
            <tbody>{rows.map((row) => <Row key={row.key} row={row} />)}</tbody>
          </table>
        </div>
      )}
      <More pages={pages} />
      <Gaps gaps={first.gaps} />
    </>
  );
}

function Row({ row }: { row: Key }) {
  const forgotten = row.grants.filter((each) => each.forgotten).length;
  return (
    <tr>
      <th scope="row">
        <span className={styles.two}>
          <Link to="/permissions" search={{ view: "keys", key: row.key }} className="wrap" title={shown(row.key, 400)}><bdi>{called(row)}</bdi></Link>
          <span className="small muted wrap">{CUSTODY[row.custody]} · {shown(row.account, 40)} · {shown(row.region, 30)}</span>
          <State of={row} />
        </span>
      </th>
      <td data-name="To look at" data-none={row.concerns.length === 0 && row.gaps.length === 0 ? "" : undefined}><Concerns of={row} /></td>
      <td data-name="Can use it"><HowMany of={row.users} /></td>
      <td data-name="Can administer"><HowMany of={row.administrators} /></td>
      <td data-name="Rotation"><Rotates of={row.rotation} /></td>
      <td data-name="Grants"><span className={styles.two}><span>{row.grants_count === 0 ? "none" : count(row.grants_count)}</span>{forgotten > 0 && <span><Badge state="attention">{count(forgotten)} forgotten</Badge></span>}</span></td>
      <td data-name="Encrypts" className={styles.amount}>{count(row.encrypts_count)}</td>
    </tr>
  );
}

/** What is not as usual of its state. */
function State({ of }: { of: Key }) {
  if (of.state === null || of.state === undefined) return <span><Badge state="unknown">state not known</Badge></span>;
  if (of.state === "Enabled") return null;
  return <span><Badge state={of.state === "Disabled" ? "attention" : "broken"}>{shown(of.state, 40)}{of.deletion && `, on ${shown(of.deletion.split("T")[0] ?? "", 20)}`}</Badge></span>;
}

export function Concerns({ of }: { of: { concerns: string[]; gaps: string[] } }) {
  return (
    <span className={styles.concerns}>
      {of.concerns.map((each) => <span key={each} className="wrap"><Badge state="attention">look</Badge> {shown(each, 300)}</span>)}
      {of.gaps.length > 0 && <span><Badge state="unknown" title={of.gaps.slice(0, 10).map((each) => shown(each, 200)).join("; ")}>{counted(of.gaps.length, "thing")} not seen</Badge></span>}
    </span>
  );
}

export function HowMany({ of }: { of: Counts }) {
  return <span className={styles.two}><span className="wrap">{counts(of)}</span>{of.only_if > 0 && <span className="small muted wrap">of these {count(of.only_if)} only if</span>}{of.unknown > 0 && <span><Badge state="unknown">{count(of.unknown)} not known</Badge></span>}</span>;
}

export function Rotates({ of }: { of: Key["rotation"] }) {
  if (of.state === "off") return <Badge state="attention">off</Badge>;
  if (of.state === "unknown") return <Badge state="unknown" title={rotation(of)}>not known</Badge>;
  return <span className="wrap">{rotation(of)}</span>;
}

/** The way back to all of them. */
export function Back({ view, children }: { view: "keys" | "secrets"; children: ReactNode }) {
  return <p><Link to="/permissions" search={{ view }} className="row link"><ArrowLeft aria-hidden className="icon" />{children}</Link></p>;
}

/** A list of which the first few are shown until somebody wants all. */
export function Listed<T>({ all, label, total = all.length, children }: { all: T[]; label: string; total?: number; children: (one: T, at: number) => ReactNode }) {
  const [whole, setWhole] = useState(false);
  return (
    <>
      <ul className={styles.lines} aria-label={label}>{all.slice(0, whole ? undefined : FOUND).map(children)}</ul>
      {!whole && all.length > FOUND && <div><button type="button" className="button" onClick={() => setWhole(true)}>{count(all.length - FOUND)} more</button></div>}
      {total > all.length && <p className="small muted">{count(total - all.length)} more are not listed here.</p>}
    </>
  );
}

function OneKey({ arn }: { arn: string }) {
  const pages = useKeys(arn);
  const first = pages.data?.pages[0];
  if (!first) return <><Back view="keys">All keys</Back><h2>Key</h2><Missing of={pages} label="Asking who can use the key" /></>;
  const key = first.rows[0];
  if (!key) return <><Back view="keys">All keys</Back><Empty title="No such key"><p className="wrap">No scan saw a key <code>{shown(arn, 300)}</code>.</p></Empty></>;
  return (
    <>
      <Back view="keys">All keys</Back>
      <h2 className="wrap"><bdi>{called(key)}</bdi></h2>
      <p className="wrap"><strong>{counts(key.users)} can use it</strong> (<code>{shown(key.use_action, 60)}</code>), {counts(key.administrators)} can administer it; {key.encrypts_count === 0 ? "nothing that was scanned is" : `${counted(key.encrypts_count, "thing")} ${key.encrypts_count === 1 ? "is" : "are"}`} encrypted with it. <AsOf of={first.as_of} /></p>
      <div className="row wrapped"><State of={key} /><span>{CUSTODY[key.custody]}</span><span className="muted">·</span><span>rotation {rotation(key.rotation)}</span>{key.spec && <><span className="muted">·</span><code>{shown(key.spec, 60)}</code></>}</div>
      {(key.concerns.length > 0 || key.gaps.length > 0) && <Concerns of={{ concerns: key.concerns, gaps: [] }} />}
      <div className={styles.parts}>
        <section className={styles.part} aria-label="What hangs on it">
          <h3>What hangs on it</h3>
          <Hangs of={key} />
        </section>
        <section className={styles.part} aria-label="Grants">
          <h3>Grants ({count(key.grants_count)})</h3>
          {key.grants.length === 0 ? <p className="muted">None.</p> : <Listed all={key.grants} total={key.grants_count} label="Grants">{(grant) => <OneGrant key={grant.id} grant={grant} />}</Listed>}
          {key.grants.length > 0 && <p className="small muted">Whether a grant is used is not known: no log that is kept says so.</p>}
        </section>
        <section className={styles.part} aria-label="Who can use it">
          <h3>Who can use it: {shown(key.use_action, 60)}</h3>
          <Persons all={key.used_by} total={total(key.users)} label="Who can use it" resource={key.key} />
        </section>
        <section className={styles.part} aria-label="Who can administer it">
          <h3>Who can change who may use it, or delete it</h3>
          <Persons all={key.administered_by} total={total(key.administrators)} label="Who can administer it" resource={key.key} />
        </section>
      </div>
      <Gaps gaps={[...key.gaps, ...first.gaps]} />
    </>
  );
}

const total = ({ users, roles, roots, services, outside }: Counts): number => users + roles + roots + services + outside;

function Persons({ all, total: many, label, resource }: { all: Key["used_by"]; total: number; label: string; resource: string }) {
  if (all.length === 0) return <p className="muted">Nobody who was asked about.</p>;
  return (
    <Listed all={all} total={many} label={label}>
      {(one) => (
        <li key={`${one.kind} ${one.principal}`}>
          <Says decision={one.says} />
          <span className={styles.two}><Who asker={one} /><span className="small muted wrap">{one.actions.map((action, at) => <span key={action}>{at > 0 && ", "}<Link to="/permissions" search={{ principal: one.principal, kind: one.kind, action, resource }} title="Why"><code>{shown(action, 60)}</code></Link></span>)}</span></span>
        </li>
      )}
    </Listed>
  );
}

/** The key with its other names and regions and all that it encrypts, as a tree. */
function Hangs({ of }: { of: Key }) {
  const groups = grouped(of.encrypts);
  return (
    <div className={styles.tree}>
      <span className="row"><Link to="/resource" search={{ uid: of.key }} className="wrap" title={shown(of.key, 400)}><code>{shown(of.key.split(":").slice(5).join(":"), 120)}</code></Link><CopyButton text={of.key} what="Copy the ARN" /></span>
      <ul aria-label="What hangs on the key">
        {of.aliases.length === 0 ? <li className="muted">no alias</li> : of.aliases.map((alias) => <li key={alias} className="wrap"><span className="small muted">alias </span><bdi>{shown(alias, 200)}</bdi></li>)}
        {of.replicas.length > 1 && <li><span className="small muted">in several regions</span><ul>{of.replicas.map((each, at) => <li key={each} className="wrap"><span className="small muted">{at === 0 ? "primary " : "replica "}</span><Link to="/permissions" search={{ view: "keys", key: each }}><code>{shown(each, 200)}</code></Link></li>)}</ul></li>}
        {groups.length === 0 && <li className="muted">nothing that was scanned is encrypted with it</li>}
        {groups.map(([group, arns]) => <Group key={group} name={group} arns={arns} />)}
        {of.encrypts_count > of.encrypts.length && <li className="small muted">{count(of.encrypts_count - of.encrypts.length)} more are not listed here</li>}
      </ul>
    </div>
  );
}

const IN_GROUP = 5;

function Group({ name, arns }: { name: string; arns: string[] }) {
  const [all, setAll] = useState(false);
  return (
    <li>
      <span className="small muted">encrypts {shown(name, 60)} × {count(arns.length)}</span>
      <ul>
        {arns.slice(0, all ? undefined : IN_GROUP).map((arn) => <li key={arn}><Link to={isSecret(arn) ? "/permissions" : "/resource"} search={isSecret(arn) ? { view: "secrets", secret: arn } : { uid: arn }} className="wrap" title={shown(arn, 400)}><bdi>{shown(arn.split(":").slice(5).join(":") || arn, 120)}</bdi></Link></li>)}
        {!all && arns.length > IN_GROUP && <li><button type="button" className="button plain small" onClick={() => setAll(true)}>{count(arns.length - IN_GROUP)} more</button></li>}
      </ul>
    </li>
  );
}

const isSecret = (arn: string): boolean => arn.includes(":secretsmanager:");

function OneGrant({ grant }: { grant: Grant }) {
  const { state } = grant;
  return (
    <li>
      {grant.forgotten ? <Badge state="attention">forgotten</Badge> : state === "outside" ? <Badge state="attention">outside</Badge> : state === "unknown" ? <Badge state="unknown">unknown</Badge> : <Badge state="understood">known</Badge>}
      <span className={styles.two}>
        <span className="wrap"><bdi title={shown(grant.grantee, 400)}>{short(grant.grantee)}</bdi> <span className="muted">{GRANTEE[state]}</span></span>
        <span className="small muted wrap">{grant.operations.map((each) => shown(each, 40)).join(", ")}</span>
        <span className="small muted wrap">{grant.age_days === null || grant.age_days === undefined ? "when it was made is not known" : `${counted(grant.age_days, "day")} old`}{grant.name && ` · ${shown(grant.name, 100)}`} · {grant.retiring ? `${short(grant.retiring)} may end it` : "only who administers the key may end it"}</span>
      </span>
    </li>
  );
}
