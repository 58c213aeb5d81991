// A journey that lives with a finding until a date, and ends that again: what it changed, it changes back.
import { describe, expect, it } from "vitest";
import { ADDRESS } from "./browser";
import { everySize, journey } from "./journey";

/** A day that an exception may end on. */
const day = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
const CHECK = "rds_instance_in_network";

describe("a finding", () => {
  it("is accepted until a date with a reason, stands among the exceptions, and is open again when that is ended", () =>
    journey(`/findings?check=${CHECK}`, async (page) => {
      await page.getByRole("table", { name: "Findings" }).getByRole("rowheader").getByRole("link").first().click();
      await page.waitForURL(/\/findings\/[0-9a-f]{32}/);
      const address = page.url();
      await page.getByRole("button", { name: "Accept until a date…" }).click();
      const dialog = page.getByRole("dialog", { name: "Accept the finding" });
      const accept = dialog.getByRole("button", { name: "Accept", exact: true });
      // Who approved it belongs to it as much as the reason.
      await dialog.getByRole("textbox", { name: "Reason" }).fill("It moves into the network in May");
      expect(await accept.isDisabled()).toBe(true);
      await dialog.getByRole("textbox", { name: "Who approved it" }).fill("k.lee");
      await dialog.getByLabel("Until the end of").fill(day);
      await dialog.getByText("It needs no work until that day, and then comes back by itself.", { exact: false }).waitFor();
      await everySize(page, "finding-accept");
      await accept.click();
      await dialog.waitFor({ state: "detached" });
      const accepted = page.getByRole("region", { name: "Accepted" });
      await accepted.getByText(`accepted until ${day}`).waitFor();
      await accepted.getByText("“It moves into the network in May”").waitFor();
      await accepted.getByText("Approved by k.lee", { exact: false }).waitFor();
      await everySize(page, "finding-accepted");
      // It needs no work now, and stands among the exceptions.
      await page.goto(`${ADDRESS}/findings?view=accepted`);
      const exceptions = page.getByRole("table", { name: "Exceptions" });
      const own = exceptions.getByRole("row", { name: /The database stands in a network of yours: .*It moves into the network in May.*k\.lee/ }).filter({ has: page.getByRole("button", { name: "End…" }) });
      await own.getByText("holds").waitFor();
      await everySize(page, "findings-exceptions");
      await page.goto(`${ADDRESS}/findings?check=${CHECK}&state=accepted`);
      await page.getByText("1 finding fits.").waitFor();
      await page.goto(`${ADDRESS}/findings?view=accepted`);
      await own.getByRole("button", { name: "End…" }).click();
      const ending = page.getByRole("dialog", { name: /^End exception \d+$/ });
      await ending.getByRole("textbox", { name: "Why it ends" }).fill("It was not agreed");
      await ending.getByRole("button", { name: "End it" }).click();
      await ending.waitFor({ state: "detached" });
      await page.getByRole("checkbox", { name: "those that ended too" }).check();
      await page.waitForURL(/ended=true/);
      await exceptions.getByText("“It was not agreed”", { exact: false }).first().waitFor();
      await page.goto(address);
      await page.getByRole("button", { name: "Accept until a date…" }).waitFor();
    }));

  it("is accepted with all that fit a rule, of which it is shown first what it takes", () =>
    journey("/findings?view=accepted", async (page) => {
      await page.getByRole("button", { name: "Accept by a rule…" }).click();
      const dialog = page.getByRole("dialog", { name: "Accept by a rule" });
      const accept = dialog.getByRole("button", { name: "Accept", exact: true });
      await dialog.getByText("Write a pattern, and what it takes is shown here.").waitFor();
      // One that takes everything is refused before anybody can send it.
      await dialog.getByRole("textbox", { name: "Check" }).fill("*");
      await dialog.getByText("the rule takes every finding there is; narrow it").waitFor();
      await dialog.getByRole("textbox", { name: "Check" }).fill("ec2_volume_*");
      await dialog.getByRole("textbox", { name: "Owner" }).fill("pay*");
      await dialog.getByText(/^It takes \d+ findings?: /).waitFor();
      const takes = Number(/takes (\d+)/.exec(await dialog.getByText(/^It takes \d+ findings?: /).innerText())?.[1]);
      await dialog.getByRole("textbox", { name: "Reason" }).fill("These disks are emptied in May");
      expect(await accept.isDisabled()).toBe(true);
      await dialog.getByRole("textbox", { name: "Who approved it" }).fill("k.lee");
      await dialog.getByLabel("Until the end of").fill(day);
      await everySize(page, "findings-rule");
      await accept.click();
      await dialog.waitFor({ state: "detached" });
      const own = page.getByRole("table", { name: "Exceptions" }).getByRole("row", { name: /ec2_volume_\*.*These disks are emptied in May/ }).filter({ has: page.getByRole("button", { name: "End…" }) });
      await own.getByText("holds").waitFor();
      await page.goto(`${ADDRESS}/findings?state=accepted&owner=payments`);
      await page.getByText(`${takes} finding${takes === 1 ? " fits" : "s fit"}.`).waitFor();
      await page.goto(`${ADDRESS}/findings?view=accepted`);
      await own.getByRole("button", { name: "End…" }).click();
      const ending = page.getByRole("dialog", { name: /^End exception \d+$/ });
      await ending.getByRole("textbox", { name: "Why it ends" }).fill("It was not agreed");
      await ending.getByRole("button", { name: "End it" }).click();
      await ending.waitFor({ state: "detached" });
    }, { quiet: /status of 400/ }));
});
