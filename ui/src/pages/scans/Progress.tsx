// A scan as it goes.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ask, type Schemas } from "../../api/client";
import { Refused } from "../../api/problem";
import { events } from "../../api/sse";
import { count, counted, plain, shown, told } from "../../lib/text";
import { Badge } from "../../parts/state";
import styles from "./Scans.module.css";

export type Following =
  | { state: "none" } | { state: "elsewhere" } | { state: "running"; now?: Schemas["ProgressView"] } | { state: "finished"; scan: Schemas["ScanView"] } | { state: "failed"; error: string };

/** Follows the scan that this server started last; `key` begins anew, nothing stops. */
export function useProgress(key: string | undefined): Following {
  const [following, setFollowing] = useState<Following>({ state: "none" });
  const client = useQueryClient();
  useEffect(() => {
    if (key === undefined) return;
    const end = new AbortController();
    void (async () => {
      setFollowing({ state: "running" });
      while (!end.signal.aborted) {
        try {
          const response = await ask("/api/v1/scans/current/events", { signal: end.signal, headers: { accept: "text/event-stream" } });
          for await (const { event, data } of events(response)) {
            const told: unknown = JSON.parse(data);
            if (event === "progress") setFollowing({ state: "running", now: told as Schemas["ProgressView"] });
            if (event === "finished") setFollowing({ state: "finished", scan: told as Schemas["ScanView"] });
            if (event === "failed") setFollowing({ state: "failed", error: (told as Schemas["ScanFailed"]).error });
            if (event === "finished" || event === "failed") {
              for (const name of ["scans", "summary", "trend", "overview"]) void client.invalidateQueries({ queryKey: [name] });
              return;
            }
          }
        } catch (error) {
          // The page may have been left meanwhile.
          // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
          if (end.signal.aborted) return;
          if (error instanceof Refused) {
            // Another process scans: its end is told by the stream of changes.
            setFollowing({ state: "elsewhere" });
            return;
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 1_500));
      }
    })();
    return () => end.abort();
  }, [key, client]);
  // What another process did has ended; what this server did is told with its outcome.
  return key === undefined && following.state === "elsewhere" ? { state: "none" } : following;
}

const PHASES: Schemas["PhaseView"][] = ["signing_in", "reading", "understanding", "sealing"];

export function Progress({ progress }: { progress: Following }) {
  if (progress.state === "none") return null;
  if (progress.state === "elsewhere") return <p className={styles.box}>A scan is under way that another process runs; its end is shown here.</p>;
  if (progress.state === "failed") return <div className={styles.box} role="alert"><Badge state="broken">failed</Badge><p className="wrap">{shown(progress.error, 1000)}</p></div>;
  if (progress.state === "finished") return <div className={styles.box} role="status"><Badge state="understood">finished</Badge><p>Scan {progress.scan.id}: {told(progress.scan.resources)} resources, {told(progress.scan.understood)} understood.</p></div>;
  const { now } = progress;
  const at = now ? PHASES.indexOf(now.phase) : 0;
  return (
    <div className={styles.box} role="status" aria-label="Scan under way">
      <ol className={styles.phases}>
        {PHASES.map((phase, index) => <li key={phase} aria-current={index === at ? "step" : undefined} data-done={index < at || now?.phase === "done" || undefined}>{plain(phase)}</li>)}
      </ol>
      {now && now.planned > 0 && <progress max={now.planned} value={now.done} aria-label="Listings ended" />}
      <p className="small muted">
        {now ? `${count(now.done)} of ${count(now.planned)} listings, ${counted(now.resources, "resource")} so far, ${counted(now.accounts, "account")}, ${counted(now.regions, "region")}${now.unanswered > 0 ? `, ${count(now.unanswered)} not answered` : ""}. ` : "Beginning. "}
        You can leave this page; the scan goes on.
      </p>
    </div>
  );
}
