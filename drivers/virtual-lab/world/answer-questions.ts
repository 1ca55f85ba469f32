import type { Answer, Answers, Questions } from "./questions.js";

/** Answers the questions of the process that forked this one (`AskedProcess`), and ends with it. */
export function answerQuestions<Q extends Questions>(answers: Answers<Q>): void {
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  if (!process.connected) {
    process.exit(0);
  }
  // A terminal's Ctrl-C reaches every process of its group; the lab decides when its processes end.
  process.on("SIGINT", () => {});

  const tell = (answer: Answer): void => {
    if (process.connected) {
      process.send?.(answer);
    }
  };
  const answer = async <K extends keyof Q>(id: number, kind: K, asked: Q[K]["asked"]): Promise<void> => {
    try {
      tell({ id, answered: await answers[kind](asked) });
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      tell({ id, error: words, portTaken: error instanceof Error && "syscall" in error });
    }
  };
  process.on("message", ({ id, kind, asked }: { id: number; kind: keyof Q; asked: Q[keyof Q]["asked"] }) => {
    void answer(id, kind, asked);
  });
}
