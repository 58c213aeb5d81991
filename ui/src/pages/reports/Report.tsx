// A report to print or to keep as PDF: of a framework, of a team, or of both: what it is of, when, by which run and which seal;
// how each control stands; what fails, whose it is and until when; what is accepted.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowLeft, Printer } from "lucide-react";
import { useEffect, useState } from "react";
import { get, type Schemas } from "../../api/client";
import { Refused } from "../../api/problem";
import { count, counted, shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Gaps, Missing } from "../../parts/Answered";
import { Severity } from "../../parts/Severity";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { useMay, useWho, useWhole } from "../../session/may";
import { Bar } from "../frameworks/Frameworks";
import { Sign } from "../frameworks/Sign";
import { answered, sentence } from "../frameworks/words";
import { called, lastDay } from "../findings/words";
import styles from "./Report.module.css";
import { type Part, type Row, scope, summary, title } from "./words";

const BRINGS = "settings, policies and networks; the checks of every control are asked of them by themselves";
/** Findings of a report: what is more is counted. */
const FINDINGS_MAX = 1_000;

type Framework = Schemas["FrameworkAnswer"];
type Findings = Schemas["FindingsAnswer"];

export function Report() {
  const { framework, owner, account } = useSearch({ from: "/reports" });
  const part: Part = { framework, owner, account };
  const controls = useQuery({ queryKey: ["frameworks", framework, owner, account], enabled: framework !== undefined, queryFn: ({ signal }) => get("/api/v1/frameworks/{id}", { owner, account }, { signal, params: { id: framework ?? "" } }) });
  const query = { framework, owner, account, state: ["open", "reopened", "accepted"] as ("open" | "reopened" | "accepted")[], order: "severity" as const, limit: FINDINGS_MAX };
  // A framework that is not there has no findings to ask for.
  const none = controls.error instanceof Refused && controls.error.problem.code === "not_found" && !controls.error.problem.detail.includes("no scan has ended");
  const findings = useQuery({ queryKey: ["findings", "report", query], enabled: framework === undefined || controls.data !== undefined, queryFn: ({ signal }) => get("/api/v1/findings", query, { signal }) });
  const name = title(part, controls.data?.framework.title ?? framework);
  useEffect(() => { document.title = `Report: ${name} · Fathom`; }, [name]);
  const ready = findings.data && (framework === undefined || controls.data) ? findings.data : undefined;
  return (
    <div className={styles.page}>
      <Choose part={part} ready={ready !== undefined} />
      {none ? <><h1>Report</h1><Empty title="No such framework"><p>No framework is called <code>{shown(framework ?? "", 80)}</code>.</p></Empty></> : ready ? <Sheet part={part} name={name} framework={controls.data} findings={ready} /> : <><h1 className="wrap">{name}</h1><Missing of={framework !== undefined && !controls.data ? controls : findings} label="Putting the report together" brings={BRINGS} /></>}
    </div>
  );
}

/** Of what the report is; not on paper. */
function Choose({ part: { framework, owner, account }, ready }: { part: Part; ready: boolean }) {
  const navigate = useNavigate({ from: "/reports" });
  const frameworks = useQuery({ queryKey: ["frameworks"], queryFn: ({ signal }) => get("/api/v1/frameworks", undefined, { signal }), retry: false });
  const teams = useQuery({ queryKey: ["findings", "teams", "owner"], queryFn: ({ signal }) => get("/api/v1/findings/teams", { by: "owner" }, { signal }), retry: false });
  const accounts = useQuery({ queryKey: ["findings", "teams", "account"], queryFn: ({ signal }) => get("/api/v1/findings/teams", { by: "account" }, { signal }), retry: false });
  const set = (next: object) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const values = (all: { value?: string | null }[] | undefined, chosen: string[] | undefined) => [...new Set([...(all ?? []).map(({ value }) => value ?? ""), ...(chosen ?? [])])].sort();
  const known = frameworks.data?.frameworks ?? [];
  return (
    <div className="no-print stack">
      <p className="small">{framework ? <Link to="/frameworks/$id" params={{ id: framework }} className="row muted"><ArrowLeft aria-hidden className="icon" />The framework</Link> : <Link to="/findings" search={{ view: "teams" }} className="row muted"><ArrowLeft aria-hidden className="icon" />All teams</Link>}</p>
      <div className="row wrapped">
        <label className="row small"><span>Framework</span>
          <select className="input" value={framework ?? ""} onChange={(event) => set({ framework: event.target.value || undefined })}>
            <option value="">any</option>
            {known.map((each) => <option key={each.id} value={each.id}>{shown(each.id, 60)}</option>)}
            {framework && !known.some((each) => each.id === framework) && <option value={framework}>{shown(framework, 60)}</option>}
          </select>
        </label>
        <Pick label="Team" values={values(teams.data?.rows, owner)} chosen={owner} onChange={(next) => set({ owner: next })} />
        <Pick label="Account" values={values(accounts.data?.rows, account)} chosen={account} onChange={(next) => set({ account: next })} />
        <button type="button" className="button main" disabled={!ready} onClick={() => window.print()}><Printer aria-hidden />Print or save as PDF</button>
      </div>
    </div>
  );
}

