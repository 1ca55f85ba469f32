/** What a driver can fail with; each code has an operator hint in `OPERATOR_HINT`. */
export type DriverErrorCode =
  | "connect-refused"
  | "connect-timeout"
  | "link-lost"
  | "no-answer"
  | "bad-answer"
  | "wrong-arm"
  | "port-busy"
  | "no-permission"
  | "camera-absent"
  | "camera-format"
  | "library-missing"
  | "puppet-absent"
  | "puppet-busy"
  | "puppet-lost"
  | "puppet-silent"
  | "puppet-garbled"
  | "puppet-device"
  | "wrong-puppet"
  | "picture-unreadable";

/** What an operator should do about each code. */
export const OPERATOR_HINT: Readonly<Record<DriverErrorCode, string>> = {
  "connect-refused": "Is the arm powered and booted (about 50 s to the green light), and is its address right?",
  "connect-timeout": "Nothing answers at that address. Check the cable, the host's network address and the arm's.",
  "link-lost": "The arm closed the connection. Check the cable and that no other program commands the arm.",
  "no-answer": "The arm is connected but silent. Restart its controller; check that the firmware is supported.",
  "bad-answer": "The arm answered something unexpected. Compare its firmware with drivers/rm75/README.md.",
  "wrong-arm": "This is not the arm that the configuration describes. Check model, joint count and limits.",
  "port-busy": "Another program uses this port. Stop it, or choose another port in the configuration.",
  "no-permission": "This user may not open the device. Add it to the group named in systemd/README.md.",
  "camera-absent": "The camera does not open. Check its cable, its path or URL, and that no other program uses it.",
  "camera-format": "The camera delivers another picture size than configured. Set the size in the configuration.",
  "picture-unreadable": "What should be a picture is none, or nothing can be computed from it. Take others.",
  "library-missing": "A library is missing. Run `npm start` once, which installs what the project needs.",
  "puppet-absent": "The leader arm's port does not open. Plug it in and power it; check puppet.path (ls /dev/kinevla).",
  "puppet-busy": "Another program reads the leader arm. End it: only one may (often a second `kinevla puppet`).",
  "puppet-lost": "The leader arm was unplugged or lost its power. Plug it in again; it is found by itself.",
  "puppet-silent": "The leader arm does not answer. Check its power, puppet.kind and puppet.baud.",
  "puppet-garbled":
    "What comes from the leader arm cannot be read. Check puppet.kind, puppet.baud, cable and grounding.",
  "puppet-device": "A servo of the leader arm reports an error. Switch the leader off and on; see its servo's manual.",
  "wrong-puppet":
    "This is not the leader arm that the configuration describes. Check puppet.kind, its ids and joint count.",
};

/** The one error type of drivers: a code, what was attempted, and the cause where there is one. */
export class DriverError extends Error {
  override readonly name = "DriverError";
  readonly code: DriverErrorCode;
  readonly context: Readonly<Record<string, string | number>>;

  constructor(
    code: DriverErrorCode,
    message: string,
    context: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, { cause });
    this.code = code;
    this.context = context;
  }
}
