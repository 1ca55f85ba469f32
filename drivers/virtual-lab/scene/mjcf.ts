import { CARROT, carrotMesh, LOAF, loafMesh, type Mesh, PLATE, plateMesh } from "./meshes.js";
import { centralInertia, type Link, RM75_LINKS } from "./rm75-links.js";
import type { CameraSpec, Colour, SceneSpec } from "./scene-spec.js";
import { add, cross, normalise, scale, subtract, type Vector3 } from "./vector.js";

/** Physics step, s. */
export const TIME_STEP = 0.004;

/** Travel of each finger, m: together they open 74 mm. */
export const FINGER_TRAVEL = 0.037;

/** From the flange to the point between the fingertips, m, along the flange's z. */
export const FLANGE_TO_TIP = 0.15;

/** Heights over the table at which objects are put down, m. */
const CARROT_HEIGHT = CARROT.upperRadius;
const LOAF_HEIGHT = LOAF.height / 2;

/** Stiffness, damping and reflected inertia of the joint drives: about 15 ms of tracking lag. */
const DRIVES = [
  { kp: 8000, kv: 130, armature: 0.5 },
  { kp: 8000, kv: 130, armature: 0.5 },
  { kp: 6000, kv: 95, armature: 0.35 },
  { kp: 6000, kv: 95, armature: 0.35 },
  { kp: 1500, kv: 25, armature: 0.1 },
  { kp: 1500, kv: 25, armature: 0.1 },
  { kp: 1000, kv: 17, armature: 0.07 },
] as const;

/** Groups: 1 seen and not touched, 2 seen and touched, 3 touched and not seen. */
const SEEN = 'group="1" contype="0" conaffinity="0"';
const UNSEEN = 'group="3"';

const list = (values: readonly number[]): string => values.map((value) => value.toFixed(6)).join(" ");
const rgba = (colour: Colour): string => `rgba="${list([...colour, 1])}"`;

function meshAsset(name: string, mesh: Mesh): string {
  return `<mesh name="${name}" inertia="convex" vertex="${list(mesh.vertices)}" face="${mesh.faces.join(" ")}"/>`;
}

/** MuJoCo's camera axes: x to the right of the picture, y to its top, looking along -z. */
function camera(name: string, spec: CameraSpec, up: Vector3): string {
  const back = normalise(subtract(spec.position, spec.target));
  const right = normalise(cross(up, back));
  const top = cross(back, right);
  const c = Math.cos(spec.roll);
  const s = Math.sin(spec.roll);
  const x = add(scale(right, c), scale(top, s));
  const y = add(scale(top, c), scale(right, -s));
  return `<camera name="${name}" pos="${list(spec.position)}" xyaxes="${list([...x, ...y])}" fovy="${spec.fieldOfView}"/>`;
}

function capsule(from: Vector3, to: Vector3, radius: number, look: string): string {
  return `<geom type="capsule" fromto="${list([...from, ...to])}" size="${radius}" ${look} ${SEEN}/>`;
}

function cylinder(from: Vector3, to: Vector3, radius: number, look: string): string {
  return `<geom type="cylinder" fromto="${list([...from, ...to])}" size="${radius}" ${look} ${SEEN}/>`;
}

/** The housing of each link in its own frame: odd links turn in line with the arm, even ones are its tubes. */
function linkGeoms(spec: SceneSpec): readonly string[] {
  const shell = rgba(spec.colours.arm);
  const trim = rgba(spec.colours.gripper);
  const joint = (radius: number, half: number): string =>
    cylinder([0, -half, 0], [0, half, 0], radius, shell) +
    cylinder([0, half, 0], [0, half + 0.004, 0], radius * 0.8, trim) +
    cylinder([0, -half - 0.004, 0], [0, -half, 0], radius * 0.8, trim);
  return [
    cylinder([0, 0, -0.1], [0, 0, -0.02], 0.05, shell) + joint(0.052, 0.056),
    capsule([0, -0.02, 0], [0, -0.15, 0], 0.043, shell) + cylinder([0, -0.196, 0], [0, -0.188, 0], 0.044, trim),
    cylinder([0, 0, -0.06], [0, 0, -0.02], 0.041, shell) + joint(0.042, 0.047),
    capsule([0, -0.02, 0], [0, -0.12, 0], 0.036, shell) + cylinder([0, -0.156, 0], [0, -0.15, 0], 0.037, trim),
    cylinder([0, 0, -0.05], [0, 0, -0.015], 0.034, shell) + joint(0.035, 0.04),
    capsule([0, -0.015, 0], [0, -0.09, 0], 0.031, shell),
    cylinder([0, 0, -0.022], [0, 0, -0.003], 0.032, shell) + cylinder([0, 0, -0.003], [0, 0, 0.004], 0.029, trim),
  ];
}

