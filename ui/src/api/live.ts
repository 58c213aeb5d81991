// What the server tells by itself: scans that ended, and what they found.
import type { QueryClient } from "@tanstack/react-query";
import { sessions } from "../session/session";
import { check } from "../session/ways";
import type { Schemas } from "./client";
import { connection } from "./connection";
import { events } from "./sse";

export interface News {
  /** Resources that came, went or changed since the page was shown. */
  changes: number;
  /** The last scan that ended since. */
  scan?: number;
}

const PAUSE_MS = 3_000;
let news: News = { changes: 0 };
const listeners = new Set<() => void>();

function change(next: News): void {
  news = next;
  for (const listener of listeners) listener();
}

export const live = {
  get: (): News => news,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  seen: (): void => change({ changes: 0 }),
};

/** Listens until `signal` ends it. Figures renew themselves; lists stay as they are until somebody asks. */
export async function listen(client: QueryClient, signal: AbortSignal): Promise<void> {
  let last: string | undefined;
  let pending = 0;
  while (!signal.aborted && sessions.get().state === "in") {
    try {
      const headers: Record<string, string> = { accept: "text/event-stream", ...sessions.headers("GET", true) };
      if (last) headers["last-event-id"] = last;
      const response = await fetch("/api/v1/changes/stream", { headers, signal, cache: "no-store" });
      if (!response.ok) throw new Error(String(response.status));
      connection.answered();
      for await (const { event, data, id } of events(response)) {
        last = id ?? last;
        if (event === "change") pending++;
        if (event === "scan") {
          change({ changes: news.changes + pending, scan: (JSON.parse(data) as Schemas["ScanView"]).id });
          pending = 0;
          for (const key of ["summary", "trend", "scans", "overview"]) void client.invalidateQueries({ queryKey: [key] });
        }
      }
    } catch {
      // The stream ended; whether the server is gone is found out below.
    }
    // The loop above may have taken long.
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
    if (signal.aborted) return;
    // Asking who this is tells a server that is gone from one that ended the stream, and from one that ended the session.
    await check();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
