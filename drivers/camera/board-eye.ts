import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { BoardEye } from "../../daemon/ports/board-eye.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { BoardAnswer, BoardQuestion } from "./board-messages.js";
import { OPENCV_ENVIRONMENT } from "./opencv.js";

/** Solving a camera from 40 views takes about a second; a machine under load many times that. */
const ANSWER_WITHIN_MS = 60_000;

/** Starts a process of its own for OpenCV, which nothing else may share; it ends with `close` or with its owner. */
export function startBoardEye(): BoardEye {
  const child = fork(projectPath("dist", "drivers", "camera", "board-process.js"), [], {
    serialization: "advanced",
    execArgv: [],
    env: { ...process.env, ...OPENCV_ENVIRONMENT },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let lastWords = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-400);
  });
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time, in order. */
  const ask = <Kind extends BoardQuestion["kind"]>(question: BoardQuestion & { readonly kind: Kind }) => {
    const answered = last.then(
      () => put(child, question, () => lastWords),
      () => put(child, question, () => lastWords),
    );
    last = answered;
    return answered.then((answer) => {
      if (isOfKind(answer, question.kind)) {
        return answer;
      }
      throw new DriverError("picture-unreadable", answer.kind === "failed" ? answer.reason : `it answered ${answer.kind}`);
    });
  };

  return {
    find: async (picture, board) => (await ask({ kind: "find", picture, board })).found,
    solveCamera: (views, board, { width, height }) => ask({ kind: "solve-camera", views, board, width, height }),
    locate: async (corners, board, camera) => (await ask({ kind: "locate", corners, board, camera })).place,
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit");
        child.kill("SIGKILL");
        await gone;
      }
    },
  };
}

function isOfKind<Kind extends BoardAnswer["kind"]>(
  answer: BoardAnswer,
  kind: Kind,
): answer is Extract<BoardAnswer, { readonly kind: Kind }> {
  return answer.kind === kind;
}

function put(child: ChildProcess, question: BoardQuestion, lastWords: () => string): Promise<BoardAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => settle(() => reject(new DriverError("library-missing", why)));
    const onMessage = (message: BoardAnswer): void => settle(() => resolve(message));
    const onExit = (): void => fail(`the process that looks for boards ended: ${lastWords().trim()}`);
    const timer = setTimeout(() => fail("the process that looks for boards does not answer"), ANSWER_WITHIN_MS);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
      act();
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
    if (child.connected) {
      child.send(question);
    } else {
      onExit();
    }
  });
}
