// A list that comes page by page by cursor, of which only the neighbourhood of what is looked at is kept.

export interface Page<T> { rows: T[]; next?: string | number | null }
export type Cursor = string | number | undefined;
/** Fetches the page at a cursor with at most so many rows. */
export type Load<T> = (cursor: Cursor, limit: number) => Promise<Page<T>>;

/** Rows of a page while somebody scrolls, and of one on the way to a place far down. */
export const PAGE_ROWS = 200;
const FAR_ROWS = 1000;
/** Rows that are kept; of the others only the cursor of their page is. */
const KEEP_ROWS = 20_000;

interface Known<T> { cursor: Cursor; start: number; limit: number; length: number; rows?: T[] }

export class Pager<T> {
  /** Pages from the first on, without holes. */
  private pages: Known<T>[] = [];
  private nextCursor: Cursor;
  private wanted: [number, number] = [0, 0];
  private busy = false;
  private failed: unknown = undefined;
  private listeners = new Set<() => void>();
  private at = 0;

  /** A list that is renewed begins anew: rows came and went, so no cursor of before leads to the place where its page was. */
  constructor(first: Page<T>, private readonly load: Load<T>) {
    this.pages = [{ cursor: undefined, start: 0, limit: PAGE_ROWS, length: first.rows.length, rows: first.rows }];
    this.nextCursor = first.next ?? undefined;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  /** Another number whenever something came. */
  version = (): number => this.at;

  /** Rows that can be reached without asking for what follows. */
  get reach(): number {
    const last = this.pages.at(-1);
    return last ? last.start + last.length : 0;
  }
  get ended(): boolean {
    return this.nextCursor === undefined;
  }
  get loading(): boolean {
    return this.busy;
  }
  get error(): unknown {
    return this.failed;
  }

  get = (index: number): T | undefined => {
    const page = this.pages[this.place(index)];
    return page?.rows?.[index - page.start];
  };

  /** Says which rows are looked at; what is missing of them is fetched. */
  want = (first: number, last: number): void => {
    this.wanted = [Math.max(0, first), Math.max(0, last)];
    void this.work();
  };

  /** Tries again after a failure. */
  again = (): void => {
    this.failed = undefined;
    void this.work();
  };

  private async work(): Promise<void> {
    if (this.busy || this.failed !== undefined) return;
    this.busy = true;
    try {
      for (let missing = this.missing(); missing; missing = this.missing()) {
        const { cursor, limit, page } = missing;
        this.tell();
        const fetched = await this.load(cursor, limit);
        if (page) this.put(page, fetched);
        else {
          this.pages.push({ cursor, start: this.reach, limit, length: fetched.rows.length, rows: fetched.rows });
          // A page without rows ends the list, whatever it says of what follows.
          this.nextCursor = fetched.rows.length > 0 ? (fetched.next ?? undefined) : undefined;
        }
        this.forget();
      }
    } catch (error) {
      this.failed = error;
    }
    this.busy = false;
    this.tell();
  }

  /** A page that was forgotten came again. Where it is another one now, all that followed it stands elsewhere. */
  private put(page: Known<T>, fetched: Page<T>): void {
    const at = this.pages.indexOf(page);
    const next = fetched.rows.length > 0 ? (fetched.next ?? undefined) : undefined;
    const followed = at + 1 < this.pages.length ? this.pages[at + 1]?.cursor : this.nextCursor;
    const same = fetched.rows.length === page.length && next === followed;
    page.rows = fetched.rows;
    if (same) return;
    page.length = fetched.rows.length;
    this.pages.length = at + 1;
    this.nextCursor = next;
  }

  /** The next page to fetch: first what is looked at and was forgotten, then what lies beyond. */
  private missing(): { cursor: Cursor; limit: number; page?: Known<T> } | undefined {
    const [first, last] = this.wanted;
    // What lies beyond all pages is not looked for in them.
    const from = this.place(first);
    for (let at = from < 0 ? this.pages.length : from; at < this.pages.length; at++) {
      const page = this.pages[at];
      if (!page || page.start > last) break;
      if (!page.rows) return { cursor: page.cursor, limit: page.limit, page };
    }
    if (this.nextCursor === undefined || last < this.reach - PAGE_ROWS / 4) return undefined;
    return { cursor: this.nextCursor, limit: last > this.reach + 2 * PAGE_ROWS ? FAR_ROWS : PAGE_ROWS };
  }

  /** The number of the page that holds a row, by halving. */
  private place(index: number): number {
    let [low, high] = [0, this.pages.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const page = this.pages[middle];
      if (!page) return -1;
      if (index < page.start) high = middle - 1;
      else if (index >= page.start + page.length) low = middle + 1;
      else return middle;
    }
    return -1;
  }

  private forget(): void {
    const held = this.pages.filter((page) => page.rows);
    let rows = held.reduce((sum, page) => sum + page.length, 0);
    if (rows <= KEEP_ROWS) return;
    const middle = (this.wanted[0] + this.wanted[1]) / 2;
    const far = (page: Known<T>) => Math.abs(page.start + page.length / 2 - middle);
    for (const page of held.sort((a, b) => far(b) - far(a))) {
      if (rows <= KEEP_ROWS) return;
      page.rows = undefined;
      rows -= page.length;
    }
  }

  private tell(): void {
    this.at++;
    for (const listener of this.listeners) listener();
  }
}
