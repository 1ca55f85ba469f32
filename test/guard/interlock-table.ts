import { readFileSync } from "node:fs";
import { projectPath } from "../../daemon/ports/project-path.js";

/** A test by file and words of its title. */
export interface TestTitle {
  readonly file: string;
  readonly title: string;
}

/** One interlock of the safety catalogue, and where it stands in this project. */
export interface Interlock {
  readonly id: string;
  readonly hazard: string;
  /** `partly`: works, but does less than the catalogue asks for; `missing` says what. */
  readonly state: "built" | "partly" | "open";
  /** Every file outside the tests that names the id. */
  readonly code: readonly string[];
  /** Reasons for a stop that it gives. */
  readonly stopCodes: readonly string[];
  /** That it acts. */
  readonly tests: readonly TestTitle[];
  /** That it does not act when it should not. */
  readonly quiet: readonly TestTitle[];
  readonly missing: string;
}

/** The matrix hazard, interlock, code, tests; and stop codes that are ours alone. */
export interface InterlockMatrix {
  readonly interlocks: readonly Interlock[];
  readonly own: readonly { readonly stopCode: string; readonly why: string }[];
}

export const MATRIX_FILE = projectPath("daemon", "guard", "interlocks.json");
export const TABLE_FILE = projectPath("daemon", "guard", "INTERLOCKS.md");

/** Reads the matrix. */
export function readMatrix(): InterlockMatrix {
  return JSON.parse(readFileSync(MATRIX_FILE, "utf8"));
}

function testList(titles: readonly TestTitle[]): string {
  return titles.map(({ file, title }) => `${file.replace("test/", "")}: "${title}"`).join("<br>");
}

/** The matrix as a page for people. */
export function interlockTable({ interlocks, own }: InterlockMatrix): string {
  const count = (state: Interlock["state"]): number => interlocks.filter((row) => row.state === state).length;
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const acting = interlocks.filter((row) => row.state !== "open");
  return [
    "# Interlocks",
    "",
    "Generated from `interlocks.json` by `node dist/test/guard/write-interlocks.js`; do not edit. A test fails when an id of the",
    "catalogue is not here, when code names an id that is not here, or when a named file or test does not exist.",
    "",
    `${interlocks.length} interlocks of the safety catalogue: ${count("built")} built, ${count("partly")} partly, ${count("open")} open.`,
    "",
    "| id | hazard | state | stop codes | code | tests that it acts | tests that it does not | what is missing |",
    "|---|---|---|---|---|---|---|---|",
    ...acting.map((row) => {
      const codes = row.stopCodes.map((code) => `\`${code}\``).join(" ");
      const files = row.code.map((file) => `\`${file}\``).join("<br>");
      const columns = [
        row.id,
        row.hazard,
        row.state,
        codes,
        files,
        testList(row.tests),
        testList(row.quiet),
        row.missing,
      ];
      return `| ${columns.map(cell).join(" | ")} |`;
    }),
    "",
    "## Open",
    "",
    "| id | hazard | why |",
    "|---|---|---|",
    ...interlocks.filter((row) => row.state === "open").map((row) => `| ${row.id} | ${row.hazard} | ${row.missing} |`),
    "",
    "## Stop codes that the catalogue does not have",
    "",
    ...own.map(({ stopCode, why }) => `- \`${stopCode}\`: ${why}`),
    "",
  ].join("\n");
}
