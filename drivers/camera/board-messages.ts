import type { BoardPicture, BoardPlace } from "../../daemon/ports/board-eye.js";
import type { Board, Intrinsics, PicturePoint } from "../../daemon/types/board.js";

/** What is asked of the board process, and what it answers; in order, one at a time. */
export type BoardQuestion =
  | { readonly kind: "find"; readonly picture: Uint8Array; readonly board: Board }
  | {
      readonly kind: "solve-camera";
      readonly views: readonly (readonly PicturePoint[])[];
      readonly board: Board;
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly kind: "locate";
      readonly corners: readonly PicturePoint[];
      readonly board: Board;
      readonly camera: Intrinsics;
    };

export type BoardAnswer =
  | { readonly kind: "find"; readonly found: BoardPicture }
  | {
      readonly kind: "solve-camera";
      readonly camera: Intrinsics;
      readonly places: readonly BoardPlace[];
      readonly rms: number;
    }
  | { readonly kind: "locate"; readonly place: BoardPlace }
  | { readonly kind: "failed"; readonly reason: string };
