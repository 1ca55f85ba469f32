import assert from "node:assert/strict";
import { it } from "node:test";
import { createSensorNoise } from "../../drivers/virtual-lab/cameras/sensor-noise.js";

const grey = (level: number): Uint8ClampedArray => new Uint8ClampedArray(256 * 256 * 3).fill(level);

it("noise is other for each picture, small, without bias, and repeatable", () => {
  const noise = createSensorNoise(1);
  const again = createSensorNoise(1);
  const [first, second, third] = [grey(100), grey(100), grey(100)];
  noise(first);
  noise(second);
  again(third);
  assert.notDeepEqual(first, second);
  assert.deepEqual(first, third);
  const mean = first.reduce((sum, level) => sum + level - 100, 0) / first.length;
  const variance = first.reduce((sum, level) => sum + (level - 100) ** 2, 0) / first.length;
  assert.ok(Math.abs(mean) < 0.02);
  assert.ok(Math.sqrt(variance) > 1 && Math.sqrt(variance) < 1.5);
});

it("noise stays inside the range of a byte", () => {
  const white = grey(255);
  createSensorNoise(2)(white);
  assert.ok(Math.min(...new Set(white)) > 248);
});
