// What is said above the page: the server is gone or slow, or knows more than the page shows.
import { useQueryClient } from "@tanstack/react-query";
import { Hourglass, Radar, Unplug } from "lucide-react";
import { useSyncExternalStore } from "react";
import { connection } from "../api/connection";
import { live } from "../api/live";
import { useTick } from "../lib/tick";
import { counted } from "../lib/text";
import { span } from "../lib/time";
import { SessionNotices } from "../session/SessionNotices";
import styles from "./Shell.module.css";

export function Notices() {
  const state = useSyncExternalStore(connection.subscribe, connection.get);
  const news = useSyncExternalStore(live.subscribe, live.get);
  const client = useQueryClient();
  const now = useTick(state.state !== "well");
  return (
    <div aria-live="polite">
      <SessionNotices />
      {state.state === "gone" && (
        <p className={`${styles.notice} ${styles.gone}`}>
          <Unplug className="icon" aria-hidden />
          <span>The server has not answered for {span(Math.max(1000, now - state.since))}. What you see is from before; the page goes on by itself when it is back.</span>
        </p>
      )}
      {state.state === "slow" && (
        <p className={`${styles.notice} ${styles.slow}`}>
          <Hourglass className="icon" aria-hidden /><span>The server is slow: waiting for {span(now - state.since)}.</span>
        </p>
      )}
      {state.state !== "gone" && news.scan !== undefined && (
        <p className={`${styles.notice} ${styles.news}`}>
          <Radar className="icon" aria-hidden />
          <span>Scan {news.scan} ended: {news.changes === 0 ? "nothing differs" : `${counted(news.changes, "resource")} ${news.changes === 1 ? "differs" : "differ"}`}.</span>
          <button type="button" className="button" onClick={() => { live.seen(); void client.invalidateQueries(); }}>Show it</button>
        </p>
      )}
    </div>
  );
}
