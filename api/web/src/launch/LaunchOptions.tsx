// SPDX-License-Identifier: GPL-3.0-or-later
// In which way is something run? Check and diff, tags, waves, and when to stop.
import {
  Card,
  Checkbox,
  Group,
  NumberInput,
  SimpleGrid,
  Stack,
  TagsInput,
  TextInput,
  Title,
} from "@mantine/core";
import { useText } from "../i18n/language";
import type { Draft } from "./draft";

interface LaunchOptionsProps {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
}

export function LaunchOptions({ draft, change }: LaunchOptionsProps) {
  const t = useText();
  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h5">
          {t("launch.how")}
        </Title>
        {draft.kind === "playbook" && <PlaybookOptions draft={draft} change={change} />}
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TagsInput
            label={t("launch.waves")}
            description={t("launch.waves-help")}
            placeholder={draft.waves.length > 0 ? "" : "1, 5%, 100%"}
            splitChars={[",", " "]}
            allowDuplicates
            value={draft.waves}
            onChange={(waves) => change({ waves })}
          />
          <TextInput
            label={t("launch.max-failures")}
            description={t("launch.max-failures-help")}
            placeholder="10%"
            value={draft.maxFailures}
            onChange={(event) => change({ maxFailures: event.currentTarget.value })}
          />
          <NumberInput
            label={t("launch.timeout")}
            description={t("launch.timeout-help")}
            min={1}
            value={draft.timeout}
            onChange={(timeout) => change({ timeout: timeout === "" ? "" : Number(timeout) })}
          />
        </SimpleGrid>
      </Stack>
    </Card>
  );
}

function PlaybookOptions({ draft, change }: LaunchOptionsProps) {
  const t = useText();
  return (
    <>
      <Group>
        <Checkbox
          label={t("launch.option-check")}
          checked={draft.check}
          onChange={(event) => change({ check: event.currentTarget.checked })}
        />
        <Checkbox
          label={t("launch.option-diff")}
          checked={draft.diff}
          onChange={(event) => change({ diff: event.currentTarget.checked })}
        />
        <Checkbox
          label={t("launch.option-differences")}
          checked={draft.acceptDifferences}
          onChange={(event) => change({ acceptDifferences: event.currentTarget.checked })}
        />
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <TagsInput label={t("run.tags")} value={draft.tags} onChange={(tags) => change({ tags })} />
        <TagsInput
          label={t("run.skip-tags")}
          value={draft.skipTags}
          onChange={(skipTags) => change({ skipTags })}
        />
        <NumberInput
          label={t("launch.verbosity")}
          min={0}
          max={5}
          value={draft.verbosity}
          onChange={(verbosity) => change({ verbosity: Number(verbosity) || 0 })}
        />
      </SimpleGrid>
    </>
  );
}
