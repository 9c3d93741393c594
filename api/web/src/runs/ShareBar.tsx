// SPDX-License-Identifier: GPL-3.0-or-later
// How far is it? A bar of what is well, what is not, and what is still to come.
import { Progress, Tooltip } from "@mantine/core";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { STATE_COLORS } from "../shell/StatusBadge";
import { share } from "./run-words";

interface ShareBarProps {
  counts: Partial<Record<string, number>>;
  label: string;
  size?: number;
}

export function ShareBar({ counts, label, size = 10 }: ShareBarProps) {
  const t = useText();
  const shares = share(counts);
  const words = shares
    .map(({ state, count }) => `${t(`state.${state}` as Key)} ${count}`)
    .join(", ");
  return (
    <Tooltip label={words || label}>
      <Progress.Root size={size} aria-label={`${label}: ${words}`} role="img">
        {shares.map(({ state, percent }) => (
          <Progress.Section
            key={state}
            value={percent}
            color={state === "pending" ? "gray.4" : STATE_COLORS[state]}
            striped={state === "running"}
            animated={state === "running"}
            withAria={false}
          />
        ))}
      </Progress.Root>
    </Tooltip>
  );
}
