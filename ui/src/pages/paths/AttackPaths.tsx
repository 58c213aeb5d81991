// How an intruder would walk: the stories, what to mend first, and what falls with one thing.
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Badge } from "../../parts/state";
import { Tabs } from "../../parts/Tabs";
import { useAt } from "../../parts/time";
import { Blast } from "./Blast";
import { FixFirst } from "./FixFirst";
import { OneStory } from "./OneStory";
import { Stories } from "./Stories";
import { read } from "./words";

const VIEWS = [["stories", "Stories"], ["fix-first", "Fix first"], ["blast", "Blast radius"]] as const;

/** What the first scan brings to this page. */
export const BRINGS = "who can do what, what reaches what, and what must not be lost";

export function AttackPaths() {
  const { view: named, of, story } = useSearch({ from: "/paths" });
  const navigate = useNavigate({ from: "/paths" });
  const past = useAt().as_of !== undefined;
  const view = named ?? (of === undefined ? "stories" : "blast");
  const views: ReactNode = <Tabs label="What to ask" value={view} options={VIEWS} onChange={(next) => void navigate({ search: (was) => ({ as_of: was.as_of, since: was.since, view: next === "stories" ? undefined : next }) })} />;
  const note: ReactNode = past && <p className="row wrapped"><Badge state="attention">of now</Badge><span>Ways are known as the last scan left the estate, whatever moment the page shows.</span></p>;
  const one = story === undefined ? undefined : read(story);
  if (view === "fix-first") return <FixFirst views={views} note={note} />;
  if (view === "blast") return <Blast views={views} note={note} />;
  return one ? <OneStory key={story} story={one} note={note} /> : <Stories views={views} note={note} />;
}
