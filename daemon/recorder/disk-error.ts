// Interlocks: HO-10.

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC:
    "The disk is full: make room, then run kinevla record repair on the folder. Recording starts with the next episode.",
  EDQUOT: "The disk quota is used up: make room, then run kinevla record repair on the folder.",
  EFBIG:
    "The file may not grow further (a limit of this process): raise it, then run kinevla record repair on the folder.",
  EROFS: "The disk is read-only: name another recording.directory.",
  EACCES: "This user may not write there: give it the folder or name another recording.directory.",
  ENOTDIR: "Something on the way is a file: name another recording.directory.",
  EEXIST: "There is a file of that name: name another folder.",
};

/** What a disk said, for people: its code, its words, what to do. */
export interface DiskError {
  readonly code: string;
  readonly detail: string;
  readonly hint: string;
}

/** Reads an error of the file system; null for an error of the program, which is none of the disk's. */
export function diskError(error: unknown): DiskError | null {
  if (
    !(error instanceof Error) ||
    !("code" in error) ||
    typeof error.code !== "string" ||
    !/^E[A-Z]+$/.test(error.code)
  ) {
    return null;
  }
  const { code, message } = error;
  return {
    code,
    detail: message,
    hint: HINTS[code] ?? "Look at the disk, then run kinevla record repair on the folder.",
  };
}
