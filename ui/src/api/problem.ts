// What can go wrong with a request, in words.
import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];

/** The server answered that it will not, or could not. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** No answer came at all. */
export class Gone extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

/** An answer came that is not ours: a proxy's, or one that was cut off. */
export class Garbled extends Error {}

/** The sentences that a person reads: what happened, what to do. */
export function words(error: unknown): string[] {
  if (error instanceof Refused) {
    const { detail, hint, title } = error.problem;
    const said = [sentence(detail || title)];
    // An address of the API helps a program; a person has the page.
    if (hint && !hint.includes("/api/")) said.push(sentence(hint));
    return said;
  }
  if (error instanceof Gone) return ["The server does not answer.", "This page tries again by itself."];
  if (error instanceof Garbled) return [error.message];
  return [`Something failed in this page: ${error instanceof Error ? error.message : String(error)}`];
}

/** A capital letter first and a stop at the end, as the server's messages have neither. */
export function sentence(text: string): string {
  const trimmed = text.trim().slice(0, 2000);
  if (trimmed === "") return "";
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…:)]$/.test(first) ? first : `${first}.`;
}
