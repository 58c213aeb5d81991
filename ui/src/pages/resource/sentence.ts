// What a resource is, in one or two sentences.
import type { Schemas } from "../../api/client";
import { list, plain, shown } from "../../lib/text";

/** The document says nothing in words. */
type Detail = Omit<Schemas["ResourceDetail"], "document">;

/** The value that holds for a part. */
export const held = (detail: Detail, part: string): Schemas["StatementView"] | undefined => detail.statements.find((each) => each.part === part && each.holds);

export function sentences(detail: Detail): string[] {
  const { resource } = detail;
  const value = (part: string) => {
    const found = held(detail, part)?.value;
    return found === undefined ? undefined : shown(found, 100);
  };
  const [owner, purpose, environment, data] = ["owner", "purpose", "environment", "data_class"].map(value);
  const known = [
    owner && `belongs to ${owner}`, purpose && `serves ${purpose}`, environment && `is of environment ${environment}`, data && `holds ${data} data`,
  ].filter((each): each is string => Boolean(each));
  const out: string[] = [];
  if (resource.deleted_at) out.push("A scan found it gone.");
  if (known.length) out.push(`It ${list(known)}.`);
  else if (resource.provider_made) out.push("The provider itself made it.");
  else out.push("No source says whose it is or what it is for.");
  const open = detail.unknown?.gaps.filter((gap) => !gap.accepted) ?? [];
  const unread = open.filter((gap) => gap.reason).map((gap) => plain(gap.part));
  const unstated = open.filter((gap) => !gap.reason).map((gap) => plain(gap.part));
  if (unstated.length) out.push(`Nobody states its ${list(unstated)}.`);
  if (unread.length) out.push(`It could not be read: ${list(unread)}.`);
  const accepted = detail.unknown?.gaps.filter((gap) => gap.accepted).map((gap) => plain(gap.part)) ?? [];
  if (accepted.length) out.push(`Accepted as unknown: ${list(accepted)}.`);
  if (resource.exposed && !resource.deleted_at) out.push("Its own settings say that it may be reached from outside.");
  if (resource.stale) out.push("The last scan could not say whether it still exists.");
  return out;
}
