// Where the console begins.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, StrictMode, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { listen, live } from "./api/live";
import { client } from "./api/queries";
import { patient } from "./lib/patient";
import { Skeleton } from "./parts/states";
import { router } from "./router";
import { Alive } from "./session/Alive";
import { brought } from "./session/brought";
import { sameRights, type Session, sessions, type Who } from "./session/session";
import { Waiting } from "./session/Waiting";
import { begin, check, take } from "./session/ways";
import "./shell/theme";
import "./styles/tokens.css";
import "./styles/base.css";

const SignIn = lazy(() => patient(() => import("./session/SignIn")).then((file) => ({ default: file.SignIn })));
const Enrol = lazy(() => patient(() => import("./session/Enrol")).then((file) => ({ default: file.Enrol })));
const FirstStart = lazy(() => patient(() => import("./session/FirstStart")).then((file) => ({ default: file.FirstStart })));

// What one person saw is not for the next. Before any page is drawn for them, so not within one.
let rights: Who | undefined;
sessions.subscribe(() => {
  const session = sessions.get();
  const now = session.state === "in" ? session.who : undefined;
  if (rights && !(now && sameRights(rights, now))) {
    client.clear();
    live.seen();
  }
  rights = now;
});

const found = take();
void begin(found);
sessions.onDoubt(() => void check());
// An invitation opened over a page that is open already.
window.addEventListener("hashchange", () => {
  if (brought(window.location.hash)) window.location.reload();
});

const invitation = found?.kind === "invite" ? found.value : undefined;

function Console() {
  const session = useSyncExternalStore(sessions.subscribe, sessions.get);
  const [invited, setInvited] = useState(invitation);
  if (session.state === "asking") return <Waiting />;
  if (session.state === "enrolling") return <Enrol who={session.who} />;
  if (invited !== undefined || session.state === "out")
    return <SignIn session={session} invitation={invited} onInvitationUsed={() => setInvited(undefined)} />;
  const pages = <Pages who={session.who} />;
  return session.who.method === "owner_token" ? <FirstStart>{pages}</FirstStart> : pages;
}

/** All pages, begun anew when somebody else, or the same with other rights, is signed in. */
function Pages({ who }: { who: Who }) {
  const [shown, setShown] = useState({ who, key: 0 });
  if (!sameRights(shown.who, who)) setShown({ who, key: shown.key + 1 });
  return <Known key={shown.key} />;
}

function Known() {
  useEffect(() => {
    const end = new AbortController();
    void listen(client, end.signal);
    return () => end.abort();
  }, []);
  return <><RouterProvider router={router} /><Alive /></>;
}

// The pages are small: once nothing else is to do they are fetched, so that they open at once and without a server.
const spare = (then: () => void) => ("requestIdleCallback" in window ? window.requestIdleCallback(then) : setTimeout(then, 1_000));
const isIn = (session: Session): boolean => session.state === "in";
setTimeout(() => spare(() => {
  if (isIn(sessions.get())) for (const route of Object.values(router.routesById)) void router.loadRouteChunk(route)?.catch(() => undefined);
}), 2_000);

const place = document.getElementById("root");
if (place)
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Suspense fallback={<Skeleton lines={6} label="Fetching the page" />}><Console /></Suspense>
      </QueryClientProvider>
    </StrictMode>,
  );
