// Draws a part of a page as text, or `marked` with its HTML, for tests: what stands there, with what the server answered laid in beforehand.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { ROLES_THAT } from "../session/roles";
import { sessions } from "../session/session";
import type { Permission, Role, Who } from "../session/types";

/** Lets somebody be signed in, who sees all where no team is named. */
export function signedIn(role: Role, teams?: string[]): void {
  const permissions = (Object.entries(ROLES_THAT) as [Permission, readonly Role[]][]).flatMap(([power, roles]) => (roles.includes(role) ? [power] : []));
  sessions.entered({ person: 1, name: role, role, permissions, method: "password", scope: { accounts: null, teams: teams ?? null }, enrolled: true } as unknown as Who);
}

/** What each question came to, by its key. An `Error` is what the server refused with; what is not here is still being asked. */
export type Answered = readonly (readonly [key: readonly unknown[], answer: unknown])[];

export async function drawn(part: ReactElement, answered: Answered = [], address = "/", marked = false): Promise<string> {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, retryOnMount: false, staleTime: Infinity } } });
  for (const [queryKey, answer] of answered)
    await client.query({ queryKey, queryFn: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)) }).catch(() => undefined);
  const router = createRouter({ routeTree: createRootRoute({ component: () => part, notFoundComponent: () => part }), history: createMemoryHistory({ initialEntries: [address] }) });
  await router.load();
  const html = renderToStaticMarkup(<QueryClientProvider client={client}><RouterProvider router={router as never} /></QueryClientProvider>);
  return marked ? html : html.replace(/<!-- -->/g, "").replace(/<[^>]+>/g, " ").replace(/&#x27;/g, "'").replace(/&quot;/g, '"').replace(/&amp;/g, "&").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/\s+/g, " ").trim();
}
