import type { Board, Intrinsics, PicturePoint } from "../types/board.js";

/** What was found in one picture. */
export interface BoardPicture {
  readonly width: number;
  readonly height: number;
  /** Row by row, seen from the printed side, the first at a dark square; null where the board is not wholly seen. */
  readonly corners: readonly PicturePoint[] | null;
  /** The picture with what was found drawn into it, PNG. */
  readonly drawn: Uint8Array;
}

/** A turn (axis times angle, rad) and a shift (m) from the board's frame to the camera's. */
export interface BoardPlace {
  readonly turn: readonly [number, number, number];
  readonly shift: readonly [number, number, number];
}

/** Finds chessboards in pictures and says what they tell of a camera. Every call rejects with DriverError. */
export interface BoardEye {
  /** `picture` is a JPEG or PNG file. */
  find(picture: Uint8Array, board: Board): Promise<BoardPicture>;
  /** A camera from several views of one board, where the board was in each, and what is left over, pixels. */
  solveCamera(
    views: readonly (readonly PicturePoint[])[],
    board: Board,
    size: { readonly width: number; readonly height: number },
  ): Promise<{ readonly camera: Intrinsics; readonly places: readonly BoardPlace[]; readonly rms: number }>;
  /** Where the board is before a known camera. */
  locate(corners: readonly PicturePoint[], board: Board, camera: Intrinsics): Promise<BoardPlace>;
  close(): Promise<void>;
}
