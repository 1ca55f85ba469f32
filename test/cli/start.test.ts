import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { configApart } from "../../daemon/launch/config-apart.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jsonLines, kinevla } from "./kinevla.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-start-"));
after(() => rmSync(folder, { recursive: true }));

/** The lab's configuration on ports of its own, with its text changed. */
async function config(name: string, change: (text: string) => string = (text) => text): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await configApart(projectPath("daemon", "config", "lab.yaml"), file, join(folder, `${name}-run`));
  writeFileSync(file, change(readFileSync(file, "utf8")));
  return file;
}

test("start: a wrong configuration gives one message with file and line, and no stack", async () => {
  const unknown = await config("unknown", (text) => text.replace(/^stream:/m, "strem:"));
  const unlimited = await config("unlimited", (text) => text.replace(/^limits:.*/m, "limits: nowhere.yaml"));
  const wrong: readonly (readonly [string, RegExp])[] = [
    [unlimited, /nowhere\.yaml: cannot be read \(ENOENT\); name the file of limits under limits:/],
    [join(folder, "absent.yaml"), /absent\.yaml: cannot be read \(ENOENT\)/],
    [await config("empty", () => ""), /empty\.yaml:1: the file: it holds no keys/],
    [await config("broken", () => "{: no [yaml\n"), /broken\.yaml:1: /],
    [unknown, /unknown\.yaml:1: stream: it is missing[\s\S]*unknown\.yaml:\d+: strem: there is no such key/],
  ];
  for (const [file, message] of wrong) {
    const { exitCode, stdout, stderr } = await kinevla("start", "--config", file).ended;
    assert.equal(exitCode, 2);
    assert.match(stderr, message);
    assert.match(stderr, /lab\.yaml is a complete example/);
    assert.doesNotMatch(stdout + stderr, /^\s+at /m);
  }
  const { stdout } = await kinevla("bench", "stop", "--json", "--config", unknown).ended;
  assert.equal(jsonLines(stdout)[0]?.code, "configuration");
});

test("start: a run directory that cannot be written, and a seed that is no number", async () => {
  const file = await config("no-folder", (text) => text.replace("no-folder-run", "no-folder.yaml"));
  const { exitCode, stderr } = await kinevla("start", "--config", file).ended;
  assert.equal(exitCode, 2);
  assert.match(stderr, /no-folder\.yaml cannot be written \(EEXIST\): it is a file/);
  assert.doesNotMatch(stderr, /^\s+at /m);
  assert.equal((await kinevla("start", "--seed", "x").ended).exitCode, 2);
});

test("start: taken ports are named all at once, and nothing is started", async () => {
  const file = await config("taken");
  const text = readFileSync(file, "utf8");
  const ports = [/kind: tcp.*port: (\d+)/, /:(\d+)\/front/, /port: (\d+)\n {2}hosts/].map((form) =>
    Number(form.exec(text)?.[1]),
  );
  const servers = ports.map((port) => createServer().listen(port, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const { exitCode, stderr } = await kinevla("start", "--config", file).ended;
  for (const server of servers) {
    server.close();
  }
  assert.equal(exitCode, 7);
  for (const port of ports) {
    assert.match(stderr, new RegExp(`TCP port ${port} on 127\\.0\\.0\\.1 .* is in use`));
  }
  assert.match(stderr, /Is another system running\? End it, or set other ports/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});

test("lab: a taken port gives one message", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = String(typeof address === "object" ? address?.port : address);
  const others = ["--controller-port", "0", "--control-port", "0"];
  const { exitCode, stderr } = await kinevla("lab", "--camera-port", port, ...others).ended;
  server.close();
  assert.equal(exitCode, 7);
  assert.match(stderr, /cannot be opened for the cameras\. Is another lab running\?/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});
