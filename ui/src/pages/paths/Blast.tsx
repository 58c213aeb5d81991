// What falls if one thing is taken, what breaks if it is isolated, and what fails if it goes.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { get, type Schemas } from "../../api/client";
import * as ask from "../../api/queries";
import { count, counted, kind, shown } from "../../lib/text";
import { AsOf, Gaps, Missing, More, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { KindIcon, label } from "../../parts/Name";
import { type Choice, Pick } from "../../parts/Pick";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { BRINGS } from "./AttackPaths";
import { Isolated, useIsolation } from "./Isolated";
import { Outages, useOutage } from "./Outages";
import { gone, outageLine, summed, zoned } from "./outages";
import styles from "./Paths.module.css";
import { Sure } from "./Sure";
import { isolationLine, summary } from "./talks";
import { blastLine, called, is, type Jewel, JEWELS, losses } from "./words";

const FOUND = 8;

async function find(search: string, signal: AbortSignal): Promise<Choice[]> {
  const [{ resources }, zones] = await Promise.all([ask.resources({ search, limit: FOUND }, signal), looksLikeZone(search) ? get("/api/v1/outage/zones", undefined, { signal }).then((found) => found.zones, () => []) : []]);
  const ofZones = zones.filter(({ zone }) => zone.includes(search)).slice(0, FOUND).map(({ zone, account, holds }) => ({ value: zoned(zone, account), shown: <bdi className="truncate">{`zone ${shown(zone, 60)}`}</bdi>, beside: `holds ${count(holds)} · ${shown(account, 20)}` }));
  return ofZones.concat(resources.map((row) => ({ value: row.uid, shown: <><KindIcon type={row.type} /><bdi className="truncate">{label(row)}</bdi></>, beside: `${kind(row.type)} · ${shown(row.account, 20)}` })));
}

/** Zones are looked for by the beginning of a region's name. */
const looksLikeZone = (text: string): boolean => /^[a-z]{2,3}-[a-z0-9-]*$/.test(text);

export function Blast({ views, note }: { views: ReactNode; note: ReactNode }) {
  const { of, half, days } = useSearch({ from: "/paths" });
  const navigate = useNavigate({ from: "/paths" });
  return (
    <div className={styles.page}>
      <div className="row wrapped"><h1>Attack paths</h1></div>
      <div className={styles.views}>{views}</div>
      {note}
      <div className={styles.asking} role="search" aria-label="Question">
        <Pick name="blast" label="What is taken, or goes" open="a user, role, server, function, key, account or zone" value={of} find={find} onChange={(next) => void navigate({ search: (was) => ({ ...was, view: "blast", of: next }) })} />
      </div>
      <section className="stack" aria-label="Answer">
        {of === undefined ? <Empty title="Name what is taken, or goes"><p>A user, role, server, function, access key, KMS key or account: what an intruder who has it comes by, how surely, what breaks if you isolate it, and what fails if it goes. Of a zone, what fails without it.</p></Empty> : gone(of).zone !== undefined ? <Outages key={of} gone={gone(of)} /> : <Parts key={of} of={of} />}
      </section>
      {of !== undefined && <CopyLine text={half === "fails" || gone(of).zone !== undefined ? outageLine(gone(of)) : half === "isolated" ? isolationLine(of, days) : blastLine(of)} />}
    </div>
  );
}

const DAYS = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"]] as const;

/** The parts of the answer, one of them open. */
function Parts({ of }: { of: string }) {
  const { half = "falls", days } = useSearch({ from: "/paths" });
  const navigate = useNavigate({ from: "/paths" });
  const falls = useFalls(of).data?.pages[0];
  const isolation = useIsolation(of, days).data?.pages[0];
  const outage = useOutage({ of }).data?.pages[0];
  return (
    <>
      <Tabs
        label="Of it" value={half} panel="half" onChange={(next) => void navigate({ search: (was) => ({ ...was, half: next === "falls" ? undefined : next }), replace: true, resetScroll: false })}
        options={[["falls", `What falls with it${falls ? `: ${count(falls.total)}` : ""}`], ["isolated", `What breaks if it is isolated${isolation ? `: ${summary(isolation)}` : ""}`], ["fails", `What fails if it goes${outage ? `: ${summed(outage)}` : ""}`]]}
      />
      <div id="half" role="tabpanel" aria-labelledby={`tab-${half}`} tabIndex={0} className="stack">
        {half === "isolated" && <div className="row wrapped small"><span>Looked back</span><Tabs label="Days looked back" value={DAYS.find(([each]) => each === String(days ?? 30))?.[0] ?? "30"} options={DAYS} onChange={(next) => void navigate({ search: (was) => ({ ...was, days: next === "30" ? undefined : Number(next) }), replace: true, resetScroll: false })} /></div>}
        {half === "isolated" ? <Isolated of={of} days={days} /> : half === "fails" ? <Outages gone={{ of }} /> : <Falls of={of} />}
      </div>
    </>
  );
}

const useFalls = (of: string) => usePages(["paths", "blast", of], (cursor, signal) => get("/api/v1/blast-radius", { of, cursor }, { signal }));

export function Falls({ of }: { of: string }) {
  const pages = useFalls(of);
  const first = pages.data?.pages[0];
  if (!first) return <Missing of={pages} label="Following what falls with it" brings={BRINGS} />;
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <p className="wrap"><strong>{sentence(called(first.taken), first.total, first.jewels)}</strong> {first.outside && "More falls that is outside your scope. "}<AsOf of={first.as_of} /></p>
      {first.cut && <p className="row wrapped"><Badge state="unknown">not all was followed</Badge><span>There is too much that an intruder can have.</span></p>}
      {rows.length > 0 && (
        <table className={styles.table} aria-label="What falls with it">
          <thead><tr><th scope="col">What falls</th><th scope="col">Answer</th><th scope="col">After steps</th><th scope="col">Loss</th></tr></thead>
          <tbody>{rows.map((row) => <Row key={`${row.what.kind} ${row.what.id}`} row={row} of={first.taken.id ?? of} />)}</tbody>
        </table>
      )}
      <More pages={pages} />
      {first.kept_under_count > 0 && (
        <details>
          <summary className="small">{counted(first.kept_under_count, "thing is", "things are")} kept under it, and read by nobody without it</summary>
          <ul className={styles.falls}>{first.kept_under.map((each) => <li key={each} className="wrap small"><Link to="/resource" search={{ uid: each }}><bdi>{shown(each, 300)}</bdi></Link></li>)}{first.kept_under_count > first.kept_under.length && <li className="small muted">and {count(first.kept_under_count - first.kept_under.length)} more</li>}</ul>
        </details>
      )}
      <Gaps gaps={first.gaps} />
    </>
  );
}

