import { describe, expect, it } from "vitest";
import { draftOf, isEmpty, scopeOf } from "../pages/settings/draft";
import { brought, failure } from "./brought";
import { asFile } from "./Codes";
import { canEnter, waysIn, waysOf } from "./enter";
import { clock, ending, lead } from "./idle";
import { byName, bytes, deviceName, text } from "./passkey";
import { change, rolesBelow } from "./roles";
import { scopeWords } from "./scope";
import type { PersonView } from "./types";

describe("what an address brings", () => {
  it("is one secret, or nothing", () => {
    expect(brought("#token=abc%20")).toEqual({ kind: "token", value: "abc" });
    expect(brought("#invite=a-b_c")).toEqual({ kind: "invite", value: "a-b_c" });
    expect(brought("#signin_failed=no_role")).toEqual({ kind: "failed", value: "no_role" });
    for (const other of ["", "#", "#start", "#token=", "#token=two words", `#token=${"x".repeat(513)}`, "#invite=\u202e"]) expect(brought(other), other).toBeUndefined();
  });
  it("is never shown as it stands there", () => {
    expect(failure("no_role")).toContain("nobody has given you a role");
    expect(failure("<b>pay here</b>")).not.toContain("pay");
    // What every object has is no code.
    expect(failure("constructor")).toBe(failure("something else"));
  });
});

describe("a warning", () => {
  it("comes two minutes before, and sooner where the limit is short", () => {
    expect([60, 30, 15, 5].map((minutes) => lead(minutes * 60_000) / 1000)).toEqual([120, 120, 120, 120]);
    expect(lead(10_000)).toBe(4_000);
  });
  it("counts down to nothing", () => {
    expect([120_000, 61_000, 59_001, 900, 0, -5_000].map(clock)).toEqual(["2:00", "1:01", "1:00", "0:01", "0:00", "0:00"]);
  });
});

describe("the end of a session", () => {
  it("is explained by the clock", () => {
    const times = { idle: 900_000, end: 43_200_000 };
    expect(ending(times, 900, 899_000)).toBe("Your session ended after 15 minutes without use.");
    expect(ending(times, 900, 500_000)).toContain("before its time");
    expect(ending({ idle: 43_200_000, end: 43_200_000 }, 900, 43_200_500)).toContain("longest time");
  });
});

describe("passkeys", () => {
  it("are bytes here and text there", () => {
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    const written = text(all.buffer) ?? "";
    expect(written).toMatch(/^[\w-]+$/);
    expect(Buffer.from(written, "base64url")).toEqual(Buffer.from(all));
    expect(bytes(written)).toEqual(all);
    expect(text(null)).toBeUndefined();
  });
  it("need a name, which this machine has", () => {
    const at = (address: string) => byName(new URL(address));
    expect(at("http://127.0.0.1:7373/x")).toBe("http://localhost:7373");
    expect(at("http://[::1]/")).toBe("http://localhost");
    for (const other of ["http://localhost:7373", "https://10.0.0.4", "https://fathom.example.com", "https://127.example.com"]) expect(at(other), other).toBeUndefined();
  });
  it("are called after where they were made", () => {
    expect(deviceName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")).toBe("Chrome on Linux");
    expect(deviceName("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0")).toBe("Edge on Windows");
    expect(deviceName("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1")).toBe("Safari on iOS");
    expect(deviceName("something")).toBe("Browser");
  });
});

describe("a scope", () => {
  it("is said in words", () => {
    expect(scopeWords({ accounts: null, teams: null })).toBe("");
    expect(scopeWords({ accounts: ["1"], teams: null })).toBe("account 1");
    expect(scopeWords({ accounts: null, teams: ["a", "b"] })).toBe("teams a and b");
    expect(scopeWords({ accounts: ["1", "2", "3", "4"], teams: ["a"] })).toBe("what is in 4 accounts and belongs to team a");
    // Nothing at all is not the same as everything.
    expect(scopeWords({ accounts: [], teams: null })).toBe("no account");
  });
  it("survives being typed", () => {
    const scope = { accounts: ["111111111111", "222222222222"], teams: null };
    expect(scopeOf(draftOf(scope))).toEqual(scope);
    expect(scopeOf({ accounts: " 1,2\n\n2 ", teams: undefined })).toEqual({ accounts: ["1", "2"], teams: null });
    expect(isEmpty({ accounts: " \n" })).toBe(true);
    expect(isEmpty({})).toBe(false);
  });
});

describe("roles", () => {
  it("say what one gains and loses", () => {
    expect(change("viewer", "auditor")).toEqual({ gains: ["read raw documents", "ask in SQL", "read the ledger", "see people and sessions"], loses: [] });
    expect(change("analyst", "auditor").loses).toEqual(["accept gaps and assign", "start scans", "make API tokens"]);
    expect(change("viewer", "viewer")).toEqual({ gains: [], loses: [] });
  });
  it("may be handed to a token when they hold nothing more", () => {
    expect(rolesBelow("analyst")).toEqual(["viewer", "analyst"]);
    expect(rolesBelow("responder")).toEqual(["viewer", "analyst", "responder"]);
    expect(rolesBelow("administrator")).toHaveLength(5);
  });
});

describe("a person", () => {
  const person = (more: Partial<PersonView>) => ({ disabled: false, issuer: null, passkeys: 0, has_password: false, has_totp: false, ...more }) as PersonView;
  it("can come in with a whole way, not with half of one", () => {
    expect([person({}), person({ has_password: true }), person({ has_totp: true }), person({ passkeys: 1, disabled: true })].map(canEnter)).toEqual([false, false, false, false]);
    expect([person({ has_password: true, has_totp: true }), person({ passkeys: 1 }), person({ issuer: "https://login.example.com" })].map(canEnter)).toEqual([true, true, true]);
  });
  it("is told how", () => {
    expect(waysIn(person({ passkeys: 2, has_password: true, has_totp: true }))).toBe("You sign in with 2 passkeys, or with a password and an authenticator app.");
    expect(waysIn(person({ has_password: true }))).toBe("You have no way to sign in again.");
    expect(waysOf(person({ passkeys: 1, has_password: true, has_totp: true }))).toBe("1 passkey, password and app");
    expect(waysOf(person({}))).toBe("none");
  });
  it("gets recovery codes that say what they are for", () => {
    expect(asFile(["aa-bb", "cc-dd"], "Ann", "https://fathom.example.com", new Date("2026-11-22T10:00:00Z"))).toBe("Recovery codes of Ann for Fathom at https://fathom.example.com\nmade 2026-11-22; each works once; older ones stopped to work that day\n\naa-bb\ncc-dd\n");
  });
});
