// The graph: around a resource, of the whole estate, or the way between two; as a picture and as its list twin.
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Share2, X } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { type Problem, Refused, sentence } from "../../api/problem";
import * as ask from "../../api/queries";
import { filterOf } from "../../lib/filter";
import { count, counted, list, plain, shown } from "../../lib/text";
import { Badge } from "../../parts/state";
import { ResourceLink } from "../../parts/Name";
import { StartScan } from "../../parts/StartScan";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { useAt } from "../../parts/time";
import { useWhole } from "../../session/may";
import { NothingForYou } from "../../session/NothingForYou";
import { Choose } from "./Choose";
import styles from "./Explorer.module.css";
import { Between } from "./Between";
import { build, groupKey, isLoose, way, whole } from "./model";
import { Stage } from "./Stage";

export function Explorer() {
  const { uid, from, to, all } = useSearch({ from: "/graph" });
  const { as_of = "" } = useAt();
  if (from || to) return <Path key="path" from={from} to={to} />;
  // What stands where, and what can be undone, is of one moment.
  if (uid) return <Neighbourhood key={`${as_of} ${uid}`} start={uid} />;
  if (all) return <Estate key="estate" />;
  return <Choose />;
}

/** Of questions asked together: the first that failed, and how to ask anew what did. */
function failed(all: readonly { data: unknown; error: unknown; refetch: () => unknown }[]): { failure: unknown; again: () => void } {
  const missed = all.filter((each) => each.error && each.data === undefined);
  return { failure: missed[0]?.error ?? null, again: () => { for (const each of missed) void each.refetch(); } };
}

/** The page without a graph: while it is asked for, and where there is none. */
function Titled({ children }: { children: ReactNode }) {
  return <div className={styles.page}><h1 className="row"><Share2 className="icon" aria-hidden />Graph</h1>{children}</div>;
}

/** Never seen, gone, not there at the moment that is shown, or kept from this person. */
export function NotThere({ uid, problem }: { uid: string; problem: Pick<Problem, "detail"> }) {
  const { as_of } = useAt();
  const everything = useWhole();
  return (
    <Empty title={!everything ? "Not seen, or not for you to see" : as_of ? "Not seen at that moment" : "No such resource is known"}>
      <p className="wrap mono">{shown(uid, 400)}</p>
      {as_of && <p className="wrap">{sentence(shown(problem.detail, 600))} <Link to="/graph" search={{ uid, as_of: undefined }} className="link">Look at it now</Link></p>}
      <p><Link to="/resources" search={{ search: uid }} className="link">Search for it</Link>, or <Link to="/graph" className="link">choose another</Link>.</p>
    </Empty>
  );
}

function Neighbourhood({ start }: { start: string }) {
  const { open } = useSearch({ from: "/graph" });
  const navigate = useNavigate({ from: "/graph" });
  const at = useAt();
  const opened = useMemo(() => new Set(open ?? []), [open]);
  const [steps, setSteps] = useState<(string[] | undefined)[]>([]);
  const uids = useMemo(() => [start, ...(open ?? []).filter((each) => !groupKey(each) && !isLoose(each) && each !== start)], [start, open]);
  const groups = useMemo(() => (open ?? []).flatMap((id) => { const key = groupKey(id); return key ? [{ id, key }] : []; }), [open]);
  const around = useQueries({ queries: uids.map((each) => ask.around(each, at)), combine: (all) => ({ data: all.flatMap((each) => each.data ?? []), pending: all.some((each) => each.isPending), error: all[0]?.error, ...failed(all) }) });
  const members = useQueries({ queries: groups.map(({ key }) => ask.group({ ...key, ...at })), combine: (all) => ({ data: all.map((each) => each.data), pending: all.some((each) => each.isPending), ...failed(all) }) });
  const graph = useMemo(() => build(around.data, new Map(groups.flatMap(({ id }, at) => { const data = members.data[at]; return data ? [[id, data] as const] : []; })), opened), [around.data, members.data, groups, opened]);
  const root = around.data.find((each) => each.root === start);
  const set = (next: string[] | undefined) => void navigate({ search: (was) => ({ ...was, open: next?.length ? next : undefined }), replace: true });
  const toggle = (id: string) => {
    if (id === start) return;
    setSteps((was) => [...was.slice(-50), open]);
    set(opened.has(id) ? (open ?? []).filter((each) => each !== id) : [...(open ?? []), id]);
  };
  if (around.error instanceof Refused && around.error.problem.code === "not_found" && !root) return <Titled><NotThere uid={start} problem={around.error.problem} /></Titled>;
  if (around.error && !root) return <Titled><Wrong error={around.error} again={around.again} /></Titled>;
  if (!root) return <Titled><Skeleton lines={10} label="Asking for the neighbourhood" /></Titled>;
  const node = graph.nodes.get(start);
  const missed = [around, members].filter((each) => each.failure !== null);
  return (
    <Stage
      graph={graph} start={start} opened={opened} onOpen={toggle} busy={around.pending || members.pending} undo={steps.length > 0 ? () => { set(steps.at(-1)); setSteps(steps.slice(0, -1)); } : undefined}
      title={<h1 className="row"><Share2 className="icon" aria-hidden /><bdi className="wrap">{shown(node?.label ?? start, 60)}</bdi></h1>}
      tools={<Link to="/graph" search={{ from: start }} className="button">Path to…</Link>}
      wrong={missed.length > 0 && <Wrong error={missed[0]?.failure} again={() => { for (const each of missed) each.again(); }} />}
    />
  );
}