function sentence(taken: string, total: number, jewels: { jewel: Jewel; count: number }[]): string {
  if (total === 0) return `With ${taken} nothing falls that was asked about.`;
  return `With ${taken} ${counted(total, "thing falls", "things fall")}, ${jewels.length === 0 ? "and nothing among them that must not be lost" : `among them ${losses(jewels)} that must not be lost`}.`;
}

function Row({ row, of }: { row: Schemas["FallenRow"]; of: string }) {
  const words = <span className={styles.two}><bdi>{called(row.what)}</bdi><span className="small muted">{is(row.what)}</span></span>;
  return (
    <tr>
      <th scope="row">{row.what.id && row.jewel ? <Link to="/paths" search={{ from: of, story: `given ${row.jewel} ${row.what.id}` }} className="wrap">{words}</Link> : row.what.uid ? <Link to="/resource" search={{ uid: row.what.uid }} className="wrap">{words}</Link> : words}</th>
      <td data-name="Answer"><Sure answer={row.answer} /></td>
      <td data-name="After" className="number">{count(row.steps)}</td>
      <td data-name="Loss" data-none={row.jewel ? undefined : ""}>{row.jewel && <span>{JEWELS[row.jewel]}{row.data_class && <span className="muted"> ({shown(row.data_class, 40)})</span>}</span>}</td>
    </tr>
  );
}
