// One framework: each control with how it stands, what its checks answered, and what somebody must show. It is made to be printed.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, FileText, Printer } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { get, type Schemas } from "../../api/client";
import { Refused } from "../../api/problem";
import { word } from "../../lib/sqltext";
import { count, counted, shown } from "../../lib/text";
import { AsOf, Gaps, Missing } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Lines } from "../../parts/Lines";
import { Severity } from "../../parts/Severity";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { Bar, BRINGS } from "./Frameworks";
import styles from "./Frameworks.module.css";
import { Sign } from "./Sign";
import { type Answer, answered, type Control, MEANS, NAMES, sentence, type Standing, STANDINGS } from "./words";

export function Framework() {
  const { id } = useParams({ from: "/frameworks/$id" });
  const { status } = useSearch({ from: "/frameworks/$id" });
  const asked = useQuery({ queryKey: ["frameworks", id], queryFn: ({ signal }) => get("/api/v1/frameworks/{id}", undefined, { signal, params: { id } }) });
  const title = asked.data?.framework.title;
  useEffect(() => { if (title) document.title = `${shown(title, 80)} · Fathom`; }, [title]);
  const none = asked.error instanceof Refused && asked.error.problem.code === "not_found" && !asked.error.problem.detail.includes("no scan has ended");
  return (
    <div className={styles.page}>
      <p className="no-print small"><Link to="/frameworks" className="row muted"><ArrowLeft aria-hidden className="icon" />All frameworks</Link></p>
      {asked.data ? <One answer={asked.data} status={status} /> : <><h1>Framework</h1>{none ? <Empty title="No such framework"><p>No framework is called <code>{shown(id, 80)}</code>.</p></Empty> : <Missing of={asked} label="Asking the checks of every control" brings={BRINGS} />}</>}
      <div className="no-print"><CopyLine text={`fathom frameworks ${word(id)}`} /></div>
    </div>
  );
}