/** One of the values, or all. */
function Pick({ label, values, chosen, onChange }: { label: string; values: string[]; chosen?: string[]; onChange: (next: string[] | undefined) => void }) {
  // An empty text is nobody; all have no text of their own.
  const at = chosen?.[0] === undefined ? -1 : values.indexOf(chosen[0]);
  return (
    <label className="row small"><span>{label}</span>
      <select className={`input ${styles.pick}`} value={at} onChange={(event) => onChange(Number(event.target.value) < 0 ? undefined : [values[Number(event.target.value)] ?? ""])}>
        <option value={-1}>all</option>
        {values.map((each, index) => <option key={each} value={index}>{each === "" ? "nobody answers" : shown(each, 60)}</option>)}
      </select>
    </label>
  );
}

export function Sheet({ part, name, framework, findings }: { part: Part; name: string; framework?: Framework; findings: Findings }) {
  const open = findings.rows.filter(({ state }) => state !== "accepted");
  const accepted = findings.rows.filter(({ state }) => state === "accepted");
  const more = findings.total - findings.rows.length;
  const gaps = framework?.gaps ?? findings.gaps;
  return (
    <article className={styles.sheet} aria-label="Report">
      <div className={styles.head}><h1 className="wrap">{name}</h1><Facts part={part} findings={findings} /></div>
      <section className="stack" aria-labelledby="answer">
        <h2 id="answer">In short</h2>
        {framework && <><p className="wrap"><strong>{sentence(framework.framework)}</strong> A control that passes is one of which no check found anything wrong: it is no statement that you comply.</p><Bar framework={framework.framework} /></>}
        <p className="wrap">{framework ? <span>{summary(open, accepted, more)}</span> : <strong>{summary(open, accepted, more)}</strong>}</p>
      </section>
      {framework && <Controls all={framework.controls} />}
      <section className="stack" aria-labelledby="open">
        <h2 id="open">What fails</h2>
        {open.length === 0 ? <p className="muted">No finding needs work.</p> : <Failing rows={open} />}
        {more > 0 && <p className="small">The worst {count(findings.rows.length)} of {count(findings.total)} are listed.</p>}
      </section>
      {accepted.length > 0 && <section className="stack" aria-labelledby="accepted"><h2 id="accepted">What is accepted</h2><Accepted rows={accepted} /></section>}
      <Gaps gaps={gaps} />
      {framework && <p className="small muted wrap">Published by {shown(framework.framework.source, 200)}. What a control is about is said in words of our own and replaces no text of the framework.</p>}
    </article>
  );
}

/** Of what, when, by whom, by which run, under which seal. */
function Facts({ part, findings: { run, as_of } }: { part: Part; findings: Findings }) {
  const who = useWho();
  // It stays the moment at which the report was opened.
  const [now] = useState(() => new Date());
  return (
    <dl className={`${table.facts} ${styles.facts}`}>
      <div><dt>of</dt><dd className="wrap">{scope(part, who)}</dd></div>
      <div><dt>made</dt><dd className="wrap">{moment(now)}{who && <> by <bdi>{shown(who.name, 80)}</bdi></>}</dd></div>
      <div><dt>estate</dt><dd className="wrap">as scan {as_of.scan} left it{as_of.finished_at && `, ${moment(as_of.finished_at)}`}</dd></div>
      <div><dt>checks</dt><dd className="wrap">{run ? <>{counted(run.checks, "check")} asked {run.resources !== null && run.resources !== undefined && `of ${counted(run.resources, "resource")}`}, {moment(run.at)}{!run.whole && "; not all checks were asked of everything"}{run.scan < as_of.scan && "; a scan has ended since"}</> : "not asked yet"}</dd></div>
      <div><dt>ledger</dt><dd><p className="wrap"><Seal run={run ?? undefined} /></p></dd></div>
    </dl>
  );
}

