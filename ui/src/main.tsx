// Where the console begins.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { listen } from "./api/live";
import { client } from "./api/queries";
import { router } from "./router";
import { SignIn } from "./session/SignIn";
import { sessions } from "./session/session";
import "./shell/theme";
import "./styles/tokens.css";
import "./styles/base.css";

function Console() {
  const session = useSyncExternalStore(sessions.subscribe, sessions.get);
  useEffect(() => {
    if (session.state === "out") {
      client.clear();
      return;
    }
    const end = new AbortController();
    void listen(client, end.signal);
    return () => end.abort();
  }, [session.state]);
  if (session.state === "out") return <SignIn why={session.why} />;
  return <RouterProvider router={router} />;
}

// The pages are small: once nothing else is to do they are fetched, so that they open at once and without a server.
const spare = window.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 1_000));
setTimeout(() => spare(() => {
  if (sessions.get().state === "in") for (const route of Object.values(router.routesById)) void router.loadRouteChunk(route)?.catch(() => undefined);
}), 2_000);

const place = document.getElementById("root");
if (place)
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={client}><Console /></QueryClientProvider>
    </StrictMode>,
  );
