// The neighbourhood of a resource, as a picture and as its list twin.
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Share2 } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import * as ask from "../../api/queries";
import { grouped } from "../../lib/group";
import { among } from "../../lib/sqltext";
import { counted, kind, plain, shown } from "../../lib/text";
import { KindIcon, ResourceLink } from "../../parts/Name";
import { Badge, Understood } from "../../parts/state";
import { Answer, Empty, Skeleton, Wrong } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import styles from "./Explorer.module.css";
import { build, type Graph, type GraphNode } from "./model";

const Picture = lazy(() => import("./Picture"));
const BUSIEST = `select r.uid, r.type, r.name, count(*) as connections
from resources r join (select from_uid as uid from edges where resolved union all select to_uid as uid from edges where resolved) e on e.uid = r.uid
group by r.uid, r.type, r.name order by connections desc, r.uid limit 15`;

/** What is known of a resource beside its connections. */
export interface Status { understood: boolean; exposed: boolean; account: string }
/** Uids that fit into one question. */
const ASKED_MAX = 1500;

export function Explorer() {
  const { uid } = useSearch({ from: "/graph" });
  if (!uid) return <Choose />;
  return <Neighbourhood key={uid} start={uid} />;
}

function Choose() {
  const busiest = useQuery(ask.figures("busiest", BUSIEST));
  return (
    <div className={styles.page}>
      <h1>Graph</h1>
      <p className="muted">Begin with a resource: find it with <kbd>Ctrl K</kbd> and open its graph from its page, or take one that much hangs on.</p>
      <Answer of={busiest} lines={8} label="Looking for the most connected">
        {(data) => data.rows.length === 0 ? <Empty title="No connections yet"><p>The first scan brings them.</p></Empty> : (
          <ul className={styles.busiest}>
            {data.rows.map(([uid, type, name, connections]) => (
              <li key={String(uid)}>
                <Link to="/graph" search={{ uid: String(uid) }} className="row"><KindIcon type={String(type)} /><bdi className="truncate">{shown(String(name ?? String(uid).split(/[/:]/).at(-1)), 100)}</bdi></Link>
                <span className="muted small truncate">{kind(String(type))}</span><span className="number muted">{counted(Number(connections), "connection")}</span>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </div>
  );
}

function Neighbourhood({ start }: { start: string }) {
  const { open, view = "picture" } = useSearch({ from: "/graph" });
  const navigate = useNavigate({ from: "/graph" });
  const [chosen, setChosen] = useState<string>(start);
  const opened = useMemo(() => new Set(open ?? []), [open]);
  const asked = [start, ...(open ?? []).filter((each) => !each.startsWith("group ") && each !== start)];
  const details = useQueries({ queries: asked.map((uid) => ask.resource(uid)), combine: (all) => ({ data: all.flatMap((each) => each.data ?? []), pending: all.some((each) => each.isPending), error: all[0]?.error }) });
  const graph = useMemo(() => build(details.data, opened), [details.data, opened]);
  const uids = useMemo(() => [...graph.nodes.values()].filter((node) => node.form === "resource").map((node) => node.id).slice(0, ASKED_MAX), [graph]);
  const states = useQuery({
    queryKey: ["graph states", uids], enabled: uids.length > 0, placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const { rows } = await ask.sql(`select uid, understood, exposed, account from resources where uid in ${among(uids)}`, { rows_max: 10_000 }, signal);
      return new Map(rows.map(([uid, understood, exposed, account]): [string, Status] => [String(uid), { understood: understood === true, exposed: exposed === true, account: String(account) }]));
    },
  });
  useEffect(() => { if (!graph.nodes.has(chosen) && graph.nodes.size > 0) setChosen(start); }, [graph, chosen, start]);

  const toggle = (id: string) => {
    if (id === start) return;
    const next = opened.has(id) ? (open ?? []).filter((each) => each !== id) : [...(open ?? []), id];
    void navigate({ search: (was) => ({ ...was, open: next.length ? next : undefined }) });
  };
  const first = details.data.find((detail) => detail.resource.uid === start);
  if (details.error && !first) return <Wrong error={details.error} />;
  if (!first) return <Skeleton lines={10} label="Asking for the neighbourhood" />;
  const node = graph.nodes.get(chosen);
  return (
    <div className={styles.page}>
      <div className="row spread wrapped">
        <div className="row wrapped"><h1 className="row"><Share2 className="icon" aria-hidden /><bdi className="wrap">{shown(first.resource.name || first.resource.id, 60)}</bdi></h1><span className="muted">{counted(graph.nodes.size, "node")}, {counted(graph.edges.length, "connection")}{details.pending ? ", more coming…" : ""}{graph.cut ? "; not all are shown" : ""}</span></div>
        <Tabs label="Show as" value={view} options={[["picture", "picture"], ["list", "list"]]} onChange={(next) => void navigate({ search: (was) => ({ ...was, view: next === "picture" ? undefined : next }), replace: true })} />
      </div>
      <div className={styles.columns}>
        {view === "picture"
          ? <Suspense fallback={<Skeleton lines={8} label="Drawing" />}><Picture graph={graph} states={states.data} start={start} chosen={chosen} onChoose={setChosen} onOpen={toggle} onFail={() => void navigate({ search: (was) => ({ ...was, view: "list" }), replace: true })} /></Suspense>
          : <Twin graph={graph} states={states.data} onOpen={toggle} start={start} opened={opened} />}
        <aside className={styles.side} aria-label="Chosen node">
          {node && <Chosen node={node} status={states.data?.get(node.id)} graph={graph} start={start} opened={opened.has(node.id)} onOpen={() => toggle(node.id)} onChoose={setChosen} />}
        </aside>
      </div>
    </div>
  );
}

interface ChosenProps { node: GraphNode; status?: Status; graph: Graph; start: string; opened: boolean; onOpen: () => void; onChoose: (id: string) => void }

function Chosen({ node, status, graph, start, opened, onOpen, onChoose }: ChosenProps) {
  const edges = graph.edges.filter((edge) => edge.from === node.id || edge.to === node.id);
  return (
    <div className="stack">
      <h2 className="wrap"><bdi>{shown(node.label, 80)}</bdi></h2>
      <p className="small muted">{kind(node.type)}{status && <> · <bdi>{shown(status.account, 20)}</bdi></>}</p>
      <div className="row wrapped">
        {node.form === "unseen" ? <Badge state="unknown">named, never seen</Badge> : node.form === "group" ? <Badge state="progress">{counted(node.members?.length ?? 0, "alike", "alike")}</Badge> : status ? <Understood is={status.understood} /> : null}
        {status?.exposed && <Badge state="attention">exposed</Badge>}
      </div>
      <div className="row wrapped">
        {node.form !== "unseen" && node.id !== start && <button type="button" className="button main" onClick={onOpen}>{opened ? "Close" : node.form === "group" ? "Show each" : "Expand"}</button>}
        {node.form === "resource" && <Link to="/resource" search={{ uid: node.id }} className="button">Open its page</Link>}
        {node.form === "resource" && node.id !== start && <Link to="/graph" search={{ uid: node.id }} className="button">Begin here</Link>}
      </div>
      <ul className={styles.edges}>
        {edges.slice(0, 60).map((edge, at) => {
          const other = graph.nodes.get(edge.from === node.id ? edge.to : edge.from);
          return other && <li key={at} className="row"><span className={`muted small ${styles.means}`}>{edge.from === node.id ? "→" : "←"} {plain(edge.kind)}</span><button type="button" className={styles.plain} onClick={() => onChoose(other.id)}><bdi className="truncate">{shown(other.label, 60)}</bdi></button></li>;
        })}
        {edges.length > 60 && <li className="small muted">{edges.length - 60} more in the list</li>}
      </ul>
    </div>
  );
}

/** The same graph as a list, for keyboard and screen reader. */
function Twin({ graph, states, onOpen, start, opened }: { graph: Graph; states?: Map<string, Status>; onOpen: (id: string) => void; start: string; opened: ReadonlySet<string> }) {
  const [max, setMax] = useState(200);
  const from = grouped(graph.edges, (edge) => edge.from);
  const named = (id: string) => graph.nodes.get(id);
  return (
    <ul className={styles.twin} aria-label="Connections as a list">
      {[...graph.nodes.values()].slice(0, max).map((node) => {
        const status = states?.get(node.id);
        return (
          <li key={node.id}>
            <div className="row wrapped">
              {node.form === "resource" ? <ResourceLink resource={{ uid: node.id, type: node.type, name: node.label }} /> : <span className="row"><KindIcon type={node.type} /><bdi className="wrap">{shown(node.label, 160)}</bdi></span>}
              <span className="small muted">{kind(node.type)}</span>
              {node.form === "unseen" ? <Badge state="unknown">named, never seen</Badge> : status && !status.understood ? <Badge state="unknown">not understood</Badge> : null}
              {status?.exposed && <Badge state="attention">exposed</Badge>}
              {node.form !== "unseen" && node.id !== start && <button type="button" className="button plain" onClick={() => onOpen(node.id)}>{opened.has(node.id) ? "close" : node.form === "group" ? "show each" : "expand"}</button>}
            </div>
            <ul>{(from.get(node.id) ?? []).slice(0, 40).map((edge, at) => <li key={at} className="small"><span className="muted">{plain(edge.kind)}</span> <bdi>{shown(named(edge.to)?.label ?? "", 120)}</bdi></li>)}</ul>
          </li>
        );
      })}
      {graph.nodes.size > max && <li><button type="button" className="button" onClick={() => setMax(max + 500)}>{graph.nodes.size - max} more</button></li>}
    </ul>
  );
}
