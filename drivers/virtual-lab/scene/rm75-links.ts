/** One moving link of the RM75-B in its own modified-DH frame. */
export interface Link {
  /** Joint frame in the frame before it: position in m. */
  readonly position: readonly [number, number, number];
  /** Turn about x from the frame before it, rad. */
  readonly turnX: number;
  /** kg */
  readonly mass: number;
  /** Centre of mass, mm. */
  readonly centreMm: readonly [number, number, number];
  /** Lxx, Lyy, Lzz, Lxy, Lxz, Lyz about the frame's origin, kg mm^2. */
  readonly inertiaKgMm2: readonly [number, number, number, number, number, number];
  /** rad */
  readonly limit: number;
  /** N m, effort of the vendor's URDF. */
  readonly effort: number;
}

/** Table to shoulder, m; d1 of the vendor's DH table for the B variant. */
export const SHOULDER_HEIGHT = 0.2405;
/** Shoulder to elbow, m; d3. */
export const UPPER_ARM = 0.256;
/** Elbow to wrist, m; d5. */
export const FOREARM = 0.21;
/** Wrist to flange, m; d7 of the B variant. */
export const WRIST_TO_FLANGE = 0.144;

const quarter = Math.PI / 2;
const degrees = (value: number): number => (value * Math.PI) / 180;

/** The seven links, from the vendor's DH, limit and mass tables (inertia about the link frame's origin). */
export const RM75_LINKS: readonly Link[] = [
  {
    position: [0, 0, SHOULDER_HEIGHT],
    turnX: 0,
    mass: 1.574,
    centreMm: [0.241, -13.273, -9.95],
    inertiaKgMm2: [2920.666, 2476.942, 1727.926, 14.703, -4.131, -28.462],
    limit: degrees(178),
    effort: 60,
  },
  {
    position: [0, 0, 0],
    turnX: -quarter,
    mass: 1.217,
    centreMm: [-0.357, -106.798, 5.329],
    inertiaKgMm2: [17404.207, 927.428, 17319.77, -43.488, -3.297, 108.523],
    limit: degrees(130),
    effort: 60,
  },
  {
    position: [0, -UPPER_ARM, 0],
    turnX: quarter,
    mass: 1.11,
    centreMm: [0.003, -10.398, -11.324],
    inertiaKgMm2: [2099.034, 1641.235, 1182.557, 2.292, -4.181, -93.542],
    limit: degrees(178),
    effort: 30,
  },
  {
    position: [0, 0, 0],
    turnX: -quarter,
    mass: 0.685,
    centreMm: [-0.005, -84.658, 4.747],
    inertiaKgMm2: [6204.576, 388.441, 6162.881, -0.819, -0.615, 43.054],
    limit: degrees(135),
    effort: 30,
  },
  {
    position: [0, -FOREARM, 0],
    turnX: quarter,
    mass: 0.619,
    centreMm: [0.078, -12.937, -8.781],
    inertiaKgMm2: [778.615, 590.169, 473.863, 2.261, -0.921, -35.324],
    limit: degrees(178),
    effort: 10,
  },
  {
    position: [0, 0, 0],
    turnX: -quarter,
    mass: 0.602,
    centreMm: [-0.014, -78.524, 2.819],
    inertiaKgMm2: [4499.867, 294.76, 4478.261, -0.802, -0.444, 12.831],
    limit: degrees(128),
    effort: 10,
  },
  {
    position: [0, -WRIST_TO_FLANGE, 0],
    turnX: quarter,
    mass: 0.107,
    centreMm: [-0.506, 0.255, -10.801],
    inertiaKgMm2: [50.918, 47.42, 60.35, -3.136, -0.699, 0.388],
    limit: degrees(360),
    effort: 10,
  },
];

/** Inertia about the centre of mass, kg m^2, in MuJoCo's order xx yy zz xy xz yz: `Ic = L - m (P.P I - P P')`. */
export function centralInertia(link: Link): readonly number[] {
  const [x, y, z] = link.centreMm;
  const m = link.mass;
  const [xx, yy, zz, xy, xz, yz] = link.inertiaKgMm2;
  return [
    xx - m * (y * y + z * z),
    yy - m * (x * x + z * z),
    zz - m * (x * x + y * y),
    xy + m * x * y,
    xz + m * x * z,
    yz + m * y * z,
  ].map((value) => value * 1e-6);
}
