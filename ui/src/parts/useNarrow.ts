// Whether the window is as narrow as a telephone, or as some other width.
import { useCallback, useSyncExternalStore } from "react";

export function useNarrow(max = 600): boolean {
  const query = `(max-width: ${max}px)`;
  const subscribe = useCallback((listener: () => void) => {
    const match = window.matchMedia(query);
    match.addEventListener("change", listener);
    return () => match.removeEventListener("change", listener);
  }, [query]);
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches, () => false);
}
