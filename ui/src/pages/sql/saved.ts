// Questions that somebody keeps in this browser.
const KEY = "fathom.questions";
/** The most that are kept. */
const MAX = 200;

export interface Question { name: string; query: string }

function read(): Question[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(all)) return [];
    return all.filter((each: Partial<Question> | null): each is Question => typeof each?.name === "string" && typeof each.query === "string").slice(0, MAX);
  } catch {
    return [];
  }
}

let questions = read();
const listeners = new Set<() => void>();

function keep(next: Question[]): void {
  questions = next.slice(0, MAX);
  localStorage.setItem(KEY, JSON.stringify(questions));
  for (const listener of listeners) listener();
}

export const saved = {
  get: (): Question[] => questions,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Keeps a question; one of the same name is replaced. */
  add: (question: Question): void => keep([question, ...questions.filter((each) => each.name !== question.name)]),
  remove: (name: string): void => keep(questions.filter((each) => each.name !== name)),
};
