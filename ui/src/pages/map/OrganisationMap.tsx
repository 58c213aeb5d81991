// The organisation as areas: accounts, their regions, their networks; each a door to the list behind it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { AlertTriangle, TableProperties, X, ZoomIn } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import * as ask from "../../api/queries";
import type { Counts, Filter, Map as Estate } from "../../api/types";
import { chosen, filterOf, filtered } from "../../lib/filter";
import { count, counted, percent, shown } from "../../lib/text";
import { FilterFacets } from "../../parts/FilterFacets";
import { List } from "../../parts/List";
import { Badge, Share } from "../../parts/state";
import { StartScan } from "../../parts/StartScan";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { NothingForYou } from "../../session/NothingForYou";
import { type Area, areas, owned, place } from "./layout";
import styles from "./OrganisationMap.module.css";

export function OrganisationMap() {
  const search = useSearch({ from: "/map" });
  const { view = "picture", as_of } = search;
  const navigate = useNavigate({ from: "/map" });
  const filter = filterOf(search);
  const set = (next: Partial<typeof search>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const map = useQuery({ ...ask.map({ ...filter, as_of }), placeholderData: keepPreviousData });
  const facets = useQuery({ ...ask.facets({ ...filter, as_of }), placeholderData: keepPreviousData });
  const estate = map.data;
  const empty = estate?.counts.resources === 0;
  const clear = () => void navigate({ search: { view: search.view, as_of, since: search.since }, replace: true });
  return (
    <List
      title="Map" active={chosen(filter)}
      sentence={empty ? "No resources" : estate ? `${counted(owned(estate), "account")}, ${counted(estate.counts.resources, "resource")}, ${percent(estate.counts.understood, estate.counts.resources)} understood${estate.counts.exposed > 0 ? `, ${count(estate.counts.exposed)} exposed` : ""}` : " "}
      facets={empty && !filtered(filter) ? undefined : facets.data ? <FilterFacets facets={facets.data} filter={filter} set={set} hide={as_of ? ["stale", "assigned_to"] : []} /> : facets.error ? <p className="small muted">Could not be counted.</p> : <Skeleton lines={12} label="Counting" />}
      tools={
        <>
          <Tabs label="Show as" value={view} options={[["picture", "areas"], ["list", "list"]]} onChange={(next) => set({ view: next === "picture" ? undefined : next })} />
          {filtered(filter) && <button type="button" className="button plain" onClick={clear}><X aria-hidden />{filter.account?.length === 1 ? "Whole organisation" : "Clear filters"}</button>}
          {view === "picture" && !empty && <Legend />}
          {!empty && <span style={{ marginLeft: "auto" }}><Link to="/resources" search={{ ...filter, as_of }} className="button"><TableProperties aria-hidden />As a table</Link></span>}
        </>
      }
    >
      {map.error && !estate ? <Wrong error={map.error} again={() => void map.refetch()} /> : !estate ? <Skeleton lines={14} label="Asking for the map" />
        : empty ? (filtered(filter) ? <Empty title="No resource fits"><div><button type="button" className="button" onClick={clear}>Clear filters</button></div></Empty> : <NothingForYou><Empty title="Nothing to draw yet"><p>The first scan brings accounts, regions and networks. </p><StartScan /></Empty></NothingForYou>)
          : view === "list" ? <Twin estate={estate} filter={filter} as_of={as_of} /> : <Picture estate={estate} filter={filter} as_of={as_of} onZoom={(account) => set({ account: [account] })} />}
      {estate?.cut && <p className="small muted">Only the 5,000 largest networks are drawn by themselves; the others count with their region.</p>}
    </List>
  );
}

function Legend() {
  return (
    <ul className={styles.legend} aria-label="Signs">
      <li><i data-is="understood" />understood</li>
      <li><i data-is="unknown" />not understood</li>
      <li><AlertTriangle className={styles.mark} aria-hidden />holds what is exposed</li>
    </ul>
  );
}

const says = (area: Area) => {
  const { resources, understood, exposed } = area.counts;
  return `${shown(area.name, 80)}: ${counted(resources, "resource")}, ${resources === understood ? "all understood" : `${count(resources - understood)} not understood`}${exposed > 0 ? `, ${count(exposed)} exposed` : ""}`;
};

/** What stands after the figure for whoever hears it. */
const rest = ({ counts }: Area) => ` ${counts.resources === 1 ? "resource" : "resources"}, ${counts.resources === counts.understood ? "all understood" : `${count(counts.resources - counts.understood)} not understood`}`;

interface DrawnProps { estate: Estate; filter: Filter; as_of?: string }

function Picture({ estate, filter, as_of, onZoom }: DrawnProps & { onZoom: (account: string) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number }>();
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const all = useMemo(() => areas(estate), [estate]);
  const placed = useMemo(() => (size ? place(all, { x: 0, y: 0, ...size }) : []), [all, size]);
  const single = all.length === 1;
  return (
    <div ref={frame} className={styles.picture} role="group" aria-label="Accounts, regions and networks as areas; the list says the same">
      {placed.map(({ area, box, depth, leaf }) => {
        const unknown = area.counts.resources === 0 ? 0 : (area.counts.resources - area.counts.understood) / area.counts.resources;
        const roomy = box.width > 54 && box.height > 22;
        const tall = box.height > 44 && box.width > 74;
        return (
          <div key={area.key} className={`${styles.area} ${leaf ? styles.leaf : styles.holder}`} data-depth={depth} style={{ left: box.x, top: box.y, width: box.width, height: box.height }}>
            {leaf && unknown > 0 && <span className={styles.unknown} style={{ height: `max(3px, ${unknown * 100}%)` }} />}
            <Link to="/resources" search={{ ...filter, ...area.filter, as_of }} className={styles.door} title={says(area)}>
              {roomy ? (
                <span className={styles.label} data-tall={tall || undefined}>
                  <span className={styles.name}><bdi>{shown(area.name, 60)}</bdi></span>{" "}
                  <span className={!leaf || tall ? styles.figure : "hidden"}>{count(area.counts.resources)}</span>
                  <span className="hidden">{rest(area)}</span>
                  {leaf && area.counts.exposed > 0 && <span className={styles.exposed}><AlertTriangle aria-hidden /><span className={tall ? undefined : "hidden"}>{count(area.counts.exposed)}</span><span className="hidden"> exposed</span></span>}
                </span>
              ) : <span className="hidden">{says(area)}</span>}
            </Link>
            {!roomy && area.counts.exposed > 0 && <span className={styles.corner} />}
            {area.what === "account" && !single && box.width > 120 && <button type="button" className={styles.zoom} aria-label={`Only account ${shown(area.name, 60)}`} title="Only this account" onClick={() => onZoom(area.filter.account?.[0] ?? "")}><ZoomIn aria-hidden /></button>}
          </div>
        );
      })}
    </div>
  );
}

const OPEN_MAX = 400;

/** The same as a list within a list. */
function Twin({ estate, filter, as_of }: DrawnProps) {
  const [max, setMax] = useState(OPEN_MAX);
  const flat = useMemo(() => {
    const walk = (area: Area, depth: number): { area: Area; depth: number }[] => [{ area, depth }, ...area.children.flatMap((child) => walk(child, depth + 1))];
    return areas(estate).flatMap((area) => walk(area, 0));
  }, [estate]);
  return (
    <div className={styles.scroller}>
      <table className={styles.twin}>
        <thead><tr><th scope="col">place</th><th scope="col">share understood</th><th scope="col" className="number">not understood</th><th scope="col" className="number">exposed</th><th scope="col" className="number">all</th></tr></thead>
        <tbody>
          {flat.slice(0, max).map(({ area, depth }) => {
            const to = (more: Filter) => ({ ...filter, ...area.filter, ...more, as_of });
            return (
              <tr key={area.key} data-depth={depth}>
                <th scope="row" style={{ paddingLeft: depth * 20 }}><span className="small muted">{area.what === "outside" ? "" : area.what}</span> <Link to="/resources" search={to({})}><bdi className="wrap">{shown(area.name, 80)}</bdi></Link></th>
                <td><Bar counts={area.counts} name={area.name} /></td>
                <td className="number">{area.counts.resources > area.counts.understood ? <Link to="/resources" search={to({ understood: false })}>{count(area.counts.resources - area.counts.understood)}</Link> : <span className="muted">0</span>}</td>
                <td className="number">{area.counts.exposed > 0 ? <Link to="/resources" search={to({ exposed: true })}><Badge state="attention">{count(area.counts.exposed)}</Badge></Link> : <span className="muted">0</span>}</td>
                <td className="number"><Link to="/resources" search={to({})}>{count(area.counts.resources)}</Link></td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {flat.length > max && <button type="button" className="button" onClick={() => setMax(max + 2000)}>{count(flat.length - max)} more</button>}
    </div>
  );
}

function Bar({ counts, name }: { counts: Counts; name: string }) {
  return <span className={styles.bar}><Share understood={counts.understood} all={counts.resources} label={shown(name, 60)} /><span className="small muted number">{percent(counts.understood, counts.resources)}</span></span>;
}
