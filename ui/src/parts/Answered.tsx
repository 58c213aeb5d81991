// What answers of engines share: the word of a decision, which scan they are of, what was not seen, the next page.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Ban } from "lucide-react";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { Refused } from "../api/problem";
import { counted, shown } from "../lib/text";
import { Ago } from "./Ago";
import styles from "./parts.module.css";
import { StartScan } from "./StartScan";
import { Badge } from "./state";
import { Empty, Skeleton, Wrong } from "./states";

/** Asks page by page; with `keep`, the answer before stands until the next one is there. */
export function usePages<T extends { next?: number | null }>(key: unknown[], fetch: (cursor: number, signal: AbortSignal) => Promise<T>, keep = false) {
  return useInfiniteQuery({ queryKey: key, placeholderData: keep ? keepPreviousData : undefined, initialPageParam: 0, queryFn: ({ signal, pageParam }) => fetch(pageParam, signal), getNextPageParam: (last) => last.next ?? undefined });
}

/** What the server does meanwhile, where it said so: a question that takes long is asked again by itself. */
const meanwhile = (reason: unknown): string | undefined => (reason instanceof Refused && reason.problem.code === "too_busy" ? shown(reason.problem.detail, 300) : undefined);

/** What stands in the place of an answer that is not there; `brings` says what the first scan does for it. */
export function Missing({ of, label, brings }: { of: { error: unknown; failureReason?: unknown; refetch: () => unknown }; label: string; brings: string }): ReactNode {
  const problem = of.error instanceof Refused ? of.error.problem : undefined;
  if (problem?.code === "not_found" && problem.detail.includes("no scan has ended")) return <Empty title="Nothing was scanned yet"><p>The first scan brings {brings}.</p><StartScan /></Empty>;
  // What is wrong with the question stays wrong.
  const again = problem && ["not_found", "invalid_parameter"].includes(problem.code) ? undefined : () => void of.refetch();
  return of.error ? <Wrong error={of.error} again={again} /> : <Skeleton lines={8} label={meanwhile(of.failureReason) ?? label} />;
}

/** YES, ONLY IF, UNKNOWN or NO, with a sign of its own each. */
export function Says({ decision, children }: { decision: Schemas["DecisionKind"] | Schemas["SaysKind"] | Schemas["NetworkVerdict"]; children?: ReactNode }) {
  if (decision === "allowed" || decision === "yes") return <Badge state="understood">YES{children}</Badge>;
  if (decision === "only_if") return <Badge state="attention">ONLY IF{children}</Badge>;
  if (decision === "unknown") return <Badge state="unknown">UNKNOWN{children}</Badge>;
  return <span className={styles.no}><Ban aria-hidden className="icon" />NO{children}</span>;
}

export function AsOf({ of }: { of: Schemas["PermissionsAsOf"] }) {
  return <span className="small muted">As scan {of.scan} left it{of.finished_at && <>, <Ago at={of.finished_at} /></>}.</span>;
}

const SHOWN = 20;

/** What was not read that may decide. */
export function Gaps({ gaps }: { gaps: string[] }) {
  if (gaps.length === 0) return null;
  return (
    <details className={styles.gaps}>
      <summary><Badge state="unknown">{counted(gaps.length, "thing")} not seen</Badge> that may decide</summary>
      <ul>{gaps.slice(0, SHOWN).map((gap) => <li key={gap} className="wrap small">{shown(gap, 400)}</li>)}{gaps.length > SHOWN && <li className="small muted">and {gaps.length - SHOWN} more</li>}</ul>
    </details>
  );
}

/** Fetches what is left. */
export function More({ pages }: { pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  if (!pages.hasNextPage) return null;
  return <div><button type="button" className="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{pages.isFetchingNextPage ? "Fetching…" : "More"}</button></div>;
}
