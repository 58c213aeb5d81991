// What the last scan saw, what it could not see, and when the next one comes.
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { page } from "../../lib/address";
import { count, counted, plain, shown, told } from "../../lib/text";
import { Ago } from "../../parts/Ago";
import { Door } from "../../parts/Door";
import { Badge } from "../../parts/state";
import styles from "./Overview.module.css";

export function LastScan({ summary }: { summary: Schemas["Summary"] }) {
  const { last_scan: scan, coverage, schedule, events } = summary;
  if (!scan) return null;
  const sum = (outcome: string) => coverage.filter((row) => row.outcome === outcome).reduce((all, row) => all + row.rows.value, 0);
  const reasons = coverage.filter((row) => row.outcome === "unknown" && row.rows.value > 0).sort((a, b) => b.rows.value - a.rows.value);
  return (
    <section className={styles.panel} aria-labelledby="coverage">
      <div className="row spread">
        <h2 id="coverage">Coverage of scan {scan.id}</h2>
        <Link to="/coverage" className="link small">every call</Link>
      </div>
      <p className="small muted">{scan.finished_at ? <Ago at={scan.finished_at} /> : "under way"} · {counted(scan.accounts.length, "account")} · {counted(scan.regions.length, "region")} · {`${told(scan.calls)} ${scan.calls === 1 ? "call" : "calls"}`}</p>
      {coverage.length === 0
        ? <p className="row wrapped"><Badge state="unknown">unknown</Badge><span>Which calls failed is not told apart by team, so it is not told here.</span></p>
        : <Outcomes read={sum("read")} empty={sum("empty")} unknown={sum("unknown")} />}
      <ul className={styles.reasons}>
        {reasons.map((row) => (
          <li key={row.reason} className="row spread">
            <Door to={page(row.rows.href)}>{row.reason === "denied" ? <Badge state="attention">{plain(row.reason)}</Badge> : <Badge state="unknown">{plain(row.reason ?? "unknown")}</Badge>}</Door>
            <Door to={page(row.rows.href)} className="number">{count(row.rows.value)}</Door>
          </li>
        ))}
      </ul>
      <p className="small muted">
        {schedule ? (schedule.next_at ? <>Next scan <Ago at={schedule.next_at} />.</> : "A scan is under way.") : "No schedule: scans begin when somebody starts them."}
        {events && <> {counted(events.events, "event")} read{events.last_event ? <>, the newest <Ago at={events.last_event} /></> : null}.</>}
        {events?.error && <> <Badge state="broken">events fail</Badge> {shown(events.error, 400)}</>}
      </p>
    </section>
  );
}

function Outcomes({ read, empty, unknown }: Record<"read" | "empty" | "unknown", number>) {
  const total = Math.max(1, read + empty + unknown);
  return (
    <>
      <div className={styles.outcomes} role="img" aria-label={`${read} read, ${empty} empty, ${unknown} unknown`}>
        <span className={styles.read} style={{ flexGrow: read / total }} /><span className={styles.none} style={{ flexGrow: empty / total }} /><span className={styles.hatch} style={{ flexGrow: unknown / total }} />
      </div>
      <ul className={styles.legend}>
        <li><i className={styles.read} /><Link to="/coverage" search={{ outcome: "read" }}>{count(read)} read</Link></li>
        <li><i className={styles.none} /><Link to="/coverage" search={{ outcome: "empty" }}>{count(empty)} empty</Link></li>
        <li><i className={styles.hatch} /><Link to="/coverage" search={{ outcome: "unknown" }}>{count(unknown)} unknown</Link></li>
      </ul>
    </>
  );
}
