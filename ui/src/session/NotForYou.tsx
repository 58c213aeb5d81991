// A page that somebody came to by its address, and whose role has no use for it.
import { Link } from "@tanstack/react-router";
import type { Page } from "../shell/pages";
import { Empty } from "../parts/states";
import { isWhole, whoCan } from "./may";
import { scopeWords } from "./scope";
import type { Who } from "./session";

export function NotForYou({ page, who }: { page: Page; who: Who | undefined }) {
  const permitted = !page.needs || who?.permissions.includes(page.needs);
  return (
    <div className="stack">
      <h1>{page.name}</h1>
      <Empty title={`${page.name} is not part of your role`}>
        {page.needs && !permitted && <p>You are {who?.role && /^[aeio]/.test(who.role) ? "an" : "a"} {who?.role}. {whoCan(page.needs)}</p>}
        {permitted && page.whole && who && !isWhole(who) && <p>You see {scopeWords(who.scope)}. What stands here covers the whole organisation and cannot be cut to that, so it is only for people without such a limit.</p>}
        <p>Administrators give roles, under Settings, People. <Link to="/" className="link">Go to the overview</Link></p>
      </Empty>
    </div>
  );
}