export function One({ answer: { framework, controls, gaps, as_of }, status }: { answer: Answer; status?: Standing[] }) {
  const place = useRef<HTMLDivElement>(null);
  // On paper nothing can be opened: what is closed on the screen is open there.
  useEffect(() => {
    let opened: HTMLDetailsElement[] = [];
    const open = () => {
      opened = [...(place.current?.querySelectorAll<HTMLDetailsElement>("details:not([open])") ?? [])];
      for (const each of opened) each.open = true;
    };
    const close = () => { for (const each of opened) each.open = false; };
    window.addEventListener("beforeprint", open);
    window.addEventListener("afterprint", close);
    return () => {
      window.removeEventListener("beforeprint", open);
      window.removeEventListener("afterprint", close);
    };
  }, []);
  const rows = status ? controls.filter((each) => status.includes(each.status)) : controls;
  return (
    <div ref={place} className="stack">
      <div className="row spread wrapped"><h1 className="wrap">{shown(framework.title, 200)}</h1><span className="row wrapped no-print"><Link to="/reports" search={{ framework: framework.id }} className="button"><FileText aria-hidden />Report</Link><button type="button" className="button" onClick={() => window.print()}><Printer aria-hidden />Print</button></span></div>
      <p className="wrap"><strong>{sentence(framework)}</strong> A control that passes is one of which no check found anything wrong: it is no statement that you comply. <AsOf of={as_of} /></p>
      <Bar framework={framework} />
      <Over framework={framework.id} />
      <Choose framework={framework} status={status} />
      {rows.length === 0 ? <Empty title="Nothing fits"><p>No control stands so.</p></Empty> : (
        <table className={`${table.table} ${styles.controls}`} aria-label="Controls">
          <thead><tr><th scope="col">Control</th><th scope="col">Stands</th><th scope="col">What checks answered, and what somebody must show</th></tr></thead>
          <tbody>{rows.map((each) => <Row key={each.control} control={each} framework={framework.id} />)}</tbody>
        </table>
      )}
      <p className="small muted wrap">Published by {framework.source.startsWith("https://") ? <a href={framework.source} target="_blank" rel="noreferrer noopener" className="link">{shown(framework.source.replace(/^https:\/\//, ""), 160)}</a> : shown(framework.source, 160)}. What a control is about is said in words of our own and replaces no text of the framework.</p>
      <Gaps gaps={gaps} />
    </div>
  );
}

/** Controls of which a check failed, run by run: kept findings say so. How many passed is not kept. */
function Over({ framework }: { framework: string }) {
  const asked = useQuery({ queryKey: ["findings", "trend", { framework }], queryFn: ({ signal }) => get("/api/v1/findings/trend", { framework }, { signal }), retry: false });
  const points = asked.data?.points;
  const at = useMemo(() => (points ?? []).map((each) => Date.parse(each.at) / 1000), [points]);
  const lines = useMemo(() => [{ label: "controls", token: "--broken", values: (points ?? []).map((each) => each.controls ?? null) }], [points]);
  // One point is no line, and what cannot be asked is no part of how controls stand now.
  if (!points || points.length < 2) return null;
  return <div className={`no-print ${styles.over}`}><Lines title={`Controls of which a check fails, run by run, of ${count(asked.data?.controls ?? 0)}`} at={at} lines={lines} height={110} /></div>;
}

/** How many controls stand how; one that is chosen leaves the others out. */
function Choose({ framework: { counts, controls }, status }: { framework: Answer["framework"]; status?: Standing[] }) {
  const navigate = useNavigate({ from: "/frameworks/$id" });
  const set = (next: Standing[] | undefined) => void navigate({ search: (was) => ({ ...was, status: next?.length ? next : undefined }), replace: true, resetScroll: false });
  const toggle = (one: Standing) => set(status?.includes(one) ? status.filter((each) => each !== one) : [...(status ?? []), one]);
  return (
    <div className={`row wrapped no-print ${styles.choose}`} role="group" aria-label="Controls that stand">
      <button type="button" className="button" aria-pressed={status === undefined} onClick={() => set(undefined)}>all {count(controls)}</button>
      {STANDINGS.filter((each) => counts[each] > 0).map((each) => <button key={each} type="button" className="button" aria-pressed={status?.includes(each) ?? false} title={MEANS[each]} onClick={() => toggle(each)}>{NAMES[each]} {count(counts[each])}</button>)}
    </div>
  );
}

/** On paper only the number of these is told. */
const holding = (checks: Control["checks"]): number => checks.filter(({ counts }) => counts.fail + counts.unknown === 0).length;

function Row({ control: { control, topic, status, counts, evidence, checks }, framework }: { control: Control; framework: string }) {
  return (
    <tr>
      <th scope="row"><span className={table.two}><span className="wrap">{shown(control, 60)}</span><span className="small muted wrap">{shown(topic, 300)}</span></span></th>
      <td data-name="Stands"><Sign of={status} /></td>
      <td data-name="Answers">
        <div className="stack">
          {evidence && <p className="wrap"><span className="muted">To show:</span> {shown(evidence, 600)}</p>}
          {checks.length > 0 ? (
            <details>
              <summary>{counted(checks.length, "check")}: {answered(counts)}</summary>
              <ul className={styles.checks} aria-label={`Checks of ${shown(control, 60)}`}>{checks.map((each) => <Check key={each.id} check={each} framework={framework} />)}</ul>
              {holding(checks) > 0 && <p className={`small muted ${styles.paper}`}>{holding(checks) < checks.length && "and "}{counted(holding(checks), "check")} of which nothing fails and nothing is unknown</p>}
            </details>
          ) : !evidence && <span className="muted">{MEANS[status]}</span>}
          {counts.fail > 0 && <p className="small no-print"><Link to="/findings" search={{ framework, control }} className="link">Its findings</Link></p>}
        </div>
      </td>
    </tr>
  );
}

function Check({ check: { id, title, severity, counts }, framework }: { check: Schemas["ControlCheck"]; framework: string }) {
  return (
    <li data-holds={counts.fail + counts.unknown === 0 ? "" : undefined}>
      <Severity of={severity} />
      <div className={table.two}><span className="wrap">{shown(title, 200)}</span><p className="small muted wrap"><code>{shown(id, 80)}</code> · {counts.fail > 0 ? <Link to="/findings" search={{ check: [id], framework }} className="link">{count(counts.fail)} fail</Link> : "none fails"}{counts.unknown > 0 && `, ${count(counts.unknown)} unknown`}, {count(counts.pass)} pass{counts.not_applicable > 0 && `, not about ${count(counts.not_applicable)}`}</p></div>
    </li>
  );
}
