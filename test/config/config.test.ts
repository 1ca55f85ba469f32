import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { loadConfig, parseConfig } from "../../daemon/config/config.js";
import { ConfigError } from "../../daemon/config/yaml-file.js";
import { projectPath } from "../../daemon/ports/project-path.js";

const file = projectPath("daemon", "config", "lab.yaml");
const text = readFileSync(file, "utf8");

function finding(changed: string): string {
  try {
    parseConfig(changed, "/cell.yaml");
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail("it was accepted");
}

describe("configuration", () => {
  it("accepts the files that the project ships", () => {
    const config = loadConfig(file);
    assert.equal(config.home.length, 7);
    assert.ok(Math.abs((config.home[3] ?? 0) - (75 * Math.PI) / 180) < 1e-12);
    assert.equal(config.policy.bundle, projectPath("models", "bundles", "table7-v3"));
    loadConfig(projectPath("daemon", "config", "real-arm.yaml"));
  });

  it("asks for calibrations only where a section says so, which names the arm and an age of at most 90 days", () => {
    assert.equal(parseConfig(text, "/cell.yaml").calibration, undefined);
    const section = (days: number): string =>
      `${text}\ncalibration: { directory: calibration, arm: "75B1", max_age_days: ${days} }\n`;
    const { calibration } = parseConfig(section(90), "/etc/kinevla/cell.yaml");
    assert.deepEqual(calibration, { directory: "/etc/kinevla/calibration", arm: "75B1", max_age_days: 90 });
    assert.match(finding(section(91)), /calibration\.max_age_days/);
    assert.match(finding(section(90).replace('arm: "75B1", ', "")), /calibration\.arm/);
  });

  it("names an unknown key with its line", () => {
    const message = finding(text.replace("fallback: none", "fallback: none\n  fallbak: none"));
    const line = text.split("\n").findIndex((row) => row.includes("fallback: none")) + 2;
    assert.equal(message, `/cell.yaml:${line}: policy.fallbak: there is no such key`);
  });

  it("names a missing key with the line of its section", () => {
    const message = finding(text.replace("  deadline_ms: 1000\n", ""));
    const line = text.split("\n").findIndex((row) => row.startsWith("policy:")) + 1;
    assert.match(message, new RegExp(`^/cell.yaml:${line}: policy.deadline_ms: `));
  });

  it("names a value out of range with its line", () => {
    const message = finding(text.replace("period_ms: 10", "period_ms: 50"));
    const line = text.split("\n").findIndex((row) => row.includes("period_ms: 10")) + 1;
    assert.match(message, new RegExp(`^/cell.yaml:${line}: stream.period_ms: `));
  });

  it("names each of several mistakes", () => {
    const message = finding(text.replace("port: 8787", "port: 99999").replace("provider: cpu", "provider: gpu"));
    assert.equal(message.split("\n").length, 2);
  });

  it("names broken YAML with its line", () => {
    assert.match(finding(`${text}\nlog: [`), /^\/cell.yaml:\d+: /);
  });

  it("refuses what the YAML library only warns of, with its line: a tag or a directive that it does not know", () => {
    const line = text.split("\n").findIndex((row) => row.includes("period_ms: 10")) + 1;
    assert.match(
      finding(text.replace("period_ms: 10", "period_ms: !!flaot 10")),
      new RegExp(`^/cell.yaml:${line}: .*tag`),
    );
    assert.match(finding(`%YMAL 1.2\n---\n${text}`), /^\/cell\.yaml:1: .*directive/);
  });

  it("has a leader's button enable teleoperation where the leader has one, and the operator everywhere else", () => {
    const enabling = (puppet: string): string => parseConfig(`${text}\n${puppet}\n`, "/cell.yaml").teleopEnabling;
    const bus =
      "path: /dev/a, baud: 1000000, joint_ids: [1, 2, 3, 4, 5, 6, 7], gripper_id: 8, calibration: puppet.json";
    const button = "button: { id: 20, address: 128 }";
    const realman = "{ kind: realman-leader, path: /dev/a, baud: 460800, calibration: puppet.json }";
    assert.equal(enabling(`puppet: { kind: dynamixel-leader, ${bus}, ${button} }`), "button");
    assert.equal(enabling(`puppet: { kind: dynamixel-leader, ${bus} }`), "operator");
    assert.equal(enabling(`puppet: ${realman}`), "operator");
    assert.equal(enabling(`puppet: ${realman}\nteleop: { enabling: button }`), "button");
  });

  it("refuses home angles that are no seven numbers", () => {
    assert.match(finding(text.replace("[0, 10, 0, 75, 0, 95, 0]", "[0, 10, 0, 75, 0, 95]")), /home_deg/);
  });

  it("says which file is missing", () => {
    assert.throws(() => loadConfig("/no/such/file.yaml"), /\/no\/such\/file.yaml: cannot be read \(ENOENT\)/);
  });
});
