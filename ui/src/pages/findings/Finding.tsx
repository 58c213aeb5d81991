// One finding: why it fails, how it is put right, what became of it, and how an intruder comes by.
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft, Lock } from "lucide-react";
import { useEffect, useState } from "react";
import { get } from "../../api/client";
import { Refused } from "../../api/problem";
import { shown } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Missing } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { KindIcon } from "../../parts/Name";
import { Severity } from "../../parts/Severity";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { May } from "../../session/may";
import { AcceptFinding, Withdraw } from "./Accept";
import { BRINGS, Level } from "./Findings";
import styles from "./Findings.module.css";
import { Fix } from "./Fix";
import { Due, Standing } from "./Signs";
import { back, called, dataClass, type Finding as Told, fixed, isTaken, lastDay, LEVELS, lost, REACHED, type Row, TURNS } from "./words";

export function Finding() {
  const { id } = useParams({ from: "/findings/$id" });
  const asked = useQuery({ queryKey: ["finding", id], queryFn: ({ signal }) => get("/api/v1/findings/{id}", undefined, { signal, params: { id } }), retry: false });
  const title = asked.data?.finding.title;
  useEffect(() => { if (title) document.title = `${shown(title, 80)} · Fathom`; }, [title]);
  if (asked.error instanceof Refused && asked.error.problem.code === "not_found" && !asked.error.problem.detail.includes("no scan has ended"))
    return <div className={styles.page}><h1>Finding</h1><Empty title="No such finding, or not for you to see"><p className="mono wrap">{shown(id, 80)}</p><p><Link to="/findings" className="link">All findings</Link></p></Empty></div>;
  if (!asked.data) return <div className={styles.page}><h1>Finding</h1><Missing of={asked} label="Reading the finding" brings={BRINGS} /></div>;
  return <One told={asked.data} />;
}

/** What is the case, in a sentence. */
function Says({ row }: { row: Row }) {
  const on = <Link to="/resource" search={{ uid: row.resource }} className="link"><bdi>{called(row)}</bdi></Link>;
  if (row.state === "fixed") return <p className="wrap">Its check does not fail any more for {on}: {fixed(row.fixed_by)}, <Ago at={row.since} />.</p>;
  return <p className="wrap">This does not hold for {on}, seen <Ago at={row.since} />{row.reopened > 0 && `; it ${back(row)}`}. {row.due && (row.overdue ? <>It should have been fixed <Ago at={row.due} />.</> : <>It is due <Ago at={row.due} />.</>)} {!row.confirmed && "The last run of its check could not say whether it still does."}</p>;
}

