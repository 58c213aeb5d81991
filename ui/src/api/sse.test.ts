import { describe, expect, it } from "vitest";
import { Events, events } from "./sse";

describe("server-sent events", () => {
  it("come whole, however the bytes are cut", () => {
    const text = 'event: scan\nid: 7\ndata: {"a":1}\n\n: keep alive\n\nevent: change\ndata: one\ndata: two\n\n';
    for (let size = 1; size < text.length; size++) {
      const parser = new Events();
      const got = [];
      for (let at = 0; at < text.length; at += size) got.push(...parser.push(text.slice(at, at + size)));
      expect(got).toEqual([
        { event: "scan", data: '{"a":1}', id: "7" },
        { event: "change", data: "one\ntwo", id: "7" },
      ]);
    }
  });
  it("may end lines in three ways", () => {
    expect(new Events().push("data: a\r\n\r\ndata: b\n\n")).toEqual([
      { event: "message", data: "a", id: undefined },
      { event: "message", data: "b", id: undefined },
    ]);
  });
  it("end when the server falls silent, and not before", async () => {
    let say: (text: string) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({ start(controller) { say = (text) => controller.enqueue(new TextEncoder().encode(text)); } });
    const got: string[] = [];
    const begun = Date.now();
    setTimeout(() => say("data: é\n\n"), 40);
    setTimeout(() => say(": still here\n"), 80);
    setTimeout(() => say("data: two\n\n"), 120);
    for await (const { data } of events(new Response(body), 200)) got.push(data);
    expect(got).toEqual(["é", "two"]);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(300);
  });
  it("do not grow without end", () => {
    const parser = new Events();
    const line = `data: ${"x".repeat(1024 * 1024)}\n`;
    for (let n = 0; n < 6; n++) expect(parser.push(line)).toEqual([]);
    expect(parser.push("\ndata: next\n\n")).toEqual([{ event: "message", data: "next", id: undefined }]);
  });
});
