// What journeys share: a browser, a signed-in page, and a net for what must never happen.
import axe from "axe-core";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

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

export interface Opened { page: Page; context: BrowserContext; faults: string[]; close: () => Promise<void> }
type Options = BrowserContextOptions & { quiet?: RegExp; before?: (context: BrowserContext) => Promise<void> };

/** A page in a context of its own; `faults` gathers broken policies, script errors and dialogs. */
export async function opened(browser: Browser, address: string, options: Options = {}): Promise<Opened> {
  const { quiet, before, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", acceptDownloads: true, ...rest });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(address).origin });
  await before?.(context);
  const page = await context.newPage();
  const faults: string[] = [];
  const fault = (text: string) => {
    if (!quiet?.test(text)) faults.push(text);
  };
  page.on("console", (message) => {
    if (message.type() === "error") fault(`${message.text()} ${message.location().url}`.trim());
  });
  page.on("pageerror", (error) => fault(`${error.name}: ${error.message}`));
  page.on("dialog", (dialog) => {
    fault(`a dialog opened: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(address);
  return { page, context, faults, close: () => context.close() };
}

/** The same on the server under test, as its owner where nothing else is said. */
export function open(browser: Browser, path: string, options: Omit<Options, "before"> & { signedIn?: boolean } = {}): Promise<Opened> {
  const { signedIn = true, ...rest } = options;
  return opened(browser, ADDRESS + path, { ...rest, before: signedIn ? asOwner : undefined });
}

/** Brings a session of the owner, who has put off setting up people. */
export async function asOwner(context: BrowserContext): Promise<void> {
  const answer = await context.request.post(`${ADDRESS}/api/v1/signin/token`, { data: { token: TOKEN } });
  if (!answer.ok()) throw new Error(`the owner cannot sign in: ${answer.status()} ${await answer.text()}`);
  await context.addInitScript(() => sessionStorage.setItem("fathom.setup-later", "1"));
}

const SIZES = [[1440, 900], [1920, 1080], [390, 844]] as const;

/** Pictures in both themes and three sizes, where `FATHOM_PICTURES` names a folder for them. */
export const picture = (page: Page, name: string): Promise<void> =>
  pictured(page, name, SIZES.flatMap(([width, height]) => (["light", "dark"] as const).map((theme) => [width, height, theme] as const)));

/** The same in some sizes and themes. */
export async function pictured(page: Page, name: string, sizes: readonly (readonly [width: number, height: number, theme: "light" | "dark"])[]): Promise<void> {
  const folder = process.env.FATHOM_PICTURES;
  if (!folder) return;
  const before = page.viewportSize();
  for (const [width, height, colorScheme] of sizes) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(120);
    await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
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

/** Waits until nothing is loading any more: a skeleton says in its label what is waited for. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("main") && !document.querySelector('main [role="status"][aria-label]:not([aria-label="Scan under way"])'));
  await page.waitForLoadState("load");
}
