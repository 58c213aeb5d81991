// All stories, the worst first: the picture, and beneath it the list that says the same.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { get } from "../../api/client";
import { count, counted } from "../../lib/text";
import { AsOf, Gaps, Missing, More, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import { Tabs } from "../../parts/Tabs";
import { useNarrow } from "../../parts/useNarrow";
import { BRINGS } from "./AttackPaths";
import { type Box, layered } from "./layers";
import styles from "./Paths.module.css";
import { Layers } from "./Picture";
import { Sure } from "./Sure";
import { type Answer, ANSWERS, called, ENTRIES, JEWELS, key, loss, pathsLine, type Story, trail } from "./words";

/** Stories that are fetched at once: as many as a picture is drawn of at first. */
const FETCHED = 200;

export function Stories({ views, note }: { views: ReactNode; note: ReactNode }) {
  const { entry, jewel, answer, from, to, as = "picture", open, through } = useSearch({ from: "/paths" });
  const navigate = useNavigate({ from: "/paths" });
  // Where the picture does not fit, the list says the same.
  const narrow = useNarrow(1000);
  const query = { entry, jewel, answer, from, to };
  const pages = usePages(["paths", query], (cursor, signal) => get("/api/v1/paths", { ...query, cursor, limit: FETCHED }, { signal }), true);
  const first = pages.data?.pages[0];
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const drawn = useMemo(() => layered(rows, open), [rows, open]);
  const set = (next: Partial<typeof query> & { as?: "list"; open?: string[]; through?: string }) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true, resetScroll: false });
  const active = [entry, jewel, answer, from, to].filter((each) => each !== undefined).length;
  const isPicture = as === "picture" && !narrow;
  const box = isPicture ? drawn.boxes.find((each) => each.id === through) : undefined;
  const listed = box ? box.stories.flatMap((at) => rows[at] ?? []) : rows;
  const facets = first && (
    <>
      <Facet title="Begins with" options={first.facets.entry.map((each) => ({ value: each.entry, count: each.count, name: ENTRIES[each.entry] }))} chosen={entry ?? []} onChange={(chosen) => set({ entry: chosen.length ? (chosen as typeof entry) : undefined, through: undefined })} />
      <Facet title="Takes" options={first.facets.jewel.map((each) => ({ value: each.jewel, count: each.count, name: JEWELS[each.jewel] }))} chosen={jewel ?? []} onChange={(chosen) => set({ jewel: chosen.length ? (chosen as typeof jewel) : undefined, through: undefined })} />
      <Facet title="Answer" options={first.facets.answer.map((each) => ({ value: each.answer, count: each.count, name: ANSWERS[each.answer] }))} chosen={answer ?? []} onChange={(chosen) => set({ answer: chosen.length ? (chosen as typeof answer) : undefined, through: undefined })} />
    </>
  );
  function pick(box: Box) {
    const [only] = box.stories;
    const story = only === undefined ? undefined : rows[only];
    if (box.group) set({ open: [...(open ?? []), box.id], through: box.id });
    else if (box.stories.length === 1 && story) void navigate({ search: (was) => ({ ...was, story: key(story) }) });
    else set({ through: through === box.id ? undefined : box.id });
  }
  const all = () => set({ entry: undefined, jewel: undefined, answer: undefined, from: undefined, to: undefined, through: undefined });
  return (
    <List title="Attack paths" facets={first && (first.facets.entry.length > 0 || active > 0) ? facets : undefined} active={active} tools={<>{views}{first && first.total > 0 && !narrow && <Tabs label="Shown as" value={isPicture ? "picture" : "list"} options={[["picture", "Picture"], ["list", "List"]]} onChange={(next) => set({ as: next === "list" ? "list" : undefined, through: undefined })} />}</>}>
      {note}
      <div className={styles.scrolled} role="region" aria-label="How an intruder would walk, scrolls" tabIndex={0} aria-busy={pages.isPlaceholderData || undefined}>
        {!first ? <Missing of={pages} label="Following how an intruder would walk" brings={BRINGS} /> : (
          <>
            <p className="wrap"><strong>{sentence(first.jewels, first.reached)}</strong> {told(first.facets.answer)} <AsOf of={first.as_of} /></p>
            {(from ?? to) !== undefined && <p className="row wrapped small">{from && <span>Begins with <code>{from}</code>.</span>}{to && <span>Takes <code>{to}</code>.</span>}<button type="button" className="button small" onClick={all}>Show all</button></p>}
            {first.cut && <p className="row wrapped"><Badge state="unknown">not all was followed</Badge><span>There is too much that an intruder can have.</span></p>}
            {rows.length === 0 ? <Empty title={active ? "Nothing fits" : "No way is known"}><p>{active ? "No story is of this kind." : first.jewels === 0 ? "Nothing that must not be lost is known: no account, no data with a class, no key, backup or log." : "From where was asked about, no way leads to what must not be lost."}</p>{active > 0 && <div><button type="button" className="button" onClick={all}>Show all</button></div>}</Empty> : (
              <>
                {isPicture && <Layers drawn={drawn} chosen={through} left={first.total - rows.length} pick={pick} close={(group) => set({ open: open?.filter((each) => each !== group), through: undefined })} />}
                {box && <p className="row wrapped"><strong>{counted(listed.length, "story", "stories")} through <bdi>{box.name}</bdi></strong><button type="button" className="button small" onClick={() => set({ through: undefined })}>Show all {count(rows.length)}</button></p>}
                <Rows rows={listed} />
              </>
            )}
            <More pages={pages} />
            {first.unclassified ? <p className="row wrapped small"><Badge state="unknown">no data class</Badge><span>{counted(first.unclassified, "thing that keeps data has", "things that keep data have")} none, so no story asks about {first.unclassified === 1 ? "it" : "them"}. <Link to="/unexplained" search={{ gap: ["data_class"] }} className="link">Which they are</Link></span></p> : null}
            <Gaps gaps={first.gaps} />
          </>
        )}
      </div>
      <CopyLine text={pathsLine(query)} />
    </List>
  );
}

