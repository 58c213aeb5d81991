// How many findings were failing after each run of the checks: by how bad they are, by team, and for a framework as controls.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { get, type Schemas } from "../../api/client";
import { count, counted, shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Missing } from "../../parts/Answered";
import type { Line } from "../../parts/Chart";
import { Lines } from "../../parts/Lines";
import { List } from "../../parts/List";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { BRINGS } from "./Findings";
import styles from "./Findings.module.css";
import { SEVERITIES } from "./words";

export type Told = Schemas["FindingsTrend"];
/** Teams that are drawn: more lines are told apart by nobody. */
const DRAWN_MAX = 4;
const TOKENS = { critical: "--broken", high: "--attention", medium: "--chart-1", low: "--chart-3" };

export function Trend({ views }: { views: ReactNode }) {
  const { owner, account, framework } = useSearch({ from: "/findings" });
  const navigate = useNavigate({ from: "/findings" });
  const query = { owner, account, framework };
  const asked = useQuery({ queryKey: ["findings", "trend", query], queryFn: ({ signal }) => get("/api/v1/findings/trend", query, { signal }) });
  const frameworks = useQuery({ queryKey: ["frameworks"], queryFn: ({ signal }) => get("/api/v1/frameworks", undefined, { signal }), retry: false });
  const set = (next: object) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true, resetScroll: false });
  const known = frameworks.data?.frameworks ?? [];
  return (
    <List title="Findings" tools={<>{views}
      <label className="row small"><span>Framework</span>
        <select className="input" value={framework ?? ""} onChange={(event) => set({ framework: event.target.value || undefined })}>
          <option value="">any</option>
          {known.map((each) => <option key={each.id} value={each.id}>{shown(each.id, 60)}</option>)}
          {framework && !known.some((each) => each.id === framework) && <option value={framework}>{shown(framework, 60)}</option>}
        </select>
      </label>
      {(owner ?? account) && <span className="row small"><span className="wrap">Of {[...(owner ?? []), ...(account ?? [])].map((each) => (each === "" ? "nobody" : shown(each, 60))).join(", ")}</span><button type="button" className="button plain" aria-label="Of all" title="Of all" onClick={() => set({ owner: undefined, account: undefined })}><X aria-hidden /></button></span>}
    </>}>
      <div className={table.scrolled} role="region" aria-label="Findings over time, scrolls" tabIndex={0}>
        {asked.data ? <Drawn told={asked.data} alone={owner?.length === 1} /> : <Missing of={asked} label="Adding up what came and went" brings={BRINGS} />}
      </div>
    </List>
  );
}

/** Those that were failing at a point. */
const failing = ({ failing: of }: Told["points"][number]): number => SEVERITIES.reduce((sum, each) => sum + of[each], 0);

/** Which way it goes, in a sentence. */
export function way(points: Told["points"]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return "No check was asked yet.";
  const now = counted(failing(last), "finding is", "findings are");
  if (points.length === 1) return `${now} failing. One run so far; the second shows which way it goes.`;
  const more = failing(last) - failing(first);
  return `${now} failing, ${more === 0 ? "as many as" : `${count(Math.abs(more))} ${more > 0 ? "more" : "fewer"} than`} at ${moment(first.at)}.`;
}

export function Drawn({ told: { points, teams, controls, by_day }, alone }: { told: Told; alone: boolean }) {
  const at = useMemo(() => points.map((each) => Date.parse(each.at) / 1000), [points]);
  const by: Line[] = useMemo(() => SEVERITIES.map((each) => ({ label: each, token: TOKENS[each], values: points.map((point) => point.failing[each]) })), [points]);
  const whose: Line[] = useMemo(() => teams.slice(0, DRAWN_MAX).map((each) => ({ label: each.owner === null || each.owner === undefined ? "nobody answers" : shown(each.owner, 40), values: each.failing })), [teams]);
  const held: Line[] = useMemo(() => [{ label: "controls", token: "--broken", values: points.map((each) => each.controls ?? null) }], [points]);
  if (points.length === 0) return <Empty title="The checks were not asked yet"><p>The server asks them by itself when a scan has ended.</p></Empty>;
  const last = points.at(-1);
  return (
    <>
      <p className="wrap"><strong>{way(points)}</strong> Accepted findings are failing too. {by_day ? "Of each day the last run is shown." : "Every run is shown."} Whose a finding is and how bad it is are as of today.</p>
      {points.length > 1 && (
        <div className={styles.charts}>
          <Lines title="By severity" at={at} lines={by} />
          {!alone && whose.length > 1 && <Lines title={teams.length > DRAWN_MAX ? `By team: the ${DRAWN_MAX} with most of ${count(teams.length)}` : "By team"} at={at} lines={whose} />}
          {controls !== null && controls !== undefined && <Lines title={`Controls of which a check fails, of ${count(controls)}: ${count(last?.controls ?? 0)} now`} at={at} lines={held} />}
        </div>
      )}
      <table className={`${table.table} ${styles.teams}`} aria-label="Run by run">
        <thead><tr><th scope="col">After the run at</th><th scope="col" className="number">scan</th>{SEVERITIES.map((each) => <th key={each} scope="col" className="number">{each}</th>)}<th scope="col" className="number">all</th>{controls !== null && controls !== undefined && <th scope="col" className="number">controls that fail</th>}</tr></thead>
        <tbody>
          {points.slice(-SHOWN).reverse().map((each) => (
            <tr key={each.at}>
              <th scope="row">{moment(each.at)}</th><td data-name="scan" className="number">{each.scan}</td>
              {SEVERITIES.map((one) => <td key={one} data-name={one} className="number">{count(each.failing[one])}</td>)}
              <td data-name="all" className="number">{count(failing(each))}</td>
              {controls !== null && controls !== undefined && <td data-name="controls that fail" className="number">{count(each.controls ?? 0)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {points.length > SHOWN && <p className="small muted">The newest {SHOWN} of {count(points.length)} points.</p>}
    </>
  );
}
/** Points that stand in the table; the lines have all. */
const SHOWN = 60;
