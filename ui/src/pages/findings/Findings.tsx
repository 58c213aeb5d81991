// What checks found and what became of it: what an intruder could use first, with why it stands there.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { get } from "../../api/client";
import { counted, shown } from "../../lib/text";
import { moment } from "../../lib/time";
import { Ago } from "../../parts/Ago";
import { AsOf, Gaps, Missing, More, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { Field } from "../../parts/Field";
import { List } from "../../parts/List";
import { KindIcon } from "../../parts/Name";
import { Severity } from "../../parts/Severity";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { Tabs } from "../../parts/Tabs";
import { useAt } from "../../parts/time";
import { Exceptions } from "./Exceptions";
import styles from "./Findings.module.css";
import { Due, Standing } from "./Signs";
import { Teams } from "./Teams";
import { Trend } from "./Trend";
import { type Answer, type Asked, beneath, called, LEVELS, line, ORDERS, REACHED, type Row, sentence, type Severe, STATES, type Stands } from "./words";

export const BRINGS = "settings, policies and networks; the checks are asked of them by themselves";
/** How often it is asked whether the order is worked out. */
const AGAIN_MS = 4_000;

const some = <T,>(chosen: T[]): T[] | undefined => (chosen.length ? chosen : undefined);

export function Findings() {
  const { view } = useSearch({ from: "/findings" });
  const navigate = useNavigate({ from: "/findings" });
  const views: ReactNode = <Tabs label="Which" value={view ?? "findings"} options={[["findings", "Findings"], ["teams", "Teams"], ["trend", "Trend"], ["accepted", "Exceptions"]]} onChange={(next) => void navigate({ search: (was) => ({ as_of: was.as_of, since: was.since, view: next === "findings" ? undefined : next }) })} />;
  if (view === "teams") return <Teams views={views} />;
  if (view === "trend") return <Trend views={views} />;
  return view === "accepted" ? <Exceptions views={views} /> : <All views={views} />;
}

function All({ views }: { views: ReactNode }) {
  const { state, severity, check, service, framework, control, account, owner, confirmed, turned_since, resource, overdue, q, order } = useSearch({ from: "/findings" });
  const navigate = useNavigate({ from: "/findings" });
  const past = useAt().as_of !== undefined;
  const query = { state, severity, check, service, framework, control, account, owner, confirmed, turned_since, resource, overdue, q, order };
  const pages = usePages(["findings", query], (cursor, signal) => get("/api/v1/findings", { ...query, cursor }, { signal }), true);
  const first = pages.data?.pages[0];
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const { refetch } = pages;
  const waits = first !== undefined && !first.ranked && order === undefined;
  // What an intruder could do is worked out meanwhile; the rows come in that order as soon as it is there.
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => void refetch(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [waits, refetch]);
  const set = (next: Partial<Asked>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true, resetScroll: false });
  const none = { state: undefined, severity: undefined, check: undefined, service: undefined, framework: undefined, control: undefined, account: undefined, owner: undefined, confirmed: undefined, turned_since: undefined, resource: undefined, overdue: undefined, q: undefined };
  const active = [state, severity, check, service, framework, control, account, owner, confirmed, turned_since, resource, overdue, q].filter((each) => each !== undefined).length;
  const command = line(query);
  const facets = first && (first.facets.state.length > 0 || active > 0) && (
    <>
      <Facet title="State" options={first.facets.state.map((each) => ({ ...each, name: STATES[each.value as Stands] }))} chosen={state ?? []} onChange={(all) => set({ state: some(all as Stands[]) })} />
      <Facet title="Severity" options={first.facets.severity} chosen={severity ?? []} onChange={(all) => set({ severity: some(all as Severe[]) })} />
      <Facet title="Due" single options={first.facets.overdue.filter((each) => each.value === "true").map((each) => ({ ...each, name: "overdue" }))} chosen={overdue ? ["true"] : []} onChange={([on]) => set({ overdue: on ? true : undefined })} />
      <Facet title="Owner" options={first.facets.owner.map((each) => (each.value === "" ? { ...each, name: "nobody" } : each))} chosen={owner ?? []} onChange={(all) => set({ owner: some(all) })} />
      <Facet title="Account" options={first.facets.account} chosen={account ?? []} onChange={(all) => set({ account: some(all) })} />
      <Facet title="Service" options={first.facets.service} chosen={service ?? []} onChange={(all) => set({ service: some(all) })} />
      <Facet title="Check" options={first.facets.check} chosen={check ?? []} onChange={(all) => set({ check: some(all) })} />
    </>
  );
  return (
    <List title="Findings" facets={facets || undefined} active={active} tools={<>{views}<Field label="Title, check, name or ARN" value={q} onChange={(next) => set({ q: next })} search wide /><Choices framework={framework} order={order} set={set} /></>}>
      {past && <p className="row wrapped"><Badge state="attention">of now</Badge><span>Findings are known as the last scan left the estate, whatever moment the page shows.</span></p>}
      <div className={table.scrolled} role="region" aria-label="What checks found, scrolls" tabIndex={0} aria-busy={pages.isPlaceholderData || undefined}>
        {!first ? <Missing of={pages} label="Asking the checks of the estate" brings={BRINGS} /> : (
          <>
            <p className="wrap"><strong>{sentence(first, active > 0)}</strong> <Asking answer={first} /> <AsOf of={first.as_of} /></p>
            <Narrow resource={resource} control={control} framework={framework} confirmed={confirmed} since={turned_since} set={set} />
            {waits && rows.length > 0 && <p className="row wrapped" role="status"><Badge state="progress">order is being worked out</Badge><span>What an intruder could use is followed just now; until then the worst stand first.</span></p>}
            {rows.length > 0 ? <Rows rows={rows} /> : <None first={first} active={active} all={() => set(none)} />}
            <More pages={pages} />
            <Gaps gaps={first.gaps} />
          </>
        )}
      </div>
      {command && <CopyLine text={command} />}
    </List>
  );
}