function finger(side: 1 | -1, spec: SceneSpec): string {
  const trim = rgba(spec.colours.gripper);
  const pad = 'friction="1.6 0.02 0.001" condim="4" solref="0.006 1"';
  return `<body name="finger_${side > 0 ? "left" : "right"}" gravcomp="1">
    <joint name="finger_${side > 0 ? "left" : "right"}" type="slide" axis="0 ${side} 0" range="0 ${FINGER_TRAVEL}"
      damping="8" armature="0.05"/>
    <inertial pos="0 ${side * 0.006} 0.12" mass="0.03" diaginertia="2e-5 2e-5 1e-5"/>
    <geom type="box" size="0.011 0.006 0.031" pos="0 ${side * 0.006} 0.124" ${trim} ${pad} group="2"/>
    <geom type="box" size="0.009 0.008 0.014" pos="0 ${side * 0.016} 0.096" ${trim} ${SEEN}/>
  </body>`;
}

function gripper(spec: SceneSpec): string {
  const trim = rgba(spec.colours.gripper);
  return `<body name="gripper" gravcomp="1">
    <inertial pos="0 0 0.045" mass="0.43" diaginertia="6e-4 4e-4 5e-4"/>
    ${cylinder([0, 0, 0.004], [0, 0, 0.02], 0.036, trim)}
    <geom type="box" size="0.024 0.048 0.03" pos="0 0 0.05" ${trim} group="2" friction="0.4"/>
    <geom type="box" size="0.0245 0.03 0.006" pos="0 0 0.05" ${rgba(spec.colours.arm)} ${SEEN}/>
    ${camera("wrist", spec.wristCamera, [-1, 0, 0])}
    ${finger(1, spec)}
    ${finger(-1, spec)}
  </body>`;
}

function arm(spec: SceneSpec): string {
  const geoms = linkGeoms(spec);
  const open: string[] = [];
  RM75_LINKS.forEach((link: Link, index) => {
    const drive = DRIVES[index];
    open.push(
      `<body name="link${index + 1}" pos="${list(link.position)}" euler="${link.turnX} 0 0" gravcomp="1">
      <joint name="joint${index + 1}" axis="0 0 1" range="${-link.limit} ${link.limit}" armature="${drive?.armature ?? 0}"
        damping="0.5"/>
      <inertial pos="${list(link.centreMm.map((value) => value / 1000))}" mass="${link.mass}"
        fullinertia="${centralInertia(link)
          .map((value) => value.toExponential(8))
          .join(" ")}"/>
      ${geoms[index] ?? ""}`,
    );
  });
  return `${cylinder([0, 0, 0], [0, 0, 0.012], 0.07, rgba(spec.colours.gripper))}
    ${cylinder([0, 0, 0.012], [0, 0, 0.14], 0.0535, rgba(spec.colours.arm))}
    ${open.join("\n")}
    ${gripper(spec)}
    ${"</body>".repeat(RM75_LINKS.length)}`;
}

function objects(spec: SceneSpec): string {
  const { bread, carrot, plate, colours } = spec;
  const { radius, flat, rim } = PLATE;
  const slope = Math.atan2(rim, radius - flat);
  const rimBoxes = Array.from({ length: 12 }, (_, index) => {
    const angle = (2 * Math.PI * index) / 12;
    const at = (radius + flat) / 2;
    const half = (radius - flat) / 2;
    // Outward slope of the rim, then the turn about the plate: q = turn * slope.
    const [ct, st, cs, ss] = [Math.cos(angle / 2), Math.sin(angle / 2), Math.cos(slope / 2), -Math.sin(slope / 2)];
    return `<geom type="box" size="${half} ${at * 0.27} 0.0015" pos="${at * Math.cos(angle)} ${at * Math.sin(angle)} 0.0105"
      quat="${list([ct * cs, -st * ss, ct * ss, st * cs])}" ${UNSEEN}/>`;
  }).join("\n");
  return `<body name="bread" pos="${bread.x} ${bread.y} ${LOAF_HEIGHT}" euler="0 0 ${bread.yaw}">
      <freejoint name="bread"/>
      <geom type="box" size="${LOAF.length / 2 - 0.004} ${LOAF.width / 2} ${LOAF.height / 2}" mass="0.09" ${UNSEEN}
        friction="0.9 0.01 0.001" condim="4"/>
      <geom name="loaf" type="mesh" mesh="loaf" ${rgba(colours.bread)} ${SEEN} mass="0"/>
    </body>
    <body name="carrot" pos="${carrot.x} ${carrot.y} ${CARROT_HEIGHT}" euler="0 0 ${carrot.yaw}">
      <freejoint name="carrot"/>
      <geom name="carrot" type="mesh" mesh="carrot" mass="0.06" ${rgba(colours.carrot)} group="2"
        friction="0.9 0.02 0.002" condim="6"/>
      <geom name="leaf" type="cylinder" fromto="${CARROT.length / 2 - 0.002} 0 0 ${CARROT.length / 2 + 0.014} 0 0"
        size="0.006" rgba="0.25 0.5 0.16 1" ${SEEN} mass="0"/>
    </body>
    <body name="plate" pos="${plate.x} ${plate.y} 0" euler="0 0 ${plate.yaw}">
      <freejoint name="plate"/>
      <geom type="cylinder" size="${flat} 0.0025" pos="0 0 0.0025" mass="0.3" ${UNSEEN}/>
      ${rimBoxes}
      <geom name="plate" type="mesh" mesh="plate" ${rgba(colours.plate)} ${SEEN} mass="0"/>
    </body>`;
}

