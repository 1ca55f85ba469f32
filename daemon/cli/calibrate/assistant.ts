import type { CameraRole } from "../../types/frame.js";
import type { Person } from "../measure/ask.js";

/** Where the board is wanted: in a hand before a camera, flat on the table, or leaning so that both cameras see it. */
export type Placement =
  | { readonly kind: "held"; readonly role: CameraRole }
  /** `turnDeg`: how far the arm turns to it, J1, positive to its left; `away` of the base, m. */
  | { readonly kind: "flat" | "leaning"; readonly turnDeg: number; readonly away: number };

/** Whoever moves the board and answers for the cell. */
export interface Assistant {
  /** Asks for the board; false when nobody wants to go on. */
  place(wanted: Placement, words: string): Promise<boolean>;
  /** True for a yes. */
  confirm(question: string): Promise<boolean>;
  close(): void;
}

/** Somebody at a terminal. */
export function assistantAt(person: Person): Assistant {
  return {
    place: async (_, words) => (await person.decide(`${words} Ready?`)) !== "end",
    confirm: async (question) => (await person.decide(question)) === "measure",
    close: () => person.close(),
  };
}
