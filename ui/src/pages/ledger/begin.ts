// Which entries of the ledger a page shows.

/** The first entry, counted from the oldest: where it is told, else that of the newest page, or of one with the entry that is opened. */
export function beginOf(size: number, page: number, from: number | undefined, opened: number | undefined): number {
  const newest = Math.max(0, size - page);
  const own = opened !== undefined && opened < newest ? Math.max(0, opened - page / 2) : newest;
  return Math.min(from ?? own, Math.max(0, size - 1));
}
