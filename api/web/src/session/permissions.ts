// SPDX-License-Identifier: GPL-3.0-or-later
// What may somebody do? The API decides; here it is only said what is worth showing.
import type { Grant } from "../api/types";

export type Role = Grant["role"];

const RANKS: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Say whether some grant reaches `role`; `everywhere` asks for one without limits. */
export function mayAs(grants: readonly Grant[], role: Role, everywhere = false): boolean {
  return grants.some(
    (grant) =>
      RANKS[grant.role] >= RANKS[role] &&
      (!everywhere || (grant.groups == null && grant.templates == null)),
  );
}
