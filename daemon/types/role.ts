/** What a person may do, least first. */
export const ROLES = ["viewer", "operator", "supervisor", "maintainer"] as const;

/**
 * Viewers watch and stop; operators move the arm; supervisors also take control over, allow unattended motion and
 * acknowledge what only they may; maintainers also acknowledge what comes back again and again.
 */
export type Role = (typeof ROLES)[number];
