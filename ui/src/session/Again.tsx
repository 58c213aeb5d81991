// Some things need a sign-in that is not old: asked for here, and then done without losing one's place.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useRef, useState } from "react";
import { Refused } from "../api/problem";
import { Dialog } from "../parts/Dialog";
import { Answer } from "../parts/states";
import { sessions } from "./session";
import { ways } from "./ways";
import { Ways } from "./Ways";

/** What is said where somebody would rather not. */
export class NotAgain extends Error {
  constructor() {
    super("This needs a sign-in of the last 15 minutes.");
  }
}

interface Guard { guard: <T>(act: () => Promise<T>) => Promise<T>; dialog: ReactNode }

/** Runs what the server may want a newer sign-in for; `dialog` has to be drawn. */
export function useGuard(): Guard {
  const [asking, setAsking] = useState(false);
  const settle = useRef<(signedIn: boolean) => void>(undefined);
  const end = useCallback((signedIn: boolean) => {
    setAsking(false);
    settle.current?.(signedIn);
    settle.current = undefined;
  }, []);
  const guard = useCallback(async <T,>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.code !== "sign_in_again") throw error;
    }
    settle.current?.(false);
    const signedIn = await new Promise<boolean>((resolve) => {
      settle.current = resolve;
      setAsking(true);
    });
    if (!signedIn) throw new NotAgain();
    return act();
  }, []);
  return { guard, dialog: asking && <SignInAgain onIn={() => end(true)} onClose={() => end(false)} title="Sign in again" why="What lets somebody in needs a sign-in of the last 15 minutes, so that nobody makes it at a desk that you left." /> };
}

export function SignInAgain({ title, why, onIn, onClose }: { title: string; why: string; onIn: () => void; onClose: () => void }) {
  const offered = useQuery({ queryKey: ["signin"], queryFn: ({ signal }) => ways(signal) });
  const session = sessions.get();
  const name = "who" in session ? session.who.name : "";
  const owner = "who" in session && session.who.person === null;
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{why}</p>
      {/* Elsewhere would lead away from this page. */}
      <Answer of={offered} lines={4} label="Asking how one signs in here">
        {(data) => <Ways of={{ ...data, oidc: [] }} first={owner ? "token" : data.password ? "password" : "recovery"} name={name} onIn={onIn} emergencies={owner} />}
      </Answer>
    </Dialog>
  );
}
