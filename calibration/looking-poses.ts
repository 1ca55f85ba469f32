/**
 * From the home pose, deg, J1 to J7: the wrist camera looks at the table before the arm from several sides and heights.
 * Nothing comes lower than at home by more than a few centimetres.
 */
export const LOOKING_OFFSETS_DEG: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0, 25],
  [0, 0, 0, 0, 0, 0, -25],
  [0, 0, 0, 0, 15, 0, 0],
  [0, 0, 0, 0, -15, 0, 0],
  [0, 0, 0, 0, 0, 12, 10],
  [0, 0, 0, 0, 0, -12, -10],
  [8, 0, 0, 0, -12, 8, 20],
  [-8, 0, 0, 0, 12, 8, -20],
  [8, -5, 0, 8, 12, -8, -15],
  [-8, -5, 0, 8, -12, -8, 15],
  [0, -8, 8, 0, 0, 10, 0],
];
