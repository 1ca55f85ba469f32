import { cross, dot, type Vector3 } from "./vector.js";

/** A closed triangle mesh, counter-clockwise seen from outside. */
export interface Mesh {
  /** x y z of each corner, m. */
  readonly vertices: readonly number[];
  /** Three corners each. */
  readonly faces: readonly number[];
}

/** Loaf: length along x, width along y (gripped), height along z; centre at the origin, m. */
export const LOAF = { length: 0.092, width: 0.054, height: 0.046 } as const;

/** Carrot: length along x with the thick upper end at +x, radii of the ends, m. */
export const CARROT = { length: 0.15, upperRadius: 0.017, lowerRadius: 0.0055 } as const;

/** Plate: radius of the rim, radius of the flat middle, height of the rim, m. */
export const PLATE = { radius: 0.085, flat: 0.058, rim: 0.016, thickness: 0.005 } as const;

/** Joins closed rings of equal size into a tube, closing both ends with a fan; rings run along the tube. */
function tube(rings: readonly (readonly (readonly [number, number, number])[])[]): Mesh {
  const vertices: number[] = [];
  const faces: number[] = [];
  const sides = rings[0]?.length ?? 0;
  for (const ring of rings) {
    for (const corner of ring) {
      vertices.push(...corner);
    }
  }
  for (let ring = 0; ring + 1 < rings.length; ring += 1) {
    for (let side = 0; side < sides; side += 1) {
      const a = ring * sides + side;
      const b = ring * sides + ((side + 1) % sides);
      faces.push(a, b, a + sides, b, b + sides, a + sides);
    }
  }
  const last = (rings.length - 1) * sides;
  for (let side = 1; side + 1 < sides; side += 1) {
    faces.push(0, side + 1, side);
    faces.push(last, last + side, last + side + 1);
  }
  return signedVolume(vertices, faces) >= 0 ? { vertices, faces } : { vertices, faces: faces.slice().reverse() };
}

/** Volume of a closed mesh, m^3; negative when it is wound inside out. */
function signedVolume(vertices: readonly number[], faces: readonly number[]): number {
  const corner = (index: number): Vector3 => {
    const at = 3 * (faces[index] ?? 0);
    return [vertices[at] ?? 0, vertices[at + 1] ?? 0, vertices[at + 2] ?? 0];
  };
  let volume = 0;
  for (let i = 0; i < faces.length; i += 3) {
    volume += dot(corner(i), cross(corner(i + 1), corner(i + 2))) / 6;
  }
  return volume;
}

/** The loaf as seen: rounded ends and a domed top. */
export function loafMesh(): Mesh {
  const sides = 20;
  const rings: [number, number, number][][] = [];
  for (let i = 0; i <= 10; i += 1) {
    const along = -1 + (2 * i) / 10;
    // A super-ellipse closes the ends without making the sides bulge.
    const girth = Math.max(0.2, (1 - Math.abs(along) ** 5) ** 0.5);
    const ring: [number, number, number][] = [];
    for (let side = 0; side < sides; side += 1) {
      const angle = (2 * Math.PI * side) / sides;
      const c = Math.cos(angle);
      const s = Math.sin(angle);
      const y = Math.sign(c) * Math.abs(c) ** 0.5 * (LOAF.width / 2);
      const z = Math.sign(s) * Math.abs(s) ** (s > 0 ? 0.8 : 0.35) * (LOAF.height / 2);
      ring.push([along * (LOAF.length / 2), y * (0.55 + 0.45 * girth), z * (0.4 + 0.6 * girth)]);
    }
    rings.push(ring);
  }
  return tube(rings);
}

/** The carrot as seen and touched: tapered, rounded upper end. */
export function carrotMesh(): Mesh {
  const sides = 16;
  const { length, upperRadius, lowerRadius } = CARROT;
  const stations: readonly (readonly [number, number])[] = [
    [-0.5, 0.5 * lowerRadius],
    [-0.49, 0.9 * lowerRadius],
    [-0.4, lowerRadius + 0.15 * (upperRadius - lowerRadius)],
    [-0.15, lowerRadius + 0.45 * (upperRadius - lowerRadius)],
    [0.15, lowerRadius + 0.78 * (upperRadius - lowerRadius)],
    [0.4, upperRadius],
    [0.47, 0.9 * upperRadius],
    [0.5, 0.6 * upperRadius],
  ];
  return tube(
    stations.map(([along, radius]) =>
      Array.from({ length: sides }, (_, side): [number, number, number] => {
        const angle = (2 * Math.PI * side) / sides;
        return [along * length, radius * Math.cos(angle), radius * Math.sin(angle)];
      }),
    ),
  );
}

/** The plate as seen: a shallow dish turned about z. */
export function plateMesh(): Mesh {
  const sides = 40;
  const { radius, flat, rim, thickness } = PLATE;
  const profile: readonly (readonly [number, number])[] = [
    [0.001, 0],
    [flat, 0],
    [radius, rim],
    [radius - 0.001, rim + 0.003],
    [flat + 0.002, thickness],
    [0.001, thickness],
  ];
  return tube(
    profile.map(([r, z]) =>
      Array.from({ length: sides }, (_, side): [number, number, number] => {
        const angle = (-2 * Math.PI * side) / sides;
        return [r * Math.cos(angle), r * Math.sin(angle), z];
      }),
    ),
  );
}
