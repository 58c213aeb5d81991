// How data is protected, in words, and the command that says the same.
import type { Query, Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { count, counted } from "../../lib/text";

export type Answer = Schemas["ProtectionAnswer"];
export type System = Schemas["ProtectionRow"];
export type Cell = Schemas["ProtectionCell"];
export type Gap = Schemas["ProtectionGapRow"];
export type Standing = Schemas["ProtectionStanding"];
export type DataClass = Schemas["ProtectedClass"];
export type Asked = Omit<Query<"/api/v1/protection">, "system">;

export const CLASSES: readonly DataClass[] = ["restricted", "confidential", "internal", "public"];

export const MEANS: Record<Standing, string> = {
  fail: "Something that its class demands does not hold", unknown: "Nothing fails, and of something it is not known: what decides was not read",
  untested: "Something is demanded, and no check is about what there is", pass: "All that is demanded and can be asked holds", not_demanded: "The class of its data demands nothing here",
};

/** What a cell says. */
export function says({ status, counts }: Pick<Cell, "status" | "counts">): string {
  if (status === "fail") return `${count(counts.fail)} fail`;
  if (status === "unknown") return `${count(counts.unknown)} unknown`;
  return status === "pass" ? `${count(counts.pass)} pass` : status === "untested" ? "untested" : "–";
}

/** What a system is called; nobody may have said. */
export const NOBODY = "nobody says what for";
export const called = ({ system }: Pick<System, "system">): string => system ?? NOBODY;

/** The whole page in a sentence. */
export function sentence(systems: readonly Pick<System, "cells">[]): string {
  if (systems.length === 0) return "Nothing that keeps data was seen.";
  const open = systems.filter(({ cells }) => cells.some(({ status }) => status === "fail")).length;
  const unsure = systems.filter(({ cells }) => !cells.some(({ status }) => status === "fail") && cells.some(({ status }) => status === "unknown" || status === "untested")).length;
  const all = counted(systems.length, "system keeps data", "systems keep data");
  if (open + unsure === 0) return `${all}; everything that is demanded and can be asked holds.`;
  const parts = [...(open > 0 ? [`of ${count(open)} something that is demanded does not hold`] : []), ...(unsure > 0 ? [`of ${count(unsure)} it is not known of every layer`] : [])];
  return `${all}: ${parts.join(", ")}.`;
}

/** The command that says the same; nothing where it cannot. */
export function line({ class: least, account, owner }: Asked, system?: string): string | undefined {
  if (account?.length || owner?.length || system === "") return undefined;
  return `fathom protection${system ? ` ${word(system)}` : ""}${least ? ` --class ${least}` : ""}`;
}