/** Half the thickness of a calibration board, m. */
const BOARD_HALF_THICKNESS = 0.0015;

/** The calibration board; its printed side is the box's upper face, with a margin of one square around. */
function calibrationBoard({ board }: SceneSpec): string {
  if (board === null) {
    return "";
  }
  const half = (corners: number): number => ((corners + 3) * board.square) / 2;
  return `<body name="board" pos="${list(board.position)}" quat="${list(quaternionOfTurns(board.turn))}">
      <geom name="board" type="box" size="${half(board.columns)} ${half(board.rows)} ${BOARD_HALF_THICKNESS}"
        pos="0 0 ${-BOARD_HALF_THICKNESS}" rgba="1 1 1 1" ${SEEN}/>
    </body>`;
}

/** w x y z of turns about the fixed x, then y, then z axis. */
function quaternionOfTurns([x, y, z]: Vector3): readonly [number, number, number, number] {
  const [cx, sx, cy, sy] = [Math.cos(x / 2), Math.sin(x / 2), Math.cos(y / 2), Math.sin(y / 2)];
  const [cz, sz] = [Math.cos(z / 2), Math.sin(z / 2)];
  return [
    cz * cy * cx + sz * sy * sx,
    cz * cy * sx - sz * sy * cx,
    cz * sy * cx + sz * cy * sx,
    sz * cy * cx - cz * sy * sx,
  ];
}

/** The scene as MuJoCo's XML; robot base at the origin on the table top, x forward, y left, z up. */
export function sceneToMjcf(spec: SceneSpec): string {
  const actuators = DRIVES.map(
    (drive, index) =>
      `<position name="joint${index + 1}" joint="joint${index + 1}" kp="${drive.kp}" kv="${drive.kv}"
        forcerange="${-(RM75_LINKS[index]?.effort ?? 0)} ${RM75_LINKS[index]?.effort ?? 0}"/>`,
  ).join("\n");
  return `<mujoco model="kinevla-lab">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="${TIME_STEP}" integrator="implicitfast" cone="elliptic" impratio="10" noslip_iterations="3"/>
  <default><geom friction="0.8 0.01 0.001"/></default>
  <asset>
    ${meshAsset("loaf", loafMesh())}
    ${meshAsset("carrot", carrotMesh())}
    ${meshAsset("plate", plateMesh())}
  </asset>
  <worldbody>
    <geom name="floor" type="box" size="2.6 3 0.01" pos="0.4 0 -0.76" ${rgba(spec.colours.floor)} ${SEEN}/>
    <geom name="wall" type="box" size="0.01 3 1.6" pos="-0.9 0 0.5" ${rgba(spec.colours.wall)} ${SEEN}/>
    <geom name="table" type="box" size="0.5 0.7 0.02" pos="0.3 0 -0.02" ${rgba(spec.colours.table)} group="2"/>
    ${camera("front", spec.frontCamera, [0, 0, 1])}
    ${arm(spec)}
    ${objects(spec)}${calibrationBoard(spec)}
  </worldbody>
  <contact>
    <exclude body1="gripper" body2="finger_left"/>
    <exclude body1="gripper" body2="finger_right"/>
  </contact>
  <equality><joint joint1="finger_left" joint2="finger_right"/></equality>
  <actuator>
    ${actuators}
    <position name="fingers" joint="finger_left" kp="2500" kv="40" forcerange="-25 25"/>
  </actuator>
</mujoco>`;
}
