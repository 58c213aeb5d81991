// What somebody came in with, in words.
import type { Method } from "./types";

export const METHOD_WORDS: Record<Method, string> = {
  owner_token: "the owner's token", password: "password and code", passkey: "a passkey", oidc: "OpenID Connect",
  recovery: "a recovery code", invitation: "an invitation", api_token: "an API token",
};
