/** How a check turned out, and what to do when it failed. */
export interface Finding {
  readonly ok: boolean;
  /** What was found, in one line. */
  readonly detail: string;
  /** What to do; empty when all is well. */
  readonly hint: string;
}

/** One thing that `kinevla doctor` looks at. */
export interface Check {
  readonly name: string;
  run(): Promise<Finding>;
}

/** A finding and whose it is. */
export interface Result extends Finding {
  readonly name: string;
}

/** All is well. */
export function well(detail: string): Finding {
  return { ok: true, detail, hint: "" };
}

/** Something is wrong. */
export function ill(detail: string, hint: string): Finding {
  return { ok: false, detail, hint };
}

/** Runs checks one after the other; one that throws has failed, the others still run. */
export async function runChecks(
  checks: readonly Check[],
  onResult: (result: Result) => void,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const check of checks) {
    const finding = await check
      .run()
      .catch((error: unknown) =>
        ill(
          `the check itself failed: ${error instanceof Error ? error.message : String(error)}`,
          "Run it again; if it stays, report it with this line.",
        ),
      );
    const result = { name: check.name, ...finding };
    results.push(result);
    onResult(result);
  }
  return results;
}