export function One({ told }: { told: Told }) {
  const { finding: row, matters, ranked } = told;
  const [open, setOpen] = useState<"accept" | "withdraw">();
  const single = row.accepted?.rule.finding;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <p className="row small wrapped"><Link to="/findings" className="row muted"><ArrowLeft aria-hidden className="icon" />All findings</Link>·<code className="muted wrap">{shown(row.check, 80)}</code></p>
        <div className="row spread wrapped"><h1 className="wrap">{shown(row.title, 300)}</h1>{row.state !== "fixed" && !row.accepted && <May do="accept"><button type="button" className="button" onClick={() => setOpen("accept")}>Accept until a date…</button></May>}</div>
        <p className="row wrapped"><Severity of={row.severity} /><Standing row={row} />{row.overdue && <Due row={row} />}</p>
        <Says row={row} />
      </div>
      <div className={styles.columns}>
        <div className={styles.body}>
          {row.accepted && <Accepted row={row} end={single ? () => setOpen("withdraw") : undefined} />}
          <section className="stack" aria-labelledby="matters">
            <h2 id="matters">Why it matters</h2>
            {matters && <p className="wrap">{shown(matters, 1000)}</p>}
            <p className="row wrapped">{row.way && <Level level={row.way.level} words={LEVELS} />}{row.reached && <Level level={row.reached} words={REACHED} />}{!ranked && <Badge state="progress">what an intruder could do is being worked out</Badge>}</p>
            <p className="wrap">Its place in the order: {shown(row.because, 800)}.</p>
            <Related row={row} ranked={ranked} />
          </section>
          <Proof told={told} />
          {told.fix && row.state !== "fixed" && <Fix id={row.id} fix={told.fix} />}
          <section className="stack" aria-labelledby="became">
            <h2 id="became">What became of it</h2>
            <ol className={styles.history}>{told.history.map((each, at) => <li key={at} className="wrap"><Ago at={each.at} />, scan {each.scan}: {TURNS[each.what]}{each.why && `, ${fixed(each.why)}`}</li>)}</ol>
          </section>
        </div>
        <aside className={styles.side} aria-label="Facts">
          <Facts told={told} />
          <CopyLine text={`fathom findings show ${row.id.slice(0, 12)}`} />
        </aside>
      </div>
      {open === "accept" && <AcceptFinding row={row} onClose={() => setOpen(undefined)} />}
      {open === "withdraw" && row.accepted && <Withdraw exception={row.accepted} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

/** The ways of an intruder that pass it, and what falls with it. */
function Related({ row, ranked }: { row: Row; ranked: boolean }) {
  const end = lost(row.way);
  return (
    <>
      {row.way && !row.way.to && <p className="muted">Where the way begins and ends is outside of what you may see.</p>}
      {!row.way && ranked && <p className="muted">No way of an intruder is known that passes it.</p>}
      <p className="row wrapped small">{end && <Link to="/paths" search={{ to: end }} className="link">The attack paths that it lies on</Link>}{isTaken(row) && <Link to="/paths" search={{ view: "blast", of: row.resource }} className="link">What falls with it, and what breaks if it is isolated</Link>}</p>
    </>
  );
}

/** Who lives with it, why, and the end of that. */
function Accepted({ row, end }: { row: Row; end?: () => void }) {
  const exception = row.accepted;
  if (!exception) return null;
  return (
    <section className={styles.accepted} aria-label="Accepted">
      <p className="row wrapped"><Badge state="progress">accepted until {lastDay(exception.until)}</Badge><span className="wrap">“{shown(exception.reason, 600)}”</span></p>
      <p className="small muted wrap">Approved by <bdi>{shown(exception.approver, 80)}</bdi>, accepted by <bdi>{shown(exception.by, 80)}</bdi> <Ago at={exception.at} />.{!end && <> The exception is a rule: {shown(exception.words, 300)}. <Link to="/findings" search={{ view: "accepted" }} className="link">All exceptions</Link></>}</p>
      {end && <div><May do="accept"><button type="button" className="button" onClick={end}>End it…</button></May></div>}
    </section>
  );
}

/** The values that decided, what engines proved, and what was not read. */
function Proof({ told: { why, proof, missing, withheld, finding } }: { told: Told }) {
  return (
    <section className="stack" aria-labelledby="proof">
      <h2 id="proof">What decided</h2>
      {why.length > 0 && (
        <table className={styles.values} aria-label="Values that decided">
          <thead><tr><th scope="col">Where</th><th scope="col">What is there</th></tr></thead>
          <tbody>{why.map((each, at) => <tr key={at}><th scope="row" className="wrap"><code>{shown(each.path, 300)}</code></th><td className="wrap">{each.value === null || each.value === undefined ? <span className="muted">nothing</span> : <code><bdi>{shown(each.value, 600)}</bdi></code>}</td></tr>)}</tbody>
        </table>
      )}
      {proof.length > 0 && <ul className={table.said} aria-label="What engines proved">{proof.map((each, at) => <li key={at} className="wrap">{shown(each, 1000)}</li>)}</ul>}
      {missing.length > 0 && <ul className="stack">{missing.map((each, at) => <li key={at} className="row wrapped"><Badge state="unknown">not read</Badge><span className="wrap">{shown(each, 600)}</span></li>)}</ul>}
      {withheld && <p className="row small muted"><Lock aria-hidden className="icon" />A part of it is outside of what you may see.</p>}
      {why.length === 0 && proof.length === 0 && !withheld && <p className="muted">Nothing of it is kept: the last run of its check said no more.</p>}
      <p className="small"><Link to="/resource" search={{ uid: finding.resource, tab: "raw" }} className="link">The whole document</Link></p>
    </section>
  );
}

function Facts({ told: { finding: row, controls, references } }: { told: Told }) {
  const of = dataClass(row);
  const frameworks = Object.entries(controls);
  return (
    <>
      <dl className={table.facts}>
        <div><dt>resource</dt><dd><span className={table.two}><span className="row"><KindIcon type={row.resource_type} /><Link to="/resource" search={{ uid: row.resource }} className="wrap" title={shown(row.resource, 400)}><bdi>{called(row)}</bdi></Link></span><Link to="/findings" search={{ resource: row.resource }} className="link small">What else is found on it</Link></span></dd></div>
        <div><dt>where</dt><dd className="wrap">{shown(row.account, 20)}, {shown(row.region, 40)}</dd></div>
        <div><dt>owner</dt><dd className="wrap">{row.owner ? <bdi>{shown(row.owner, 80)}</bdi> : <Badge state="unknown">unknown</Badge>}</dd></div>
        {of && <div><dt>data</dt><dd className="wrap">{row.class_assumed ? <Badge state="unknown">{of}</Badge> : of}</dd></div>}
        <div><dt>first seen</dt><dd><Ago at={row.first_seen} /></dd></div>
        <div><dt>last seen</dt><dd><Ago at={row.last_seen} /></dd></div>
        <div><dt>check</dt><dd className="wrap"><Link to="/findings" search={{ check: [row.check] }} className="link">Everything that it finds</Link></dd></div>
      </dl>
      {frameworks.length > 0 && (
        <div className="stack"><h3>Controls</h3><ul className="stack small">{frameworks.map(([id, all]) => <li key={id}><p className="wrap"><Link to="/frameworks/$id" params={{ id }} className="link">{shown(id, 60)}</Link>: {all.map((each) => shown(each, 60)).join(", ")}</p></li>)}</ul></div>
      )}
      {references.length > 0 && <div className="stack"><h3>Where to read on</h3><ul className="stack small">{references.filter((each) => each.startsWith("https://")).map((each) => <li key={each} className="wrap"><a href={each} target="_blank" rel="noreferrer noopener" className="link">{shown(each.replace(/^https:\/\//, ""), 120)}</a></li>)}</ul></div>}
    </>
  );
}
