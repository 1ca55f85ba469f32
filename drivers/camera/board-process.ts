// The board process: OpenCV looks for chessboards and solves cameras here, one question at a time.
import type { BoardPicture } from "../../daemon/ports/board-eye.js";
import { type Board, boardPoints, type Intrinsics, type PicturePoint } from "../../daemon/types/board.js";
import type { BoardAnswer, BoardQuestion } from "./board-messages.js";
import { loadOpenCv, type Mat } from "./opencv.js";

const cv = loadOpenCv();

/** cornerSubPix looks this far around each corner, as part of the distance to the next one. */
const REFINE_SHARE = 0.4;
/** The search wants squares of 10 pixels and more; pictures narrower than this are made twice as large for it. */
const SEARCHED_WIDTH = 640;

const points2 = (points: readonly PicturePoint[]) => points.map(([x, y]) => new cv.Point2(x, y));
const points3 = (board: Board) => boardPoints(board).map(([x, y, z]) => new cv.Point3(x, y, z));

function find(bytes: Uint8Array, board: Board): BoardPicture {
  const picture = cv.imdecode(Buffer.from(bytes));
  if (picture.empty) {
    throw new Error("it is no JPEG or PNG picture");
  }
  const grey = picture.cvtColor(cv.COLOR_BGR2GRAY);
  const size = new cv.Size(board.columns, board.rows);
  const flags = cv.CALIB_CB_ADAPTIVE_THRESH + cv.CALIB_CB_NORMALIZE_IMAGE;
  const scale = picture.cols < SEARCHED_WIDTH ? 2 : 1;
  const searched = scale === 1 ? grey : grey.resize(scale * picture.rows, scale * picture.cols, 0, 0, cv.INTER_CUBIC);
  const found = searched.findChessboardCorners(size, flags);
  // The middle of the first pixel is 0, 0 in both.
  const rough = found.corners.map(({ x, y }) => new cv.Point2((x + 0.5) / scale - 0.5, (y + 0.5) / scale - 0.5));
  let corners: readonly PicturePoint[] | null = null;
  if (found.returnValue) {
    const reach = Math.max(2, Math.floor(REFINE_SHARE * spacing(rough, board.columns)));
    const criteria = new cv.TermCriteria(cv.termCriteria.COUNT + cv.termCriteria.EPS, 50, 1e-4);
    const fine = grey.cornerSubPix(rough, new cv.Size(reach, reach), new cv.Size(-1, -1), criteria);
    corners = oriented(
      grey,
      fine.map(({ x, y }): PicturePoint => [x, y]),
      board,
    );
    picture.drawChessboardCorners(size, points2(corners), true);
  }
  const drawn = cv.imencode(".png", picture);
  const result = { width: picture.cols, height: picture.rows, corners, drawn };
  picture.release();
  grey.release();
  if (searched !== grey) {
    searched.release();
  }
  return result;
}

/** The least distance between neighbours along a row, pixels. */
function spacing(corners: readonly { readonly x: number; readonly y: number }[], columns: number): number {
  return Math.min(
    ...corners.map((corner, index) => {
      const next = index % columns === columns - 1 ? undefined : corners[index + 1];
      return next === undefined ? Number.POSITIVE_INFINITY : Math.hypot(next.x - corner.x, next.y - corner.y);
    }),
  );
}

/** The first corner is at a dark square: of the two ways round, only one is. */
function oriented(grey: Mat, corners: readonly PicturePoint[], board: Board): readonly PicturePoint[] {
  const brightness = (cells: readonly number[]): number =>
    cells.reduce((sum, first) => {
      const around = [first, first + 1, first + board.columns, first + board.columns + 1].map((at) => corners[at]);
      const middle = (axis: 0 | 1): number => around.reduce((total, corner) => total + (corner?.[axis] ?? 0), 0) / 4;
      return sum + grey.at(Math.round(middle(1)), Math.round(middle(0)));
    }, 0);
  const first = brightness([0]);
  const second = brightness([1]);
  return first <= second ? corners : corners.toReversed();
}

function solveCamera(
  views: readonly (readonly PicturePoint[])[],
  board: Board,
  width: number,
  height: number,
): BoardAnswer {
  const start = new cv.Mat(
    [
      [width, 0, (width - 1) / 2],
      [0, width, (height - 1) / 2],
      [0, 0, 1],
    ],
    cv.CV_64F,
  );
  // Two radial terms: the others fit the noise of a few views rather than a lens.
  const flags = cv.CALIB_FIX_K3 + cv.CALIB_ZERO_TANGENT_DIST;
  const object = views.map(() => points3(board));
  const solved = cv.calibrateCamera(
    object,
    views.map(points2),
    new cv.Size(width, height),
    start,
    [0, 0, 0, 0, 0],
    flags,
  );
  const [k1 = 0, k2 = 0, p1 = 0, p2 = 0, k3 = 0] = solved.distCoeffs;
  const camera: Intrinsics = {
    width,
    height,
    fx: start.at(0, 0),
    fy: start.at(1, 1),
    cx: start.at(0, 2),
    cy: start.at(1, 2),
    distortion: [k1, k2, p1, p2, k3],
  };
  start.release();
  const places = solved.rvecs.map((turn, index) => {
    const shift = solved.tvecs[index];
    return { turn: triple(turn), shift: triple(shift ?? turn) };
  });
  return { kind: "solve-camera", camera, places, rms: solved.returnValue };
}

function triple({ x, y, z }: { readonly x: number; readonly y: number; readonly z: number }) {
  return [x, y, z] as const;
}

function answer(question: BoardQuestion): BoardAnswer {
  switch (question.kind) {
    case "find":
      return { kind: "find", found: find(question.picture, question.board) };
    case "solve-camera":
      return solveCamera(question.views, question.board, question.width, question.height);
    case "locate": {
      const { camera } = question;
      const matrix = new cv.Mat(
        [
          [camera.fx, 0, camera.cx],
          [0, camera.fy, camera.cy],
          [0, 0, 1],
        ],
        cv.CV_64F,
      );
      const solved = cv.solvePnP(points3(question.board), points2(question.corners), matrix, [...camera.distortion]);
      matrix.release();
      return { kind: "locate", place: { turn: triple(solved.rvec), shift: triple(solved.tvec) } };
    }
    default:
      return question satisfies never;
  }
}

process.on("message", (question: BoardQuestion) => {
  let said: BoardAnswer;
  try {
    said = answer(question);
  } catch (error) {
    // The addon throws plain strings.
    said = { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(said);
});
process.on("disconnect", () => process.exit(0));
