/** How far from the base's axis the middle of a board lies that these poses look at, m. */
export const LOOKED_AT = 0.32;

/**
 * From the home pose, deg, J1 to J7: the wrist camera looks from several sides and heights at a board of 9 x 6 squares of 25 mm
 * on the table before the arm. Chosen from 6000 random poses in which the lab's camera sees all of it above the fingers, with
 * the fingertips 0.16 to 0.42 m over the table, each as different as can be from those before; then put in an order of short ways.
 */
export const LOOKING_OFFSETS_DEG: readonly (readonly number[])[] = [
  [-1, 3, 1, 0, 2, -3, -1],
  [-18, 16, -5, -9, 21, 0, -8],
  [-8, 3, 1, -19, 10, 17, -37],
  [19, -15, 4, 0, -7, 11, -41],
  [20, -11, 3, 4, -19, -3, -20],
  [19, -18, 2, -21, -17, 16, -14],
  [-5, -18, 2, -17, 17, 18, 0],
  [-14, -14, -2, -21, 20, 12, 19],
  [-20, 1, -2, -19, 20, 11, 35],
  [-19, -17, -3, -4, 1, 17, 42],
  [-2, 11, 4, -19, -4, 11, 38],
  [18, -16, 2, -8, -20, 13, 21],
];
