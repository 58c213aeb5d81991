// The fields of sign-in forms, set up so that password managers and authenticators know them.
import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from "react";
import styles from "./session.module.css";

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "value" | "children"> {
  label: string; value: string; onChange: (value: string) => void; ref?: Ref<HTMLInputElement>; children?: ReactNode; wrong?: string;
}

export function Field({ label, value, onChange, children, wrong, className = "", ...rest }: Props) {
  const id = useId();
  const said = children !== undefined || wrong !== undefined;
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        {...rest} id={id} className={`input ${className}`} value={value} onChange={(event) => onChange(event.target.value)}
        aria-describedby={said ? `${id}-more` : undefined} aria-invalid={wrong !== undefined || undefined}
      />
      {said && <p id={`${id}-more`}>{wrong !== undefined ? <span className={styles.wrong} role="alert">{wrong}</span> : children}</p>}
    </div>
  );
}

/** The six figures of an authenticator; spaces between them are taken. */
export function CodeField(props: Omit<Props, "label"> & { label?: string }) {
  return <Field label="One-time code" inputMode="numeric" autoComplete="one-time-code" spellCheck={false} maxLength={9} className={styles.code} {...props} />;
}

export const figures = (code: string): string => code.replace(/\s/g, "");

/** Takes the focus when it appears: where one begins. */
export const focused = (element: HTMLElement | null): void => element?.focus();

/** What went wrong with a form, read out where it stands. */
export function Failed({ children }: { children: ReactNode }) {
  return <p role="alert" className={styles.wrong}>{children}</p>;
}
