// Everything that came, went and changed between two moments.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useMemo } from "react";
import { get, type Schemas } from "../../api/client";
import { Refused, sentence } from "../../api/problem";
import { onlyThese, word } from "../../lib/sqltext";
import { count, counted, kind, shown } from "../../lib/text";
import { momentWords } from "../../lib/when";
import { Ago } from "../../parts/Ago";
import { CopyLine } from "../../parts/Copy";
import { ChangeSign, Difference } from "../../parts/Difference";
import { Facet } from "../../parts/Facets";
import { List } from "../../parts/List";
import { ResourceLink } from "../../parts/Name";
import { StartScan } from "../../parts/StartScan";
import { Empty, Skeleton, Wrong } from "../../parts/states";
import { useEnds } from "../../parts/time";
import styles from "./Changes.module.css";

type Row = Schemas["Changes"]["changes"][number];
const PAGE = 200;

export function Changes() {
  const { type, account, region } = useSearch({ from: "/changes" });
  const { since, until } = useEnds();
  const navigate = useNavigate({ from: "/changes" });
  const set = (next: { type?: string[]; account?: string[]; region?: string[] }) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true });
  const query = { type, account, region, since, until };
  const pages = useInfiniteQuery({
    queryKey: ["changes", query], initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => get("/api/v1/changes", { ...query, cursor: pageParam, limit: PAGE }, { signal }), getNextPageParam: (last) => last.next ?? undefined,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.changes) ?? [], [pages.data]);
  const ends = pages.data?.pages[0];
  const active = (type?.length ?? 0) + (account?.length ?? 0) + (region?.length ?? 0);
  const tally = (of: (row: Row) => string) => {
    const sums = new Map<string, number>();
    for (const row of rows) sums.set(of(row), (sums.get(of(row)) ?? 0) + 1);
    return [...sums].map(([value, n]) => ({ value, count: n })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
  };
  const narrow = onlyThese({ type, account, region });
  const same = ends && ends.since.id === ends.until.id;
  // History may begin later than what was asked for, and the server says so.
  const early = pages.data === undefined && pages.error instanceof Refused && pages.error.problem.code === "not_found" ? pages.error.problem : undefined;
  return (
    <List
      title="Changes" active={active}
      sentence={ends && !same ? <>{rows.length === 0 ? "Nothing differs" : `${counted(rows.length, "resource")}${pages.hasNextPage ? " and more" : ""} ${rows.length === 1 ? "differs" : "differ"}`} from scan {ends.since.id}{ends.since.finished_at && <> (<Ago at={ends.since.finished_at} />)</>} to scan {ends.until.id}{ends.until.finished_at && <> (<Ago at={ends.until.finished_at} />)</>}</> : " "}
      facets={early || (same && active === 0) ? undefined : pages.data ? (
        <>
          <Facet title="Kind" options={tally((row) => row.type).map((each) => ({ ...each, name: kind(each.value) }))} chosen={type ?? []} onChange={(next) => set({ type: next.length ? next : undefined })} />
          <Facet title="Account" options={tally((row) => row.account)} chosen={account ?? []} onChange={(next) => set({ account: next.length ? next : undefined })} />
          <Facet title="Region" options={tally((row) => row.region)} chosen={region ?? []} onChange={(next) => set({ region: next.length ? next : undefined })} />
          {pages.hasNextPage && <p className="small muted">Counted among the {count(rows.length)} that were fetched so far.</p>}
        </>
      ) : pages.error ? <p className="small muted">Could not be counted.</p> : <Skeleton lines={8} label="Counting" />}
      tools={
        <>
          <p className="small muted">Both ends are chosen at the top right: {since ? momentWords(shown(since, 60)) : "the scan before"} against {until ? momentWords(shown(until, 60)) : "now"}.</p>
          {active > 0 && <button type="button" className="button plain" onClick={() => set({ type: undefined, account: undefined, region: undefined })}><X aria-hidden />Clear filters</button>}
        </>
      }
    >
      {early ? (since || until ? <Empty title="Nothing to compare"><p className="wrap">{sentence(shown(early.detail, 300))} {sentence(shown(early.hint ?? "", 300))}</p></Empty> : <Empty title="Nothing was scanned yet"><p>The first scan brings the estate, the second one what came, went and changed.</p><StartScan /></Empty>)
        : pages.error && !pages.data ? <Wrong error={pages.error} again={() => void pages.refetch()} /> : !pages.data ? <Skeleton lines={14} label="Comparing two scans" />
        : same ? <Empty title="One scan so far"><p>The second one shows what came, went and changed. </p><StartScan /></Empty>
          : rows.length === 0 ? <Empty title="Nothing differs"><p>{active ? "Clear the filters to see the rest." : "All resources are as they were, the order of lists aside."}</p></Empty> : (
            <>
              <ul className={styles.changes} aria-label="Changes">
                {rows.map((row) => (
                  <li key={row.uid}>
                    <div className="row wrapped"><ChangeSign what={row.what} before={row.understood_before} after={row.understood_after} /><ResourceLink resource={row} tab="history" /><span className="small muted">{kind(row.type)} · <bdi>{shown(row.account, 40)}</bdi> · {shown(row.region, 40)}</span></div>
                    {row.difference && row.difference.changes.length > 0 && <Difference of={row.difference} max={12} />}
                  </li>
                ))}
              </ul>
              {pages.hasNextPage && <div><button type="button" className="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{pages.isFetchingNextPage ? "Fetching…" : "More"}</button></div>}
            </>
          )}
      {narrow !== undefined && <CopyLine text={`fathom diff${since ? ` --since ${word(since)}` : ""}${until ? ` --until ${word(until)}` : ""}${narrow}`} />}
    </List>
  );
}
