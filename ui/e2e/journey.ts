// What journeys through one page share: a browser that is opened once, a walk without faults, and a look at it in every size.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { ADDRESS, barriers, launch, open, picture, pictured, settled, TOKEN } from "./browser";

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => browser.close());

/** When answers that journeys make up are as of. */
export const AS_OF = { scan: 1, finished_at: "2026-10-01T08:00:00Z" };

/** The id of the one resource of a type and name. */
export async function idOf(type: string, name: string): Promise<string> {
  const asked = await fetch(`${ADDRESS}/api/v1/resources?${new URLSearchParams({ type, search: name }).toString()}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  const { resources } = (await asked.json()) as { resources: { id: string; name: string | null }[] };
  const found = resources.filter((each) => each.name === name);
  expect(found).toHaveLength(1);
  return found[0]?.id ?? "";
}

/** Walks from a page of the server under test; nothing may be at fault on the way. */
export async function journey(path: string, walk: (page: Page) => Promise<void>, options: Parameters<typeof open>[2] = {}): Promise<void> {
  const { page, faults, close } = await open(browser, path, options);
  try {
    await walk(page);
    expect(faults).toEqual([]);
  } finally {
    await close();
  }
}

/** A name of pictures, with nothing loading, nothing cut off and nobody kept out, on a telephone and a tablet too. */
export async function whole(page: Page, name: string): Promise<void> {
  await settled(page);
  expect(await barriers(page)).toEqual([]);
  await picture(page, name);
  for (const [width, height] of [[390, 844], [768, 1024]] as const) {
    await page.setViewportSize({ width, height });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    expect(await barriers(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** The same, with pictures in the size of a tablet. */
export async function everySize(page: Page, name: string): Promise<void> {
  await whole(page, name);
  await pictured(page, name, [[768, 1024, "light"], [768, 1024, "dark"]]);
}
