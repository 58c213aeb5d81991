// How the data of each system is protected: systems against layers; a cell opens what is to be closed there.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Check, CircleDashed, CircleX } from "lucide-react";
import { Fragment } from "react";
import { get } from "../../api/client";
import { count, counted, plain, shown } from "../../lib/text";
import { AsOf, Gaps, Missing } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { KindIcon } from "../../parts/Name";
import { Severity } from "../../parts/Severity";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { useAt } from "../../parts/time";
import styles from "./Protection.module.css";
import { type Answer, type Asked, called, type Cell, CLASSES, type DataClass, type Gap, line, MEANS, NOBODY, says, sentence, type System } from "./words";

const BRINGS = "what keeps data and how it is set up; the checks that its class demands are asked by themselves";
const SIGNS = { fail: CircleX, unknown: CircleDashed, untested: CircleDashed, pass: Check };

export function Protection() {
  const { class: least, account, owner, system, layer } = useSearch({ from: "/protection" });
  const navigate = useNavigate({ from: "/protection" });
  const past = useAt().as_of !== undefined;
  const query: Asked = { class: least, account, owner };
  const asked = useQuery({ queryKey: ["protection", query], placeholderData: keepPreviousData, queryFn: ({ signal }) => get("/api/v1/protection", query, { signal }) });
  const set = (next: object) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true, resetScroll: false });
  const active = [least, account, owner].filter((each) => each !== undefined).length;
  const first = asked.data;
  const open = system && layer ? { system: system[0] ?? "", layer } : undefined;
  const facets = first && first.facets.class.length > 0 && (
    <>
      <Facet title="Data at least" single options={CLASSES.flatMap((value) => first.facets.class.filter((each) => each.value === value))} chosen={least ? [least] : []} onChange={([next]) => set({ class: next as DataClass | undefined })} />
      <Facet title="Owner" options={first.facets.owner.map((each) => (each.value === "" ? { ...each, name: "nobody" } : each))} chosen={owner ?? []} onChange={(all) => set({ owner: all.length ? all : undefined })} />
      <Facet title="Account" options={first.facets.account} chosen={account ?? []} onChange={(all) => set({ account: all.length ? all : undefined })} />
    </>
  );
  const command = line(query, open?.system);
  return (
    <List title="Protection" facets={facets || undefined} active={active}>
      {past && <p className="row wrapped"><Badge state="attention">of now</Badge><span>Data is protected as the last scan left the estate, whatever moment the page shows.</span></p>}
      <div className={table.scrolled} role="region" aria-label="How data is protected, scrolls" tabIndex={0} aria-busy={asked.isPlaceholderData || undefined}>
        {!first ? <Missing of={asked} label="Asking what the class of all data demands" brings={BRINGS} /> : (
          <>
            <p className="wrap"><strong>{sentence(first.systems)}</strong> A system is what resources say that they are for; its class is the highest of its data. <AsOf of={first.as_of} /></p>
            {first.systems.length > 0 ? <Matrix answer={first} open={asked.isPlaceholderData ? undefined : open} query={query} onOpen={(next) => set({ system: next && [next.system], layer: next?.layer })} /> : active > 0 ? <Empty title="Nothing fits"><p>No system is of this kind.</p><div><button type="button" className="button" onClick={() => set({ class: undefined, account: undefined, owner: undefined })}>Show all</button></div></Empty> : <Empty title="Nothing keeps data"><p>No resource of a type that keeps data was seen.</p></Empty>}
            <Gaps gaps={first.gaps} />
          </>
        )}
      </div>
      {command && <CopyLine text={command} />}
    </List>
  );
}

interface Open { system: string; layer: string }

