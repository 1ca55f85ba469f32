/** Exit codes of `kinevla`; each command's help lists those that it uses. */
export const EXIT = {
  done: 0,
  /** A fault of the program itself. */
  bug: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No daemon answers, or it does not let this program in. */
  unreachable: 3,
  /** The daemon refused, and said why. */
  refused: 4,
  /** The task or motion began, but was stopped or failed. */
  unfinished: 5,
  /** The connection or control was lost on the way. */
  lost: 6,
  /** A check of `doctor` failed, or the system is not ready. */
  unhealthy: 7,
  /** Ended by Ctrl-C; the arm was stopped first where this command moved it. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit codes as the end of a help text. */
export const EXIT_HELP = `
Exit codes: 0 done, 2 wrong command line, 3 no daemon or not let in, 4 refused,
            5 stopped or failed on the way, 6 connection or control lost, 7 not healthy, 130 Ctrl-C`;

/** A command cannot do what it was asked for: what is wrong and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly hint: string;

  constructor(exitCode: ExitCode, code: string, message: string, hint: string) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
    this.hint = hint;
  }
}
