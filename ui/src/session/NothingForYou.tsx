// An estate that is empty for somebody who sees a part of it: that is not the same as one that is empty, or all explained.
import type { ReactNode } from "react";
import { Empty } from "../parts/states";
import { isWhole, useWho } from "./may";
import { scopeWords } from "./scope";

/** What is said instead of `children` to somebody who is limited and sees no resource at all. */
export function NothingForYou({ children }: { children: ReactNode }) {
  const who = useWho();
  if (!who || isWhole(who)) return <>{children}</>;
  return (
    <Empty title="Nothing here is for you to see">
      <p className="wrap">You see {scopeWords(who.scope)}, and no resource that was seen is said to belong there. Of the rest nothing is told, not even how much it is.</p>
      <p>Administrators say who sees what, under Settings, People.</p>
    </Empty>
  );
}
