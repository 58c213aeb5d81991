// What breaks if one thing is isolated: who was seen asking it, and whom it was seen asking, by flow logs. What no log covers is not known.
import { Link } from "@tanstack/react-router";
import { get } from "../../api/client";
import { sentence as said } from "../../api/problem";
import { count, counted, kind, shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { AsOf, Missing, More, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { KindIcon } from "../../parts/Name";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { BRINGS } from "./AttackPaths";
import { breaks, end, type Isolation, port, size, type Talk, type Way, WAYS } from "./talks";

/** The question, under one key wherever it is asked. */
export function useIsolation(of: string, days: number | undefined) {
  return usePages(["paths", "isolation", of, days], (cursor, signal) => get("/api/v1/isolation", { of, days, cursor }, { signal }), true);
}

export function Isolated({ of, days }: { of: string; days?: number }) {
  const pages = useIsolation(of, days);
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Reading who was seen talking to it" brings={BRINGS} />;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <p className="wrap"><strong>{breaks(first)}</strong> {first.rejected > 0 && `${counted(first.rejected, "other was", "others were")} only ever rejected: nothing breaks for them. `}<AsOf of={first.as_of} /></p>
      <Cover answer={first} />
      {rows.length === 0 && first.cover === "none" && first.interfaces.length > 0 && <Begin answer={first} />}
      {(Object.entries(WAYS) as [Way, string][]).map(([way, title]) => <Talks key={way} title={title} rows={rows.filter((row) => row.way === way)} />)}
      <More pages={pages} />
      {first.interfaces.length > 0 && <Logged answer={first} />}
    </>
  );
}

/** How far logs tell, in the words of the server where they do not. */
function Cover({ answer: { cover, unknown } }: { answer: Isolation }) {
  if (cover === "whole" && unknown.length === 0) return null;
  return (
    <div className="stack">
      {cover === "part" && <p className="row wrapped"><Badge state="unknown">in part</Badge><span>Logs tell of some days of some of its network interfaces only. Somebody else may talk to it.</span></p>}
      <ul className="stack">{unknown.slice(0, 20).map((each) => <li key={each} className="row wrapped"><Badge state="unknown">UNKNOWN</Badge><span className="wrap">{said(shown(each, 600))}</span></li>)}{unknown.length > 20 && <li className="small muted">and {count(unknown.length - 20)} more</li>}</ul>
    </div>
  );
}

/** What to do where no logs were taken in. */
function Begin({ answer: { interfaces } }: { answer: Isolation }) {
  const isWritten = interfaces.some((each) => each.logs.length > 0);
  return (
    <Empty title="No flow logs tell of it">
      <p>{isWritten ? "AWS writes flow logs of it, and none of them were taken in." : "No flow log of AWS is known that is about it: make one for its VPC, subnet or interface."} Take in the files as AWS delivers them, or a folder of them:</p>
      <CopyLine text="fathom import flow-logs AWSLogs/" />
      <p>Logs tell only of the days that they were written on, so take them in before you need the answer.</p>
    </Empty>
  );
}

function Talks({ title, rows }: { title: string; rows: Talk[] }) {
  if (rows.length === 0) return null;
  return (
    <section className="stack" aria-label={title}>
      <h2>{title}</h2>
      <table className={table.table} aria-label={title}>
        <thead><tr><th scope="col">Who</th><th scope="col">Port</th><th scope="col">Owner</th><th scope="col">For</th><th scope="col" className="number">Sent</th><th scope="col" className="number">Days</th><th scope="col">Last seen</th></tr></thead>
        <tbody>{rows.map((row, at) => <One key={at} row={row} />)}</tbody>
      </table>
    </section>
  );
}

function One({ row }: { row: Talk }) {
  const { other } = row;
  const [name, beside] = end(other);
  return (
    <tr>
      <th scope="row">
        <span className={table.two}>
          <span className="row"><KindIcon type={other.resource_type ?? (other.kind === "internet" ? "Domain" : "NetworkInterface")} />{other.uid ? <Link to="/resource" search={{ uid: other.uid }} className="wrap" title={shown(other.uid, 400)}><bdi>{name}</bdi></Link> : other.kind === "unknown" ? <Badge state="unknown"><bdi>{name}</bdi></Badge> : <bdi className="wrap">{name}</bdi>}</span>
          <span className="small muted wrap">{[other.resource_type && kind(other.resource_type), beside].filter(Boolean).join(" · ")}</span>
        </span>
      </th>
      <td data-name="Port"><span className={table.two}><span>{port(row)}</span>{row.told_by === "ports" && <span className="small muted">which way is told by its number</span>}{!row.answered && <span className="small muted">nothing came back</span>}</span></td>
      <td data-name="Owner" data-none={other.kind === "internet" || other.withheld ? "" : undefined}>{other.owner ? <bdi className="wrap">{shown(other.owner, 60)}</bdi> : other.kind === "resource" && !other.withheld ? <Badge state="unknown">unknown</Badge> : null}</td>
      <td data-name="For" data-none={other.purpose ? undefined : ""} className="wrap">{other.purpose && shown(other.purpose, 120)}</td>
      <td data-name="Sent" className="number">{size(row.bytes)}</td>
      <td data-name="Days" className="number">{count(row.days)}</td>
      <td data-name="Last seen"><Ago at={row.last_seen} /></td>
    </tr>
  );
}

function Logged({ answer: { interfaces, days } }: { answer: Isolation }) {
  return (
    <details>
      <summary className="small">Logs of {counted(interfaces.length, "network interface")}, of the last {counted(days, "day")}</summary>
      <table className={table.table} aria-label="Network interfaces, with the days whose logs were read">
        <thead><tr><th scope="col">Interface</th><th scope="col" className="number">Whole days read</th><th scope="col">From</th><th scope="col">Until</th><th scope="col">Flow logs of AWS</th></tr></thead>
        <tbody>
          {interfaces.slice(0, 100).map((each) => (
            <tr key={each.interface}>
              <th scope="row">{shown(each.interface, 60)}</th>
              <td data-name="Days read" className="number">{count(each.days)}</td>
              <td data-name="From">{each.first ? <Ago at={each.first} /> : <span className="muted">never</span>}</td>
              <td data-name="Until">{each.last ? <Ago at={each.last} /> : <span className="muted">never</span>}</td>
              <td data-name="Flow logs" className="wrap">{each.logs.length > 0 ? each.logs.map((log) => shown(log, 40)).join(", ") : <span className="muted">none is known</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
