import type { KeyValue, SchemaElement } from "hyparquet-writer";
import { parquetWriteFile } from "hyparquet-writer";

/** The type of a column: a number, a text, a truth, a list or a record of those. */
export type ColumnType =
  | "int64"
  | "float"
  | "double"
  | "string"
  | "boolean"
  | { readonly list: ColumnType }
  | { readonly fields: readonly (readonly [name: string, type: ColumnType])[] };

/** One column of a table, a value a row. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly unknown[];
}

/** The schema elements of one column, parents before children. */
function elements(name: string, type: ColumnType): readonly SchemaElement[] {
  const repetition_type = "OPTIONAL";
  switch (type) {
    case "int64":
      return [{ name, type: "INT64", repetition_type }];
    case "float":
      return [{ name, type: "FLOAT", repetition_type }];
    case "double":
      return [{ name, type: "DOUBLE", repetition_type }];
    case "string":
      return [{ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type }];
    case "boolean":
      return [{ name, type: "BOOLEAN", repetition_type }];
    default:
      return "list" in type
        ? [
            { name, repetition_type, converted_type: "LIST", num_children: 1 },
            { name: "list", repetition_type: "REPEATED", num_children: 1 },
            ...elements("element", type.list),
          ]
        : [
            { name, repetition_type, num_children: type.fields.length },
            ...type.fields.flatMap(([field, of]) => elements(field, of)),
          ];
  }
}

/** Writes a table; `rowGroups` are the rows of each group, so that readers fetch an episode alone. */
export function writeParquet(
  filename: string,
  columns: readonly Column[],
  rowGroups: readonly number[] = [],
  kvMetadata: KeyValue[] = [],
): void {
  parquetWriteFile({
    filename,
    columnData: columns.map(({ name, values }) => ({ name, data: [...values] })),
    schema: [
      { name: "schema", num_children: columns.length },
      ...columns.flatMap(({ name, type }) => elements(name, type)),
    ],
    ...(rowGroups.length === 0 ? {} : { rowGroupSize: [...rowGroups] }),
    kvMetadata,
  });
}
