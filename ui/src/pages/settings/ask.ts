// The questions of these pages.
import { queryOptions } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { PasskeyView, PersonView, ProviderView, SessionView, TokenView } from "../../session/types";

export const me = queryOptions({ queryKey: ["me"], queryFn: async ({ signal }) => (await get("/api/v1/me", undefined, { signal })) as PersonView });
export const passkeys = queryOptions({ queryKey: ["me", "passkeys"], queryFn: async ({ signal }) => (await get("/api/v1/me/passkeys", undefined, { signal })).passkeys as PasskeyView[] });
export const sessionsOpen = queryOptions({ queryKey: ["sessions"], queryFn: async ({ signal }) => (await get("/api/v1/sessions", undefined, { signal })).sessions as SessionView[], staleTime: 5_000 });
export const tokens = queryOptions({ queryKey: ["tokens"], queryFn: async ({ signal }) => (await get("/api/v1/tokens", undefined, { signal })).tokens as TokenView[] });
export const people = queryOptions({ queryKey: ["people"], queryFn: async ({ signal }) => (await get("/api/v1/people", undefined, { signal })).people as PersonView[], staleTime: 5_000 });
export const providers = queryOptions({
  queryKey: ["signin", "providers"], staleTime: 60_000,
  queryFn: async ({ signal }) => {
    const { file, providers: all } = await get("/api/v1/signin/providers", undefined, { signal });
    return { file, providers: all as ProviderView[] };
  },
});
