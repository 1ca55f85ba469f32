/** Exit codes of daemon, arm process, guardian and lab (sysexits.h); `busy` and `configuration` come with one message for people. */
export const PROCESS_EXIT = { ended: 0, busy: 69, bug: 70, configuration: 78 } as const;
