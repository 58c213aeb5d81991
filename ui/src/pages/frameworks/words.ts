// How controls stand, in words.
import type { Schemas } from "../../api/client";
import { count, counted, list } from "../../lib/text";

export type Framework = Schemas["FrameworkRow"];
export type Answer = Schemas["FrameworkAnswer"];
export type Control = Schemas["ControlRow"];
export type Standing = Schemas["ControlStanding"];

/** In the order in which the first that fits counts. */
export const STANDINGS = ["fail", "unknown", "needs_evidence", "untested", "not_applicable", "pass"] as const satisfies readonly Standing[];
export const NAMES: Record<Standing, string> = { fail: "fail", unknown: "unknown", needs_evidence: "asks for evidence", untested: "untested", not_applicable: "not applicable", pass: "pass" };
export const MEANS: Record<Standing, string> = {
  fail: "a check of it fails for something", unknown: "none fails, and of something it is not known", needs_evidence: "no machine sees all of it; what checks see holds", untested: "no check tests it yet", not_applicable: "its checks are about nothing that there is", pass: "all of its checks hold for all that they are about",
};

/** The answer in a sentence. */
export function sentence({ controls, counts }: Pick<Framework, "controls" | "counts">): string {
  const parts = [
    counts.fail > 0 ? `${count(counts.fail)} ${counts.fail === 1 ? "fails" : "fail"}` : "none fails", counts.unknown > 0 ? `${count(counts.unknown)} ${counts.unknown === 1 ? "is" : "are"} not known` : "", counts.needs_evidence > 0 ? `${count(counts.needs_evidence)} ${counts.needs_evidence === 1 ? "asks" : "ask"} for evidence` : "",
    counts.untested > 0 ? `${count(counts.untested)} ${counts.untested === 1 ? "is" : "are"} tested by nothing` : "", counts.pass > 0 ? `${count(counts.pass)} ${counts.pass === 1 ? "passes" : "pass"}` : "",
  ].filter(Boolean);
  return `Of ${counted(controls, "control")} ${list(parts)}.`;
}

/** What checks answered, without what they are not about: `3 fail, 1 unknown, 12 pass`. */
export function answered({ fail, unknown, pass }: Pick<Schemas["CheckCounts"], "fail" | "unknown" | "pass">): string {
  const parts = [[fail, "fail"], [unknown, "unknown"], [pass, "pass"]] as const;
  return parts.filter(([many]) => many > 0).map(([many, word]) => `${count(many)} ${word}`).join(", ") || "nothing that it is about";
}
