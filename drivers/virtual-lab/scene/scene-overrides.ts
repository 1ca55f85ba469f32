import { z } from "zod";
import type { SceneSpec } from "./scene-spec.js";

const triple = z.tuple([z.number(), z.number(), z.number()]);
const colour = z.tuple([z.number().min(0).max(1), z.number().min(0).max(1), z.number().min(0).max(1)]);
const pose = z.strictObject({ x: z.number(), y: z.number(), yaw: z.number() }).partial();
const camera = z
  .strictObject({ position: triple, target: triple, roll: z.number(), fieldOfView: z.number().min(5).max(150) })
  .partial();

const board = z.strictObject({
  position: triple,
  turn: triple.default([0, 0, 0]),
  columns: z.int().min(3).max(12).default(9),
  rows: z.int().min(3).max(12).default(6),
  square: z.number().min(0.005).max(0.1).default(0.025),
});

const overrides = z
  .strictObject({
    bread: pose,
    carrot: pose,
    plate: pose,
    board: board.nullable(),
    frontCamera: camera,
    wristCamera: camera,
    light: z
      .strictObject({
        direction: triple,
        intensity: z.number().min(0).max(5),
        ambient: z.number().min(0).max(5),
        warmth: z.number().min(0.5).max(2),
      })
      .partial(),
    colours: z
      .strictObject({
        bread: colour,
        carrot: colour,
        plate: colour,
        table: colour,
        wall: colour,
        floor: colour,
        arm: colour,
        gripper: colour,
      })
      .partial(),
    grain: z.int(),
  })
  .partial();

/** Puts given parts into place of a part's own; parts left out stay. */
function over<T extends object>(base: T, given: Partial<{ [K in keyof T]: T[K] | undefined }> | undefined): T {
  const present = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(present) };
}

/** A scene with the parts that `json` names replaced; throws an error that names the wrong key. */
export function overrideScene(scene: SceneSpec, json: unknown): SceneSpec {
  const parsed = overrides.safeParse(json);
  if (!parsed.success) {
    throw new RangeError(z.prettifyError(parsed.error));
  }
  const { bread, carrot, plate, board, frontCamera, wristCamera, light, colours, grain } = parsed.data;
  return {
    bread: over(scene.bread, bread),
    carrot: over(scene.carrot, carrot),
    plate: over(scene.plate, plate),
    board: board === undefined ? scene.board : board,
    frontCamera: over(scene.frontCamera, frontCamera),
    wristCamera: over(scene.wristCamera, wristCamera),
    light: over(scene.light, light),
    colours: over(scene.colours, colours),
    grain: grain ?? scene.grain,
  };
}
