// The moment before it is known who is there.
import { useSyncExternalStore } from "react";
import { connection } from "../api/connection";
import styles from "./session.module.css";

export function Waiting() {
  const { state } = useSyncExternalStore(connection.subscribe, connection.get);
  return (
    <main className={styles.waiting} role="status">
      <img src="/icon.svg" alt="" width="28" height="28" />
      {state === "gone" ? <p>The server does not answer. This page goes on by itself when it does.</p> : <p className={styles.late}>Asking the server who you are…</p>}
    </main>
  );
}
