// Journeys through what breaks if something is isolated: without flow logs, and with some that a server of its own took in.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADDRESS, launch, opened } from "./browser";
import { everySize, idOf, journey } from "./journey";
import { BINARY, type Running, serve } from "./signin";

const SERVER = await idOf("AWS::EC2::Instance", "payments-1");
const KEY = await idOf("AWS::KMS::Key", "alias/payments");

describe("what breaks if something is isolated", () => {
  it("is not known where no flow logs were taken in, and the way to them stands there", () =>
    journey(`/paths?view=blast&of=${SERVER}`, async (page) => {
      await page.getByRole("tab", { name: /^What falls with it: \d/, selected: true }).waitFor();
      await page.getByRole("tab", { name: "What breaks if it is isolated: not known" }).click();
      await page.waitForURL(/half=isolated/);
      const answer = page.getByRole("region", { name: "Answer" });
      await answer.getByText("What breaks if it is isolated is not known: no flow logs tell who talks to it.").waitFor();
      await answer.getByText(/^No flow logs cover eni-/).waitFor();
      await answer.getByText("fathom import flow-logs AWSLogs/").waitFor();
      await everySize(page, "isolation-none");
      await page.getByRole("radio", { name: "90 days" }).click();
      await page.waitForURL(/days=90/);
      await page.getByText(`fathom blast-radius ${SERVER} --days 90`).waitFor();
      // What has no network interface is told by no flow log.
      await page.goto(`${ADDRESS}/paths?view=blast&of=SupportAccess&half=isolated`);
      await answer.getByText("It has no network interface that a scan saw: flow logs do not tell who uses it.").waitFor();
      await everySize(page, "isolation-nothing");
    }));
});

interface Server { uid: string; interface: string; address: string; account: string }

/** A server of the sample with its first network interface. */
function server(data: string, name: string): Server {
  const asked = spawnSync(BINARY, ["--data", data, "--json", "sql", `select uid, account, document from resources where type = 'AWS::EC2::Instance' and name = '${name}'`], { encoding: "utf8" });
  if (asked.status !== 0) throw new Error(`the sample has no ${name}: ${asked.stderr}`);
  const [row] = JSON.parse(asked.stdout) as { uid: string; account: string; document: { NetworkInterfaces: { NetworkInterfaceId: string; PrivateIpAddress: string }[] } }[];
  const [own] = row!.document.NetworkInterfaces;
  return { uid: row!.uid, interface: own!.NetworkInterfaceId, address: own!.PrivateIpAddress, account: row!.account };
}

/** A day of flow logs in the default format of AWS: the other asks for its database, it asks the internet, and a stranger is turned away. */
function flows(of: Server, other: Server): string {
  const begin = Math.floor(Date.now() / 1000) - 86_400;
  const line = (from: string, to: string, ports: [number, number], packets: number, bytes: number, action = "ACCEPT") => `2 ${of.account} ${of.interface} ${from} ${to} ${ports.join(" ")} 6 ${packets} ${bytes} ${begin} ${begin + 60} ${action} OK`;
  return [
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
    line(other.address, of.address, [41_000, 5432], 20, 8_000), line(of.address, other.address, [5432, 41_000], 18, 90_000),
    line(of.address, "198.51.100.7", [38_000, 443], 12, 4_096), line("198.51.100.7", of.address, [443, 38_000], 11, 2_200_000),
    line("198.51.100.99", of.address, [55_555, 22], 1, 40, "REJECT"),
  ].join("\n");
}

describe("what fails if something goes", () => {
  it("is told of a key with what was lost, and of a zone that is looked for", () =>
    journey(`/paths?view=blast&of=${KEY}`, async (page) => {
      await page.getByRole("tab", { name: /^What fails if it goes: \d/ }).click();
      await page.waitForURL(/half=fails/);
      const answer = page.getByRole("region", { name: "Answer" });
      await answer.getByText(/^If it goes, \d+ others? fails?/).waitFor();
      await answer.getByRole("row", { name: /FAILS encrypted by/ }).first().waitFor();
      await page.getByText(`fathom outage ${KEY}`).waitFor();
      await everySize(page, "outage-key");
      await page.getByRole("combobox", { name: "What is taken, or goes" }).fill("us-east-1");
      await page.getByRole("option", { name: /^zone us-east-1a/ }).first().click();
      await answer.getByText(/^If zone us-east-1a of account \d+ goes, \d+ things go with it\./).waitFor();
      await page.getByText(/^fathom outage us-east-1a --account \d+/).waitFor();
      await everySize(page, "outage-zone");
    }));
});

describe.skipIf(BINARY === "")("what breaks if something is isolated, by flow logs", () => {
  let running: Running;
  let taken: Server;
  beforeAll(async () => {
    running = await serve({
      sample: true,
      prepare: (data) => {
        taken = server(data, "payments-1");
        const file = join(data, "flows.log");
        writeFileSync(file, flows(taken, server(data, "payments-2")));
        const took = spawnSync(BINARY, ["--data", data, "import", "flow-logs", file], { encoding: "utf8" });
        if (took.status !== 0) throw new Error(`the flow logs were not taken in: ${took.stderr}`);
      },
    });
  }, 240_000);
  afterAll(() => running?.end());

  it("is told by who asked it and whom it asked, as far as the logs cover it", async () => {
    const browser = await launch();
    const { page, faults, close } = await opened(browser, `${running.named}/icon.svg`, {
      // A browser asks for the icon of a page that is a picture.
      quiet: /status of 404/,
      before: async (context) => {
        await context.request.post(`${running.named}/api/v1/signin/token`, { data: { token: running.token } });
        await context.addInitScript(() => sessionStorage.setItem("fathom.setup-later", "1"));
      },
    });
    try {
      await page.goto(`${running.named}/paths?view=blast&half=isolated&of=${encodeURIComponent(taken.uid)}`);
      await page.getByText("If it is isolated, 1 connection to it and 1 of its own break, as far as flow logs of the last 30 days tell.").waitFor();
      await page.getByText("1 other was only ever rejected: nothing breaks for them.", { exact: false }).waitFor();
      await page.getByRole("tab", { name: "What breaks if it is isolated: 2 or more", selected: true }).waitFor();
      const asks = page.getByRole("table", { name: "Who asks it" });
      await asks.getByRole("row", { name: /payments-2.*tcp 5432.*payments/s }).waitFor();
      await page.getByRole("table", { name: "Whom it asks" }).getByRole("row", { name: /the internet.*198\.51\.100\.7.*tcp 443.*2\.1 MiB/s }).waitFor();
      await page.getByText(/^Logs of 1 network interface/).click();
      await page.getByRole("table", { name: /^Network interfaces/ }).getByRole("rowheader", { name: taken.interface }).waitFor();
      await everySize(page, "isolation");
      await asks.getByRole("link", { name: "payments-2" }).click();
      await page.waitForURL(/\/resource\?uid=/);
      expect(faults).toEqual([]);
    } finally {
      await close();
      await browser.close();
    }
  });
});
