/** What a process of the lab can be asked: by kind, what is said and what is answered; all of it plain JSON. */
export type Questions = { readonly [kind: string]: { readonly asked: unknown; readonly answered: unknown } };

/** A question on its way. */
export interface Question {
  readonly id: number;
  readonly kind: string;
  readonly asked: unknown;
}

/** Its answer, or in words why there is none. */
export interface Answer {
  readonly id: number;
  readonly answered?: unknown;
  readonly error?: string;
  /** True where the error is that a port cannot be opened. */
  readonly portTaken?: boolean;
}

/** How each kind of question is answered; what is thrown becomes the answer's error. */
export type Answers<Q extends Questions> = {
  readonly [K in keyof Q]: (asked: Q[K]["asked"]) => Q[K]["answered"] | Promise<Q[K]["answered"]>;
};
