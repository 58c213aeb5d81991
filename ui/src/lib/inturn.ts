// What is done to many, one after the other.

/** Does something with each until all are done or `stop` comes; what was begun is finished. Whether all are done. */
export async function inTurn<T>(all: readonly T[], stop: AbortSignal, act: (one: T) => Promise<unknown>): Promise<boolean> {
  for (const one of all) {
    if (stop.aborted) return false;
    await act(one);
  }
  return true;
}
