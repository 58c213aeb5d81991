import { beforeEach, describe, expect, it, vi } from "vitest";
import { sessions } from "./session";
import type { Who } from "./types";
import { begin, leave } from "./ways";

const who = (csrf: string) => ({ person: 1, name: "Ann", role: "viewer", permissions: [], method: "password", scope: { accounts: null, teams: null }, csrf }) as unknown as Who;
const problem = (status: number, code: string, detail: string) => new Response(JSON.stringify({ code, status, title: "No", detail, type: "" }), { status, headers: { "content-type": "application/problem+json" } });

/** What the server answers, in order, and what it was asked. */
function server(...answers: (() => Response | Promise<never>)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (address: string, { method = "GET", headers }: { method?: string; headers: Record<string, string> }) => {
    asked.push(`${method} ${address} ${headers["x-fathom-csrf"] ?? ""}`.trim());
    return Promise.resolve((answers.shift() ?? (() => problem(500, "internal", "asked too often")))());
  });
  return asked;
}

describe("a page that is loaded anew", () => {
  beforeEach(() => sessions.left());
  const refused = () => problem(401, "unauthorized", "this needs a session or a token");
  it("says in its own words that the session it had is over", async () => {
    sessionStorage.setItem("fathom.was-in", "1");
    server(refused);
    await begin(undefined);
    const { state, why, own } = sessions.get() as { state: string; why?: string; own?: boolean };
    expect([state, own]).toEqual(["out", undefined]);
    expect(why).toMatch(/^You were signed in here, and that session is over/);
    expect(why).not.toContain("token");
  });
  it("says nothing where there was none", async () => {
    server(refused);
    await begin(undefined);
    expect(sessions.get()).toEqual({ state: "out", why: undefined });
  });
});

describe("signing out", () => {
  beforeEach(() => sessions.entered(who("first")));

  it("is said once the server did it, or knew of no session", async () => {
    for (const answer of [() => new Response(null, { status: 204 }), () => problem(401, "unauthorized", "sign in")]) {
      sessions.entered(who("first"));
      server(answer);
      await leave();
      expect(sessions.get()).toEqual({ state: "out", why: "You are signed out.", own: true });
    }
  });
  it("is not said where the server refused", async () => {
    server(() => problem(503, "too_busy", "too much is asked at once"));
    await leave();
    expect(sessions.get().state).toBe("in");
    expect(sessions.stuckAt()).toBe("Too much is asked at once.");
    server(() => new Response(null, { status: 204 }));
    await leave();
    expect(sessions.get().state).toBe("out");
    expect(sessions.stuckAt()).toBeUndefined();
  });
  it("is tried once more with the proof of now", async () => {
    const asked = server(() => problem(403, "csrf_refused", "not ours"), () => Response.json(who("second")), () => new Response(null, { status: 204 }));
    await leave();
    expect(asked).toEqual(["DELETE /api/v1/session first", "GET /api/v1/session", "DELETE /api/v1/session second"]);
    expect(sessions.get().state).toBe("out");
  });
  it("is tried no third time", async () => {
    const asked = server(() => problem(403, "csrf_refused", "not ours"), () => Response.json(who("second")), () => problem(403, "csrf_refused", "not ours"));
    await leave();
    expect(asked).toHaveLength(3);
    expect(sessions.get().state).toBe("in");
    expect(sessions.stuckAt()).toBe("Not ours.");
  });
});
