import { describe, expect, it } from "vitest";
import { Gone, Refused } from "../api/problem";
import { inTurn } from "../lib/inturn";
import { drawn } from "../testing/drawn";
import { Plan } from "./Plan";
import { Wrong } from "./states";

const nothing = () => undefined;

describe("a plan that is carried out", () => {
  const plan = (busy: boolean, onStop?: () => void) => drawn(<Plan title="Accept" action="Accept" plan={[]} busy={busy} onRun={nothing} onClose={nothing} onStop={onStop} />, [], "/", true);
  it("is not closed meanwhile", async () => {
    expect(await plan(false)).toContain('aria-label="Close"');
    expect(await plan(true)).not.toContain('aria-label="Close"');
    expect(await plan(true)).toMatch(/<button[^>]*disabled=""[^>]*>Cancel/);
    expect(await plan(false)).not.toMatch(/<button[^>]*disabled=""[^>]*>Cancel/);
  });
  it("can be stopped where it takes several steps", async () => {
    expect(await plan(true, nothing)).toMatch(/>Stop</);
    expect(await plan(false, nothing)).not.toMatch(/>Stop</);
  });
});

describe("one after the other", () => {
  it("ends after the step that was under way", async () => {
    const stop = new AbortController();
    const done: number[] = [];
    const act = (one: number) => {
      done.push(one);
      if (one === 2) stop.abort();
      return Promise.resolve();
    };
    expect(await inTurn([1, 2, 3, 4], stop.signal, act)).toBe(false);
    expect(done).toEqual([1, 2]);
    expect(await inTurn([3, 4], new AbortController().signal, act)).toBe(true);
    expect(done).toEqual([1, 2, 3, 4]);
  });
});

describe("no answer", () => {
  it("to a question is waited for", async () => expect(await drawn(<Wrong error={new Gone()} again={nothing} />)).toContain("Waiting for the server"));
  it("to a change is not waited for, and not taken for a refusal", async () =>
    expect(await drawn(<Wrong error={new Gone()} once />)).toBe("No answer came; whether it was done is not known. Look before you try again."));
  it("to what somebody asks anew offers that", async () => expect(await drawn(<Wrong error={new Gone()} again={nothing} once />)).toBe("No answer came. Try again"));
  it("changes nothing of what is refused, whose text is made visible", async () => {
    const refused = new Refused({ code: "invalid_body", status: 400, title: "", detail: "no \u202eone", type: "" } as never);
    expect(await drawn(<Wrong error={refused} once />)).toBe("No \\u{202e}one.");
  });
});
