// A graph with what one does to it: choose, open, pin, undo, picture or list.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Pin, PinOff, Undo2 } from "lucide-react";
import { lazy, type ReactNode, Suspense, useMemo, useRef, useState } from "react";
import { grouped } from "../../lib/group";
import { patient } from "../../lib/patient";
import { count, counted, kind, plain, shown } from "../../lib/text";
import { KindIcon, ResourceLink } from "../../parts/Name";
import { Badge, Understood } from "../../parts/state";
import { Skeleton } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { useNarrow } from "../../parts/useNarrow";
import type { Position } from "./arrange";
import styles from "./Explorer.module.css";
import type { Graph, GraphNode } from "./model";
import type { Move } from "./Picture";

const Picture = lazy(() => patient(() => import("./Picture")));

interface Props {
  graph: Graph; start?: string; opened: ReadonlySet<string>; onOpen?: (id: string) => void; undo?: () => void; busy?: boolean; title?: ReactNode; tools?: ReactNode; note?: ReactNode;
  /** What could not be asked of what was opened. */
  wrong?: ReactNode;
  /** Without title and tools: within another page. */
  bare?: boolean;
  /** Only as areas: too much for anything else. */
  standard?: boolean;
}
type Step = { what: "open" } | { what: "move"; move: Move };

export function Stage({ graph, start, opened, onOpen, undo, busy, title, tools, note, wrong, bare, standard }: Props) {
  // On a telephone the list is easier to read than the picture; a path has its hops as a list anyway.
  const narrow = useNarrow();
  const usual = narrow && !bare ? "list" : "picture";
  const { view = usual, areas = true } = useSearch({ from: "/graph" });
  const navigate = useNavigate({ from: "/graph" });
  const [wanted, setChosen] = useState<string | undefined>(start);
  const [pins, setPins] = useState<ReadonlySet<string>>(new Set());
  const [steps, setSteps] = useState<Step[]>([]);
  const positions = useRef(new Map<string, Position>());
  const chosen = wanted !== undefined && graph.nodes.has(wanted) ? wanted : start;
  const node = chosen === undefined ? undefined : graph.nodes.get(chosen);
  // Below a list on a telephone nobody would look for what is chosen, and the list says it all.
  const aside = node && !bare && !(narrow && view === "list") ? node : undefined;
  const set = (next: object) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });

  const pin = (id: string, on: boolean) => setPins((was) => { const next = new Set(was); if (on) next.add(id); else next.delete(id); return next; });
  const moved = (move: Move) => {
    setSteps((was) => [...was.slice(-50), { what: "move", move }]);
    pin(move.id, true);
  };
  const open = onOpen && ((id: string) => {
    setSteps((was) => [...was.slice(-50), { what: "open" }]);
    onOpen(id);
  });
  const back = () => {
    const last = steps.at(-1);
    setSteps(steps.slice(0, -1));
    if (last?.what === "move") {
      if (last.move.was) positions.current.set(last.move.id, last.move.was);
      setPins((was) => { const next = new Set(was); if (last.move.pinned) next.add(last.move.id); else next.delete(last.move.id); return next; });
    } else if (last) undo?.();
  };
  const switches = (
    <span className="row wrapped">
      {view === "picture" && <button type="button" className="button plain" aria-label="Undo" title="Undo the last move, or what was opened last" disabled={steps.length === 0} onClick={back}><Undo2 aria-hidden /></button>}
      {tools}
      {view === "picture" && !standard && <Tabs label="Arranged" value={areas ? "areas" : "free"} options={[["areas", "by account and network"], ["free", "by connections"]]} onChange={(next) => set({ areas: next === "free" ? false : undefined })} />}
      <Tabs label="Show as" value={view} options={[["picture", "picture"], ["list", "list"]]} onChange={(next) => set({ view: next === usual ? undefined : next })} />
    </span>
  );
  return (
    <div className={bare ? styles.bare : styles.page}>
      <div className="row spread wrapped">
        <div className="row wrapped">{title}<span className="muted">{counted(graph.nodes.size, "node")}, {counted(graph.edges.length, "connection")}{busy ? ", more coming…" : ""}{graph.cut ? "; not all are shown" : ""}</span></div>
        {switches}
      </div>
      {(note ?? graph.note) && <p className="small muted wrap">{note ?? shown(graph.note ?? "", 300)}</p>}
      {wrong}
      <div className={aside ? styles.columns : styles.single}>
        {view === "picture"
          ? <Suspense fallback={<Skeleton lines={8} label="Drawing" />}><Picture graph={graph} start={start} chosen={chosen} areas={areas || Boolean(standard)} positions={positions} pins={pins} onChoose={setChosen} onOpen={(id) => { if (graph.nodes.get(id)?.form !== "unseen") open?.(id); }} onMove={moved} onFail={() => set({ view: "list" })} /></Suspense>
          : <Twin graph={graph} onOpen={open} start={start} opened={opened} />}
        {aside && (
          <aside className={styles.side} aria-label="Chosen node">
            <Chosen node={aside} graph={graph} start={start} opened={opened.has(aside.id)} onOpen={open && (() => open(aside.id))} onChoose={setChosen} pinned={pins.has(aside.id)} onPin={() => pin(aside.id, !pins.has(aside.id))} />
          </aside>
        )}
      </div>
    </div>
  );
}