function Estate() {
  const search = useSearch({ from: "/graph" });
  const filter = filterOf(search);
  const estate = useQuery(ask.estate({ ...filter, limit: 10_000, ...useAt() }));
  const graph = useMemo(() => (estate.data ? whole(estate.data) : undefined), [estate.data]);
  if (estate.error) return <Titled><Wrong error={estate.error} again={() => void estate.refetch()} /></Titled>;
  if (!graph || !estate.data) return <Titled><Skeleton lines={12} label="Asking for the estate" /></Titled>;
  const { rest, total, shown: drawn } = estate.data;
  const narrowed = Object.keys(filter).length > 0;
  const title = <h1 className="row"><Share2 className="icon" aria-hidden />{narrowed ? <span className="wrap">{list([...(filter.account ?? []), ...(filter.region ?? []), ...(filter.network ?? []).map((each) => each.split(/[/:]/).at(-1) ?? each), ...(filter.type ?? []).map(plain)].map((each) => shown(each, 40))) || "A part of the estate"}</span> : "The whole estate"}</h1>;
  if (graph.nodes.size === 0) return <div className={styles.page}>{title}{narrowed ? <Empty title="Nothing to draw"><p>No resource fits.</p></Empty> : <NothingForYou><Empty title="Nothing to draw"><p>The first scan brings resources and their connections.</p><StartScan /></Empty></NothingForYou>}</div>;
  return (
    <Stage
      graph={graph} opened={new Set()} title={title} standard
      tools={narrowed ? <Link to="/graph" search={{ all: true }} className="button plain"><X aria-hidden />All of it</Link> : undefined}
      note={total > drawn ? <>{count(drawn)} of {counted(total, "resource")}: exposed ones first, then those that nobody understands. {rest.length > 0 && <>Left out most: {list(rest.slice(0, 3).map((each) => `${count(each.count)} ${plain(each.type.split("::").at(-1) ?? each.type)} in ${shown(each.account, 20)} ${shown(each.region, 20)}`))}.</>}</> : undefined}
    />
  );
}

function Path({ from, to }: { from?: string; to?: string }) {
  const navigate = useNavigate({ from: "/graph" });
  const { direction = "both", areas, view } = useSearch({ from: "/graph" });
  const at = useAt();
  const asked = useQuery({ ...ask.path({ from: from ?? "", to: to ?? "", direction, hops: 12, ...at }), enabled: Boolean(from && to) });
  const graph = useMemo(() => (asked.data?.found ? way(asked.data) : undefined), [asked.data]);
  const set = (next: { from?: string; to?: string }) => void navigate({ search: (was) => ({ ...was, ...next }) });
  const named = (uid: string | undefined) => (uid ? { uid, type: "", name: graph?.nodes.get(uid)?.label } : undefined);
  const answer = asked.data;
  return (
    <div className={styles.page}>
      <div className="row spread wrapped"><h1 className="row"><Share2 className="icon" aria-hidden />Path between two</h1><Link to="/graph" className="button plain"><X aria-hidden />Leave</Link></div>
      <Between from={named(from)} to={named(to)} onFrom={(picked) => set({ from: picked.uid })} onTo={(picked) => set({ to: picked.uid })} onTurn={() => set({ from: to, to: from })} direction={direction} onDirection={(next) => void navigate({ search: (was) => ({ ...was, direction: next === "out" ? "out" : undefined }), replace: true })} />
      {!from || !to ? <p className="muted">Choose both ends: by name, id or uid.</p> : asked.error ? <Wrong error={asked.error} again={() => void asked.refetch()} /> : !answer ? <Skeleton lines={6} label="Looking for a way" /> : (
        <>
          <p className="wrap">{shown(answer.sentence, 400)} {!answer.complete && <Badge state="unknown">gave up after {counted(answer.looked_at, "resource")}</Badge>}</p>
          {graph && (
            <div className={styles.way}>
              <ol className={styles.hops} aria-label="Hops">
                {answer.hops.map((hop, step) => {
                  const [one, other] = [graph.nodes.get(hop.from), graph.nodes.get(hop.to)];
                  return (
                    <li key={step}>
                      {step === 0 && one && <p><ResourceLink resource={{ uid: one.id, type: one.type, name: one.label }} /></p>}
                      <p className="small muted">{hop.forward ? "↓" : "↑"} {plain(hop.kind)}{!hop.forward && " (stated by the one below)"}</p>
                      {other && <p className="row wrapped"><ResourceLink resource={{ uid: other.id, type: other.type, name: other.label }} />{other.understood === false && <Badge state="unknown">not understood</Badge>}{other.exposed && <Badge state="attention">exposed</Badge>}</p>}
                    </li>
                  );
                })}
              </ol>
              <Stage graph={graph} start={from} opened={new Set()} bare key={`${at.as_of} ${from} ${to} ${areas} ${view}`} />
            </div>
          )}
        </>
      )}
    </div>
  );
}