export function Matrix({ answer: { layers, systems }, open, query, onOpen }: { answer: Pick<Answer, "layers" | "systems">; open?: Open; query: Asked; onOpen: (next: Open | undefined) => void }) {
  return (
    <table className={`${table.table} ${styles.matrix}`} aria-label="Systems and layers">
      <thead><tr><th scope="col">System</th><th scope="col">Data</th>{layers.map((each) => <th key={each.id} scope="col" title={shown(each.title, 120)}>{plain(each.id)}</th>)}</tr></thead>
      <tbody>
        {systems.map((each) => {
          const at = open?.system === (each.system ?? "") ? open.layer : undefined;
          const opened = each.cells.find((cell) => cell.layer === at);
          return (
            <Fragment key={each.system ?? ""}>
              <tr data-open={opened ? "" : undefined}>
                <th scope="row"><span className={table.two}><Name of={each} /><span className="small muted">{counted(each.stores, "thing keeps data", "things keep data")}</span></span></th>
                <td data-name="Data"><span className={table.two}><span>{plain(each.class)}</span>{each.assumed > 0 && <Badge state="unknown" title="Of these nobody said the class: they count as confidential">{count(each.assumed)} of no class</Badge>}</span></td>
                {each.cells.map((cell) => <td key={cell.layer} data-name={plain(cell.layer)}><One of={cell} system={each} open={cell.layer === at} onOpen={onOpen} /></td>)}
              </tr>
              {opened && <tr className={styles.opened}><td colSpan={layers.length + 2}><Opened system={each} cell={opened} title={layers.find(({ id }) => id === opened.layer)?.title ?? opened.layer} query={query} onClose={() => onOpen(undefined)} /></td></tr>}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

const Name = ({ of }: { of: System }) => (of.system === null || of.system === undefined ? <Badge state="unknown">{NOBODY}</Badge> : <bdi className="wrap">{shown(of.system, 120)}</bdi>);

function One({ of: cell, system, open, onOpen }: { of: Cell; system: System; open: boolean; onOpen: (next: Open | undefined) => void }) {
  const { status } = cell;
  if (status === "not_demanded") return <span className="muted" title={MEANS[status]}><span aria-hidden>–</span><span className="hidden">nothing demanded</span></span>;
  const Sign = SIGNS[status];
  return (
    <button type="button" className={styles.cell} data-is={status} aria-expanded={open} title={MEANS[status]} onClick={() => onOpen(open ? undefined : { system: system.system ?? "", layer: cell.layer })}>
      {(status === "fail" || status === "pass") && <Sign aria-hidden />}<span className="hidden">{shown(called(system), 80)}, {plain(cell.layer)}: </span>{says(cell)}
    </button>
  );
}

/** What is to be closed in a layer of a system. */
function Opened({ system, cell, title, query, onClose }: { system: System; cell: Cell; title: string; query: Asked; onClose: () => void }) {
  // A list, as an empty text alone would not be sent: it asks for what nobody says the purpose of.
  const named = { ...query, system: [system.system ?? ""] } as unknown as Asked & { system: string };
  const asked = useQuery({ queryKey: ["protection", "of", named], queryFn: ({ signal }) => get("/api/v1/protection", named, { signal }) });
  const gaps = asked.data?.systems[0]?.cells.find(({ layer }) => layer === cell.layer)?.gaps;
  const { counts, untested } = cell;
  const open = counts.fail + counts.unknown;
  return (
    <section className={styles.gaps} aria-label={`${shown(called(system), 80)}: ${shown(title, 120)}`}>
      <div className="row spread wrapped"><h2 className="wrap">{shown(called(system), 120)}: {shown(title, 120)}</h2><button type="button" className="button plain" onClick={onClose}>Close</button></div>
      <p className="wrap">{counts.fail > 0 ? `${count(counts.fail)} do not hold` : "Nothing fails"}{counts.unknown > 0 && `, of ${count(counts.unknown)} it is not known`}, {count(counts.pass)} hold. {untested > 0 && <Badge state="unknown">{counted(untested, "thing")} that no check of this layer is about</Badge>}</p>
      {open > 0 && (gaps ? <Closing gaps={gaps} /> : <Missing of={asked} label="Reading what is to be closed" brings={BRINGS} />)}
      {gaps && gaps.length < open && <p className="small muted">The worst {count(gaps.length)} of {count(open)}.</p>}
      {open === 0 && untested === 0 && <p className="muted">All that {plain(system.class)} data demands here and that can be asked holds.</p>}
    </section>
  );
}

export function Closing({ gaps }: { gaps: Gap[] }) {
  return (
    <ul className={styles.list} aria-label="What is to be closed">
      {gaps.map((each) => (
        <li key={`${each.check} ${each.resource}`}>
          {each.unknown ? <Badge state="unknown">unknown</Badge> : <Severity of={each.severity} />}
          <span className={table.two}>{each.finding ? <Link to="/findings/$id" params={{ id: each.finding }} className="link wrap">{shown(each.title, 200)}</Link> : <span className="wrap">{shown(each.title, 200)}</span>}<Link to="/findings" search={{ check: [each.check] }} className="small muted wrap" title="Everything that it finds"><code>{shown(each.check, 80)}</code></Link></span>
          <span className="row"><KindIcon type={each.resource_type} /><Link to="/resource" search={{ uid: each.resource }} className="wrap" title={shown(each.resource, 400)}><bdi>{shown(each.name?.trim() ? each.name : (each.resource.split(/[/:]/).filter(Boolean).at(-1) ?? each.resource), 160)}</bdi></Link></span>
        </li>
      ))}
    </ul>
  );
}
