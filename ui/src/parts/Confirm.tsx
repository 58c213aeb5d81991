// A plan, and one question: what will be done, to what, and whether it can be undone.
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useGuard } from "../session/Again";
import { CopyLine } from "./Copy";
import { Dialog } from "./Dialog";
import { Wrong } from "./states";

interface Props {
  title: string; children: ReactNode; action: string; doing: string;
  run: () => Promise<unknown>; onDone: () => void; onClose: () => void;
  /** The command that does the same. */
  cli?: string; disabled?: boolean; wide?: boolean;
}

export function Confirm({ title, children, action, doing, run, onDone, onClose, cli, disabled, wide }: Props) {
  // Some of what is asked here needs a sign-in that is not old.
  const { guard, dialog } = useGuard();
  const doIt = useMutation({ mutationFn: () => guard(run), onSuccess: onDone });
  return (
    <Dialog title={title} onClose={doIt.isPending ? undefined : onClose} wide={wide}>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); doIt.mutate(); }}>
        {children}
        {doIt.error && <Wrong error={doIt.error} once />}
        <div className="row"><button type="submit" className="button main" data-first={disabled ? undefined : true} disabled={disabled || doIt.isPending}>{doIt.isPending ? doing : action}</button><button type="button" className="button" disabled={doIt.isPending} onClick={onClose}>Cancel</button></div>
        {cli && <CopyLine text={cli} />}
      </form>
      {dialog}
    </Dialog>
  );
}

/** The lines of a plan. */
export const Plan = ({ lines }: { lines: ReactNode[] }) => <ul className="stack wrap">{lines.map((line, at) => <li key={at}>{line}</li>)}</ul>;
