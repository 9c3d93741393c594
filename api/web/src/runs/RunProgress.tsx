// SPDX-License-Identifier: GPL-3.0-or-later
// How far is a run? Over all hosts, and by wave where it goes in waves.
import { Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useMemo } from "react";
import type { Execution, Run } from "../api/types";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { countStates, share } from "./run-words";
import { ShareBar } from "./ShareBar";

const MAX_WAVES = 12;

export function RunProgress({ run, executions }: { run: Run; executions: Execution[] }) {
  const t = useText();
  const counts = useMemo(() => countStates(executions), [executions]);
  const waves = useMemo(() => countWaves(executions), [executions]);
  if (run.hosts_total < 2) return null;
  return (
    <Stack gap={6}>
      <ShareBar counts={counts} label={t("run.progress")} size={12} />
      <Group gap="md">
        {share(counts).map(({ state, count }) => (
          <Text key={state} size="sm" className="tabular">
            {t(`state.${state}` as Key)} <b>{count}</b>
          </Text>
        ))}
      </Group>
      {waves.length > 1 && (
        <SimpleGrid cols={{ base: 2, sm: 4, lg: 6 }} spacing="xs">
          {waves.slice(0, MAX_WAVES).map(([wave, states]) => (
            <div key={wave}>
              <Text size="xs" c="dimmed">
                {t("run.wave", { number: wave })}
              </Text>
              <ShareBar counts={states} label={t("run.wave", { number: wave })} size={6} />
            </div>
          ))}
        </SimpleGrid>
      )}
    </Stack>
  );
}

function countWaves(executions: Execution[]): [number, ReturnType<typeof countStates>][] {
  const byWave = Map.groupBy(executions, (execution) => execution.wave ?? 1);
  return [...byWave]
    .sort(([one], [other]) => one - other)
    .map(([wave, members]) => [wave, countStates(members)]);
}
