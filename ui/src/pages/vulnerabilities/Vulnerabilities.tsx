// Weaknesses of hosts, images and functions, the most urgent first, and what nobody looked at.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { get } from "../../api/client";
import * as ask from "../../api/queries";
import { count, counted, kind, shown } from "../../lib/text";
import { AsOf, Gaps, Missing, More, usePages } from "../../parts/Answered";
import { CopyLine } from "../../parts/Copy";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { KindIcon, label } from "../../parts/Name";
import { type Choice, Pick } from "../../parts/Pick";
import { Badge } from "../../parts/state";
import { Empty } from "../../parts/states";
import table from "../../parts/Table.module.css";
import { Tabs } from "../../parts/Tabs";
import { useAt } from "../../parts/time";
import { Feeds, Ways } from "./Feeds";
import { OneWeakness } from "./OneWeakness";
import { NotLooked, Rows } from "./Rows";
import styles from "./Vulnerabilities.module.css";
import { type Answer, type Asked, EXPLOITED, type Exploitation, key, line, REACHED, type Reach, sentence, SOFTWARE, type Software } from "./words";

const VIEWS = [["open", "What counts"], ["judged", "Judged not to count"], ["not-looked", "Not looked at"]] as const;
/** What may have weaknesses. */
const TYPES = ["AWS::EC2::Instance", "AWS::ECR::Image", "AWS::Lambda::Function"];
const FOUND = 8;

async function findThing(search: string, signal: AbortSignal): Promise<Choice[]> {
  const { resources } = await ask.resources({ search, type: TYPES, limit: FOUND }, signal);
  return resources.map((row) => ({ value: row.uid, shown: <><KindIcon type={row.type} /><bdi className="truncate">{label(row)}</bdi></>, beside: `${kind(row.type)} · ${shown(row.account, 20)}` }));
}

/** A weakness is asked for by its whole name: what was typed is offered where it is there. */
async function findWeakness(id: string, signal: AbortSignal): Promise<Choice[]> {
  const { total, rows } = await get("/api/v1/vulnerabilities", { id, limit: 1 }, { signal });
  return total === 0 ? [] : [{ value: id, shown: <bdi className="truncate">{shown(rows[0]?.id ?? id, 60)}</bdi>, beside: `on ${counted(total, "thing")}` }];
}

const set = <T,>(chosen: T[]): T[] | undefined => (chosen.length ? chosen : undefined);

export function Vulnerabilities() {
  const { view, open, class: up, exploitation, reached, fixable, software, account, owner, id, resource } = useSearch({ from: "/vulnerabilities" });
  const query = { class: up, exploitation, reached, fixable, software, account, owner, id, resource };
  const navigate = useNavigate({ from: "/vulnerabilities" });
  const past = useAt().as_of !== undefined;
  const judged = view === "judged";
  const asked = { ...query, judged: judged || undefined };
  const pages = usePages(["vulnerabilities", asked], (cursor, signal) => get("/api/v1/vulnerabilities", { ...asked, cursor }, { signal }), true);
  const first = pages.data?.pages[0];
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const chosen = view === "not-looked" ? undefined : rows.find((row) => key(row) === open);
  const change = (next: Partial<Asked> & { open?: string }) => void navigate({ search: (was) => ({ ...was, open: undefined, ...next }), replace: true, resetScroll: false });
  const active = [up, exploitation, reached, fixable, software, account, owner, id, resource].filter((each) => each !== undefined).length;
  const command = line(query, view);
  const facets = first && view !== "not-looked" && (first.facets.software.length > 0 || active > 0) ? <Filters first={first} query={query} judged={judged} change={change} /> : undefined;
  const views: ReactNode = <Tabs label="Which" value={view ?? "open"} options={VIEWS} onChange={(next) => void navigate({ search: (was) => ({ as_of: was.as_of, since: was.since, view: next === "open" ? undefined : next }) })} />;
  return (
    <List title="Vulnerabilities" facets={facets} active={active} tools={views}>
      {past && <p className="row wrapped"><Badge state="attention">of now</Badge><span>Weaknesses are known as the last scan left the estate, whatever moment the page shows.</span></p>}
      {view !== "not-looked" && (
        <div className={styles.asking} role="search" aria-label="Which weaknesses">
          <Pick name="weakness" label="Weakness" open="such as CVE-2024-3094" value={query.id} find={findWeakness} onChange={(next) => change({ id: next })} />
          <Pick name="software" label="On" open="a host, an image or a function" value={query.resource} find={findThing} onChange={(next) => change({ resource: next })} />
        </div>
      )}
      <div className={table.split} data-open={chosen ? "" : undefined}>
        <div className={table.scrolled} role="region" aria-label="Weaknesses, scrolls" tabIndex={0} aria-busy={pages.isPlaceholderData || undefined}>
          {!first ? <Missing of={pages} label="Joining weaknesses with what the internet reaches" brings="hosts, images and functions, and what Amazon Inspector and ECR found on them" /> : (
            <>
              {view !== "not-looked" && <p className="wrap"><strong>{sentence(first, judged)}</strong> <Dark first={first} /> <AsOf of={first.as_of} /></p>}
              {view === "not-looked" ? <NotLooked first={first} /> : rows.length > 0 ? <Rows rows={rows} feeds={first.feeds} judged={judged} open={open} /> : <None first={first} judged={judged} active={active} all={() => change({ class: undefined, exploitation: undefined, reached: undefined, fixable: undefined, software: undefined, account: undefined, owner: undefined, id: undefined, resource: undefined })} />}
              <More pages={pages} />
              {view !== "not-looked" && <Feeds feeds={first.feeds} />}
              {(first.reports_about_nothing ?? 0) > 0 && <p className="row wrapped small"><Badge state="unknown">about nothing seen</Badge><span>{counted(first.reports_about_nothing ?? 0, "imported report is", "imported reports are")} about things that no scan saw.</span></p>}
              <Gaps gaps={first.gaps} />
            </>
          )}
        </div>
        {chosen && first && <OneWeakness key={key(chosen)} row={chosen} feeds={first.feeds} close={() => change({})} />}
      </div>
      {command && <CopyLine text={command} />}
    </List>
  );
}

