import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { type Rig, startRig } from "./rig.js";

let rig: Rig;
before(async () => {
  rig = await startRig();
});
after(() => rig.close());

const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${rig.server.url}${path}`, init);

test("the page and its parts are served with a strict content policy and nothing inline", async () => {
  const page = await get("/");
  const html = await page.text();
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'self';.*frame-ancestors 'none'/);
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  assert.match(html, /STOP/);
  assert.doesNotMatch(html, /\son\w+=|style=|<style|<script>|https?:\/\/(?!www\.w3\.org)/);
  const parts = [...html.matchAll(/(?:src|href)="(\/?[\w.]+)"/g)].map((match) => match[1] ?? "");
  assert.ok(parts.length >= 2);
  for (const part of parts) {
    const response = await get(`/${part.replace(/^\//, "")}`);
    assert.equal(response.status, 200, part);
    const text = await response.text();
    for (const [, module = ""] of text.matchAll(/from "\.(\/[\w.]+)"/g)) {
      assert.equal((await get(module)).status, 200, module);
    }
  }
});

test("health, readiness and metrics", async () => {
  assert.deepEqual(await (await get("/healthz")).json(), { status: "ok", version: "0.0.0-test" });
  assert.equal((await get("/readyz")).status, 200);
  rig.backend.ready = false;
  rig.backend.reasons = ["the front camera is absent"];
  const unready = await get("/readyz");
  assert.equal(unready.status, 503);
  assert.deepEqual(await unready.json(), { ready: false, reasons: ["the front camera is absent"] });
  const metrics = await get("/metrics");
  assert.match(await metrics.text(), /kinevla_operator_clients 0/);
});

test("pictures need the token", async () => {
  assert.equal((await get("/front.jpg")).status, 401);
  assert.equal((await get("/front.jpg", { headers: { Authorization: `Bearer ${"x".repeat(43)}` } })).status, 401);
  assert.equal((await get(`/front.jpg?token=${rig.token}`)).status, 401);
  const authorized = { headers: { Authorization: `Bearer ${rig.token}` } };
  const picture = await get("/front.jpg", authorized);
  assert.equal(picture.headers.get("content-type"), "image/jpeg");
  assert.deepEqual(new Uint8Array(await picture.arrayBuffer()), rig.backend.picture);
  rig.backend.picture = null;
  const absent = await get("/wrist.jpg", authorized);
  assert.equal(absent.status, 503);
  assert.match(await absent.text(), /no picture yet/);
});

test("everything else is turned away with a word on what to do", async () => {
  for (const path of ["/nothing", "/../package.json", "/%2e%2e/package.json", "/app.js/", "/backend.ts"]) {
    assert.equal((await get(path)).status, 404, path);
  }
  const post = await get("/", { method: "POST", body: "stop" });
  assert.equal(post.status, 405);
  assert.equal(post.headers.get("allow"), "GET, HEAD");
  const status = await new Promise<number>((resolve, reject) => {
    request(
      { host: "127.0.0.1", port: rig.server.port, path: "/", headers: { Host: "rebound.example" } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    )
      .on("error", reject)
      .end();
  });
  assert.equal(status, 403);
});
