import type { ModelGeom, Simulation } from "../physics/simulation.js";
import type { BoardSpec, Colour, SceneSpec } from "../scene/scene-spec.js";
import { cross, dot, normalise, scale, subtract, type Vector3 } from "../scene/vector.js";
import { woodTexture } from "./wood.js";

/** Everything of a scene that a renderer needs besides poses; plain data, can be sent to a worker. */
export interface Visuals {
  /** Per corner: position 3, normal 3, linear colour 3, instance. */
  readonly corners: Float32Array;
  readonly instances: readonly InstanceLook[];
  /** Poses that `Simulation.readPoses` writes, cameras included. */
  readonly poseCount: number;
  /** rad, front and wrist. */
  readonly fieldsOfView: readonly [number, number];
  readonly light: SceneSpec["light"];
  /** Linear r g b of a square texture that repeats each metre. */
  readonly tableTexture: Float32Array;
  readonly background: Vector3;
}

/** How one geom looks, and which pose it takes. */
export interface InstanceLook {
  readonly pose: number;
  readonly gloss: number;
  readonly textured: boolean;
  readonly castsShadow: boolean;
}

/** Numbers per corner in `Visuals.corners`. */
export const CORNER_LENGTH = 10;

const SIDES = 24;

/** From what a screen shows to light, per channel. */
export function toLinear(colour: Colour): Vector3 {
  const channel = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  return [channel(colour[0]), channel(colour[1]), channel(colour[2])];
}

/** Three corners with their normals. */
type Triangle = readonly { readonly position: Vector3; readonly normal: Vector3 }[];

function flat(a: Vector3, b: Vector3, c: Vector3): Triangle {
  const normal = normalise(cross(subtract(b, a), subtract(c, a)));
  return [a, b, c].map((position) => ({ position, normal }));
}

/** A body of revolution about z from profile points (radius, height, normal's radial and vertical part). */
function revolve(profile: readonly (readonly [number, number, number, number])[]): Triangle[] {
  const triangles: Triangle[] = [];
  const corner = ([radius, height, outward, upward]: readonly [number, number, number, number], side: number) => {
    const angle = (2 * Math.PI * side) / SIDES;
    const c = Math.cos(angle);
    const s = Math.sin(angle);
    return {
      position: [radius * c, radius * s, height] as const,
      normal: normalise([outward * c, outward * s, upward]),
    };
  };
  profile.slice(1).forEach((upper, index) => {
    const lower = profile[index];
    if (lower === undefined || (lower[0] === upper[0] && lower[1] === upper[1])) {
      return;
    }
    for (let side = 0; side < SIDES; side += 1) {
      const [a, b] = [corner(lower, side), corner(lower, side + 1)];
      const [c, d] = [corner(upper, side), corner(upper, side + 1)];
      if (lower[0] > 0) {
        triangles.push([a, b, upper[0] > 0 ? d : c]);
      }
      if (upper[0] > 0) {
        triangles.push([a, d, c]);
      }
    }
  });
  return triangles;
}

/** A box whose large faces are cut into cells, so that the near plane cuts small triangles only. */
function box([hx, hy, hz]: Vector3): Triangle[] {
  const triangles: Triangle[] = [];
  const face = (origin: Vector3, u: Vector3, v: Vector3): void => {
    const cells = (edge: Vector3): number => Math.max(1, Math.ceil(Math.sqrt(dot(edge, edge)) / 0.4));
    const [nu, nv] = [cells(u), cells(v)];
    const at = (i: number, j: number): Vector3 => {
      const [a, b] = [scale(u, i / nu), scale(v, j / nv)];
      return [origin[0] + a[0] + b[0], origin[1] + a[1] + b[1], origin[2] + a[2] + b[2]];
    };
    for (let i = 0; i < nu; i += 1) {
      for (let j = 0; j < nv; j += 1) {
        triangles.push(flat(at(i, j), at(i + 1, j), at(i + 1, j + 1)), flat(at(i, j), at(i + 1, j + 1), at(i, j + 1)));
      }
    }
  };
  const [x, y, z] = [2 * hx, 2 * hy, 2 * hz];
  face([-hx, -hy, hz], [x, 0, 0], [0, y, 0]);
  face([-hx, -hy, -hz], [0, y, 0], [x, 0, 0]);
  face([-hx, -hy, -hz], [x, 0, 0], [0, 0, z]);
  face([-hx, hy, -hz], [0, 0, z], [x, 0, 0]);
  face([-hx, -hy, -hz], [0, 0, z], [0, y, 0]);
  face([hx, -hy, -hz], [0, y, 0], [0, 0, z]);
  return triangles;
}

/** Mesh triangles with normals averaged over neighbours that lie within 50 degrees. */
function smooth(geom: ModelGeom): Triangle[] {
  const corner = (index: number): Vector3 => [
    geom.vertices[3 * index] ?? 0,
    geom.vertices[3 * index + 1] ?? 0,
    geom.vertices[3 * index + 2] ?? 0,
  ];
  const faces: (readonly [number, number, number])[] = [];
  for (let i = 0; i < geom.faces.length; i += 3) {
    faces.push([geom.faces[i] ?? 0, geom.faces[i + 1] ?? 0, geom.faces[i + 2] ?? 0]);
  }
  const areas = faces.map(([a, b, c]) => cross(subtract(corner(b), corner(a)), subtract(corner(c), corner(a))));
  const around = new Map<number, Vector3[]>();
  faces.forEach((face, index) => {
    for (const vertex of face) {
      around.set(vertex, [...(around.get(vertex) ?? []), areas[index] ?? [0, 0, 0]]);
    }
  });
  return faces.map((face, index) => {
    const own = normalise(areas[index] ?? [0, 0, 0]);
    return face.map((vertex) => {
      const near = (around.get(vertex) ?? []).filter((area) => dot(normalise(area), own) > 0.64);
      const sum = near.reduce<Vector3>((s, area) => [s[0] + area[0], s[1] + area[1], s[2] + area[2]], [0, 0, 0]);
      return { position: corner(vertex), normal: near.length > 0 ? normalise(sum) : own };
    });
  });
}