const sentence = (jewels: number, reached: number): string => (jewels === 0 ? "There was nothing to lose that was asked about." : reached === 0 ? `None of ${counted(jewels, "thing")} that must not be lost ${jewels === 1 ? "is" : "are"} come by.` : `${count(reached)} of ${counted(jewels, "thing")} that must not be lost can be come by.`);

/** How many are how sure. */
function told(counts: { answer: Answer; count: number }[]): string {
  const of = (answer: Answer) => counts.find((each) => each.answer === answer)?.count ?? 0;
  return counts.length === 0 ? "" : `${count(of("yes"))} by a way that is possible as things are, ${count(of("only_if"))} only if something holds, ${count(of("unknown"))} not known.`;
}

export function Rows({ rows }: { rows: Story[] }) {
  return (
    <table className={styles.table} aria-label="Stories, the worst first">
      <thead><tr><th scope="col">Story</th><th scope="col">Answer</th><th scope="col">What is lost</th><th scope="col">Steps</th><th scope="col">How</th></tr></thead>
      <tbody>{rows.map((row) => <Row key={`${key(row)} ${row.from.map((each) => each.id).join(" ")}`} row={row} />)}</tbody>
    </table>
  );
}

function Row({ row }: { row: Story }) {
  return (
    <tr>
      <th scope="row"><Link from="/paths" to="/paths" search={(was) => ({ ...was, story: key(row) })} className="wrap"><span className={styles.two}><span className="small muted">from <bdi>{row.from.map(called).join(" and ")}</bdi></span><bdi>{called(row.to)}</bdi></span></Link></th>
      <td data-name="Answer"><Sure answer={row.answer} /></td>
      <td data-name="Lost" className="wrap">{loss(row)}</td>
      <td data-name="Steps" className="number">{count(row.steps.length)}</td>
      <td data-name="How" className="wrap small muted">{trail(row.steps)}</td>
    </tr>
  );
}
