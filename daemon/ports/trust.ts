/** What a signed file decides; a signature for one kind counts for no other. */
export const SIGNED_KINDS = ["configuration", "limits", "calibration", "bundle"] as const;
export type SignedKind = (typeof SIGNED_KINDS)[number];

/** Why a file must not be used, and what to do. */
export interface Doubt {
  readonly reason: string;
  readonly hint: string;
}

/** Who has to vouch for the files that decide how the arm moves. */
export interface Trust {
  /** Why these bytes, read from `path`, must not be used; null where they may. */
  doubt(kind: SignedKind, path: string, bytes: Uint8Array): Doubt | null;
}

/** Nobody has to: nothing asks for signatures, as in the lab. */
export const NO_SIGNATURES_ASKED: Trust = { doubt: () => null };
