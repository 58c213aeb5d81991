// What journeys share: a browser, a signed-in page, and a net for what must never happen.
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** The server under test, and its token. */
export const ADDRESS = process.env.FATHOM_ADDRESS ?? "http://127.0.0.1:7373";
export const TOKEN = process.env.FATHOM_TOKEN ?? "";

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.FATHOM_CHROMIUM ?? "/usr/bin/chromium",
    // Without a graphics card, and as root in a container.
    args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--use-gl=angle", "--use-angle=swiftshader"],
  });
}

export interface Opened { page: Page; faults: string[]; close: () => Promise<void> }

/** A page in a context of its own; `faults` gathers broken policies, script errors and dialogs. */
export async function open(browser: Browser, path: string, options: BrowserContextOptions & { signedIn?: boolean; quiet?: RegExp } = {}): Promise<Opened> {
  const { signedIn = true, quiet, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", acceptDownloads: true, ...rest });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: ADDRESS });
  const page = await context.newPage();
  const faults: string[] = [];
  const fault = (text: string) => {
    if (!quiet?.test(text)) faults.push(text);
  };
  page.on("console", (message) => {
    if (message.type() === "error") fault(message.text());
  });
  page.on("pageerror", (error) => fault(`${error.name}: ${error.message}`));
  page.on("dialog", (dialog) => {
    fault(`a dialog opened: ${dialog.message()}`);
    void dialog.dismiss();
  });
  if (signedIn) await context.addInitScript((token) => { if (!sessionStorage.getItem("fathom.token")) sessionStorage.setItem("fathom.token", token); }, TOKEN);
  await page.goto(ADDRESS + path);
  return { page, faults, close: () => context.close() };
}

/** Findings of axe that a person would be kept out by. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const results = await (window as unknown as { axe: typeof import("axe-core") }).axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
    return results.violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map((node) => `${node.target.join(" ")} (${(node.failureSummary ?? "").split("\n").at(-1)?.trim()})`).join(" | ")}`);
  });
  return found;
}

/** Waits until nothing is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("main") && !document.querySelector('main [role="status"][aria-label^="Ask"], main [role="status"][aria-label^="Count"]'));
  await page.waitForLoadState("load");
}
