// Server-sent events read from a response, because the browser's own reader cannot send headers.

export interface StreamEvent {
  event: string;
  data: string;
  id?: string;
}

/** The longest event that is kept; a longer one is left out. */
const EVENT_MAX = 4 * 1024 * 1024;

/** Splits text that comes in pieces into events. */
export class Events {
  #rest = "";
  #data: string[] = [];
  #event = "";
  #id: string | undefined;
  #size = 0;

  /** The events that are complete with this piece. */
  push(piece: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    this.#rest += piece;
    for (;;) {
      const end = this.#rest.search(/\r\n|\n|\r(?!$)/);
      if (end < 0) break;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith("\r\n", end) ? 2 : 1));
      const event = this.#line(line);
      if (event) events.push(event);
    }
    if (this.#rest.length > EVENT_MAX) this.#rest = "";
    return events;
  }

  #line(line: string): StreamEvent | undefined {
    if (line === "") {
      const whole = this.#data.length > 0 && this.#size <= EVENT_MAX;
      const event = whole ? { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id } : undefined;
      this.#data = [];
      this.#event = "";
      this.#size = 0;
      return event;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    this.#size += value.length;
    if (name === "data" && this.#size <= EVENT_MAX) this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id") this.#id = value;
    return undefined;
  }
}

/** The server says something at least every 15 s; one that is silent for longer is gone, whatever stands in between. */
const SILENCE_MS = 35_000;

/** The events of a response, until it ends or falls silent. */
export async function* events(response: Response, silence = SILENCE_MS): AsyncGenerator<StreamEvent> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new Events();
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silent = new Promise<undefined>((resolve) => { timer = setTimeout(() => resolve(undefined), silence); });
      const piece = await Promise.race([reader.read(), silent]);
      clearTimeout(timer);
      if (piece === undefined || piece.done) return;
      yield* parser.push(decoder.decode(piece.value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