function shape(geom: ModelGeom): Triangle[] {
  const [radius, half] = geom.size;
  switch (geom.shape) {
    case "box":
      return box(geom.size);
    case "cylinder":
      return revolve([
        [0, -half, 0, -1],
        [radius, -half, 0, -1],
        [radius, -half, 1, 0],
        [radius, half, 1, 0],
        [radius, half, 0, 1],
        [0, half, 0, 1],
      ]);
    case "sphere":
    case "capsule": {
      const straight = geom.shape === "capsule" ? half : 0;
      const arc = (from: number): [number, number, number, number][] =>
        Array.from({ length: 7 }, (_, step) => {
          const angle = from + (step * Math.PI) / 12;
          const [c, s] = [Math.max(0, Math.cos(angle)), Math.sin(angle)];
          const poleward = c < 1e-9 ? 0 : c;
          return [radius * poleward, radius * s + (from < 0 ? -straight : straight), poleward, s];
        });
      return revolve([...arc(-Math.PI / 2), ...arc(0)]);
    }
    case "mesh":
      return smooth(geom);
    default:
      return geom.shape satisfies never;
  }
}

/** Baked look of a corner: crust of the loaf, rings of the carrot, else the plain colour. */
function paint(geom: ModelGeom, position: Vector3, normal: Vector3, colour: Vector3): Vector3 {
  switch (geom.name) {
    case "loaf": {
      const crust = Math.max(0, normal[2]);
      const spots = 0.06 * Math.sin(170 * position[0] + 3 * Math.sin(90 * position[1]));
      const [r, g, b] = [1 - 0.16 * crust + spots, 1 - 0.3 * crust + spots, 1 - 0.42 * crust + spots];
      return [colour[0] * r, colour[1] * g, colour[2] * b];
    }
    case "carrot":
      return scale(colour, 0.94 + 0.06 * Math.sin(400 * position[2] + 300 * position[0]));
    case "plate":
    case "board":
    case "table":
    case "wall":
    case "floor":
    case "":
      return colour;
    default:
      return geom.name satisfies never;
  }
}

/** What the squares of a board reflect: printer's ink and paper, linear. */
const INK: Vector3 = [0.02, 0.02, 0.02];
const PAPER: Vector3 = [0.8, 0.8, 0.8];

/** The printed side of a board square by square, with a margin of one; the first square inside it is dark. */
function* printedSquares(board: BoardSpec, top: number): Generator<{ triangles: Triangle[]; colour: Vector3 }> {
  const { columns, rows, square } = board;
  const at = (column: number, row: number): Vector3 => [
    (column - (columns + 1) / 2) * square,
    (row - (rows + 1) / 2) * square,
    top,
  ];
  for (let column = -1; column < columns + 2; column += 1) {
    for (let row = -1; row < rows + 2; row += 1) {
      const [a, b, c, d] = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
      const isMargin = column < 0 || row < 0 || column > columns || row > rows;
      const colour = isMargin || (column + row) % 2 !== 0 ? PAPER : INK;
      yield { triangles: [flat(a, b, c), flat(a, c, d)], colour };
    }
  }
}

/** Reads what a renderer needs out of a simulation's model; light and grain come from the scene it was built from. */
export function readVisuals(simulation: Simulation, scene: SceneSpec): Visuals {
  const corners: number[] = [];
  const instances = simulation.geoms().map((geom, instance): InstanceLook => {
    const colour = toLinear(geom.rgb);
    const put = ({ position, normal }: Triangle[number], painted: Vector3): void => {
      corners.push(...position, ...normal, ...painted, instance);
    };
    if (geom.name === "board" && scene.board !== null) {
      for (const { triangles, colour: printed } of printedSquares(scene.board, geom.size[2])) {
        for (const corner of triangles.flat()) {
          put(corner, printed);
        }
      }
      return { pose: geom.index, gloss: 0, textured: false, castsShadow: true };
    }
    for (const triangle of shape(geom)) {
      for (const corner of triangle) {
        put(corner, geom.name === "table" ? [1, 1, 1] : paint(geom, corner.position, corner.normal, colour));
      }
    }
    const scenery = geom.name === "table" || geom.name === "wall" || geom.name === "floor";
    return {
      pose: geom.index,
      gloss: scenery ? 0 : geom.name === "loaf" || geom.name === "carrot" ? 0.05 : 0.35,
      textured: geom.name === "table",
      castsShadow: !scenery,
    };
  });
  return {
    corners: Float32Array.from(corners),
    instances,
    poseCount: simulation.poseCount(),
    fieldsOfView: simulation.fieldsOfView(),
    light: scene.light,
    tableTexture: woodTexture(scene.grain, toLinear(scene.colours.table)),
    background: toLinear(scene.colours.wall),
  };
}
