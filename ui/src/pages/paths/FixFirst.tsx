// What to mend first: the steps that every way to most jewels passes, the smallest cut, and what no edit stops.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import * as ask from "../../api/queries";
import { count, counted } from "../../lib/text";
import { AsOf, Missing } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { List } from "../../parts/List";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { BRINGS } from "./AttackPaths";
import { Edited } from "./Edited";
import styles from "./Paths.module.css";
import { One } from "./Steps";
import { called, done, edited, type Entry, ENTRIES, type First, gap, type Jewel, JEWELS, type Node, pathsLine } from "./words";

export function FixFirst({ views, note }: { views: ReactNode; note: ReactNode }) {
  const { entry, jewel } = useSearch({ from: "/paths" });
  const navigate = useNavigate({ from: "/paths" });
  const query = { entry, jewel };
  const asked = useQuery(ask.fixFirst(query));
  const set = (next: Partial<typeof query>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  return (
    <List title="Attack paths" tools={views}>
      {note}
      <div className="row wrapped" role="search" aria-label="Of which ways">
        <Choose label="Begins with" all="anything" words={ENTRIES} without="given" value={entry?.[0]} onChange={(next) => set({ entry: next && [next] })} />
        <Choose label="Takes" all="anything" words={JEWELS} value={jewel?.[0]} onChange={(next) => set({ jewel: next && [next] })} />
      </div>
      <div className={styles.scrolled} role="region" aria-label="What to mend first, scrolls" tabIndex={0}>
        {asked.data ? <Told answer={asked.data} /> : <Missing of={asked} label="Looking for what every way passes, and trying edits" brings={BRINGS} />}
      </div>
      <CopyLine text={pathsLine(query)} />
    </List>
  );
}

function Choose<T extends Entry | Jewel>({ label, all, words, without, value, onChange }: { label: string; all: string; words: Record<T, string>; without?: T; value?: T; onChange: (value: T | undefined) => void }) {
  return (
    <label className="row small"><span>{label}</span>
      <select className="input" value={value ?? ""} onChange={(event) => onChange((event.target.value || undefined) as T | undefined)}>
        <option value="">{all}</option>
        {(Object.entries(words) as [T, string][]).filter(([each]) => each !== without).map(([each, name]) => <option key={each} value={each}>{name}</option>)}
      </select>
    </label>
  );
}

export function Told({ answer }: { answer: Schemas["FixFirstAnswer"] }) {
  const { steps, smallest_cut: cut, smallest_cut_count: cuts, cost, at_least, reached, open, open_count } = answer;
  const [first] = steps;
  if (reached === 0) return <Empty title="Nothing to mend"><p>From where was asked about, no way leads to what must not be lost.</p></Empty>;
  return (
    <>
      <p className="wrap"><strong>{first ? `${counted(first.jewel_count, "thing")} of ${count(reached)} that can be come by ${first.jewel_count === 1 ? "hangs" : "hang"} on one step.` : `${counted(reached, "thing")} can be come by, and no one step that an edit can close stands before any of ${reached === 1 ? "it" : "them"}.`}</strong> Counted are things that must not be lost and that nothing leads to without the step. <AsOf of={answer.as_of} /></p>
      {answer.cut && <p className="row wrapped"><Badge state="unknown">not all was tried</Badge><span>So much stands on the ways that there may be more steps than these.</span></p>}
      {first && (
        <section className="stack" aria-labelledby="ranked">
          <h2 id="ranked">Every way passes it</h2>
          <ol className={styles.ranked} aria-label="Steps to close, by how much hangs on them">{steps.map((each, at) => <Ranked key={at} first={each} reached={reached} />)}</ol>
        </section>
      )}
      {cut.length > 0 && (
        <section className="stack" aria-labelledby="cut">
          <h2 id="cut">Smallest cut</h2>
          <p className="wrap"><strong>{counted(cuts, "step stops", "steps stop")} every way that can be stopped</strong>, at a cost of {count(cost)}. {gap({ cost, at_least })} {open_count > 0 ? `${counted(open_count, "thing")} stay open all the same.` : "Nothing can be come by then."}</p>
          <ol className={styles.ranked} aria-label="Steps of the smallest cut">{cut.map((each, at) => <Ranked key={at} first={each} reached={reached} />)}</ol>
          {cuts > cut.length && <p className="small muted">and {count(cuts - cut.length)} more</p>}
        </section>
      )}
      {open.length > 0 && <p className="wrap">No edit of a step stops the way to <Names nodes={open} total={open_count} />.</p>}
      {answer.passed.length > 0 && (
        <details>
          <summary className="small">What an intruder must have on every way</summary>
          <ul className={styles.falls}>{answer.passed.map(({ what, jewel_count }) => <li key={`${what.kind} ${what.id}`} className="wrap small"><bdi>{called(what)}</bdi>: {counted(jewel_count, "thing")} {jewel_count === 1 ? "hangs" : "hang"} on it</li>)}</ul>
        </details>
      )}
    </>
  );
}

function Ranked({ first: { step, jewel_count, jewels, edit }, reached }: { first: First; reached: number }) {
  return (
    <li>
      <details>
        <summary>
          <span className={styles.figured}><span className={styles.big}>{count(jewel_count)}</span><span className="small muted">of {count(reached)}</span></span>
          <span className={styles.two}>
            <span className="wrap">{step.withheld ? <span className="muted">{step.title}</span> : <><bdi>{step.with.map(called).join(" and ")}</bdi> <strong>{done(step)}</strong></>}</span>
            <span className="small muted wrap">{jewel_count === 0 ? "It closes nothing alone, only with the others." : <>Protects <bdi>{jewels.slice(0, 3).map(called).join(", ")}</bdi>{jewel_count > 3 && ` and ${count(jewel_count - 3)} more`}; {reached === jewel_count ? "nothing else can be come by." : `${counted(reached - jewel_count, "thing")} can be come by all the same.`}</>}</span>
            <span className="wrap small">{edit ? <><strong>Edit:</strong> {edited(edit)}</> : jewel_count > 0 && <span className="muted">No single edit that is known closes it.</span>}</span>
          </span>
        </summary>
        <div className="stack">
          {edit && <div className={styles.aside}><h3>To close it</h3><Edited edit={edit} came={`Asked again as if that were done, ${jewel_count === 0 ? "this step is closed" : "nothing leads to what hangs on it"}.`} /></div>}
          <ol className={styles.alone} aria-label="The step and its proof"><One step={step} /></ol>
          {jewels.length > 0 && <p className="small wrap">Without it nothing leads to <Names nodes={jewels} total={jewel_count} />.</p>}
        </div>
      </details>
    </li>
  );
}

/** Things that must not be lost, each the way to its stories. */
function Names({ nodes, total }: { nodes: Node[]; total: number }) {
  return <>{nodes.map((node, at) => <span key={`${node.kind} ${node.id}`}>{at > 0 && ", "}{node.id ? <Link to="/paths" search={{ to: node.id }} className="link"><bdi>{called(node)}</bdi></Link> : called(node)}</span>)}{total > nodes.length && ` and ${count(total - nodes.length)} more`}</>;
}