/** Of which framework, and in which order. */
function Choices({ framework, order, set }: { framework?: string; order?: Asked["order"]; set: (next: Partial<Asked>) => void }) {
  const asked = useQuery({ queryKey: ["frameworks"], queryFn: ({ signal }) => get("/api/v1/frameworks", undefined, { signal }), retry: false });
  const all = asked.data?.frameworks ?? [];
  return (
    <>
      <label className="row small"><span>Framework</span>
        <select className="input" value={framework ?? ""} onChange={(event) => set({ framework: event.target.value || undefined, control: undefined })}>
          <option value="">any</option>
          {all.map((each) => <option key={each.id} value={each.id}>{shown(each.id, 60)}</option>)}
          {framework && !all.some((each) => each.id === framework) && <option value={framework}>{shown(framework, 60)}</option>}
        </select>
      </label>
      <label className="row small"><span>First</span>
        <select className="input" value={order ?? "rank"} onChange={(event) => set({ order: event.target.value === "severity" || event.target.value === "due" ? event.target.value : undefined })}>
          {Object.entries(ORDERS).map(([each, name]) => <option key={each} value={each}>{name}</option>)}
        </select>
      </label>
    </>
  );
}

/** When the checks were asked, and of what. */
function Asking({ answer: { run, as_of } }: { answer: Answer }) {
  if (!run) return <>No check was asked yet. </>;
  return (
    <>
      {counted(run.checks, "check")} asked {run.resources !== null && run.resources !== undefined && `of ${counted(run.resources, "resource")} `}<Ago at={run.at} />.{" "}
      {!run.whole && <Badge state="attention">not all checks were asked</Badge>}
      {run.scan < as_of.scan && <Badge state="attention">a scan has ended since</Badge>}
    </>
  );
}

