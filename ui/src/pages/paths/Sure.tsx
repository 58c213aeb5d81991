// How sure a way of an intruder is: what is possible is what must be seen first.
import { Says } from "../../parts/Answered";
import { Badge } from "../../parts/state";
import type { Answer } from "./words";

export const Sure = ({ answer }: { answer: Answer }) => (answer === "yes" ? <Badge state="broken">YES</Badge> : <Says decision={answer} />);
