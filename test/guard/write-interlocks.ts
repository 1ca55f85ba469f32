import { writeFileSync } from "node:fs";
import { interlockTable, readMatrix, TABLE_FILE } from "./interlock-table.js";

// Executable: writes INTERLOCKS.md anew from interlocks.json.

writeFileSync(TABLE_FILE, interlockTable(readMatrix()));
