// SPDX-License-Identifier: GPL-3.0-or-later
// How is a state shown? By its word, with a colour that only underlines it.
import { Badge } from "@mantine/core";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";

export const STATE_COLORS: Record<string, string> = {
  pending: "gray",
  running: "blue",
  successful: "green",
  failed: "red",
  canceled: "orange",
  timed_out: "red",
  lost: "grape",
  online: "green",
  offline: "red",
  not_installed: "gray",
  maintenance: "yellow",
};

export function StatusBadge({ status, label }: { status: string; label?: string }) {
  const t = useText();
  return (
    <Badge
      variant="light"
      radius="sm"
      color={STATE_COLORS[status] ?? "gray"}
      data-status={status}
      tt="none"
      style={{ flex: "none", minWidth: "max-content" }}
    >
      {label ?? t(`state.${status}` as Key)}
    </Badge>
  );
}
