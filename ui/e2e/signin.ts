// What journeys of sign-in share: servers of their own, an authenticator app, a device with passkeys.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { opened, type Opened } from "./browser";

/** The program under test. */
export const BINARY = process.env.FATHOM_BINARY ?? "";

export interface Running {
  /** As the server says it, and by the name that passkeys need. */
  address: string; named: string; token: string; data: string;
  end: () => void;
}

/** A data directory that holds the sample organisation and that nobody writes to. */
const SAMPLE = process.env.FATHOM_SAMPLE_DATA ?? "";

/** A server with a data directory of its own; with `sample`, the sample organisation stands in it. */
export async function serve(options: { sample?: boolean; more?: string[]; prepare?: (data: string) => void } = {}): Promise<Running> {
  const data = mkdtempSync(join(tmpdir(), "fathom-journey-"));
  if (options.sample && SAMPLE !== "") cpSync(SAMPLE, data, { recursive: true });
  else if (options.sample) {
    const scan = spawnSync(BINARY, ["--data", data, "scan", "--sample", "--quiet"], { stdio: ["ignore", "ignore", "inherit"] });
    if (scan.status !== 0) throw new Error("the sample could not be read");
  }
  options.prepare?.(data);
  const child = spawn(BINARY, ["--data", data, "serve", "--listen", "127.0.0.1:0", ...(options.more ?? [])], { stdio: ["ignore", "pipe", "inherit"] });
  const address = await said(child);
  return {
    address, named: address.replace("127.0.0.1", "localhost"), token: readFileSync(join(data, "api.token"), "utf8").trim(), data,
    end: () => {
      child.kill();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function said(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("the server has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /answers on (\S+)/.exec(line);
    if (found?.[1]) return found[1];
  }
  throw new Error("the server ended before it said its address");
}

const STEP_MS = 30_000;
/** So near to the end of a step, the one before it may be too old when it arrives. */
const NEAR_MS = 4_000;

/** An authenticator app (RFC 6238): each step's code once, as the server wants it. */
export class App {
  #last = 0;
  constructor(readonly secret: string) {}
  /** The server takes one step before and one after the present too: three codes without waiting. */
  async code(): Promise<string> {
    const now = () => Math.floor((Date.now() + NEAR_MS) / STEP_MS);
    const step = Math.max(now() - 1, this.#last + 1);
    this.#last = step;
    while (step > Math.floor(Date.now() / STEP_MS) + 1) await new Promise((resolve) => setTimeout(resolve, 500));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const digest = createHmac("sha1", base32(this.secret)).update(counter).digest();
    const offset = (digest.at(-1) ?? 0) & 15;
    return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  }
}

function base32(text: string): Buffer {
  let [value, bits] = [0, 0];
  const out: number[] = [];
  for (const letter of text.replace(/[\s=]/g, "")) {
    value = (value << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
    bits += 5;
    if (bits >= 8) {
      out.push((value >> (bits - 8)) & 255);
      bits -= 8;
      value &= (1 << bits) - 1;
    }
  }
  return Buffer.from(out);
}

export interface Device { present: (is: boolean) => Promise<void> }

/** A device that keeps passkeys, and whose owner says yes while `present`. */
export async function device(context: BrowserContext, page: Page): Promise<Device> {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { present: (enabled) => session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled }).then(() => undefined) };
}

export const PASSWORD = "four calm horses on a hill";

export type Walk = (page: Page, more: Opened) => Promise<void>;
export type Walking = BrowserContextOptions & { quiet?: RegExp };

/** Opens, does, and then holds against it whatever the browser complained of; that somebody is not in yet is part of it. */
export async function walked(browser: Browser, address: string, walk: Walk, { quiet = /status of 401/, ...options }: Walking = {}): Promise<void> {
  const open = await opened(browser, address, { ...options, quiet });
  try {
    await walk(open.page, open);
    expect(open.faults).toEqual([]);
  } catch (error) {
    if (process.env.FATHOM_PICTURES) await open.page.screenshot({ path: join(process.env.FATHOM_PICTURES, `failed-${Date.now()}.png`) });
    throw error;
  } finally {
    await open.page.unrouteAll({ behavior: "ignoreErrors" });
    await open.close();
  }
}

type Asking = { method?: string; body?: unknown; token?: string };
/** Asks the API as a program with the owner's token, or with another. */
export async function api<T>(on: Running, path: string, { method = "POST", body, token = on.token }: Asking = {}): Promise<T> {
  const response = await fetch(`${on.address}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export interface Added { person: { id: number }; invitation: { path: string; token: string } }
export const added = (on: Running, name: string, role: string, scope?: object): Promise<Added> => api(on, "/people", { body: { name, role, scope } });

/** From an invitation to the console, with password and authenticator app. */
export async function enrol(page: Page): Promise<App> {
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByRole("button", { name: "Set a password" }).click();
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same again").fill(PASSWORD);
  await page.getByRole("button", { name: "Go on" }).click();
  const app = new App((await page.locator("form code").textContent()) ?? "");
  await page.getByLabel("The code that the app shows now").fill(await app.code());
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByLabel("I kept them").check();
  await page.getByRole("button", { name: "Go to the console" }).click();
  await page.getByRole("button", { name: /^You are / }).waitFor();
  return app;
}

/** Without an app, with a code that nobody was given. */
export async function signIn(page: Page, name: string, app: App | undefined, password = PASSWORD): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("One-time code").fill(app ? await app.code() : "000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^You are / }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
}

/** A person with password and app, made without a browser. */
export async function person(on: Running, name: string, role: string, scope?: object): Promise<{ id: number; name: string; app: App; codes: string[] }> {
  const { person: { id }, invitation } = await added(on, name, role, scope);
  let cookie = "";
  let csrf = "";
  const ask = async <T>(path: string, method: string, body: object): Promise<T> => {
    const response = await fetch(`${on.address}/api/v1${path}`, { method, headers: { "content-type": "application/json", cookie, "x-fathom-csrf": csrf }, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    const answer = (text === "" ? {} : JSON.parse(text)) as T & { csrf?: string };
    csrf = answer.csrf ?? csrf;
    return answer;
  };
  await ask("/signin/invitation", "POST", { invitation: invitation.token });
  await ask("/me/password", "PUT", { password: PASSWORD });
  const app = new App((await ask<{ secret: string }>("/me/totp", "POST", {})).secret);
  await ask("/me/totp/confirm", "POST", { code: await app.code() });
  const { codes } = await ask<{ codes: string[] }>("/me/recovery-codes", "POST", {});
  await ask("/signin/invitation/finish", "POST", {});
  await ask("/session", "DELETE", {});
  return { id, name, app, codes };
}