interface ChosenProps { node: GraphNode; graph: Graph; start?: string; opened: boolean; onOpen?: () => void; onChoose: (id: string) => void; pinned: boolean; onPin: () => void }
const EDGES_SHOWN = 60;

function Chosen({ node, graph, start, opened, onOpen, onChoose, pinned, onPin }: ChosenProps) {
  const edges = useMemo(() => graph.edges.filter((edge) => edge.from === node.id || edge.to === node.id), [graph, node.id]);
  return (
    <div className="stack">
      <h2 className="wrap"><bdi>{shown(node.label, 80)}</bdi></h2>
      <p className="small muted wrap">{kind(node.type)} · <bdi>{shown(node.account, 20)}</bdi> · {shown(node.region, 30)}{node.owner && <> · <bdi>{shown(node.owner, 40)}</bdi></>}</p>
      <div className="row wrapped">
        {node.form === "unseen" ? <Badge state="unknown">named, never seen</Badge> : node.form === "group" ? <Badge state="progress">{counted(node.count ?? 0, "alike", "alike")}</Badge> : node.understood === undefined ? null : <Understood is={node.understood} />}
        {node.exposed && <Badge state="attention">exposed</Badge>}
        {node.stale && <Badge state="unknown">stale</Badge>}
      </div>
      <div className="row wrapped">
        {onOpen && node.form !== "unseen" && node.id !== start && <button type="button" className="button main" onClick={onOpen}>{opened ? "Close" : node.form === "group" ? "Show each" : "Expand"}</button>}
        {node.form === "resource" && <Link to="/resource" search={{ uid: node.id }} className="button">Open its page</Link>}
        {node.form === "resource" && node.id !== start && <Link to="/graph" search={{ uid: node.id }} className="button">Begin here</Link>}
        {node.form === "resource" && start !== undefined && node.id !== start && <Link to="/graph" search={{ from: start, to: node.id }} className="button">Path to here</Link>}
        <button type="button" className="button plain" aria-pressed={pinned} onClick={onPin}>{pinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}{pinned ? "Unpin" : "Pin"}</button>
      </div>
      <ul className={styles.edges}>
        {edges.slice(0, EDGES_SHOWN).map((edge, at) => {
          const other = graph.nodes.get(edge.from === node.id ? edge.to : edge.from);
          return other && <li key={at} className="row"><span className={`muted small ${styles.means}`}>{edge.from === node.id ? "→" : "←"} {plain(edge.kind)}</span><button type="button" className={styles.plain} onClick={() => onChoose(other.id)}><bdi className="truncate">{shown(other.label, 60)}</bdi></button></li>;
        })}
        {edges.length > EDGES_SHOWN && <li className="small muted">{count(edges.length - EDGES_SHOWN)} more in the list</li>}
      </ul>
    </div>
  );
}

/** Connections of one node that the list names. */
const TWIN_EDGES = 40;

/** The same graph as a list, for keyboard and screen reader. */
export function Twin({ graph, onOpen, start, opened }: { graph: Graph; onOpen?: (id: string) => void; start?: string; opened: ReadonlySet<string> }) {
  const [max, setMax] = useState(200);
  const from = useMemo(() => grouped(graph.edges, (edge) => edge.from), [graph]);
  return (
    <ul className={styles.twin} aria-label="Connections as a list">
      {[...graph.nodes.values()].slice(0, max).map((node) => (
        <li key={node.id}>
          <div className="row wrapped">
            {node.form === "resource" ? <ResourceLink resource={{ uid: node.id, type: node.type, name: node.label }} /> : <span className="row"><KindIcon type={node.type} /><bdi className="wrap">{shown(node.label, 160)}</bdi></span>}
            <span className="small muted">{kind(node.type)} · <bdi>{shown(node.account, 20)}</bdi>{node.network && <> · <bdi>{shown(graph.nodes.get(node.network)?.label ?? node.network.split(/[/:]/).at(-1) ?? "", 60)}</bdi></>}</span>
            {node.form === "unseen" ? <Badge state="unknown">named, never seen</Badge> : node.understood === false ? <Badge state="unknown">not understood</Badge> : null}
            {node.exposed && <Badge state="attention">exposed</Badge>}
            {onOpen && node.form !== "unseen" && node.id !== start && <button type="button" className="button plain" onClick={() => onOpen(node.id)}>{opened.has(node.id) ? "close" : node.form === "group" ? "show each" : "expand"}<span className="hidden"> {shown(node.label, 60)}</span></button>}
          </div>
          <ul>{(from.get(node.id) ?? []).slice(0, TWIN_EDGES).map((edge, at) => <li key={at} className="small"><span className="muted">{plain(edge.kind)}</span> <bdi>{shown(graph.nodes.get(edge.to)?.label ?? "", 120)}</bdi>{edge.loose && <span className="muted"> (never seen)</span>}</li>)}{(from.get(node.id)?.length ?? 0) > TWIN_EDGES && <li className="small muted">and {count((from.get(node.id)?.length ?? 0) - TWIN_EDGES)} more{node.form === "resource" && <>: <Link to="/resource" search={{ uid: node.id, tab: "relations" }} className="link">all of its relations</Link></>}</li>}</ul>
        </li>
      ))}
      {graph.nodes.size > max && <li><button type="button" className="button" onClick={() => setMax(max + 500)}>{count(graph.nodes.size - max)} more</button></li>}
    </ul>
  );
}