/** At how many things nobody looked, as a door to these. */
function Dark({ first: { not_looked_count: dark, things } }: { first: Answer }) {
  if (dark === 0 || dark === things) return null;
  return <><Link to="/vulnerabilities" search={{ view: "not-looked" }} className="link">Nobody looked at {count(dark)} of {counted(things, "thing")}</Link>, so what these have is not known.</>;
}

interface Filtering { first: Answer; query: Asked; judged: boolean; change: (next: Partial<Asked>) => void }

function Filters({ first: { facets }, query, judged, change }: Filtering) {
  const fixable = facets.fixable.filter((each) => each.value === "true");
  return (
    <>
      {!judged && <Facet title="Class, the most urgent first" single options={facets.class.map((each) => ({ ...each, name: each.value === "1" ? "1" : `up to ${each.value}` }))} chosen={query.class === undefined ? [] : [String(query.class)]} onChange={([up]) => change({ class: up === undefined ? undefined : Number(up) })} />}
      <Facet title="Exploited" options={facets.exploitation.map((each) => ({ ...each, name: EXPLOITED[each.value as Exploitation] }))} chosen={query.exploitation ?? []} onChange={(all) => change({ exploitation: set(all as Exploitation[]) })} />
      <Facet title="From the internet" options={facets.reached.map((each) => ({ ...each, name: REACHED[each.value as Reach] }))} chosen={query.reached ?? []} onChange={(all) => change({ reached: set(all as Reach[]) })} />
      <Facet title="Fix" single options={fixable.map((each) => ({ ...each, name: "has a fix" }))} chosen={query.fixable ? ["true"] : []} onChange={([on]) => change({ fixable: on ? true : undefined })} />
      <Facet title="On" options={facets.software.map((each) => ({ ...each, name: SOFTWARE[each.value as Software] }))} chosen={query.software ?? []} onChange={(all) => change({ software: set(all as Software[]) })} />
      <Facet title="Owner" options={facets.owner} chosen={query.owner ?? []} onChange={(all) => change({ owner: set(all) })} />
      <Facet title="Account" options={facets.account} chosen={query.account ?? []} onChange={(all) => change({ account: set(all) })} />
    </>
  );
}

/** What to do where there are no rows. */
function None({ first, judged, active, all }: { first: Answer; judged: boolean; active: number; all: () => void }) {
  if (active > 0) return <Empty title="Nothing fits"><p>No weakness is of this kind.</p><div><button type="button" className="button" onClick={all}>Show all</button></div></Empty>;
  if (first.things === 0) return <Empty title="Nothing with software in it"><p>No host, image or function was seen that you may see.</p></Empty>;
  if (judged) return <Empty title="Nothing is judged"><p>Here stands what Amazon Inspector suppresses, and what an imported VEX says is not affected, a false positive or resolved.</p></Empty>;
  return <Empty title={first.not_looked_count === first.things ? "Nobody looked" : "No weakness is known"}><Ways /></Empty>;
}
