// A way to a page whose address is a text, as the numbers of the API bring it.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { parse } from "../lib/address";

export function Door({ to, className, title, children }: { to: string; className?: string; title?: string; children: ReactNode }) {
  const [rest = "", hash] = to.split("#", 2);
  const [path = "/", query = ""] = rest.split("?", 2);
  // Each page checks what stands in its address, so any text may go into it.
  return <Link to={path as "/"} search={parse(query) as never} hash={hash} className={className} title={title}>{children}</Link>;
}
