import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { VirtualController } from "../../drivers/virtual-lab/controller/controller.js";
import { RM75_B } from "../../drivers/virtual-lab/controller/controller-state.js";
import { labController, type Message, RawClient, samples, shapeOf } from "./controller-client.js";

/** Samples of equipment or generations whose values the shape depends on. */
const NAMED_FIELDS = ["command", "state"];

function names(message: Message): Message {
  return Object.fromEntries(NAMED_FIELDS.filter((field) => field in message).map((field) => [field, message[field]]));
}

describe("recorded samples of the command port", () => {
  const controllers: { [generation: string]: VirtualController } = {};
  before(async () => {
    controllers["3"] = await labController();
    controllers["4"] = await labController({ identity: { ...RM75_B, generation: 4 } });
  });
  after(async () => {
    await Promise.all(Object.values(controllers).map((controller) => controller.close()));
  });

  for (const sample of samples("tcp-")) {
    const { request, reply } = sample;
    if (request === undefined || sample.name === "movej_canfd-reply-rs485") {
      continue;
    }
    it(`${sample.name}: ${reply === null ? "no reply" : "replies in the recorded shape"}`, async () => {
      const controller = controllers[sample.name.endsWith("gen4") ? "4" : "3"];
      assert.ok(controller);
      controller.reset();
      const client = await RawClient.open(controller);
      client.send(request);
      // A second question tells that an unanswered command stayed unanswered.
      client.send({ command: "get_controller_state" });
      const first = await client.next();
      if (reply === null || reply === undefined) {
        assert.equal(first.state, "controller_state");
      } else {
        assert.deepEqual(names(first), names(reply));
        assert.deepEqual(shapeOf({ ...first, tool_names: 0 }), shapeOf({ ...reply, tool_names: 0 }));
      }
      client.close();
    });
  }
});

describe("the vendor's client, replayed", () => {
  const text = readFileSync(projectPath("test", "fixtures", "realman", "client-capture.txt"), "utf8");
  const sections = text.split(/^## /m).slice(1);
  for (const section of sections) {
    const [title = "", ...lines] = section.split("\n");
    it(`gets an answer of the recorded shape to each of its requests (${title})`, async () => {
      const identity = { ...RM75_B, generation: title.endsWith("4") ? (4 as const) : (3 as const) };
      const controller = await labController({ identity });
      const client = await RawClient.open(controller);
      for (const [i, line] of lines.entries()) {
        const answer = lines[i + 1] ?? "";
        const asks = line.startsWith("C->S ") && answer.startsWith("S->C ");
        if (!asks || answer.includes("current_trajectory_state")) {
          continue;
        }
        const expected = JSON.parse(unescaped(answer.slice(5))) as Message;
        client.send(unescaped(line.slice(5)));
        let reply = await client.next();
        while (reply.state === "current_trajectory_state") {
          reply = await client.next();
        }
        assert.deepEqual(names(reply), names(expected), line);
        if (reply.receive_state !== undefined || Array.isArray(expected.data)) {
          continue;
        }
        for (const [field, kind] of Object.entries(shapeOf(expected) as Message)) {
          if (!["tool_names", "frame_names", "arm_state", "all_state"].includes(field)) {
            assert.deepEqual((shapeOf(reply) as Message)[field], kind, `${line} -> ${field}`);
          }
        }
      }
      client.close();
      await controller.close();
    });
  }
});

function unescaped(text: string): string {
  return text.replaceAll("\\r", "\r").replaceAll("\\n", "\n").replaceAll("\\t", "\t");
}
