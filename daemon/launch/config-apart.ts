import { readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { loadConfig } from "../config/config.js";
import { freeTcpPort, freeUdpPort } from "./free-ports.js";

/**
 * A copy of a configuration with free ports and a run directory of its own, so that it disturbs no other system on this
 * host; gives its path. The cameras are the virtual lab's.
 */
export async function configApart(file: string, copy: string, runDirectory: string): Promise<string> {
  const original = loadConfig(file);
  const document = parseDocument(readFileSync(original.file, "utf8"));
  const cameras = await freeTcpPort();
  document.setIn(["arm", "link", "port"], await freeTcpPort());
  document.setIn(["arm", "push", "port"], await freeUdpPort());
  document.setIn(["cameras", "front", "url"], `http://127.0.0.1:${cameras}/front.mjpeg`);
  document.setIn(["cameras", "wrist", "url"], `http://127.0.0.1:${cameras}/wrist.mjpeg`);
  document.setIn(["operator", "port"], await freeTcpPort());
  document.setIn(["limits"], original.limits);
  document.setIn(["policy", "bundle"], original.policy.bundle);
  if (original.puppet !== undefined) {
    document.setIn(["puppet", "calibration"], original.puppet.calibration);
  }
  document.setIn(["run_directory"], runDirectory);
  document.deleteIn(["signatures"]);
  writeFileSync(copy, document.toString());
  return copy;
}
