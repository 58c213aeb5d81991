// What each team, or account, has to do: findings counted by who answers for the resources. Each figure opens its list.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { get, type Schemas } from "../../api/client";
import { count, counted, shown } from "../../lib/text";
import { AsOf, Missing } from "../../parts/Answered";
import { List } from "../../parts/List";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { Tabs } from "../../parts/Tabs";
import { BRINGS } from "./Findings";
import styles from "./Findings.module.css";
import { type Asked, SEVERITIES } from "./words";

export type Team = Schemas["TeamRow"];
type Told = Schemas["TeamsAnswer"];
type By = "owner" | "account";

export function Teams({ views }: { views: ReactNode }) {
  const { by = "owner" } = useSearch({ from: "/findings" });
  const navigate = useNavigate({ from: "/findings" });
  const asked = useQuery({ queryKey: ["findings", "teams", by], queryFn: ({ signal }) => get("/api/v1/findings/teams", { by }, { signal }) });
  return (
    <List title="Findings" tools={<>{views}<Tabs label="Counted by" value={by} options={[["owner", "Team"], ["account", "Account"]]} onChange={(next) => void navigate({ search: (was) => ({ ...was, by: next === "owner" ? undefined : next }), replace: true })} /></>}>
      <div className={table.scrolled} role="region" aria-label="What each has to do, scrolls" tabIndex={0}>
        {asked.data ? <Counted told={asked.data} by={by} /> : <Missing of={asked} label="Counting what each has to do" brings={BRINGS} />}
      </div>
    </List>
  );
}

/** How long it took, in days. */
export const days = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : value < 1 ? "under a day" : counted(Math.round(value * 10) / 10, "day"));

const work = (row: Team): number => SEVERITIES.reduce((sum, each) => sum + row.needs_work[each], 0);

export function Counted({ told: { rows, fixed_days, fixed_since, as_of }, by }: { told: Told; by: By }) {
  if (rows.length === 0) return <Empty title="Nothing needs work"><p>Every check holds for all that it could be asked of, and nothing was fixed lately.</p></Empty>;
  const late = rows.filter((row) => row.overdue > 0).length;
  const all = rows.reduce((sum, row) => sum + work(row), 0);
  return (
    <>
      <p className="wrap"><strong>{counted(all, "finding needs", "findings need")} work; {late === 0 ? "nobody is late" : `${counted(late, by === "owner" ? "team has" : "account has", by === "owner" ? "teams have" : "accounts have")} something overdue`}.</strong> <AsOf of={as_of} /></p>
      <table className={`${table.table} ${styles.teams}`} aria-label={by === "owner" ? "Teams" : "Accounts"}>
        <thead><tr>
          <th scope="col">{by === "owner" ? "Team" : "Account"}</th>{SEVERITIES.map((each) => <th key={each} scope="col" className="number">{each}</th>)}<th scope="col" className="number">overdue</th><th scope="col" className="number" title="The last run of the check could not say whether it still fails">not confirmed</th>
          <th scope="col" className="number">accepted</th><th scope="col" className="number" title="Answers of checks that are not known: what decides was not read">unknown</th><th scope="col" className="number">fixed in {fixed_days} days</th><th scope="col" className="number" title={`From when a check failed until it held again, of what was fixed in ${fixed_days} days, on average`}>time to fix</th><th scope="col"><span className="hidden">More</span></th>
        </tr></thead>
        <tbody>{rows.map((row) => <One key={row.value ?? ""} row={row} by={by} since={fixed_since} />)}</tbody>
      </table>
    </>
  );
}

function One({ row, by, since }: { row: Team; by: By; since: string }) {
  const of: Pick<Asked, "owner" | "account"> = { [by]: [row.value ?? ""] };
  const whose = row.value === null || row.value === undefined ? "nobody" : shown(row.value, 60);
  // Findings are counted by the second; the list takes the same moment.
  const figure = (name: string, value: number, search: Asked, bad?: boolean) => (
    <td data-name={name} data-none={value === 0 ? "" : undefined} className="number">
      {value === 0 ? <span className="muted">0</span> : <Link to="/findings" search={{ ...of, ...search }} className="link" aria-label={`${count(value)} ${name}, of ${whose}`}>{bad ? <Badge state="broken">{count(value)}</Badge> : count(value)}</Link>}
    </td>
  );
  return (
    <tr>
      <th scope="row">{row.value === null || row.value === undefined ? <Badge state="unknown">nobody answers</Badge> : <Link to="/findings" search={of} className="link wrap"><bdi>{shown(row.value, 80)}</bdi></Link>}</th>
      {SEVERITIES.map((each) => <FigureOf key={each}>{figure(each, row.needs_work[each], { severity: [each] })}</FigureOf>)}
      {figure("overdue", row.overdue, { overdue: true }, true)}
      {figure("not confirmed", row.not_confirmed, { confirmed: false })}
      {figure("accepted", row.accepted, { state: ["accepted"] })}
      <td data-name="unknown" data-none={row.unknown === 0 ? "" : undefined} className="number">{row.unknown === 0 ? <span className="muted">0</span> : <Link to="/coverage" search={{ outcome: "unknown", ...(by === "account" && row.value ? { account: [row.value] } : {}) }} className="link" title="What was not read" aria-label={`${count(row.unknown)} unknown, of ${whose}: what was not read`}>{count(row.unknown)}</Link>}</td>
      {figure("fixed", row.fixed, { state: ["fixed"], turned_since: since })}
      <td data-name="time to fix" data-none={row.days_to_fix === null || row.days_to_fix === undefined ? "" : undefined} className="number">{days(row.days_to_fix)}</td>
      <td><span className="row small"><Link to="/findings" search={{ view: "trend", ...of }} className="link" aria-label={`Trend of ${whose}`}>trend</Link><Link to="/reports" search={of} className="link" aria-label={`Report of ${whose}`}>report</Link></span></td>
    </tr>
  );
}

const FigureOf = ({ children }: { children: ReactNode }) => children;
