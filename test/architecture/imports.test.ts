import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";

/** Which folders a folder may import from, and whether it may import packages and `node:*` (DESIGN.md, Folders). */
const rules: readonly { readonly folder: string; readonly from: readonly string[]; readonly packages: boolean }[] = [
  { folder: "daemon/types", from: ["daemon/types"], packages: false },
  { folder: "daemon/guard", from: ["daemon/types", "daemon/guard", "daemon/motion", "daemon/modes"], packages: false },
  { folder: "daemon/watch", from: ["daemon/types", "daemon/guard", "daemon/motion", "daemon/watch"], packages: false },
  { folder: "daemon/motion", from: ["daemon/types", "daemon/guard", "daemon/motion", "daemon/modes"], packages: false },
  { folder: "daemon/modes", from: ["daemon/types", "daemon/guard", "daemon/motion", "daemon/modes"], packages: false },
  {
    folder: "daemon/teleop",
    from: ["daemon/types", "daemon/guard", "daemon/motion", "daemon/modes", "daemon/watch", "daemon/teleop"],
    packages: false,
  },
  {
    folder: "daemon/ports",
    from: ["daemon/types", "daemon/guard", "daemon/motion", "daemon/modes", "daemon/ports"],
    packages: true,
  },
  { folder: "drivers", from: ["daemon/types", "daemon/ports", "drivers"], packages: true },
  { folder: "models", from: ["daemon/types", "daemon/ports", "models"], packages: true },
  { folder: "calibration", from: ["daemon/types", "daemon/ports", "calibration"], packages: true },
];

/** Processes that must not load what could stall or crash them (DESIGN.md, Processes). */
const banned: readonly { readonly folder: string; readonly packages: readonly string[] }[] = [
  { folder: "daemon/arm", packages: ["rxjs", "onnxruntime-node", "opencv4nodejs"] },
  { folder: "daemon/loop", packages: ["onnxruntime-node", "opencv4nodejs", "serialport"] },
  { folder: "daemon/operator", packages: ["onnxruntime-node", "opencv4nodejs", "serialport"] },
];

function sources(folder: string): string[] {
  return readdirSync(projectPath(folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.includes("assembly"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function imports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)"([^"]+)"/g)].map((match) => match[1] ?? "");
}

function inside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

describe("imports go one way", () => {
  for (const rule of rules) {
    it(`${rule.folder} imports only from ${rule.from.join(", ")}${rule.packages ? " and packages" : ""}`, () => {
      const wrong: string[] = [];
      for (const file of sources(rule.folder)) {
        for (const target of imports(file)) {
          const local = target.startsWith(".") ? relative(projectPath(), resolve(dirname(file), target)) : null;
          const allowed = local === null ? rule.packages : rule.from.some((folder) => inside(local, folder));
          if (!allowed) {
            wrong.push(`${relative(projectPath(), file)} imports ${target}`);
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  for (const rule of banned) {
    it(`${rule.folder} loads none of ${rule.packages.join(", ")}`, () => {
      const wrong = sources(rule.folder).flatMap((file) =>
        imports(file)
          .filter((target) => rule.packages.includes(target))
          .map((target) => `${relative(projectPath(), file)} imports ${target}`),
      );
      assert.deepEqual(wrong, []);
    });
  }
});

/** Whatever has a part in the motion, and what in it has a date by nature: the age of the leader's calibration in days. */
const MOTION = ["types", "guard", "motion", "modes", "watch", "teleop", "ports", "loop", "puppet", "replay", "arm"]
  .map((folder) => `daemon/${folder}`)
  .concat(["rm75", "gripper", "cell-box", "camera", "puppet"].map((folder) => `drivers/${folder}`))
  .concat(["models/policy", "models/generator", "models/decoder"]);
const DATED = ["daemon/arm/main.ts"];

describe("time", () => {
  it("of everything that has a part in the motion is monotonic (HO-09)", () => {
    const wrong = MOTION.flatMap(sources)
      .filter((file) => /\bDate\b|timeOrigin/.test(readFileSync(file, "utf8")))
      .map((file) => relative(projectPath(), file));
    assert.deepEqual(wrong, DATED);
  });
});
