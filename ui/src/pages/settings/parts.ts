// The parts of the settings, each with its address.
import type { Permission } from "../../session/may";
import type { Who } from "../../session/session";

export interface Part { part: "account" | "sessions" | "tokens" | "people" | "signin" | "appearance"; name: string; needs?: Permission }

export const PARTS: readonly Part[] = [
  { part: "account", name: "My account" },
  { part: "sessions", name: "Sessions" },
  { part: "tokens", name: "API tokens", needs: "manage_tokens" },
  { part: "people", name: "People", needs: "read_people" },
  { part: "signin", name: "OpenID Connect", needs: "read_people" },
  { part: "appearance", name: "Appearance" },
];

export const isPartFor = (part: Part, who: Who | undefined): boolean => !part.needs || (who?.permissions.includes(part.needs) ?? false);
