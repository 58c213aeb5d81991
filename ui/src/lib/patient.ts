// Pages that come as files of their own, also when the server is away just then, or is another version by now.
import { connection } from "../api/connection";

const KEY = "fathom.reloaded";
/** Not twice within this time, so that a file that is really missing ends as an error. */
const RELOAD_MS = 30_000;

/** Loads a page's file; waits for a server that is gone, and begins anew with one that has other files. */
export async function patient<T>(load: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await load();
    } catch (error) {
      if (tries > 0) {
        if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < RELOAD_MS) throw error;
        sessionStorage.setItem(KEY, String(Date.now()));
        window.location.reload();
      }
      await returned();
    }
  }
}

function returned(): Promise<void> {
  return new Promise((resolve) => {
    const end = connection.onReturn(() => {
      end();
      resolve();
    });
    connection.lost();
  });
}