/** Where the ledger ended when the report was made: what it says is sealed there. */
function Seal({ run }: { run?: Schemas["ChecksRun"] }) {
  const may = useMay("read_ledger");
  const whole = useWhole();
  const reads = may && whole;
  const asked = useQuery({ queryKey: ["ledger"], enabled: reads, queryFn: ({ signal }) => get("/api/v1/ledger", undefined, { signal }), retry: false });
  const entry = useQuery({ queryKey: ["ledger", "run", run?.scan], enabled: reads && run !== undefined, queryFn: ({ signal }) => get("/api/v1/ledger/entries", { kind: "findings.checked", subject: `scan:${run?.scan ?? 0}`, order: "desc", limit: 1 }, { signal }), retry: false });
  if (!reads) return <>not named: its author may not read the ledger</>;
  if (asked.error) return <Badge state="unknown">could not be read</Badge>;
  if (!asked.data) return <>…</>;
  const sealed = entry.data?.entries[0];
  return <>{counted(asked.data.size, "entry", "entries")}, root <code className="wrap">{shown(asked.data.root, 80)}</code>{sealed && <>; the run is <Link to="/ledger" search={{ entry: sealed.index }} className="link">entry {sealed.index}</Link>, <code className="wrap">{shown(sealed.hash, 80)}</code></>}</>;
}

export function Controls({ all }: { all: Framework["controls"] }) {
  return (
    <section className="stack" aria-labelledby="controls">
      <h2 id="controls">Controls</h2>
      <table className={`${table.table} ${styles.controls}`} aria-label="Controls">
        <thead><tr><th scope="col">Control</th><th scope="col">What it is about</th><th scope="col">Stands</th><th scope="col">What checks answered, and what somebody must show</th></tr></thead>
        <tbody>
          {all.map((each) => (
            <tr key={each.control}>
              <th scope="row" className="wrap">{shown(each.control, 60)}</th>
              <td data-name="About" className="wrap">{shown(each.topic, 300)}</td>
              <td data-name="Stands"><Sign of={each.status} /></td>
              <td data-name="Answers"><span className={table.two}><span className="wrap">{each.checks.length > 0 ? `${counted(each.checks.length, "check")}: ${answered(each.counts)}` : "no check"}</span>{each.evidence && <span className="small wrap"><span className="muted">To show:</span> {shown(each.evidence, 600)}</span>}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const Where = ({ row }: { row: Row }) => <span className={table.two}><Link to="/resource" search={{ uid: row.resource }} className="wrap"><bdi>{called(row)}</bdi></Link><span className="small muted wrap">{shown(row.account, 20)}, {shown(row.region, 40)}</span></span>;
const What = ({ row }: { row: Row }) => <span className={table.two}><Link to="/findings/$id" params={{ id: row.id }} className="wrap">{shown(row.title, 200)}</Link><code className="muted wrap">{shown(row.check, 80)}</code></span>;
const Whose = ({ row }: { row: Row }) => (row.owner ? <bdi className="wrap">{shown(row.owner, 60)}</bdi> : <Badge state="unknown">nobody</Badge>);
/** A day, as it stands on paper. */
const day = (at: string): string => shown(at.slice(0, 10), 10);

function Failing({ rows }: { rows: Row[] }) {
  return (
    <table className={`${table.table} ${styles.findings}`} aria-label="What fails">
      <thead><tr><th scope="col">Severity</th><th scope="col">What does not hold</th><th scope="col">On</th><th scope="col">Why it matters here</th><th scope="col">Owner</th><th scope="col">Since</th><th scope="col">Due</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td data-name="Severity"><Severity of={row.severity} /></td>
            <th scope="row"><What row={row} /></th>
            <td data-name="On"><Where row={row} /></td>
            <td data-name="Why" className="small wrap">{shown(row.because, 400)}{!row.confirmed && "; the last run could not say whether it still fails"}</td>
            <td data-name="Owner"><Whose row={row} /></td>
            <td data-name="Since">{day(row.since)}</td>
            <td data-name="Due">{row.due ? row.overdue ? <Badge state="broken">{day(row.due)}</Badge> : day(row.due) : <span className="muted">no day</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Accepted({ rows }: { rows: Row[] }) {
  return (
    <table className={`${table.table} ${styles.findings}`} aria-label="What is accepted">
      <thead><tr><th scope="col">Severity</th><th scope="col">What does not hold</th><th scope="col">On</th><th scope="col">Reason</th><th scope="col">Approved by</th><th scope="col">Owner</th><th scope="col">Until</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td data-name="Severity"><Severity of={row.severity} /></td>
            <th scope="row"><What row={row} /></th>
            <td data-name="On"><Where row={row} /></td>
            <td data-name="Reason" className="small wrap">{row.accepted ? <bdi>{shown(row.accepted.reason, 400)}</bdi> : <span className="muted">told to those who see all</span>}</td>
            <td data-name="Approved by" className="wrap">{row.accepted && <bdi>{shown(row.accepted.approver, 80)}</bdi>}</td>
            <td data-name="Owner"><Whose row={row} /></td>
            <td data-name="Until">{row.accepted && lastDay(row.accepted.until)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