/** Filters that stand in no facet, each with the way out of it. */
function Narrow({ resource, control, framework, confirmed, since, set }: { resource?: string; control?: string; framework?: string; confirmed?: boolean; since?: string; set: (next: Partial<Asked>) => void }) {
  if ([resource, control, confirmed, since].every((each) => each === undefined)) return null;
  return (
    <p className="row wrapped small">
      {resource !== undefined && <span className="row"><span className="wrap">Of <Link to="/resource" search={{ uid: resource }} className="link"><bdi>{shown(resource, 200)}</bdi></Link></span><button type="button" className="button plain" aria-label="Of every resource" title="Of every resource" onClick={() => set({ resource: undefined })}><X aria-hidden /></button></span>}
      {control !== undefined && <span className="row"><span>Of control {framework ? <Link to="/frameworks/$id" params={{ id: framework }} className="link">{shown(control, 60)}</Link> : shown(control, 60)}</span><button type="button" className="button plain" aria-label="Of every control" title="Of every control" onClick={() => set({ control: undefined })}><X aria-hidden /></button></span>}
      {confirmed !== undefined && <span className="row"><span>{confirmed ? "Whose check could say" : "Whose check could not say any more"}</span><button type="button" className="button plain" aria-label="Confirmed or not" title="Confirmed or not" onClick={() => set({ confirmed: undefined })}><X aria-hidden /></button></span>}
      {since !== undefined && <span className="row"><span className="wrap">So since {/^\d{4}-.*T/.test(since) ? moment(since) : shown(since, 40)} or for less</span><button type="button" className="button plain" aria-label="Since whenever" title="Since whenever" onClick={() => set({ turned_since: undefined })}><X aria-hidden /></button></span>}
    </p>
  );
}

function None({ first, active, all }: { first: Answer; active: number; all: () => void }) {
  if (active > 0) return <Empty title="Nothing fits"><p>No finding is of this kind.</p><div><button type="button" className="button" onClick={all}>Show all</button></div></Empty>;
  if (!first.run) return <Empty title="The checks were not asked yet"><p>The server asks them by itself when a scan has ended. On the command line:</p><CopyLine text="fathom check" /></Empty>;
  return <Empty title="Nothing needs work"><p>Every check holds for all that it could be asked of. What could not be read stands below.</p></Empty>;
}

export function Rows({ rows }: { rows: Row[] }) {
  return (
    <table className={table.table} aria-label="Findings">
      <thead><tr><th scope="col">Severity</th><th scope="col">What does not hold</th><th scope="col">On</th><th scope="col">Why it stands here</th><th scope="col">State</th><th scope="col">Owner</th></tr></thead>
      <tbody>{rows.map((row) => <One key={row.id} row={row} />)}</tbody>
    </table>
  );
}

function One({ row }: { row: Row }) {
  const { way, reached } = row;
  const says = beneath(row);
  return (
    <tr>
      <td data-name="Severity"><Severity of={row.severity} /></td>
      <th scope="row"><span className={table.two}><Link to="/findings/$id" params={{ id: row.id }} className="link wrap">{shown(row.title, 200)}</Link><code className="muted wrap">{shown(row.check, 80)}</code></span></th>
      <td data-name="On" className={styles.on}><span className={table.two}><span className="row"><KindIcon type={row.resource_type} /><Link to="/resource" search={{ uid: row.resource }} className="wrap" title={shown(row.resource, 400)}><bdi>{called(row)}</bdi></Link></span><span className="small muted wrap">{shown(row.account, 20)}, {shown(row.region, 40)}</span></span></td>
      <td data-name="Why here"><span className={table.two}>{way ? <Level level={way.level} words={LEVELS} /> : reached ? <Level level={reached} words={REACHED} /> : null}<span className="small wrap" title={shown(row.because, 800)}>{shown(row.because, 220)}</span></span></td>
      <td data-name="State" className={styles.state}><span className={table.two}><Standing row={row} />{says && <span className="small muted">{says}</span>}<Due row={row} /></span></td>
      <td data-name="Owner" className={styles.owner}>{row.owner ? <bdi className="wrap">{shown(row.owner, 60)}</bdi> : <Badge state="unknown">unknown</Badge>}</td>
    </tr>
  );
}

/** That an intruder, or the internet, comes there, and how surely. */
export function Level({ level, words }: { level: "yes" | "only_if" | "unknown"; words: typeof LEVELS }) {
  return <Badge state={level === "yes" ? "broken" : level === "only_if" ? "attention" : "unknown"}>{words[level]}</Badge>;
}
