// How many frames a second the graph of 10,000 nodes draws at rest, dragged and zoomed, beside what the machine can do at the same time:
// a plain picture of the same size, moved and scaled. Both take turns, so that what else the machine does counts for both.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, open } from "./browser";

const NODES = Number(process.env.FATHOM_FRAMES_NODES ?? 10_000);
const SECONDS = 3;
const ROUNDS = Number(process.env.FATHOM_FRAMES_ROUNDS ?? 3);
const TYPES = ["AWS::EC2::Instance", "AWS::S3::Bucket", "AWS::IAM::Role", "AWS::EC2::SecurityGroup", "AWS::Lambda::Function"];

/** An estate of 20 accounts with 4 networks each. */
function estate(): object {
  const nodes = Array.from({ length: NODES }, (_, at) => {
    const account = String(100_000_000_000 + (at % 20));
    return { uid: `arn:aws:x:eu-west-1:${account}:thing/${at}`, name: `thing-${at}`, type: TYPES[at % TYPES.length], account, region: "eu-west-1", network: at % 3 ? `arn:aws:ec2:eu-west-1:${account}:vpc/vpc-${at % 4}` : null, owner: null, understood: at % 4 > 0, exposed: at % 37 === 0, stale: false, depth: 0 };
  });
  const edges = Array.from({ length: NODES * 2 }, (_, at) => ({ from: nodes[at % NODES]!.uid, to: nodes[(at * 7 + 13) % NODES]!.uid, kind: "uses" }));
  return { nodes, edges, complete: true, rest: [], shown: NODES, total: NODES };
}

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(async () => browser.close());

type Way = "rest" | "drag" | "zoom";

/** Frames a second while hands do something to the graph: each frame one movement, as a browser hands them on. */
const graph = (page: Page, way: Way): Promise<number> => page.evaluate(async ({ way: how, seconds }) => {
  const stage = document.querySelector<HTMLElement>("canvas.sigma-mouse")!;
  const box = stage.getBoundingClientRect();
  const middle = { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  const hand = (name: string, x: number, y: number) => (name === "mousedown" ? stage : document).dispatchEvent(new MouseEvent(name, { bubbles: true, clientX: x, clientY: y, button: 0, buttons: 1 }));
  // Where there is no node.
  if (how === "drag") hand("mousedown", box.left + 3, box.top + 3);
  const frames = await new Promise<number>((done) => {
    let [count, begin] = [0, 0];
    const step = (now: number) => {
      begin ||= now;
      const past = (now - begin) / 1000;
      if (past >= seconds) {
        done(count / past);
        return;
      }
      count += 1;
      if (how === "drag") hand("mousemove", box.left + 3 + 120 * Math.sin(past * 4) + 130, box.top + 3 + 80 * Math.sin(past * 3) + 90);
      if (how === "zoom") stage.dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX: middle.x, clientY: middle.y, deltaY: Math.sin(past * 4) * 60 }));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  if (how === "drag") hand("mouseup", box.left + 133, box.top + 93);
  return frames;
}, { way, seconds: SECONDS });

/** The same of a plain picture in the place of the graph, which only a transform moves. */
const plain = (page: Page, way: Way): Promise<number> => page.evaluate(async ({ way: how, seconds }) => {
  const stage = document.querySelector<HTMLElement>("canvas.sigma-mouse")!;
  const place = stage.parentElement!.parentElement!;
  const box = stage.getBoundingClientRect();
  const all = [...place.children] as HTMLElement[];
  for (const each of all) each.style.display = "none";
  const picture = document.createElement("canvas");
  [picture.width, picture.height] = [Math.round(box.width), Math.round(box.height)];
  picture.style.cssText = "position:absolute;left:0;top:0;will-change:transform";
  const pen = picture.getContext("2d")!;
  for (let at = 0; at < 10_000; at += 1) {
    pen.fillStyle = at % 4 ? "#4a5568" : "#a4a7ad";
    pen.fillRect((at * 37) % picture.width, (at * 91) % picture.height, 4, 4);
  }
  place.append(picture);
  await new Promise((done) => setTimeout(done, 700));
  const frames = await new Promise<number>((done) => {
    let [count, begin] = [0, 0];
    const step = (now: number) => {
      begin ||= now;
      const past = (now - begin) / 1000;
      if (past >= seconds) {
        done(count / past);
        return;
      }
      count += 1;
      if (how === "drag") picture.style.transform = `translate(${120 * Math.sin(past * 4)}px, ${80 * Math.sin(past * 3)}px)`;
      if (how === "zoom") picture.style.transform = `scale(${1 + 0.5 * Math.sin(past * 4)})`;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  picture.remove();
  for (const each of all) each.style.display = "";
  return frames;
}, { way, seconds: SECONDS });

it("draws as many frames as a plain picture, or nearly", async () => {
  const { page, faults, close } = await open(browser, "/graph", { reducedMotion: null });
  try {
    await page.route(/\/api\/v1\/graph\/estate/, (route) => route.fulfill({ json: estate() }));
    await page.goto(`${new URL(page.url()).origin}/graph?all=true`);
    await page.locator("canvas.sigma-mouse").waitFor({ timeout: 120_000, state: "attached" });
    await page.waitForTimeout(4_000);
    const told: string[] = [];
    for (const way of ["rest", "drag", "zoom"] as const) {
      const [ours, ceiling]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        ceiling.push(await plain(page, way));
        await page.waitForTimeout(800);
        ours.push(await graph(page, way));
        await page.waitForTimeout(1_500);
      }
      const sum = (all: number[]) => all.reduce((one, other) => one + other, 0);
      told.push(`${way.padEnd(5)} ${ours.map((each) => each.toFixed(1)).join(" ")} frames a second; a plain picture ${ceiling.map((each) => each.toFixed(1)).join(" ")}; ratio ${(sum(ours) / sum(ceiling)).toFixed(2)}`);
    }
    console.log(`${NODES} nodes, ${SECONDS} s each, ${ROUNDS} rounds\n${told.join("\n")}`);
    if (process.env.FATHOM_PICTURES) await page.screenshot({ path: `${process.env.FATHOM_PICTURES}/frames.png` });
    expect(faults).toEqual([]);
  } finally {
    await close();
  }
});
