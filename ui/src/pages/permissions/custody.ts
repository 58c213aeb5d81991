// Keys and secrets in words.
import type { Schemas } from "../../api/client";
import { word } from "../../lib/sqltext";
import { counted, list, shown } from "../../lib/text";

export type Key = Schemas["KeyRow"];
export type Secret = Schemas["SecretRow"];
export type Grant = Schemas["GrantView"];
export type Counts = Schemas["WhoCounts"];

export const CUSTODY: Record<Key["custody"], string> = {
  aws_managed: "managed by AWS", customer: "yours, made by KMS", imported: "yours, imported", cloud_hsm: "yours, in CloudHSM", external: "outside AWS", unknown: "whose is not known",
};

export const GRANTEE: Record<Grant["state"], string> = { gone: "is gone", outside: "is of an account that nobody knows", unknown: "may be there or not: that was not read", known: "is there", service: "is a service of AWS" };

/** How many can: `2 users, 5 roles and 1 root user`. */
export function counts({ users, roles, roots, services, outside }: Counts): string {
  const some: [number, string, string][] = [[users, "user", "users"], [roles, "role", "roles"], [roots, "root user", "root users"], [services, "service", "services"], [outside, "from outside", "from outside"]];
  const words = some.filter(([many]) => many > 0).map(([many, one, all]) => counted(many, one, all));
  return words.length ? list(words) : "nobody";
}

type Rotation = Schemas["RotationView"];
/** Whether something gets a new secret part or value by itself. */
export function rotation({ state, every_days, why }: Rotation): string {
  switch (state) {
    case "on": return every_days ? `every ${counted(every_days, "day")}` : "on; how often was not read";
    case "off": return "off";
    case "by_aws": return "by AWS, about every year";
    case "cannot": return `never: ${shown(why ?? "", 200)}`;
    default: return `not known: ${shown(why ?? "it was not read", 200)}`;
  }
}

/** What a key is called: its first alias, else the end of its ARN. */
export const called = (key: Pick<Key, "key" | "aliases">): string => shown(key.aliases[0] ?? key.key.split("/").at(-1) ?? key.key, 120);

/** What is encrypted, by the type that ARNs tell: `s3`, `rds db`. Those first of which there are most. */
export function grouped(arns: readonly string[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const arn of arns) {
    const [, , service = "", , , rest = ""] = arn.split(":");
    const what = /^([a-z][a-zA-Z-]*)[/:]/.exec(arn.split(":").slice(5).join(":"))?.[1];
    const name = what && rest !== "" ? `${service} ${what}` : service || "other";
    groups.set(name, [...(groups.get(name) ?? []), arn]);
  }
  return [...groups].sort(([one, some], [other, more]) => more.length - some.length || one.localeCompare(other));
}

/** The commands that ask the same. */
export const keysLine = (key?: string): string => (key ? `fathom keys ${word(key)} --who` : "fathom keys");
export const secretsLine = (secret?: string): string => (secret ? `fathom secrets ${word(secret)} --who` : "fathom secrets");
