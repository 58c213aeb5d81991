// How old something is; the moment itself is in the title.
import { useSyncExternalStore } from "react";
import { ago, moment } from "../lib/time";

let now = new Date();
const listeners = new Set<() => void>();
setInterval(() => {
  now = new Date();
  for (const listener of listeners) listener();
}, 15_000);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const get = () => now;
/** The present, renewed now and then. */
export const useNow = () => useSyncExternalStore(subscribe, get, get);

export function Ago({ at }: { at: string }) {
  const present = useNow();
  const shownAt = new Date(at) > present ? new Date() : present;
  return <time dateTime={at} title={moment(at)}>{ago(at, shownAt)}</time>;
}
